"""Which pages exist where, and what belongs together."""

from __future__ import annotations

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


def test_sisters_stand_in_their_order(tree: Tree) -> None:
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
