"""Published counts tell of nobody: whatever is computed from any sequence of publications, no small group comes out."""

from __future__ import annotations

import datetime
import itertools
import random
import re
import threading
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from core.gettext import gettext, use_language
from core.languages import Language, load_languages
from editorial.content.data.facts import load_facts
from editorial.content.data.survey_results import Publication, Quotation, load_survey, results_csv
from editorial.content.markup.html_policy import check_html
from editorial.render.fragments import render_survey_results
from form_handler.forms import FORMS
from form_handler.forms.contact_details import mailbox_key
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import corrections, quotations
from form_handler.storage import deletion
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.submissions import SpamVerdict, Submission, list_submissions, store_submission
from form_handler.storage.tables import survey_batch
from form_handler.storage.work_list import company_key
from form_handler.survey.answers import DecisionError, count_states, decide, list_answers
from form_handler.survey.disclosure import MIN_BATCH_SIZE, MIN_GROUP_SIZE, THRESHOLD, is_safe, publishable_cells
from form_handler.survey.publication import TooFewAnswersError, publish
from form_handler.survey.quotations import released_quotations, visible_line
from form_handler.survey.results_file import PublicationError, as_yaml
from tests.form_handler.conftest import Browser

pytestmark = pytest.mark.slow

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
tables = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=1)


@given(table=tables)
def test_no_shown_or_computed_count_tells_of_fewer_than_five_others(table: dict[str, int]) -> None:
    shown, total = publishable_cells(table), sum(table.values())
    assert all(table[key] == number for key, number in shown.items()), "what is shown is true"
    for size in range(1, len(shown) + 1):
        for some in itertools.combinations(shown.values(), size):
            left = total - sum(some)
            assert sum(some) >= THRESHOLD
            assert left >= THRESHOLD or (left == 0 and len(some) == len(table) > 1)


@given(table=tables)
def test_nothing_is_hidden_without_need(table: dict[str, int]) -> None:
    if len(table) > 1 and all(number >= THRESHOLD for number in table.values()):
        assert publishable_cells(table) == table


def test_the_rule_itself_is_broken_by_a_small_cell() -> None:
    assert not is_safe({"a": 3, "b": 20}, {"a": 3, "b": 20})
    assert not is_safe({"a": 3, "b": 20}, {"b": 20}), "23 - 20 is 3"
    assert not is_safe({"a": 20, "b": 0, "c": 0}, {"a": 20}), "all of them"
    assert not is_safe({"a": 10, "b": 10, "c": 3}, {"a": 10, "b": 10})


def worlds_by_output(cells: int, total: int) -> dict[tuple[tuple[int, int], ...], list[tuple[int, ...]]]:
    """Return all possible tables of one batch, grouped by what would be published of them."""
    found: dict[tuple[tuple[int, int], ...], list[tuple[int, ...]]] = defaultdict(list)
    for cuts in itertools.combinations(range(total + cells - 1), cells - 1):
        edges = (-1, *cuts, total + cells - 1)
        table = tuple(after - before - 1 for before, after in itertools.pairwise(edges))
        shown = publishable_cells({str(index): number for index, number in enumerate(table)})
        found[tuple((int(key), number) for key, number in sorted(shown.items()))].append(table)
    return found


@pytest.mark.parametrize(("cells", "total"), [(2, 20), (2, 25), (3, 20), (3, 21), (3, 23), (4, 20), (4, 23)])
def test_who_knows_the_rule_and_an_own_answer_is_certain_of_no_small_group(cells: int, total: int) -> None:
    """Enumerate every table; a group is any set of cells, and the attacker's own company may be in any cell or in none."""
    for worlds in worlds_by_output(cells, total).values():
        for own in range(-1, cells):
            possible = [world for world in worlds if own < 0 or world[own] > 0]
            for size in range(1, cells):
                for group in itertools.combinations(range(cells), size):
                    others = {sum(world[index] for index in group) - (own in group) for world in possible}
                    everybody = total - (own >= 0)
                    if len(others) == 1:
                        assert MIN_GROUP_SIZE <= others.pop() <= everybody - MIN_GROUP_SIZE


# Each step of a small world: how many new companies answer yes and no, how many of the attacker's own, what else happens.
STEP = st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(0, 5), st.sampled_from(["", "erase", "correct"]))


@given(steps=st.lists(STEP, min_size=2, max_size=6))
def test_no_sequence_of_publications_can_be_combined(steps: list[tuple[int, int, int, str]]) -> None:
    """Replay the rule of batches; every integer combination of publications is a combination of disjoint batches."""
    waiting: list[bool] = []
    batches: list[tuple[int, dict[str, int]]] = []
    publications: list[tuple[int, int]] = []
    for yes, no, _own, _what in steps:
        waiting += [True] * yes + [False] * no
        if len(waiting) >= MIN_BATCH_SIZE:
            table = {"yes": sum(waiting), "no": len(waiting) - sum(waiting)}
            batches.append((len(waiting), publishable_cells(table)))
            waiting = []
        publications.append(
            (sum(shown.get("yes", 0) for _n, shown in batches), sum(n for n, shown in batches if shown))
        )
    for (one, of_one), (two, of_two) in itertools.combinations(publications, 2):
        more, of_more = two - one, of_two - of_one
        assert (more, of_more) == (0, 0) or (more >= THRESHOLD and of_more - more >= THRESHOLD)
    for factors in itertools.product((-1, 0, 1), repeat=len(batches)):
        told = [shown["yes"] for factor, (_n, shown) in zip(factors, batches, strict=True) if factor and shown]
        assert all(number >= THRESHOLD for number in told)


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


def put(
    database: Database, one: Submission, held: bool = False, counts: bool | None = True, at: datetime.datetime = NOW
) -> Submission:
    """Store a survey, and let the office decide on it."""
    stored = store_submission(
        database, one.number, "survey", "de", one.answers, lambda _s: [], at, classify=lambda _c: SpamVerdict("", held)
    )
    if counts is not None and not held:
        decide(database, stored.reference, counts, "probe", at)
    return stored


def fill(database: Database, count: int, seed: int, **options: Any) -> list[Submission]:
    """Store so many companies."""
    return [put(database, one, **options) for one in some_surveys(count, seed)]


def table_of(path: Path, name: str) -> dict[str, int]:
    """Return one published table."""
    current = load_survey(path)
    assert not isinstance(current, tuple)
    found: dict[str, int] = current.tables[name]  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_publications_of_a_life_with_corrections_and_deletions_change_by_whole_batches(
    database: Database, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance, path = random.Random(seed), tmp_path / "survey.yml"
    publications: list[dict[str, Any]] = []
    for step in range(5):
        stored = fill(database, chance.randint(5, 25), seed * 10 + step)
        gone = chance.choice(list_submissions(database))
        deletion.delete_submissions(database, [gone.number], "probe", "erased", NOW, settings.mail_dir)
        changed = next(row for row in list_submissions(database) if row.number != gone.number)
        corrections.update_answers(
            database, changed, {**changed.answers, "again": "unsure", "worked": ["staying"]}, "probe", NOW
        )
        assert stored
        try:
            publications.append(publish(database, path, NOW + step * DAY).content)
        except TooFewAnswersError:
            continue
    empty: dict[str, Any] = {"tables": {}, "bases": {}, "answers": 0}
    for before, after in itertools.combinations([empty, *publications], 2):
        for name, shown in after["tables"].items():
            for key, number in shown.items():
                more = number - before["tables"].get(name, {}).get(key, 0)
                of_more = after["bases"][name][key] - before["bases"].get(name, {}).get(key, 0)
                assert (more, of_more) == (0, 0) or (more >= THRESHOLD and of_more - more >= THRESHOLD), (name, key)
    assert publications, "something was published"


def test_own_identical_answers_reveal_nothing(database: Database, tmp_path: Path) -> None:
    """The attack of the fault report: publish at 14, send four own answers, one company answers, publish at 19."""
    path = tmp_path / "survey.yml"
    fill(database, 24, 1)
    first = publish(database, path, NOW).content
    own = {"done": ["none"], "again": "no", "email": "angreifer@example.org"}
    for _ in range(4):
        put(database, survey(**own))
    victim = put(database, survey(done=["job"], again="yes"))
    with pytest.raises(TooFewAnswersError):
        publish(database, path, NOW + DAY)
    states = {one.submission.reference: one.state for one in list_answers(database)}
    assert sorted(states.values()).count("duplicate") == 3, "answers of one address count once"
    assert states[victim.reference] == "counts"
    fill(database, MIN_BATCH_SIZE - 2, 2)
    second = publish(database, path, NOW + 2 * DAY).content
    assert second["answers"] == first["answers"] + MIN_BATCH_SIZE


def test_answers_that_nobody_confirmed_do_not_count(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "survey.yml"
    fill(database, 40, 1, counts=None)
    fill(database, 10, 2, counts=False)
    fill(database, MIN_BATCH_SIZE - 1, 3)
    put(database, survey(done=["job"]), held=True)
    with pytest.raises(
        TooFewAnswersError, match=f"{MIN_BATCH_SIZE - 1} answers count so far.*40 answers are undecided"
    ):
        publish(database, path, NOW)
    assert not path.exists()
    put(database, survey(done=["job"]))
    assert publish(database, path, NOW, dry_run=True).content["answers"] == MIN_BATCH_SIZE
    assert not path.exists(), "a dry run writes nothing"
    done = publish(database, path, NOW)
    assert done.content["answers"] == MIN_BATCH_SIZE
    assert done.states == {"undecided": 40, "counts": 0, "excluded": 10, "duplicate": 0, "published": MIN_BATCH_SIZE}


@pytest.mark.parametrize(("ticked", "shown"), [(0, {}), (1, {}), (5, {}), (6, {"yes": 6, "no": 15}), (15, {"yes": 15, "no": 6}), (16, {}), (21, {})])  # fmt: skip
def test_a_cell_of_nobody_or_everybody_is_not_shown(
    database: Database, tmp_path: Path, ticked: int, shown: dict[str, int]
) -> None:
    for number in range(21):
        put(database, survey(done=["job"], wanted=["german"] if number < ticked else []))
    publish(database, tmp_path / "survey.yml", NOW)
    assert table_of(tmp_path / "survey.yml", "wanted:german") == shown
    assert table_of(tmp_path / "survey.yml", "done:job") == {}, "everybody ticked it"


def test_a_decision_can_be_taken_back_until_it_is_published(database: Database, tmp_path: Path) -> None:
    stored = fill(database, MIN_BATCH_SIZE, 1)
    decide(database, stored[0].reference.lower(), None, "probe", NOW)
    with pytest.raises(TooFewAnswersError):
        publish(database, tmp_path / "survey.yml", NOW)
    decide(database, stored[0].reference, True, "probe", NOW)
    publish(database, tmp_path / "survey.yml", NOW)
    with pytest.raises(DecisionError, match="published already"):
        decide(database, stored[0].reference, False, "probe", NOW)
    with pytest.raises(DecisionError, match="no such answer"):
        decide(database, "KIM-NICHTS", True, "probe", NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Beispiel GmbH", "BEISPIEL  gmbh & Co. KG"), ("Müller e. K.", "Mu\u0308ller"), ("Bäckerei-Muster", "Backerei Muster"), ("ＭＵＳＴＥＲ", "Muster")],
)  # fmt: skip
def test_a_company_is_known_in_other_spellings(one: str, other: str) -> None:
    assert company_key(one) == company_key(other) != ""
    assert company_key("Muster Bau") != company_key("Muster Bad")
    assert company_key("AG") == "ag"


def test_an_address_is_known_in_other_spellings() -> None:
    assert mailbox_key("Max+kim@Müll.example") == mailbox_key("max@xn--mll-hoa.example")


def test_answers_that_share_company_or_address_by_way_of_a_third_count_once(database: Database) -> None:
    put(database, survey(company="Muster", email="a@example.org"))
    put(database, survey(email="b@example.org"))
    put(database, survey(company="Muster GmbH", email="b@example.org"))
    found = list_answers(database)
    assert sorted(one.state for one in found) == ["counts", "duplicate", "duplicate"]
    assert all(len(one.same_company) == 2 for one in found)


HOSTILE = [
    "Ein Satz\u2028--- \nmit Ende",
    "--- ",
    "{a: [b, &c *d !!python/object:os.system x]} # k",
    "\u0085\u2029\x00\x1b[2J Text",
    "yes",
    "2026-02-31",
    '"quote\'s": \\ \t\ufeff|>-',
    "العربية \u202e\u2066 متن\u200cفارسی",
    "💚" * 50,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_quotation_stops_a_publication(database: Database, tmp_path: Path, text: str) -> None:
    path = tmp_path / "survey.yml"
    fill(database, MIN_BATCH_SIZE, 1, counts=True)
    agreed = {"done": ["job"], "worked_text": text, "consent_quote": True, "consent_named": True, "company": text}
    stored = put(database, survey(**agreed))
    quotations.publish_quotation(database, stored, "worked_text", text, True, "probe", NOW)
    publish(database, path, NOW)
    read = load_survey(path)
    assert [one.text for one in read.quotations] == [visible_line(text)]  # type: ignore[union-attr]
    assert yaml.safe_load(path.read_text("utf-8"))["current"]["quotations"][0]["company"] == visible_line(text)
    assert not any(c in visible_line(text) for c in "\u2028\u2029\x00\x1b\ud800\u202e\n")


@given(text=st.text(max_size=60))
def test_what_is_written_as_yaml_reads_as_the_same(text: str) -> None:
    content = {
        "published_on": "2026-11-23",
        "quotations": [{"text": visible_line(text), "company": visible_line(text) or None}],
    }
    assert yaml.safe_load(as_yaml(content)) == {"current": content}


def test_a_quotation_appears_only_as_released_and_names_only_who_wished_it(database: Database, tmp_path: Path) -> None:
    fill(database, MIN_BATCH_SIZE, 3)
    agreed = {"done": ["job"], "worked_text": "Das Team half.", "consent_quote": True}
    silent = put(database, survey(**agreed, company="Stille GmbH"))
    named = put(database, survey(**agreed, company="Beispiel GmbH", consent_named=True))
    put(database, survey(done=["job"], worked_text="Streng geheimer Satz", company="Geheim GmbH"))
    for one in (silent, named):
        quotations.publish_quotation(database, one, "worked_text", "Das Team half.", True, "probe", NOW)
    path = tmp_path / "survey.yml"
    publish(database, path, NOW)
    text = path.read_text("utf-8")
    assert "geheim" not in text.lower()
    assert "KIM-" not in text
    with database.read_connection() as connection:
        assert [one["company"] for one in released_quotations(connection)] == [None, "Beispiel GmbH"]
    row = next(one for one in list_submissions(database) if one.number == named.number)
    corrections.update_answers(database, row, {**row.answers, "consent_quote": False}, "probe", NOW)
    second = publish(database, path, NOW + DAY).content
    assert len(second["quotations"]) == 1, "a consent that is taken back takes the quotation with it, at once"
    assert second["answers"] == MIN_BATCH_SIZE + 3, "and changes no number"


OLDER = """current:
  published_on: 2026-06-01
  answers: 19
  first_answer: '2025-01'
  last_answer: '2026-05'
  tables:
    again: {'yes': 12, 'no': 0, unsure: 5}
    wanted:german: {'yes': 7, 'no': 12}
    wanted:housing: {yes: 19, no: 0}
  quotations: []
earlier: []
"""


def test_an_older_file_is_taken_over_once_and_its_companies_are_never_counted_again(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "survey.yml"
    path.write_text(OLDER)
    before = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
    for _ in range(19):
        put(database, survey(done=["job"], wanted=["german"]), counts=None, at=before)
    first = publish(database, path, NOW).content
    assert first["answers"] == 19
    assert first["tables"]["again"] == {"yes": 12}
    assert first["tables"]["wanted:german"] == {"yes": 7, "no": 12}
    assert first["tables"]["wanted:housing"] == {}, "everybody"
    assert count_states(list_answers(database))["published"] == 19
    path.unlink()  # a fresh clone
    for number in range(20):
        put(database, survey(done=["job"], wanted=["german"] if number < 8 else []))
    second = publish(database, path, NOW + DAY).content
    assert second["answers"] == 39
    assert second["tables"]["wanted:german"] == {"yes": 15, "no": 24}
    assert second["bases"]["wanted:german"] == {"yes": 39, "no": 39}


@pytest.mark.parametrize("content", ["current: {answers: [geheimer Satz", "current: {answers: 5}", "current: {answers: geheim, tables: 3}", "a: \udcff".encode("utf-8", "surrogateescape").decode("latin-1") + "\n- geheim"])  # fmt: skip
def test_an_older_file_that_cannot_be_read_stops_without_repeating_it(
    database: Database, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "survey.yml"
    path.write_text(content, "utf-8")
    fill(database, MIN_BATCH_SIZE, 1)
    with pytest.raises(PublicationError) as told:
        publish(database, path, NOW)
    assert "git checkout" in str(told.value)
    assert "geheim" not in str(told.value)
    assert path.read_text("utf-8") == content


def publish_at_once(database: Database, path: Path, number: int = 4) -> list[str]:
    """Publish several times at the same moment; return the sorted outcomes."""
    begin = threading.Barrier(number)

    def one(_: int) -> str:
        begin.wait()
        try:
            return str(publish(database, path, NOW).content["answers"])
        except TooFewAnswersError:
            return "nothing new"

    with ThreadPoolExecutor(number) as pool:
        return sorted(pool.map(one, range(number)))


def test_publications_at_the_same_moment_count_each_company_once(database: Database, tmp_path: Path) -> None:
    fill(database, MIN_BATCH_SIZE, 1)
    outcomes = publish_at_once(database, tmp_path / "survey.yml")
    assert set(outcomes) <= {str(MIN_BATCH_SIZE), "nothing new"}
    with database.read_connection() as connection:
        assert len(connection.execute(survey_batch.select()).all()) == 1
    current = load_survey(tmp_path / "survey.yml")
    assert current is not None
    assert current.answers == MIN_BATCH_SIZE  # type: ignore[union-attr]


def test_publications_survive_a_backup_and_a_fresh_clone(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "survey.yml"
    fill(database, MIN_BATCH_SIZE, 1)
    publish(database, path, NOW)
    text = path.read_text("utf-8")
    write_backup(database, tmp_path / "kim.zip")
    back = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "new")}))
    restore_backup(back, tmp_path / "kim.zip")
    path.unlink()
    fill(back, 1, 2)
    assert not publish(back, path, NOW + DAY).is_new, "one more company changes nothing"
    assert path.read_text("utf-8") == text
    with pytest.raises(TooFewAnswersError, match="1 confirmed"):
        publish(back, path, NOW + 2 * DAY)
    fill(back, MIN_BATCH_SIZE - 1, 3)
    assert publish(back, path, NOW + 3 * DAY).content["answers"] == 2 * MIN_BATCH_SIZE
    back.engine.dispose()


def test_the_office_decides_on_the_page(browser: Browser, database: Database) -> None:
    accounts.add_account(database, "Probe", "ein-langes-passwort", NOW)

    def token(text: str) -> str:
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', text)[0])

    entered = {
        "name": "probe",
        "password": "ein-langes-passwort",
        "csrf_token": token(browser.get("/eingang/anmelden/").text),
    }
    browser.post("/eingang/anmelden/", entered)
    one = put(database, survey(done=["job"], company="<b>Muster</b>"), counts=None)
    put(database, survey(done=["job"], company="<b>Muster</b>"), counts=None)
    where = "/eingang/umfrage/zaehlung/"
    page = browser.get(where).text
    assert "Über 2 Antworten ist noch nicht entschieden." in page
    assert "&lt;b&gt;Muster" in page
    assert "Gleicher Betrieb wie:" in page
    data = {"reference": one.reference, "before": "undecided", "decision": "counts", "csrf_token": token(page)}
    assert browser.post(where, data).status_code == 303
    assert count_states(list_answers(database))["counts"] == 1
    second = browser.post(where, {**data, "decision": "excluded"})
    assert second.status_code == 409
    assert "inzwischen jemand anderes" in second.text
    assert "hat bestätigt, dass diese Antwort" in browser.get(f"/eingang/v/{one.reference}/").text
    assert browser.post(where, {**data, "decision": "x"}).status_code == 404
    assert browser.post(where, {"decision": "counts"}).status_code in (400, 403)


def test_the_commands_list_decide_and_publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kim.cli import main

    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "var"))
    path = tmp_path / "docs" / "data" / "survey.yml"
    monkeypatch.setattr("kim.commands.survey.RESULTS_PATH", path)
    (tmp_path / "docs" / "data").mkdir(parents=True)
    run = CliRunner()
    assert run.invoke(main, ["db", "init"]).exit_code == 0
    database = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "var")}))
    upgrade(database)
    stored = fill(database, MIN_BATCH_SIZE, 1, counts=None)
    odd = put(database, survey(done=["job"], company="Böse\x1b[2J\u202e GmbH"), counts=None)
    told = run.invoke(main, ["survey", "list"]).stdout
    assert f"{MIN_BATCH_SIZE + 1} undecided" in told
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert run.invoke(main, ["survey", "publish"]).exit_code == 1
    assert run.invoke(main, ["survey", "count", *(one.reference for one in stored)]).exit_code == 0
    wrong = run.invoke(main, ["survey", "exclude", "KIM-NICHTS", odd.reference])
    assert wrong.exit_code == 1
    assert "1 excluded" in wrong.stdout
    done = run.invoke(main, ["survey", "publish"])
    assert done.exit_code == 0, done.output
    assert f"{MIN_BATCH_SIZE} companies" in done.stdout
    assert f"{MIN_BATCH_SIZE} published" in done.stdout
    assert run.invoke(main, ["survey", "withdraw"]).exit_code == 0
    assert not path.exists()
    assert run.invoke(main, ["survey", "withdraw"]).exit_code == 1
    assert "up to date" in run.invoke(main, ["survey", "write"]).stdout
    database.engine.dispose()


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_the_site_says_of_how_many_and_where_there_are_too_few(language: Language) -> None:
    published = Publication(
        published_on=NOW.date(), answers=44, first_answer="2026-01", last_answer="2026-11",
        tables={"wanted:german": {"yes": 12, "no": 32}, "again": {"yes": 9}}, bases={"again": {"yes": 20}},
        quotations=[Quotation(text=visible_line(text), language="de", field="worked_text", company="A & B <b>") for text in HOSTILE],
    )  # fmt: skip
    with use_language(language.code):
        text, few = render_survey_results(published, language, load_facts().place), gettext("too few answers")
        base = gettext("%(count)s of %(base)s", count=9, base=20)
    assert check_html(text, ()) == [], "the build lets the results through"
    assert "<td>12</td>" in text
    assert f"<td>{base}</td>" in text
    assert text.count(f"<td>{few}</td>") == text.count("<td>") - 2
    assert (few == "too few answers") == (language.code == "en")
    rows = results_csv(published, language).splitlines()
    assert sum(row.endswith(";9;20") for row in rows) == 1
    assert sum(row.endswith(";12;44") for row in rows) == 1
