"""What the check lets pass, a strict build lets pass: of texts made at random."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from core.findings import errors
from core.languages import default_language
from editorial.build.settings import Levels, Settings
from editorial.build.single import Leading, Places, Said
from editorial.checks.parsed_page import converter
from editorial.content.shortcodes import expand_shortcodes
from editorial.render.site import House
from tests.editorial.conftest import FACTS, LANGUAGES, Tree

PIECES = [
    "Ein Satz.", "Wort", "[Kontakt](kontakt.md)", "[Kontakt](kontakt.md#top)", "[Weg](weg.md)", "[A](kontakt.md#weg)", "[x][y]",
    "[x]", "[y]: kontakt.md", "[y]: weg.md", "[x]: <kontakt.md> 'T'", "[a [b] c](weg.md)", "[a\nb](weg.md)", "![B](weg.png)", "![b][y]",
    "<weg.md>", "[](kontakt.md)", "[A]()", "[A](<weg.md>)", "[A](weg.md 'T')", '[A](kontakt.md "T")', "[A](kontakt)", "[A](/kontakt/)",
    "[A](../weg.md)", "[A](#weg)", "[A](#kurse)", "[^1]", "[^1]: Fuß", "- Punkt", "* Punkt", "1. Schritt", "2. Schritt", "1) Schritt",
    "    - Punkt", "  - Punkt", "    Text", "   Text", '!!! note "T"', "\n", "\n\n", "> Zitat", "| A | B |", "|---|---|", "| 1 | 2 |",
    "```", "`", "**", "**fett**", "{ #x }", "{ .button }", "{{ tel.fire }}", "{{ law.aufenthg-60c }}", "## T { #t }", "### U { #u }", "#", "---",
    "===", "•\tPunkt", "\u00a0", "\\", "\\[", "]", "[", "(", ")", "(kontakt.md)", "](weg.md)", "!", ":   Wort", "Wort\n:   Wort", "  ", "&amp;", "[A](kontakt.md){ .button }",
    "[A]( weg.md )", "[A](weg.md\n)", "[A\n\nB](weg.md)", "`[A](weg.md)`", "[A](kontakt.md?x=1)", "[A](KONTAKT.md)", "[**A**](weg.md)", "[![B](weg.png)](weg.md)",
]  # fmt: skip
JOINS = ["", " ", "\n", "\n\n", "\n    "]
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(JOINS)), max_size=4).map(
    lambda rows: "".join(piece + join for piece, join in rows)
)
NOISE = st.text("[](){}#*_`!|->:.\\ \n\u00a0ab1<", max_size=30)


def strict(tree: Tree, body: str) -> list[str]:
    """Return what MkDocs would say of the page's links, and what readers would see of its marks."""
    content, german = tree.read(), default_language(LANGUAGES)
    house: Any = House(site={}, languages=LANGUAGES, content=content, facts=FACTS, chooser=None)  # type: ignore[arg-type]
    places = Places(house, tree.docs, german)
    place = places.get_file_from_path("de/kurse.md")
    assert place
    md = converter(True)
    level = logging.WARNING
    md.treeprocessors.register(Leading(Settings(Path(), (), Levels(level, level, level)), places, place), "relpath", 0)
    said, logger = Said(), logging.getLogger("mkdocs")
    logger.addHandler(said)
    try:
        html = md.reset().convert(expand_shortcodes(body, FACTS, "de", {}))
    finally:
        logger.removeHandler(said)
        md.treeprocessors.deregister("relpath")
    ids = {"../kontakt/": {"top"}, "": set(re.findall(r' id="([^"]+)"', html))}
    for way, anchor in re.findall(r'href="([^"#:]*)#([^"]+)"', html):
        if anchor not in ids.get(way, set()):
            said.lines.append(f"no anchor {way}#{anchor}")
    words = re.sub(r"<[^>]*>", "", re.sub(r"(?s)<code>.*?</code>", "", html))
    left = re.findall(r"\]\(\w+\.md|\w\]\[\w+\]|\[\^\w+\]|^!!! note|\{ [.#]\w+ \}|\*\*fett", words, re.MULTILINE)
    said.lines += left if "\\" not in body else []  # an escaped sign is meant to be seen
    return said.lines


@tried(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(TEXTS, NOISE))
@example("[a\nb](weg.md)")
@example("[x][y]\n\n[y]: weg.md")
@example("[A](kon takt.md)")
def test_what_the_check_lets_pass_a_strict_build_lets_pass(tree: Tree, text: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{text}")
    if not errors(tree.check()):
        assert strict(tree, tree.read().pages["kurse"].texts["de"].body) == []
