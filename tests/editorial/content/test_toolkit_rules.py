"""The chooser: every answer gets a list with reasons, every rule works, and an editor's slip is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from core.languages import default_language, load_languages
from core.project import ROOT
from editorial.content.data.toolkit import RULES_PATH, RuleSet, check_rules, load_rules, measure_pages, toolkit_json
from editorial.content.pages import read_content
from form_handler.toolkit.recommend import (
    QUESTIONS,
    all_answer_combinations,
    choice_labels,
    is_applicable,
    parse_answers,
    recommend,
)

CONTENT = read_content(ROOT / "docs", load_languages())
TABLE = load_rules()
assert not isinstance(TABLE, list)
DATA = toolkit_json(TABLE, CONTENT, default_language())
answers = st.fixed_dictionaries(
    {
        question: st.lists(st.sampled_from([key for key, _ in choices]), unique=True, max_size=8 if question == "obstacle" else 1)
        for question, choices in choice_labels().items()
    }
)  # fmt: skip


def test_the_real_table_has_no_fault() -> None:
    assert check_rules(CONTENT) == []


@pytest.mark.parametrize("part", ["arbeitgeber", "arbeitgeber/werkzeugkasten", "arbeitgeber/werkzeugkasten/mag"])
def test_a_measure_or_the_whole_toolkit_may_be_left_out(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr("editorial.content.pages.parts_left_out", lambda: (part,))
    content = read_content(ROOT / "docs", (default_language(),))
    assert check_rules(content) == []
    assert isinstance(TABLE, RuleSet)
    shown = {key for rule in toolkit_json(TABLE, content, default_language())["rules"] for key in rule["show"]}
    assert "mag" not in shown
    assert ("praktikum" in shown) is part.endswith("mag")


@tried(max_examples=500)
@given(given_answers=answers)
def test_every_answer_gets_a_short_list_that_ends_with_the_talk_and_says_why(
    given_answers: dict[str, list[str]],
) -> None:
    found = recommend(DATA, given_answers)
    keys = [one["key"] for one in found]
    assert keys[-1] == DATA["always"]
    assert len(keys) == len(set(keys)) <= DATA["most"] + 1
    for one in found:
        assert one["why"], "every measure says why it is there"
        for reason in one["why"]:
            assert DATA["reasons"][reason]
            if reason != "always":
                question, key = reason.split(":")
                assert key in given_answers[question], "a reason is an answer that was given"
        if one["key"] != DATA["always"]:
            assert is_applicable(DATA["measures"][one["key"]], given_answers), "nobody is sent to what is not for them"


def test_first_steps_stand_first_and_more_reasons_stand_higher() -> None:
    for some in all_answer_combinations(1):
        found = [one for one in recommend(DATA, some) if one["key"] != DATA["always"]]
        assert [one["first"] for one in found] == sorted((one["first"] for one in found), reverse=True)


def test_every_measure_has_its_page_and_every_page_is_found() -> None:
    shown = {one["key"] for some in all_answer_combinations() for one in recommend(DATA, some)}
    assert shown == set(DATA["measures"])
    assert len(shown) >= 25


@pytest.mark.parametrize("obstacle", [key for key, _ in choice_labels()["obstacle"]])
def test_each_obstacle_alone_leads_to_a_measure_that_answers_it(obstacle: str) -> None:
    found = [one["key"] for one in recommend(DATA, {"obstacle": [obstacle]})]
    by_key = {page.key.rpartition("/")[2]: page.front_matter.measure for page in measure_pages(CONTENT)}
    assert len(found) >= 2
    assert all(obstacle in by_key[key].obstacles for key in found), "the page itself says that it answers it"


def test_what_was_not_offered_as_a_choice_is_ignored() -> None:
    given_answers = {
        "want": ["job", "training"],
        "obstacle": ["language", "x", "language"],
        "document": ["<b>"],
        "y": ["z"],
    }
    assert parse_answers(given_answers) == {"want": ["training"], "obstacle": ["language"], "document": [], "size": []}


def harmed(tmp_path: Path, change: str) -> list[str]:
    """Return what the check says of a table that was changed."""
    data = yaml.safe_load((ROOT / RULES_PATH).read_text("utf-8"))
    match change:
        case "unknown measure":
            data["rules"][0]["show"] = ["gibtesnicht"]
        case "contradiction":
            data["rules"][0] = {"when": {"document": "eu"}, "show": ["arbeitserlaubnis-duldung"]}
        case "twin":
            data["rules"].append({"when": {"obstacle": "housing"}, "show": ["wohnen-und-arbeit"]})
        case "nobody finds it":
            data["rules"] = [rule for rule in data["rules"] if "wege-zur-arbeit" not in rule["show"]]
        case "dead":
            data["rules"].append({"when": {"want": "internship", "document": "duldung"}, "show": ["netzwerk-nuif"]})
            data["most"] = 1
        case "no condition":
            data["rules"].append({"when": {}, "show": ["mag"]})
        case "typing error":
            data["rules"].append({"when": {"obstacle": "langauge"}, "show": ["mag"]})
        case "always":
            data["always"] = "gibtesnicht"
    path = tmp_path / "chooser.yml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    return [str(finding) for finding in check_rules(CONTENT, path)]


@pytest.mark.parametrize(
    ("change", "words"),
    [("unknown measure", "gibt es nicht"), ("contradiction", "Widerspruch"), ("twin", "schon eine Regel"),
     ("nobody finds it", "Keine Regel"), ("dead", "nie eine Hilfe"), ("no condition", "mindestens eine Antwort"),
     ("typing error", "language"), ("always", "always")],
)  # fmt: skip
def test_a_slip_in_the_table_is_found_with_file_line_and_remedy(tmp_path: Path, change: str, words: str) -> None:
    found = harmed(tmp_path, change)
    assert any(words in text for text in found), found
    assert all(".yml" in text or ".md" in text for text in found)


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "chooser.yml"
    path.write_text("rules:\n  - {when: [}\n")
    (finding,) = check_rules(CONTENT, path)
    assert "kein gültiges YAML" in str(finding)


def test_the_data_of_every_language_holds_whole_sentences() -> None:
    from core.gettext import use_language

    for language in load_languages():
        with use_language(language.code):
            data = toolkit_json(TABLE, CONTENT, language)
        assert data["measures"].keys() == DATA["measures"].keys()
        assert set(data["reasons"]) == {"always", *(f"{q}:{k}" for q in QUESTIONS for k, _ in choice_labels()[q])}
        assert all("%(" not in text for text in data["reasons"].values())
