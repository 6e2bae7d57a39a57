"""Machines are told only what is certain."""

from __future__ import annotations

import json
from typing import Any

from editorial.content.data.facts import Contact
from editorial.render.structured_data import faq, json_ld, og_locale, organization, service
from tests.editorial.conftest import GERMAN, HEADER, LANGUAGES, Tree

SITE: dict[str, Any] = {
    "name": "KIM",
    "url": "https://kim.example.org/",
    "municipality": {"name": "Bottrop", "authority": "Stadt Bottrop"},
}
GERMAN_LANGUAGE, ENGLISH, ARABIC = LANGUAGES


def graph(tree: Tree, key: str, language: Any = GERMAN_LANGUAGE, body: str = "") -> dict[str, Any]:
    content = tree.read()
    text = json_ld(SITE, content, None, content.pages[key], language, body)
    return {thing["@type"]: thing for thing in json.loads(text)["@graph"]}


def test_a_contact_that_nobody_has_confirmed_is_left_out() -> None:
    words = {"phone": "115", "address": "Platz 1", "name": "Stadt"}
    unsure = organization(SITE, Contact(**words, confirmed=False, confirm="Stadt"))
    assert not {"telephone", "address"} & set(unsure)
    sure = organization(SITE, Contact(**words))
    assert (sure["telephone"], sure["address"]) == ("115", "Platz 1")
    assert "email" not in sure


def test_price_and_languages_of_an_offer_are_left_out_until_the_page_is_confirmed(tree: Tree) -> None:
    offer = "offer: {cost: free, languages: [de]}\naudience: [newcomers]\n"
    for key, more in (("angebote/a", "confirmed: false\nconfirm: Amt\n"), ("angebote/b", "")):
        tree.write("de", key, "x", header=GERMAN.format(title=key) + offer + more)
    pages = tree.read().pages
    assert not {"offers", "availableLanguage"} & set(service(SITE, pages["angebote/a"], GERMAN_LANGUAGE))
    sure = service(SITE, pages["angebote/b"], GERMAN_LANGUAGE)
    assert (sure["offers"]["price"], sure["availableLanguage"]) == (0, ["de"])


def test_home_names_the_city_and_every_other_page_the_way_to_it(tree: Tree) -> None:
    tree.write("de", "kim/index", "KIM")
    tree.write("de", "kim/a", "A")
    assert "GovernmentOrganization" in graph(tree, "index")
    assert [step["item"] for step in graph(tree, "kim/a")["BreadcrumbList"]["itemListElement"]] == [
        "https://kim.example.org/",
        "https://kim.example.org/kim/",
        "https://kim.example.org/kim/a/",
    ]


def test_a_translation_says_of_what_and_who_has_reviewed_it(tree: Tree) -> None:
    header = HEADER.format(title="Contact")
    tree.write("en", "kontakt", "Contact", header=header)
    page = graph(tree, "kontakt", ENGLISH)["WebPage"]
    assert page["translationOfWork"] == {"@id": "https://kim.example.org/kontakt/"}
    assert page["creativeWorkStatus"] == "Machine translation, not reviewed"
    tree.write("en", "kontakt", "Contact", header=header + "reviewed_by: Mara Example\nreviewed_at: 2026-12-01\n")
    page = graph(tree, "kontakt", ENGLISH)["WebPage"]
    assert (page["reviewedBy"]["name"], page["lastReviewed"]) == ("Mara Example", "2026-12-01")
    assert "creativeWorkStatus" not in page
    assert graph(tree, "kontakt", ARABIC)["WebPage"]["inLanguage"] == "de", "no translation: it is the German page"


def test_only_a_page_whose_header_says_so_is_questions_and_answers(tree: Tree) -> None:
    body = "# F { #f }\n\n## Was kostet das? { #a }\n\nText."
    for header, expected in ((GERMAN.format(title="F"), False), (GERMAN.format(title="F") + "faq: true\n", True)):
        tree.write("de", "kontakt", "F", body, header=header)
        assert ("FAQPage" in graph(tree, "kontakt")) is expected


def test_answers_are_plain_text() -> None:
    entity = faq(
        '<h1>F</h1><h2 id="a">Wer &amp; wo?</h2><p>Bei <a href="/x/">uns</a>.</p><ul><li>eins</li><li>zwei</li></ul>'
    )
    (row,) = entity["mainEntity"]
    assert (row["name"], row["acceptedAnswer"]["text"]) == ("Wer & wo?", "Bei uns. eins zwei")


def test_no_text_can_leave_the_script_element(tree: Tree) -> None:
    body = "# F { #f }\n\n" + "\n\n".join(f"## {n}? {{ #h{n} }}\n\nText." for n in "abc")
    tree.write("de", "fragen", "F", body, header=GERMAN.format(title="F") + "faq: true\n")
    html = "".join(f"<h2>{n}?</h2><p>&lt;/script&gt;&lt;script&gt;</p>" for n in "abc")
    content = tree.read()
    text = json_ld(SITE, content, None, content.pages["fragen"], GERMAN_LANGUAGE, html)
    assert "<" not in text
    assert "</script>" in json.loads(text)["@graph"][2]["mainEntity"][0]["acceptedAnswer"]["text"]


def test_open_graph_names_language_and_territory() -> None:
    assert [og_locale(code) for code in ("de", "uk", "fa", "pl")] == ["de_DE", "uk_UA", "fa_IR", "pl_PL"]
