"""Pages that other municipalities take over name none of them."""

from __future__ import annotations

import pytest

from core.findings import Finding
from editorial.checks.wording.scope import check_named_offices, check_scope, load_other_names
from editorial.content.place_names import PlaceNames
from tests.conftest import ROOT
from tests.editorial.conftest import GERMAN, Tree

PLACE = PlaceNames(
    forms={
        "de": {"name": "Musterstadt", "in": "in Musterstadt"},
        "uk": {"name": "Мустерштадт"},
        "pl": {"name": "Musterstadt"},
        "ar": {"name": "موسترشتات"},
    }
)


def findings(tree: Tree, place: PlaceNames = PLACE, others: tuple[str, ...] = ()) -> list[Finding]:
    return [one for one in check_scope(tree.read(), place, others) if one.file.endswith("/seite.md")]


@pytest.mark.parametrize(
    "words",
    [
        "Sie leben in Musterstadt.", "Musterstadts Ämter", "Die Musterstadter helfen.",
        "у Мустерштадті", "з Мустерштадта", "в موسترشتات", "لموسترشتات", "وبموسترشتات", "- [Musterstadt](kontakt.md)", "**Musterstadt**",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scope", ["nation", "state:nw"])
def test_a_shared_page_that_names_the_place_is_found_with_its_line(tree: Tree, words: str, scope: str) -> None:
    tree.write(
        "de", "seite", "", f"# Seite {{ #seite }}\n\n{words}", GERMAN.format(title="Seite") + f"scope: {scope}\n"
    )
    (found,) = findings(tree)
    assert (found.level, found.line, found.code) == ("error", 11, "place-name")
    assert "{{ place.in }}" in found.hint


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Sankt Augustin", "in Sankt Augustin"), ("Sankt Augustin", "St. Augustin"), ("Sankt Augustin", "Sankt Augustiner Ämter"),
        ("Sankt Augustin", "SANKT AUGUSTIN"), ("Sankt Augustin", "Sankt-Augustin"), ("Sankt Augustin", "Sie leben in Sankt\nAugustin."),
        ("Bad Oeynhausen", "Bad Oeynhausens"), ("Bad Oeynhausen", "die Bad Oeynhausener"),
        ("Kreis Minden-Lübbecke", "des Kreises Minden-Lübbecke"), ("Kreis Minden-Lübbecke", "Ausländerbehörde Minden-Lübbecke"),
        ("Kreis Minden-Lübbecke", "Minden-Luebbecke"), ("Kreis Minden-Lübbecke", "MINDEN-LÜBBECKE"),
        ("Region Hannover", "in Hannover"), ("Region Hannover", "Hannoveraner"), ("Landkreis Fürth", "Landratsamt Fürth"),
        ("Märkischer Kreis", "im Märkischen Kreis"), ("Märkischer Kreis", "des Märkischen Kreises"), ("L'Épine", "aus L'Épine"),
        ("Musterstadt", "Musterstädter"), ("Musterstadt", "Muster\u00adstadt"), ("Musterstadt", "**Muster**stadt"), ("Мустерштадт", "мустерштадтський"),
    ],
)  # fmt: skip
def test_a_name_is_found_in_each_of_its_spellings(tree: Tree, name: str, words: str) -> None:
    tree.write("de", "seite", "Seite", f"# Seite {{ #seite }}\n\n{words}")
    place = PlaceNames(forms={"de": {"name": name, "in": f"in {name}"}})
    assert [one.code for one in findings(tree, place)] == ["place-name"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Kreis Unna", "Ein Kreis von Menschen"), ("Sankt Augustin", "Der August ist warm"), ("Region Hannover", "In dieser Region"),
        ("Bad Oeynhausen", "Ein Bad nehmen"), ("Märkischer Kreis", "Der Kreis"), ("Landkreis Fürth", "Ihr Landkreis"),
    ],
)  # fmt: skip
def test_a_part_of_a_name_that_is_a_word_is_no_name(tree: Tree, name: str, words: str) -> None:
    tree.write("de", "seite", "Seite", f"# Seite {{ #seite }}\n\n{words}")
    assert findings(tree, PlaceNames(forms={"de": {"name": name}})) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Fragen Sie die Ausländerbehörde Beispielhausen.", ["Beispielhausen"]), ("Die Volkshochschule in Klein-Beispiel hilft.", ["Klein-Beispiel"]),
        ("Fragen Sie das Sozialamt Ihrer Gemeinde. Das Jobcenter zahlt Miete.", []), ("Das Jobcenter Miete oder Heizung.", []),
        ("Das Rathaus in Musterstadt.", []),
    ],
)  # fmt: skip
def test_an_office_with_a_name_behind_it_is_asked_about_whatever_the_place(
    tree: Tree, words: str, told: list[str]
) -> None:
    """No list holds all places: a word that no other page uses, behind an office, may be one."""
    tree.write("de", "wohnen", "Wohnen", "# Wohnen { #top }\n\nWas die Miete und die Heizung kosten.")
    tree.write("de", "seite", "Seite", f"# Seite {{ #top }}\n\n{words}")
    found = list(check_named_offices(tree.read(), PLACE))
    assert [(one.level, one.line) for one in found] == [("notice", 10)] * len(told)
    assert all(f"„{name}“" in one.message for name, one in zip(told, found, strict=True))


@pytest.mark.parametrize("scope", ["local", "operator"])
def test_a_local_page_may_name_it(tree: Tree, scope: str) -> None:
    tree.write("de", "seite", "", "# Musterstadt { #seite }", GERMAN.format(title="Seite") + f"scope: {scope}\n")
    assert findings(tree) == []


@pytest.mark.parametrize(
    "words",
    [
        "Sie leben {{ place.in }}.",
        "Mustermann",
        "[Kontakt](musterstadt.md)",
        "# Seite { #musterstadt }",
        "Neumusterstadt",
    ],
)
def test_inserts_addresses_ids_and_other_words_are_no_names(tree: Tree, words: str) -> None:
    tree.write("de", "seite", "Seite", f"# Seite {{ #seite }}\n\n{words}")
    assert findings(tree) == []


def test_titles_are_read_as_their_file_has_them(tree: Tree) -> None:
    tree.write("de", "seite", "", "# Seite { #seite }", GERMAN.format(title="Leben in Musterstadt"))
    (found,) = findings(tree)
    assert found.line == 2


def test_a_translation_is_checked_as_well(tree: Tree) -> None:
    tree.write("de", "seite", "Seite")
    tree.write("ar", "seite", "صفحة", "# موسترشتات { #top }")
    (found,) = findings(tree)
    assert found.file == "docs/ar/seite.md"


def test_another_place_is_named_too(tree: Tree) -> None:
    tree.write("de", "seite", "Seite", "# Seite { #top }\n\nDas gilt in Beispielhausen.")
    (found,) = findings(tree, others=("Beispielhausen",))
    assert "anderen Ortes" in found.message


def test_the_list_of_other_cities_is_read(tree: Tree) -> None:
    others = load_other_names(ROOT / "docs" / "data")
    assert len(others) > 50
    tree.write(
        "de", "seite", "Seite", "# Seite { #top }\n\nFahren Sie nach Gelsenkirchen. Das Essen in der Halle ist gut."
    )
    assert [one.code for one in findings(tree, others=others)] == ["place-name"]


def test_a_name_that_is_a_word_is_looked_for_with_its_preposition(tree: Tree) -> None:
    place = PlaceNames(is_common_word=True, forms={"de": {"name": "Essen", "in": "in Essen"}})
    tree.write("de", "seite", "Seite", "# Seite { #top }\n\nDas Essen ist kostenlos.")
    assert findings(tree, place) == []
    tree.write("de", "seite", "Seite", "# Seite { #top }\n\nSie wohnen in Essen.")
    assert len(findings(tree, place)) == 1


def test_a_district_is_no_city(tree: Tree) -> None:
    district = PlaceNames(kind="district", forms={"de": {"name": "Kreis Musterstadt", "authority": "Kreisverwaltung"}})
    tree.write("de", "seite", "Seite", "# Seite { #top }\n\nFragen Sie die Stadt. Die Stadtverwaltung hilft.")
    (found,) = findings(tree, district)
    assert (found.level, found.code) == ("notice", "place-kind")
    assert findings(tree, PlaceNames(forms=district.forms)) == []


@pytest.mark.parametrize("scope", ["stadt", "state:xx", "state", "Nation", ""])
def test_another_scope_is_refused(tree: Tree, scope: str) -> None:
    tree.write("de", "seite", "", None, GERMAN.format(title="Seite") + f"scope: '{scope}'\n")
    assert any("nation, operator, local" in one.message for one in tree.check())


@pytest.mark.parametrize(
    "words", ["nach Paderborn", "Neusser Ämter", "в Гельзенкірхені", "в Дортмунде", "في دورتموند", "GLADBECK"]
)
def test_another_place_of_the_list_is_found_in_each_script(tree: Tree, words: str) -> None:
    tree.write("de", "seite", "Seite", f"# Seite {{ #top }}\n\nText {words}.")
    found = findings(tree, others=load_other_names(ROOT / "docs" / "data"))
    assert [one.code for one in found] == ["place-name"]
    assert "anderen Ortes" in found[0].message
