"""A municipality of another federal state shows nothing of what holds in a state that is not its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.project import ROOT, all_language_codes
from editorial.content.data.facts import read_facts
from editorial.content.foreign_state import (
    ForeignState,
    adapt_page,
    drop_foreign,
    foreign_sentences,
    load_foreign_state,
)
from editorial.content.markup.shortcodes import render_fact
from editorial.scaffold.municipality import draft_text

NRW = ForeignState(
    frozenset({"law.kibiz-50", "link.lsb-nrw"}), {"de": ("Nordrhein-Westfalen", "NRW"), "uk": ("Рейн",)}, "by"
)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("de", "Eltern zahlen. In Nordrhein-Westfalen nicht ({{ law.kibiz-50 }}). Fragen Sie!", "Eltern zahlen. Fragen Sie!"),
        ("de", "Am 4. März 2027 endet es in Bayern. Mehr: {{ link.lsb-nrw }}.", "Am 4. März 2027 endet es in Bayern."),
        ("de", "- eins\n- In NRW zwei.\n- drei\n\nEnde", "- eins\n- drei\n\n\nEnde"),
        ("de", "1. Gehen Sie hin. Das gilt in NRW.\n", "1. Gehen Sie hin.\n"),
        ("de", "| a | NRW |\n| b | c |", "| b | c |\n"),
        ("de", "## Beim Land NRW { #land }\n\nEin Satz.\n\n## Weiter { #w }\n\nText", "\n\n\n\n## Weiter { #w }\n\nText"),
        ("uk", "Перше. У землі Північний Рейн-Вестфалія інше. Третє.", "Перше. Третє."),
        ("de", "Nichts davon.", "Nichts davon."),
    ],
)  # fmt: skip
def test_sentences_about_another_state_are_left_out_and_lines_stay(code: str, before: str, after: str) -> None:
    made, _gone = drop_foreign(before, NRW, code)
    assert made == after
    assert made.count("\n") == before.count("\n")


def test_what_is_left_out_is_named_with_its_line() -> None:
    assert list(foreign_sentences("a\n\nEins. Zwei in NRW. Drei.", NRW, "de")) == [(3, "Zwei in NRW.")]


def test_the_header_names_no_law_of_another_state() -> None:
    page = "---\ntitle: X\nlaw: [kibiz-50, sgb-8]\nlinks: [lsb-nrw]\n---\n\nText\n"
    assert adapt_page(page, NRW, "de") == "---\ntitle: X\nlaw: [sgb-8]\n\n---\n\nText\n"


def test_in_the_own_state_every_page_stays_as_it_is() -> None:
    foreign = load_foreign_state(ROOT / "docs", "nw")
    for path in (ROOT / "docs/de").rglob("*.md"):
        text = path.read_text("utf-8")
        assert adapt_page(text, foreign, "de") == text


def test_an_entry_of_the_municipality_takes_the_place_of_one_of_another_state(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "data").mkdir(parents=True)
    (tmp_path / "city/data").mkdir(parents=True)
    (docs / "data/states.yml").write_text("nw: {name: NRW, names: {de: [NRW]}}\n", "utf-8")
    (docs / "data/contacts.yml").write_text("ldi: {name: LDI, state: nw}\nkim: {name: K}\n", "utf-8")
    assert load_foreign_state(docs, "by").keys == {"contact.ldi"}
    (tmp_path / "city/data/contacts.yml").write_text("ldi: {name: Aufsicht}\n", "utf-8")
    assert load_foreign_state(docs, "by").keys == frozenset()


def test_every_shared_fact_that_names_a_state_says_so() -> None:
    """Else another state would show it, or lead its readers to this one."""
    from core.text import yaml

    for kind in ("laws", "links", "contacts", "numbers", "amounts"):
        rows = yaml.load_strings((ROOT / f"docs/data/{kind}.yml").read_text("utf-8"))
        for key, row in rows.items():
            words = f"{row.get('title')} {row.get('name')} {row.get('label')} {row.get('url')}"
            if any(word in words for word in ("NRW", "Nordrhein", "nrw", "Westfalen", "Ruhr", "Rheinland")):
                assert row.get("state") == "nw", (kind, key)


@pytest.mark.parametrize(
    ("portal", "shown"),
    [
        ("https://law.example.org/", '<a href="https://law.example.org/" lang="de" dir="ltr">§ 18 MStV</a>'),
        (None, '<span lang="de" dir="ltr">§ 18 MStV</span>'),
    ],
)
def test_what_all_states_have_agreed_is_linked_in_the_portal_of_the_own_state(
    monkeypatch: pytest.MonkeyPatch, portal: str | None, shown: str
) -> None:
    monkeypatch.setattr("editorial.content.data.facts.law_portal", lambda: portal)
    facts = read_facts(ROOT / "docs" / "data")
    assert render_fact(facts.laws["mstv-18"], "de") == shown
    others = {law.url for key, law in facts.laws.items() if law.state is None and key != "mstv-18"}
    assert None not in others


# Compulsory schooling is law of each state (here § 34 SchulG NRW): what says that children must go to school names the state.
SCHOOL_DUTY = {
    "de": r"müss\w+ (?:\w+ ){0,6}zur Schule gehen|Pflicht, zur Schule|Schulpflicht",
    "en": r"(?:must|have to|duty to) go to school|[Cc]ompulsory school",
    "uk": r"повинні (?:\w+ ){0,3}ходити (?:\w+ )?до школи|обов’язок ходити до школи|[Оо]бов’язкове відвідування",
    "ru": r"(?:должны|обязаны|обязанность) (?:\w+ ){0,2}ходить (?:\w+ )?в школу|обязательн\w+ посещени|школа обязательна",
    "pl": r"muszą (?:\w+ ){0,2}chodzić do szkoły|obowiązek chodzić|[Oo]bowiązek szkolny",
    "tr": r"okula gitme\w* zorun|[Oo]kul zorunluluğu",
    "ar": r"يجب على [^.]{0,60}إلى المدرسة|واجب الذهاب|التعليم الإلزامي",
    "fa": r"باید (?:\w+ )?به مدرسه|موظف به رفتن|تحصیل اجباری",
}


@pytest.mark.parametrize("code", sorted(SCHOOL_DUTY.keys() & all_language_codes()))
def test_pages_claim_compulsory_schooling_for_the_state_whose_law_is_their_source(code: str) -> None:
    elsewhere, duty = load_foreign_state(ROOT / "docs", "by"), re.compile(SCHOOL_DUTY[code])
    claimed = list[tuple[str, str]]()
    found_here = 0
    for path in sorted((ROOT / "docs" / code).rglob("*.md")):
        body = path.read_text("utf-8").split("\n---\n", 1)[1]
        found_here += len(duty.findall(body))
        if left := duty.search(drop_foreign(body, elsewhere, code)[0]):
            claimed.append((path.relative_to(ROOT).as_posix(), left[0]))
    assert found_here, "the pages say it"
    assert claimed == []


def test_no_page_of_the_nation_names_this_state_in_another_one() -> None:
    """Whatever language a sentence about the state or a part of it is in, it is left out elsewhere."""
    foreign = load_foreign_state(ROOT / "docs", "by")
    words = re.compile(
        r"NRW|Nordrhein|North Rhine|[Ww]estf|Вестф|Nadreni|Kuzey Ren|الراين|نوردراین|Münsterland|Мюнстерланд|مونسترلاند|Emscher|Эмшер|Емшер|Ruhr"
    )
    named = {
        (path.relative_to(ROOT).as_posix(), line)
        for folder in (ROOT / "docs", ROOT / "redaktion" / "city" / "docs")
        for path in folder.rglob("*.md")
        if not foreign.is_foreign_scope(scope_of(path))
        for line in draft_text(path.read_text("utf-8"), foreign, path.relative_to(folder).parts[0])
        .partition("\n---\n")[2]
        .splitlines()
        if words.search(line)
    }
    assert named == set()


def scope_of(path: Path) -> str:
    """Return the scope of a page, which stands in the German one."""
    parts = list(path.parts)
    parts[parts.index("docs", len(ROOT.parts)) + 1] = "de"
    found = (
        re.search(r"^scope: *(\S+)", Path(*parts).read_text("utf-8"), re.MULTILINE) if Path(*parts).exists() else None
    )
    return found[1] if found else "nation"


def test_a_page_that_rests_on_the_law_of_one_state_alone_names_it_in_every_language() -> None:
    """What holds in one state is not told as if it held everywhere; other states leave that sentence out."""
    laws = read_facts(ROOT / "docs" / "data").laws
    elsewhere = load_foreign_state(ROOT / "docs", "by")
    silent = list[str]()
    resting = 0
    for path in sorted((ROOT / "docs/de").rglob("*.md")):
        head = path.read_text("utf-8").split("\n---\n", 1)[0]
        keys = re.search(r"^law: \[(.*)\]", head, re.MULTILINE)
        if not keys or "\nscope: " in head or not all(laws[key].state for key in keys[1].split(", ")):
            continue
        resting += 1
        page = path.relative_to(ROOT / "docs/de")
        for code in all_language_codes():
            text = ROOT / "docs" / code / page
            if text.exists() and not drop_foreign(text.read_text("utf-8").split("\n---\n", 1)[1], elsewhere, code)[1]:
                silent.append(f"{code}/{page}")
    assert resting
    assert silent == []
