"""The state of a translation cannot lie: it follows from the files and the lock, and from every paragraph of them."""

from __future__ import annotations

import datetime
import re
import time
from pathlib import Path

import pytest

from core.languages import load_languages
from core.overlay import page_path
from editorial.content.pages import read_content
from editorial.translations.lockfile import check_lock, load_lock, parse_lock
from editorial.translations.segments import HEADER_SECTION, read_document
from editorial.translations.state import check_translations, stale_segments, translation_states
from tests.conftest import ROOT, compose_once
from tests.editorial.translations.conftest import DAY, NEXT, Desk

SENTENCE = "Ein Kurs beginnt im März."
PAGES = ["angebote/anerkennung", "datenschutz"]


@pytest.mark.parametrize("key", PAGES)
def test_a_changed_german_sentence_makes_exactly_that_pages_translations_stale_at_exactly_that_paragraph(
    real: Desk, key: str
) -> None:
    path = page_path(real.docs, "de", key)
    text = path.read_text("utf-8")
    paragraphs = [p for rows in read_document(text).sections.values() for p in rows if p.kind in {"p", "ul", "row"}]
    chosen = paragraphs[len(paragraphs) // 2]
    path.write_text(f"{text[: chosen.start]}Neu ist das. {text[chosen.start :]}", "utf-8")
    translated = [
        row.code for row in real.languages if not row.default and page_path(real.docs, row.code, key).exists()
    ]
    assert translated
    stale = {place: state for place, state in real.states().items() if state.is_stale}
    assert list(stale) == [(key, code) for code in translated]
    for code in translated:
        (change,) = stale[key, code].changed
        assert change.text == f"Neu ist das. {chosen.text}"
        own = read_document(page_path(real.docs, code, key).read_text("utf-8"))
        assert change.line == chosen.line
        assert change.own_line == own.sections[change.section][change.index or 0].line


def wrap(text: str) -> str:
    """Break every paragraph of prose after each third word."""
    return "\n".join(
        re.sub(r"((?:\S+ ){2}\S+) (?![-+*>|#]|\d+[.)])", r"\1\n", line) if line[:1].isalpha() else line
        for line in text.split("\n")
    )


def spaces(text: str) -> str:
    """Put blanks and empty lines wherever they mean nothing."""
    return re.sub(r"(?<=\w) (?=\w)", "  ", text).replace("\n\n", "\n \n\n") + "\n\n"


def reorder(text: str) -> str:
    """Turn the lines of the header round."""
    _, head, body = text.split("---\n", 2)
    return "---\n" + "".join(reversed(head.splitlines(keepends=True))) + "---\n" + body


def quote(text: str) -> str:
    """Put the title into quotes, and its text on a line of its own."""
    return re.sub(r"^title: (?!['\"])(.*)$", r'title: "\1"', text, count=1, flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        spaces,
        reorder,
        quote,
        wrap,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: re.sub(r"^- ", "* ", text, flags=re.MULTILINE),
    ],
)
def test_white_space_line_ends_wrapping_and_the_order_of_the_header_change_nothing(real: Desk, change: object) -> None:
    changed = 0
    for folder in ("de", "uk", "ar"):
        for path in (real.docs / folder).rglob("*.md"):
            before = path.read_text("utf-8")
            after = change(before)  # type: ignore[operator]
            changed += before != after
            path.write_text(after, "utf-8", newline="")
    assert changed > 50
    assert real.stale() == {}
    lock = (real.docs / "translations.lock.yml").read_bytes()
    real.update()
    assert (real.docs / "translations.lock.yml").read_bytes() == lock


def test_the_state_of_the_whole_site_takes_less_than_a_second(real: Desk) -> None:
    content = read_content(real.docs, real.languages)
    for cache in (parse_lock, read_document, compose_once):
        cache.cache_clear()
    begin = time.process_time()
    states = translation_states(real.docs, content, real.languages)
    assert time.process_time() - begin < 1
    assert len(states) > 50 * (len(real.languages) - 1)


def test_the_lock_of_the_real_site_can_be_read() -> None:
    assert not [finding for finding in check_lock(ROOT / "docs", load_languages()) if finding.level == "error"]


def test_a_translation_counts_as_renewed_only_if_its_own_paragraph_changed(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    desk.change("de/kurse.md", "Das Buch kostet Geld.", "Das Buch ist teuer.")
    desk.update()
    desk.change("en/kurse.md", "begins in March", "begins in April")
    assert desk.stale() == {
        ("kurse", "en"): ["Das Buch ist teuer."],
        ("kurse", "ar"): ["Ein Kurs beginnt im April.", "Das Buch ist teuer."],
    }
    desk.update()
    assert desk.stale()["kurse", "en"] == ["Das Buch ist teuer."]
    desk.change("en/kurse.md", "The book costs money.", "The book is expensive.")
    desk.update()
    assert list(desk.stale()) == [("kurse", "ar")]


def test_another_paragraph_of_the_translation_does_not_renew_the_stale_one(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    desk.change("en/kurse.md", "You can register now.", "Registration is open.")
    assert desk.stale()["kurse", "en"] == ["Ein Kurs beginnt im April."]
    desk.update()
    assert desk.stale()["kurse", "en"] == ["Ein Kurs beginnt im April."]


def test_what_changed_in_both_before_anybody_looked_counts_as_renewed(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    desk.change("en/kurse.md", "begins in March", "begins in April")
    assert list(desk.stale()) == [("kurse", "ar")]


def test_accepting_a_page_renews_all_languages_at_once_and_one_where_one_is_named(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im  März!")
    desk.accept("kurse", "en")
    assert list(desk.stale()) == [("kurse", "ar")]
    desk.accept("kurse")
    assert desk.stale() == {}
    assert desk.states()["kurse", "ar"].state == "unreviewed"


def test_taking_a_german_change_back_makes_the_translation_follow_again(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    desk.change("de/kurse.md", "Die Anmeldung ist offen.", "Die Anmeldung endet.")
    desk.update()
    desk.change("en/kurse.md", "You can register now.", "Registration ends.")
    desk.update()
    desk.change("de/kurse.md", "Ein Kurs beginnt im April.", SENTENCE)
    assert list(desk.stale()) == [("kurse", "ar")]
    desk.change("de/kurse.md", "Die Anmeldung endet.", "Die Anmeldung ist offen.")
    assert list(desk.stale()) == [("kurse", "en")], "the English text now says what the German one no longer says"


def test_title_and_description_are_paragraphs_as_well(desk: Desk) -> None:
    desk.change("de/kurse.md", "Ein ganzer Satz über diese Seite.", "Ein anderer Satz über diese Seite.")
    assert desk.stale()["kurse", "en"] == ["Ein anderer Satz über diese Seite."]
    desk.change("en/kurse.md", "Ein ganzer Satz über diese Seite.", "Another sentence about this page.")
    assert list(desk.stale()) == [("kurse", "ar")]


def test_a_new_german_paragraph_makes_its_whole_section_stale_until_it_is_cut_alike_again(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, f"{SENTENCE}\n\nKinder sind willkommen.")
    (change,) = desk.states()["kurse", "en"].changed
    assert (change.section, change.index) == ("kurse", None)
    assert "4 Absätze" in change.text
    desk.update()
    desk.change("en/kurse.md", "A course begins in March.", "A course begins in March.\n\nChildren are welcome.")
    assert list(desk.stale()) == [("kurse", "ar")]


def test_a_german_paragraph_taken_away_has_to_go_from_the_translation_too(desk: Desk) -> None:
    desk.change("de/kurse.md", "- Das Buch kostet Geld.\n", "")
    assert [c.index for c in desk.states()["kurse", "en"].changed] == [None]
    desk.change("en/kurse.md", "- The book costs money.\n", "")
    assert list(desk.stale()) == [("kurse", "ar")]


def test_a_moved_german_paragraph_has_to_move_in_the_translation_too(desk: Desk) -> None:
    desk.change(
        "de/kurse.md",
        "- Der Kurs ist kostenlos.\n- Das Buch kostet Geld.",
        "- Das Buch kostet Geld.\n- Der Kurs ist kostenlos.",
    )
    assert ("kurse", "en") in desk.stale()
    desk.change(
        "en/kurse.md",
        "- The course is free.\n- The book costs money.",
        "- The book costs money.\n- The course is free.",
    )
    assert list(desk.stale()) == [("kurse", "ar")]


def test_a_new_and_a_vanished_section_are_named(desk: Desk) -> None:
    desk.change("de/kurse.md", "## Kosten", "## Termine { #termine }\n\nIm März.\n\n## Kosten")
    assert ["„Termine“ fehlt" in words for words in desk.stale()["kurse", "en"]] == [True]
    desk.accept("kurse")
    desk.change("en/kurse.md", "## Costs", "## Dates { #termine }\n\nIn March.\n\n## Costs")
    desk.update()
    desk.change("de/kurse.md", "## Termine { #termine }\n\nIm März.\n\n", "")
    assert ["nicht mehr" in words for words in desk.stale()["kurse", "en"]] == [True]


def test_a_stale_page_says_since_when(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    state = desk.states()["kurse", "en"]
    assert (state.since, state.since_is_exact) == (DAY, False), "it followed on that day, and nobody has looked since"
    desk.update(NEXT)
    state = desk.states()["kurse", "en"]
    assert (state.since, state.since_is_exact) == (NEXT, True)
    desk.update(NEXT + datetime.timedelta(days=9))
    assert desk.states()["kurse", "en"].since == NEXT


def test_a_review_holds_until_the_text_is_changed(desk: Desk) -> None:
    desk.change(
        "en/kurse.md", "title: Courses\n", "title: Courses\nreviewed_by: Mara Example\nreviewed_at: 2026-11-23\n"
    )
    desk.update(DAY)
    state = desk.states()["kurse", "en"]
    assert (state.state, state.reviewed_by, state.reviewed_at) == ("reviewed", "Mara Example", DAY)
    desk.change("en/kurse.md", "You can register now.", "Registration is open.")
    desk.update(NEXT)
    assert desk.states()["kurse", "en"].state == "fresh"
    desk.change("en/kurse.md", "2026-11-23", "2026-11-30")
    desk.update(NEXT)
    assert desk.states()["kurse", "en"].state == "reviewed"


def test_what_is_stale_is_told_to_editors_and_stops_nothing(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    found = check_translations(desk.docs, read_content(desk.docs, desk.languages), desk.languages)
    assert {(one.file, one.line, one.level) for one in found} == {
        ("docs/en/kurse.md", 8, "notice"),
        ("docs/ar/kurse.md", 8, "notice"),
    }
    assert all("docs/de/kurse.md:10" in one.message and "accept kurse" in one.hint for one in found)


def test_a_missing_page_and_a_new_one_are_told_apart(desk: Desk) -> None:
    assert desk.states()["kontakt", "en"].state == "missing"
    text = (desk.docs / "de/kontakt.md").read_text("utf-8")
    head = "---\ntitle: Contact\ndescription: A whole sentence about this page.\n---\n"
    (desk.docs / "en/kontakt.md").write_text(head + text.split("---\n", 2)[2], "utf-8")
    state = desk.states()["kontakt", "en"]
    assert (state.state, state.in_lock) == ("unreviewed", False)
    desk.update()
    assert desk.states()["kontakt", "en"].in_lock


def test_nothing_of_it_asks_git(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    assert not list(Path(desk.docs).rglob(".git"))
    assert len(desk.stale()) == 2


def test_a_page_that_moves_takes_its_state_with_it(desk: Desk) -> None:
    desk.change("de/kurse.md", SENTENCE, "Ein Kurs beginnt im April.")
    for code in ("de", "en", "ar"):
        (desk.docs / code / "kurse.md").rename(desk.docs / code / "lernen.md")
    assert list(desk.stale()) == [("lernen", "en"), ("lernen", "ar")]
    desk.update()
    assert desk.stale()["lernen", "en"] == ["Ein Kurs beginnt im April."]
    assert check_lock(desk.docs, desk.languages) == []


@pytest.mark.slow
def test_on_every_page_of_the_real_site_one_changed_paragraph_is_one_stale_paragraph(real: Desk) -> None:
    content, lock = read_content(real.docs, real.languages), load_lock(real.docs)
    tried = 0
    for key in content.pages:
        text = (page_path(real.docs, "de", key)).read_text("utf-8")
        owners = [
            (read_document(page_path(real.docs, row.code, key).read_text("utf-8")), lock.entries[key, row.code])
            for row in real.languages
            if (key, row.code) in lock.entries
        ]
        paragraphs = [
            one for name, rows in read_document(text).sections.items() if name != HEADER_SECTION for one in rows
        ]
        for chosen in paragraphs if owners else []:
            at = chosen.start + (2 if chosen.kind == "row" else 0)
            german = read_document(f"{text[:at]}Neu: {text[at:]}")
            for own, entry in owners:
                (change,) = stale_segments(german, own, entry)
                assert (change.line, change.index is None) == (chosen.line, False), (key, chosen)
                tried += 1
    assert tried > 5000
