"""What people write by hand is read into its shape, or every fault is named with its place, in German."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from editorial.content.front_matter import PageFrontMatter, TranslationFrontMatter
from editorial.content.schema import ValidationIssue, validate
from tests.editorial.conftest import GERMAN as HEADER_TEXT
from tests.editorial.conftest import Tree

WORDS = {"title": "Kurse", "description": "Ein ganzer Satz über Kurse."}
GERMAN = {**WORDS, "source": ["own"], "review_by": datetime.date(2099, 1, 1)}
MEASURE = {"wants": ["job"], "stages": ["start"], "documents": ["eu"], "sizes": ["small"], "pays": "nobody"}


def faults(**changes: Any) -> list[ValidationIssue]:
    read = validate(PageFrontMatter, {key: value for key, value in {**GERMAN, **changes}.items() if value is not ...})
    assert isinstance(read, list)
    return read


def test_what_fits_is_read_with_its_defaults() -> None:
    read = validate(PageFrontMatter, {**GERMAN, "measure": MEASURE})
    assert isinstance(read, PageFrontMatter)
    assert (read.order, read.layout, read.topics, read.review_by.year) == (1000, "page", [], 2099)
    assert read.measure is not None
    assert read.measure.sizes == ["small"]
    other = validate(PageFrontMatter, GERMAN)
    assert isinstance(other, PageFrontMatter)
    assert read.topics is not other.topics, "a list that one page has is not that of all pages"


@pytest.mark.parametrize(
    ("changes", "place", "kind", "what"),
    [
        ({"titel": "x"}, "titel", "unknown", "kennt"),
        ({7: "x"}, "7", "unknown", "kennt"),
        ({"title": ...}, "title", "missing", "fehlt"),
        ({"title": 3}, "title", "value", "hier steht ein Text, nicht eine ganze Zahl"),
        ({"title": None}, "title", "value", "hier steht ein Text, nicht nichts"),
        ({"title": ""}, "title", "value", "mindestens 1 Zeichen"),
        ({"title": "x" * 91}, "title", "value", "höchstens 90 Zeichen"),
        ({"title": "a {b}"}, "title", "value", "hier steht eine Zeile ohne { } < >"),
        ({"as_of": "November"}, "as_of", "value", "hier steht ein Monat wie 2026-11"),
        ({"as_of": datetime.date(2026, 11, 1)}, "as_of", "value", "hier steht ein Monat wie 2026-11"),
        ({"review_by": "bald"}, "review_by", "value", "hier steht ein Datum wie 2027-11-23"),
        ({"order": -1}, "order", "value", "mindestens 0"),
        ({"order": True}, "order", "value", "hier steht eine ganze Zahl, nicht true oder false"),
        ({"confirmed": "vielleicht"}, "confirmed", "value", "hier steht true oder false, nicht ein Text"),
        ({"topics": "work"}, "topics", "value", "hier steht eine Liste, nicht ein Text"),
        ({"audience": ["helpers", "alle"]}, "audience.1", "value", "erlaubt ist nur: newcomers, employers, helpers, everyone"),
        ({"source": []}, "source", "value", "mindestens 1 Eintrag"),
        ({"measure": {**MEASURE, "pays": "nobody!"}}, "measure.pays", "value", "erlaubt ist nur: company"),
        ({"measure": {**MEASURE, "sizes": ["small", "huge"]}}, "measure.sizes.1", "value", "small, medium, large"),
        ({"measure": {**MEASURE, "cost": 3}}, "measure.cost", "unknown", "kennt"),
        ({"measure": "job"}, "measure", "value", "hier steht ein Block"),
        ({"confirmed": False}, "", "value", "confirmed: false braucht eine Zeile confirm:"),
        ({"layout": "form"}, "", "value", "layout: form und form: gehören zusammen"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_in_german(changes: dict[Any, Any], place: str, kind: str, what: str) -> None:
    read = validate(PageFrontMatter, {key: value for key, value in {**GERMAN, **changes}.items() if value is not ...})
    assert isinstance(read, list)
    (one,) = read
    assert (one.dotted_path, one.kind) == (place, kind)
    assert what in one.message


def test_all_faults_are_named_at_once() -> None:
    found = faults(titel="x", title=..., topics=["werk", "work", "schul"], review_by="bald", measure={"pays": "me"})
    assert sorted(one.dotted_path for one in found) == [
        "measure.documents", "measure.pays", "measure.sizes", "measure.stages", "measure.wants",
        "review_by", "titel", "title", "topics.0", "topics.2",
    ]  # fmt: skip


@pytest.mark.parametrize("data", [None, 5, "text", ["title"], True])
def test_what_is_no_block_at_all_is_one_fault(data: Any) -> None:
    read = validate(TranslationFrontMatter, data)
    assert isinstance(read, list)
    assert [(one.dotted_path, one.kind) for one in read] == [("", "value")]
    assert "ein Block aus Zeilen mit Schlüssel und Wert" in read[0].message


def test_tiles_belong_to_the_home_page_and_name_pages_that_exist(tree: Tree) -> None:
    tree.write("de", "index", "x", header=HEADER_TEXT.format(title="S") + "layout: home\ntiles: [kontakt, kontackt]\n")
    (found,) = tree.check()
    assert (found.file, found.line, found.code) == ("docs/de/index.md", 7, "key-unknown")
    assert "Meinten Sie „kontakt“?" in found.hint
    tree.write("de", "index", "x", header=HEADER_TEXT.format(title="S") + "tiles: [kontakt]\n")
    assert "tiles" in tree.check()[0].message
