"""A municipality has its own colours, as long as everybody can read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.findings import ContentError
from editorial.content.data.colours import PAIRS, apply_colours, contrast, load_colours, palette


def write(root: Path, text: str) -> Path:
    path = root / "city" / "data" / "colours.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return root


def test_the_shared_palette_keeps_every_contrast() -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11, in both schemes."""
    known = palette()
    assert len(known) > 20
    assert [
        (front, back, scheme)
        for front, back, least in PAIRS
        for scheme in (0, 1)
        if contrast(known[front][scheme], known[back][scheme]) < least
    ] == []


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def test_colours_that_can_be_read_replace_those_of_the_palette(tmp_path: Path) -> None:
    own = load_colours(write(tmp_path, "colours:\n  link: ['#7a1f1f', '#ffb3b3']\n"))
    css = apply_colours("--kim-link: light-dark(#0b4a63, #94d3ec);\n--kim-text: light-dark(#1b1a20, #f2efea);", own)
    assert css == "--kim-link: light-dark(#7a1f1f, #ffb3b3);\n--kim-text: light-dark(#1b1a20, #f2efea);"
    assert load_colours(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colours:\n  link: ['#ffcc00', '#94d3ec']\n", "Im hellen Schema ist „link“ (#ffcc00) auf „background“"),
        ("colours:\n  link: ['#0b4a63', '#223344']\n", "Im dunklen Schema"),
        ("colours:\n  background: ['#888888', '#17161b']\n", "„text-muted“"),
        ("colours:\n  focus: ['#eeeeee', '#ffc94d']\n", "Nötig sind 3 zu 1"),
        ("colours:\n  lnik: ['#0b4a63', '#94d3ec']\n", "Meinten Sie „link“?"),
        ("colours:\n  link: ['#0b4a63']\n", "hat nicht zwei Farben"),
        ("colours:\n  link: [red, blue]\n", "eine Farbe wie #0b4a63"),
        ("colours: [\n", "kein gültiges YAML"),
        ("x: 1\n", "kennt hier niemand"),
    ],
)  # fmt: skip
def test_a_colour_that_cannot_be_read_or_used_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ContentError) as caught:
        load_colours(write(tmp_path, text))
    assert any(words in str(one) for one in caught.value.findings), str(caught.value)
    assert caught.value.findings[0].file == "city/data/colours.yml"
