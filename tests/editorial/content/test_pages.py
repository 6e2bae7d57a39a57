"""Which pages exist where, and what belongs together."""

from __future__ import annotations

import pytest

from core.languages import Language
from editorial.content.pages import Content, is_left_out, reload_page
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

GERMAN_LANGUAGE, ENGLISH, ARABIC = LANGUAGES


def test_german_lives_at_the_root_and_the_others_below_their_code(tree: Tree) -> None:
    tree.write("de", "kim/index", "KIM")
    page = tree.read().pages["kim/index"]
    assert [page.url(language) for language in LANGUAGES] == ["/kim/", "/en/kim/", "/ar/kim/"]


def test_a_page_without_translation_shows_the_german_text(tree: Tree) -> None:
    page = tree.read().pages["kontakt"]
    assert not page.is_translated(ARABIC)
    assert page.text(ARABIC).file == "docs/de/kontakt.md"


def test_a_german_only_page_does_not_exist_in_other_languages(tree: Tree) -> None:
    tree.write("de", "leicht", "x", header=GERMAN.format(title="Leicht") + "languages: [de]\n")
    content = tree.read()
    assert "leicht" in [page.key for page in content.children("index", GERMAN_LANGUAGE)]
    assert "leicht" not in [page.key for page in content.children("index", ENGLISH)]


def test_breadcrumbs_lead_from_home_to_the_page(tree: Tree) -> None:
    tree.write("de", "a/index", "A")
    tree.write("de", "a/b/index", "B")
    tree.write("de", "a/b/c", "C")
    content = tree.read()
    assert [page.key for page in content.ancestors(content.pages["a/b/c"])] == ["index", "a/index", "a/b/index"]
    assert content.ancestors(content.pages["index"]) == []


def test_pages_of_a_section_are_in_their_order(tree: Tree) -> None:
    tree.write("de", "z", "x", header=GERMAN.format(title="Z") + "order: 1\n")
    assert [page.key for page in tree.read().children("index", GERMAN_LANGUAGE)] == ["z", "kontakt"]


def test_related_pages_share_topics(tree: Tree) -> None:
    for key, topics in {
        "a/x": "[work, language]",
        "b/y": "[work, language]",
        "b/z": "[work]",
        "b/q": "[health]",
    }.items():
        tree.write("de", key, "x", header=GERMAN.format(title=key) + f"topics: {topics}\n")
    content = tree.read()
    assert [page.key for page in content.related(content.pages["a/x"], ENGLISH)] == ["b/y", "b/z"]


def test_related_pages_are_none_that_the_page_lists_itself(tree: Tree) -> None:
    for key in ("a/index", "a/x", "b/index", "b/y"):
        tree.write("de", key, "x", header=GERMAN.format(title=key) + "topics: [work]\n")
    content = tree.read()
    assert [page.key for page in content.related(content.pages["a/index"], ENGLISH)] == ["b/index", "b/y"]


def test_a_short_title_that_two_pages_have_is_known(tree: Tree) -> None:
    for key, more in {"a/x": "nav_title: Wohnen\n", "b/x": "nav_title: Wohnen\n", "c/x": "languages: [de]\n"}.items():
        tree.write("de", key, "x", header=GERMAN.format(title=f"Titel {key}") + more)
    tree.write("en", "a/x", "Housing")
    content = tree.read()

    def namesakes(language: Language) -> set[str]:
        return {key for key, page in content.pages.items() if content.has_duplicate_title(page, language)}

    assert namesakes(GERMAN_LANGUAGE) == {"a/x", "b/x"}
    assert namesakes(ENGLISH) == set()


HEAD_EN = "---\ntitle: One\ndescription: A whole sentence about this page.\n---\n"


@pytest.mark.parametrize(
    "after",
    [
        HEAD_EN + "\n# One { #top }\n\nAnother line.\n",
        HEAD_EN + "no blank line\n",
        HEAD_EN,
        HEAD_EN + " \n\t\n",
        HEAD_EN + "---\nanother: header\n---\ntext\n",
        HEAD_EN.replace("One", "Two") + "\n# Two { #top }\n",
        HEAD_EN.replace("title: One\n", "") + "\ntext\n",
        HEAD_EN.replace("---\n", "--- \n") + "\ntext\n",
        HEAD_EN.replace("\n", "\r\n") + "\r\ntext\r\n",
        "\ufeff" + HEAD_EN + "\ntext\n",
        "\n" + HEAD_EN + "\ntext\n",
        "# No header\n",
        "",
    ],
)
@pytest.mark.parametrize("before", [HEAD_EN + "\n# One { #top }\n", "\ufeff" + HEAD_EN + "\n# One { #top }\n"])
def test_a_file_read_again_says_what_it_says_when_all_are_read(tree: Tree, before: str, after: str) -> None:
    """Where the header is the same, letter for letter, it is not read again."""
    path = tree.write("en", "index", "One")
    path.write_text(before, "utf-8", newline="")
    known = tree.read()
    assert known.findings == []
    path.write_text(after, "utf-8", newline="")
    again, whole = reload_page(known, tree.docs, "en", "index"), tree.read()
    assert again == (whole.findings or Content(whole.pages, parts=whole.parts))


@pytest.mark.parametrize(
    ("key", "left_out"),
    [("allianz/index", True), ("allianz/umfrage", False), ("allianz/umfrage-alt", True), ("allianzen/index", False)],
)
def test_a_page_stays_although_its_section_is_left_out(key: str, left_out: bool) -> None:
    """The results of the survey are shown without the alliance, in whose section they stand."""
    assert is_left_out(key, ["allianz", "!allianz/umfrage"]) is left_out
