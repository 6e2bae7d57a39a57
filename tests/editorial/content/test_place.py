"""The municipality's name in pages: filled in where a file is read, in the language of the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from core.findings import ContentError
from editorial.checks.files import check_data_inserts
from editorial.content.markup.shortcodes import SHORTCODE
from editorial.content.place_names import NO_PLACE_NAMES, fill_place_names, load_place_names
from editorial.translations.segments import read_document
from tests.editorial.conftest import FACTS, GERMAN, HEADER, Tree

FORMS = """kind: district
forms:
  de: {name: Kreis Musterstadt, in: im Kreis Musterstadt, authority: Kreisverwaltung Musterstadt}
  en: {name: Musterstadt, in: in the district of Musterstadt}
  ar: {name: موسترشتات, in: في موسترشتات}
"""


def write_forms(tree: Tree, text: str = FORMS) -> Path:
    path = tree.docs.parent / "city" / "place.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("code", "shown"),
    [("de", "im Kreis Musterstadt"), ("en", "in the district of Musterstadt"), ("ar", "في موسترشتات")],
)
def test_a_form_is_filled_in_in_the_language_of_the_text(tree: Tree, code: str, shown: str) -> None:
    write_forms(tree)
    for language in ("de", code):
        header = (GERMAN if language == "de" else HEADER).format(title="'Leben {{ place.in }}'")
        tree.write(language, "leben", "", "# Leben {{ place.in }} { #leben }\n\nDas gilt {{place.in}}.", header)
    text = tree.read().pages["leben"].texts[code]
    assert text.front_matter.title == f"Leben {shown}"
    assert text.body.count(shown) == 2
    assert "{{" not in text.body
    assert "{{ place.in }}" in text.source


def test_a_new_name_makes_no_translation_stale(tree: Tree) -> None:
    write_forms(tree)
    path = tree.write("de", "leben", "Leben", "# Leben { #leben }\n\nDas gilt {{ place.in }}.")
    before = read_document(path.read_text("utf-8")).sections
    write_forms(tree, FORMS.replace("Musterstadt", "Beispielstadt"))
    assert "Beispielstadt" in tree.read().pages["leben"].texts["de"].body
    assert read_document(path.read_text("utf-8")).sections == before


def test_an_unknown_form_is_named_with_its_line_and_the_form_that_was_meant(tree: Tree) -> None:
    write_forms(tree)
    facts = replace(FACTS, place=load_place_names(tree.docs))
    tree.write("de", "leben", "Leben", "# Leben { #leben }\n\nDas gilt {{ place.inn }}.")
    (found,) = (one for one in tree.check_facts(facts) if one.code == "insert-unknown")
    assert (found.file, found.line) == ("docs/de/leben.md", 10)
    assert "Meinten Sie „in“?" in found.hint
    assert "city/place.yml" in found.hint


def test_an_unknown_form_in_a_header_is_named_with_its_line(tree: Tree) -> None:
    write_forms(tree)
    tree.write("de", "leben", "", None, GERMAN.format(title="'Leben {{ place.nowhere }}'"))
    (found,) = (one for one in tree.check() if one.code == "insert-unknown")
    assert (found.file, found.line) == ("docs/de/leben.md", 2)


@pytest.mark.parametrize(
    "text",
    [
        "kind: village\nforms: {}\n",
        "forms: {de: {in: 'in <b>Musterstadt</b>'}}\n",
        "forms: {de: {in: 'in **Musterstadt**'}}\n",
        "forms: {de: {in: ''}}\n",
        "forms: {de: {in: '   '}}\n",
        "forms: {de: {in: ' in X'}}\n",
        "forms: {de: {in: null}}\n",
        "forms: {de: }\n",
        "forms: {de: {'In ': a}}\n",
        "forms: {deutsch: {in: a}}\n",
        "forms: {de: {in: {a: b}}}\n",
        "kind: [city]\n",
        "unchecked: uk\n",
        "is_common_word: vielleicht\n",
        "offices: {integration: ''}\n",
        "kind: city\nkind: district\n",
        "forms: {de: [in]}\n",
        "forms: {de: {in: {{ place.name }}}}\n",
        "forms: [",
        "unknown: 1\n",
        "- a\n",
    ],
)
def test_a_file_that_is_not_right_is_refused_with_its_name(tree: Tree, text: str) -> None:
    write_forms(tree, text)
    with pytest.raises(ContentError, match=r"city/place\.yml"):
        load_place_names(tree.docs)
    assert any(one.file == "city/place.yml" for one in tree.read().findings)


@pytest.mark.parametrize("name", ["Halle (Saale)", "St. Ingbert", "Müller & Söhne", "Bottrop’ta", "Kreis Musterstadt"])
def test_a_name_reaches_the_page_as_it_is(tree: Tree, name: str) -> None:
    write_forms(tree, f"forms: {{de: {{name: '{name}'}}}}\n")
    assert fill_place_names("Das ist {{ place.name }}.", load_place_names(tree.docs), "de") == f"Das ist {name}."


def test_other_inserts_stay(tree: Tree) -> None:
    text = "{{ tel.fire }} {{ place.in }} {{ placebo.in }}"
    assert fill_place_names(text, NO_PLACE_NAMES, "de") == text
    assert SHORTCODE.search(text)


def test_a_form_that_is_not_right_is_named_with_its_line_and_its_path(tree: Tree) -> None:
    write_forms(tree, "kind: city\nforms:\n  de:\n    name: Musterstadt\n    in: ' '\n  ar:\n    name: '**x**'\n")
    with pytest.raises(ContentError) as caught:
        load_place_names(tree.docs)
    assert [(one.line, one.message.partition(":")[0]) for one in caught.value.findings] == [
        (5, "„forms.de.in“"),
        (7, "„forms.ar.name“"),
    ]


@pytest.mark.parametrize(
    "insert",
    [
        "{{ place.inn }}", "{{ place.from }}", "{{ place.in|upper }}", "{{ place. }}", "{{ place }}", "{{ plaze.in }}", "{{ PLACE.in }}",
        "{{ place.in }", "{{ place.of-authority }}", "`{{ place.inn }}`", "[{{ place.inn }}](kontakt.md)", "{{ place.name.de }}", "{% place.in %}",
    ],
)  # fmt: skip
def test_an_insert_that_means_nothing_is_an_error_with_its_line_and_a_remedy(tree: Tree, insert: str) -> None:
    write_forms(tree)
    tree.write("de", "leben", "Leben", f"# Leben {{ #leben }}\n\nDas gilt {insert}.")
    found = [
        one
        for one in tree.check_facts(replace(FACTS, place=load_place_names(tree.docs)))
        if one.code == "insert-unknown"
    ]
    assert [(one.level, one.file, one.line) for one in found] == [("error", "docs/de/leben.md", 10)]
    assert found[0].hint


def test_a_form_that_one_language_lacks_is_named_in_that_language(tree: Tree) -> None:
    """A place without its Arabic name: the translation says so, the German page is right."""
    write_forms(
        tree,
        "forms:\n  de: {name: Bad Musterstadt, in: in Bad Musterstadt}\n  en: {name: Bad Musterstadt, in: in Bad Musterstadt}\n",
    )
    for code in ("de", "ar"):
        header = (GERMAN if code == "de" else HEADER).format(title="Leben")
        tree.write(code, "leben", "", "# Leben { #leben }\n\nText {{ place.in }}.", header)
    found = [
        one
        for one in tree.check_facts(replace(FACTS, place=load_place_names(tree.docs)))
        if one.code == "insert-unknown"
    ]
    assert [(one.file, one.hint) for one in found] == [
        ("docs/ar/leben.md", "Ergänzen Sie sie in city/place.yml unter forms: ar:.")
    ]


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("city/data/contacts.yml", "kim:\n  name: 'KIM {{ place.name }}'\n", 2),
        ("docs/data/links.yml", "# {{ place.in }} im Kommentar\nx: {title: 'Bus {{ place.in }}'}\n", 2),
        ("docs/data/answer_templates.yml", "frame:\n  closing:\n    de: 'Grüße {{ place.from'\n", 3),
        ("city/city.yml", "site_name: 'KIM {{ place.name }}'\n", 1),
        ("city/data/events.yml", "a: {title: '{{ office.youth }}'}\n", 1),
    ],
)
def test_an_insert_where_nothing_fills_it_is_an_error(tree: Tree, file: str, text: str, line: int) -> None:
    path = tree.docs.parent / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    assert [(one.level, one.file, one.line) for one in check_data_inserts(tree.docs)] == [("error", file, line)]


def test_a_line_for_editors_may_hold_an_insert(tree: Tree) -> None:
    path = tree.docs / "data" / "links.yml"
    path.parent.mkdir(parents=True)
    path.write_text("x: {title: Bus, confirm: 'Adresse {{ place.in }} – {{ office.traffic }}'}\n", "utf-8")
    assert list(check_data_inserts(tree.docs)) == []
