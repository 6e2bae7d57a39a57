"""What the site says of its municipality comes from data: each promise is tried for a town and for a district elsewhere."""

import json
from typing import Any

import pytest

from core.gettext import use_language
from core.languages import Language, load_languages
from core.text.values import Date, Month
from editorial.checks.wording.scope import check_used_forms
from editorial.content.data.survey_results import Publication, Quotation, results_page
from editorial.content.place_names import PlaceNames
from editorial.render.fragments import render_survey_results
from editorial.render.structured_data import json_ld
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

TOWN = PlaceNames(
    kind="district_town",
    forms={
        "de": {"name": "Bad Musterau", "from": "aus Bad Musterau"}, "en": {"name": "Bad Musterau", "from": "from Bad Musterau"},
        "uk": {"name": "Бад Мустерау", "from": "з Бад Мустерау"}, "ru": {"name": "Бад-Мустерау", "from": "из Бад-Мустерау"},
        "pl": {"name": "Bad Musterau", "from": "z Bad Musterau"}, "tr": {"name": "Bad Musterau", "from": "Bad Musterau’dan"},
        "ar": {"name": "باد موستراو", "from": "من باد موستراو"}, "fa": {"name": "باد موستراو", "from": "از باد موستراو"},
    },
)  # fmt: skip
PUBLISHED = Publication(
    published_on=Date(2026, 11, 1), answers=20, first_answer=Month("2026-01"), last_answer=Month("2026-10"),
    tables={}, quotations=[Quotation(text="Ein Satz.", language="de", field="worked_text")],
)  # fmt: skip


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize("code", sorted(TOWN.forms))
def test_a_company_that_is_not_named_is_from_the_place_that_is_there(code: str) -> None:
    language = next(row for row in load_languages() if row.code == code)
    with use_language(code):
        html = render_survey_results(PUBLISHED, language, TOWN)
        nameless = render_survey_results(PUBLISHED, language, PlaceNames(forms={code: {"name": "X"}}))
    footer = html.partition("<footer>")[2].partition("</footer>")[0]
    assert TOWN.forms[code]["from"] in footer
    assert footer != TOWN.forms[code]["from"]
    bare = nameless.partition("<footer>")[2].partition("</footer>")[0]
    assert bare
    assert bare == bare.strip()
    assert "X" not in bare, "a bare name is no form"


def test_a_form_that_layouts_use_and_a_language_lacks_is_told() -> None:
    place = PlaceNames(forms={"de": {"name": "X", "from": "aus X"}, "ar": {"name": "x"}})
    told = [one.message for one in check_used_forms(place, (LANGUAGES[0], LANGUAGES[2]))]
    assert len(told) == 1
    assert "„from“ fehlt in der Sprache „ar“" in told[0]


@pytest.mark.parametrize(
    ("kind", "wanted"), [("city", "City"), ("district_town", "City"), ("district", "AdministrativeArea")]
)
def test_structured_data_name_authority_and_area_of_the_municipality(tree: Tree, kind: str, wanted: str) -> None:
    site: dict[str, Any] = {
        "name": "Willkommen", "url": "https://willkommen.example.org/", "kind": kind,
        "municipality": {"name": "Kreis Musterstadt", "authority": "Kreisverwaltung Musterstadt"},
    }  # fmt: skip
    content = tree.read()
    script = json_ld(site, content, None, content.pages["index"], LANGUAGES[0], "")
    found = next(one for one in json.loads(script)["@graph"] if one["@type"] == "GovernmentOrganization")
    assert found["name"] == "Kreisverwaltung Musterstadt"
    assert found["areaServed"] == {"@type": wanted, "name": "Kreis Musterstadt"}


@pytest.mark.parametrize("key", ["allianz/umfrage", "umfrage", "mitmachen/ergebnisse"])
def test_the_results_of_the_survey_are_shown_on_the_page_that_names_them(tree: Tree, key: str) -> None:
    assert results_page(tree.read()) is None
    tree.write("de", key, "", "# U { #u }\n\n{{ survey.results }}", GERMAN.format(title="Umfrage"))
    page = results_page(tree.read())
    assert page is not None
    assert page.key == key
    language = Language("de", "Deutsch", "ltr", True)
    with use_language("de"):
        assert f'href="/{key}/ergebnisse.csv"' in render_survey_results(PUBLISHED, language, TOWN, page)
