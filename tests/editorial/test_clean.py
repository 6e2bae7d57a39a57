"""What the check lets pass, a strict build lets pass: of texts made at random."""

from __future__ import annotations

import logging
import re

from hypothesis import HealthCheck, example, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from mkdocs.structure.pages import Page

from core.findings import errors
from core.project import CONFIG
from editorial.build.mkdocs_runner import LogCollector
from editorial.content.markup.shortcodes import expand_shortcodes
from tests.editorial.conftest import FACTS, Tree

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
    """Return what MkDocs says of the page's links and anchors, and the Markdown signs that readers would see."""
    config = load_config(str(CONFIG), docs_dir=str(tree.docs))
    files = get_files(config)
    for file in files.documentation_pages():
        Page(None, file, config)
    file = files.get_file_from_path("de/kurse.md")
    assert file
    assert file.page
    file.page.markdown = expand_shortcodes(body, FACTS, "de", {})
    said, logger = LogCollector(), logging.getLogger("mkdocs")
    logger.addHandler(said)
    try:
        file.page.render(config, files)
    finally:
        logger.removeHandler(said)
    html = str(file.page.content)
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
