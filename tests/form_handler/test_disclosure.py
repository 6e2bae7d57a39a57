"""Published counts tell of nobody: attacks by subtraction, within one publication and between two, find nothing."""

from __future__ import annotations

import datetime
import itertools
import random
import uuid
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from form_handler.disclosure import K, harmless, is_safe, shown_cells
from form_handler.forms import FORMS
from form_handler.office import desk
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, Verdict, list_submissions, store
from form_handler.survey_results import (
    TooFewError,
    partitions,
    publication,
    publish,
    read_published,
    released_quotations,
)

TODAY = datetime.date(2026, 11, 23)
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
tables = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=1)


def attack(shown: dict[str, int], total: int, cells: int) -> list[int]:
    """Return every count that a reader can compute: shown cells, and what is left of the total."""
    return [*shown.values(), *([total - sum(shown.values())] if shown and len(shown) < cells else [])]


@tried(max_examples=400)
@given(table=tables)
def test_no_shown_or_computed_count_tells_of_fewer_than_five(table: dict[str, int]) -> None:
    shown = shown_cells(table)
    assert all(harmless(number) for number in attack(shown, sum(table.values()), len(table)))
    assert len(table) - len(shown) != 1 or not shown, "one hidden cell is no secret"
    assert all(table[key] == number for key, number in shown.items()), "what is shown is true"


@tried(max_examples=400)
@given(table=tables)
def test_nothing_is_hidden_without_need(table: dict[str, int]) -> None:
    if all(harmless(number) for number in table.values()):
        assert shown_cells(table) == table


@tried(max_examples=300)
@given(first=tables, more=tables, third=tables)
def test_the_difference_of_any_two_publications_tells_of_fewer_than_five(
    first: dict[str, int], more: dict[str, int], third: dict[str, int]
) -> None:
    steps, past, totals = [first], [], []
    steps.append({key: first.get(key, 0) + more.get(key, 0) for key in first})
    steps.append({key: steps[1][key] + third.get(key, 0) for key in first})
    published: list[tuple[dict[str, int], int]] = []
    for table in steps:
        total = sum(table.values())
        if any(not harmless(total - before) for before in totals):
            continue  # such a publication is refused as a whole
        shown = shown_cells(table, past, totals)
        published.append((shown, total))
        past.append(shown)
        totals.append(total)
    for (one, one_total), (two, two_total) in itertools.combinations(published, 2):
        both = one.keys() & two.keys()
        changes = [two[key] - one[key] for key in both]
        assert all(harmless(change) for change in changes)
        if both:
            assert harmless((two_total - one_total) - sum(changes))


def test_the_rule_itself_is_broken_by_a_small_cell() -> None:
    assert not is_safe({"a": 3, "b": 20}, {"a": 3, "b": 20})
    assert not is_safe({"a": 3, "b": 20}, {"b": 20}), "23 - 20 is 3"
    assert not is_safe({"a": 8}, {"a": 8}, [{"a": 6}], [6])


def survey(**answers: Any) -> Submission:
    """Return a survey as it is stored."""
    definition = FORMS["survey"]
    full = {**definition.answers(definition.form_class()), **answers}
    return Submission(str(uuid.uuid4()), "KIM-222222", "survey", "de", "new", NOW, full)


def some_surveys(count: int, seed: int) -> list[Submission]:
    """Return companies with answers drawn by chance."""
    chance = random.Random(seed)
    return [
        survey(
            done=chance.sample(["none", "internship", "training", "job"], chance.randint(1, 2)),
            trade=chance.choice(["", "crafts", "care", "it"]), obstacle_language=chance.choice(["", "0", "1", "2"]),
            worked=chance.sample(["motivation", "team", "skills"], chance.randint(0, 3)), again=chance.choice(["yes", "no", ""]),
        )
        for _ in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_a_real_publication_survives_the_attack(seed: int) -> None:
    found = some_surveys(5 + seed * 3, seed)
    published = publication(found, [], [], TODAY)
    for name, shown in published["tables"].items():
        table = partitions(found)[name]
        assert sum(table.values()) == published["answers"]
        assert all(harmless(number) for number in attack(shown, len(found), len(table))), name


def test_below_five_answers_nothing_is_published(database: Database, tmp_path: Any) -> None:
    path = tmp_path / "survey.yml"
    with pytest.raises(TooFewError, match="0 Betriebe"):
        publish(database, path, TODAY)
    assert not path.exists()
    with pytest.raises(TooFewError, match="ab 5"):
        publication(some_surveys(4, 1), [], [], TODAY)


def test_one_more_answer_is_no_reason_to_publish_again() -> None:
    found = some_surveys(20, 3)
    first = publication(found, [], [], TODAY)
    with pytest.raises(TooFewError, match="weniger als 5"):
        publication([*found, *some_surveys(1, 4)], [], [first], TODAY)
    assert publication([*found, *some_surveys(K, 4)], [], [first], TODAY)["answers"] == 25


def put(database: Database, one: Submission, held: bool = False) -> Submission:
    """Store a survey."""
    return store(
        database, one.number, "survey", "de", one.answers, lambda _s: [], NOW, judge=lambda _c: Verdict("", held)
    )


def test_held_surveys_do_not_count_and_free_text_stays_inside(
    database: Database, settings: Settings, tmp_path: Any
) -> None:
    for one in some_surveys(6, 7):
        put(database, one)
    put(database, survey(done=["job"], worked_text="Streng geheimer Satz", company="Geheim GmbH"))
    put(database, survey(done=["job"]), held=True)
    path = tmp_path / "survey.yml"
    publish(database, path, TODAY)
    text = path.read_text("utf-8")
    assert yaml.safe_load(text)["current"]["answers"] == 7
    assert "geheim" not in text.lower()
    assert "KIM-" not in text
    assert [one["answers"] for one in read_published(path)] == [7]


def test_a_quotation_appears_only_as_released_and_names_only_who_wished_it(database: Database) -> None:
    agreed = {"done": ["job"], "worked_text": "Das Team half.", "consent_quote": True, "company": "Beispiel GmbH"}
    silent = put(database, survey(**agreed))
    named = put(database, survey(**agreed, consent_named=True))
    for one, wants_name in ((silent, True), (named, True)):
        desk.quote(database, one, "worked_text", "Das Team half.", wants_name, "probe", NOW)
    found = released_quotations(database)
    assert [one["company"] for one in found] == [None, "Beispiel GmbH"]
    row = next(one for one in list_submissions(database) if one.number == named.number)
    desk.correct(database, row, {**row.answers, "consent_quote": False}, "probe", NOW)
    assert len(released_quotations(database)) == 1, "a consent that is taken back takes the quotation with it"
