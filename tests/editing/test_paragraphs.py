"""Paragraphs are replaced byte for byte, and a merge never loses a text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.differences import compare, compare_words
from editing.merge import Conflict, cut_atoms, merge
from editing.paragraphs.reading import EditError, find_paragraph, list_paragraphs, read_file_text
from editing.paragraphs.replacing import replace_paragraph
from tests.conftest import ROOT, full_or_sample

FILES = sorted([*(ROOT / "docs").glob("*/**/*.md"), *(ROOT / "city" / "docs").glob("*/**/*.md")])
# `make test` looks at every file and at some paragraphs of each, `make test-all` at all.
EVERY = full_or_sample([1], [9])[0]


def code_of(path: Path) -> str:
    """Return the language of a page."""
    return path.parts[path.parts.index("docs", len(ROOT.parts)) + 1]


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted({code_of(path) for path in FILES}))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_change_of_a_paragraph_changes_that_slice_and_can_be_taken_back(code: str, newline: str) -> None:
    files = [path for path in FILES if code_of(path) == code]
    for number, path in enumerate(files[:: 1 if newline == "\n" else 5]):
        raw = path.read_bytes().decode().replace("\n", newline)
        file = read_file_text(raw)
        places = [place for place in list_paragraphs(file) if place.words]
        assert "".join(cut_atoms(raw)) == raw
        for place in places[number % EVERY :: EVERY]:
            assert replace_paragraph(file, place, place.words.replace("\n", "\r\n")) == raw
            words = f"{place.words[:-1]}x{place.words[-1]}" if place.kind != "row" else f"{place.words[:-1]}x |"
            made = replace_paragraph(file, place, words)
            assert made != raw
            assert made.startswith(raw[: place.start]), (path, place.id)
            assert made.endswith(raw[place.end :]), (path, place.id)
            changed = read_file_text(made)
            again = find_paragraph(changed, place.id)
            assert again is not None
            assert replace_paragraph(changed, again, place.words) == raw, (path, place.id)


def page(paragraphs: list[str]) -> str:
    return "---\ntitle: T\ndescription: Ein ganzer Satz zu dieser Seite.\n---\n\n# T { #t }\n\n" + "".join(paragraphs)


PARAGRAPHS = [f"Absatz {number} mit Worten.\n\n" for number in range(4)] + [f"- Punkt {number}\n" for number in range(4)] + [
    "\n| a | b |\n|---|---|\n", "| c | d |\n", "| e | f |\n",
]  # fmt: skip


@given(st.integers(0, 10**9))
def test_a_merge_of_two_peoples_changes_holds_every_text_of_both(seed: int) -> None:
    chance = random.Random(seed)
    base = page(PARAGRAPHS)
    sides, words = [], []
    for side in ("mine", "theirs"):
        rows, own = list(PARAGRAPHS), []
        for number in range(chance.randint(1, 3)):
            at, word = chance.randrange(8), f"{side}{number}"
            own.append((at, word))
            prefix = "- " if at > 3 else ""
            rows[at] = f"{prefix}{word}\n" + ("\n" if at < 4 else "")
        words += [(side, at, word) for at, word in own if word in "".join(rows)]
        sides.append(page(rows))
    merged = merge(base, *sides)
    held = merged.text + "".join(one.theirs for one in merged.conflicts)
    for _side, _at, word in words:
        assert word in held
    if not merged.conflicts:
        assert merge(base, sides[1], sides[0]).text == merged.text
    both = merged.resolve(["both"] * len(merged.conflicts))
    assert all(word in both for _side, _at, word in words)


def test_neighbouring_items_of_a_list_are_merged_without_asking() -> None:
    base = page(PARAGRAPHS)
    mine, theirs = base.replace("Punkt 1", "Punkt A"), base.replace("Punkt 2", "Punkt B")
    merged = merge(base, mine, theirs)
    assert merged.conflicts == []
    assert "- Punkt A\n- Punkt B\n" in merged.text


@pytest.mark.parametrize(
    "words", ["## Neu { #t }\n\n```", "text\n\n# Titel { #x }\n\n!!! note", "```", "| a", "\x00", "\u202e"]
)
def test_words_that_would_change_another_paragraph_are_refused(words: str) -> None:
    file = read_file_text(page(PARAGRAPHS))
    place = next(one for one in list_paragraphs(file) if one.words == "Absatz 1 mit Worten.")
    try:
        made = replace_paragraph(file, place, words)
    except EditError:
        return
    others = [one.words for one in list_paragraphs(file) if one.id != place.id]
    assert [one for one in others if one not in {row.words for row in list_paragraphs(read_file_text(made))}] == []


def test_a_comparison_names_what_went_and_what_came() -> None:
    assert [(one.kind, one.text) for one in compare_words("ein altes Wort", "ein neues Wort")] == [
        ("same", "ein "), ("del", "altes"), ("ins", "neues"), ("same", " Wort"),
    ]  # fmt: skip
    base = page(PARAGRAPHS)
    (one,) = compare(base, base.replace("Absatz 2", "Stelle 2"))
    assert "".join(piece.text for piece in one.pieces if piece.kind != "del") == "Stelle 2 mit Worten."


def test_the_script_of_the_editor_is_small() -> None:
    from editorial.render.assets import asset_content

    assert len(asset_content(Path(ROOT / "overrides/assets/editing.js"))) <= 6144


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "shown"),
    [
        (" { #a }\n\nEins.", " { #a }\n\nMeins.", " { #a }\n\nIhres.", ("Eins.", "Meins.", "Ihres.")),
        (" { #a }\n\nEins.", "", " { #a }\n\nIhres.", ("Eins.", "", "Ihres.")),
        ("Eins.\nZwei.", "Eins.\nMeins.", "Ihres.", ("Eins.\nZwei.", "Eins.\nMeins.", "Ihres.")),
        ("Eins.", "", "", ("Eins.", "", "")),
    ],
)
def test_a_choice_shows_no_rest_of_the_heading_above_it(
    base: str, mine: str, theirs: str, shown: tuple[str, str, str]
) -> None:
    assert tuple(Conflict(base, mine, theirs).shown.values()) == shown
