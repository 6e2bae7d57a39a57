"""One planted fault for every kind of finding: found at its line, with reason and remedy; and nothing else is found."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from msgspec import structs

from core.findings import REASONS, ContentError, Finding, as_github, as_json
from core.project import ROOT
from editorial.checks.content import check_editorial
from editorial.checks.publish import check_publish
from editorial.checks.runner import run_checks
from editorial.checks.wording.glossary import Term, load_glossary, missing_translations, used_terms
from editorial.checks.wording.parity import numbers_in
from editorial.checks.wording.readability import count_syllables, sentences, wiener_sachtextformel
from editorial.content.data.facts import Company, load_facts
from editorial.content.pages import read_content
from tests.editorial.conftest import FACTS, GERMAN, HEADER, LANGUAGES, Tree

TODAY = datetime.date(2026, 11, 23)
LONG = "Wer in Deutschland arbeiten möchte und noch nicht lange hier lebt, der sollte sich rechtzeitig erkundigen, welche Unterlagen das Amt verlangt und wie lange die Bearbeitung dauert."
GLOSSARY = [
    Term(
        "Ausländerbehörde", {"en": ("immigration authority",), "ar": ("مكتب شؤون الأجانب",)}, require_source_term=True
    ),
    Term("Praktikum", {"en": ("internship", "work placement")}),
]


@dataclass(frozen=True)
class Plant:
    """A page with one fault.

    :ivar kind: what is found.
    :ivar key: the page.
    :ivar line: where it is found.
    :ivar german: the German body below its heading; the heading stands in line 7.
    :ivar english: the English body, if the fault is in a translation; its heading stands in line 6.
    """

    kind: str
    german: str
    line: int
    english: str | None = None
    key: str = "kurse"
    header: str = ""
    english_header: str = ""


PLANTS = [
    Plant("header-key", "", 6, header="beschreibungen: x\n"),
    Plant("header-value", "", 6, header="layout: pag\n"),
    Plant("header-key", "", 4, english="", english_header="reviewd_by: A\n"),
    Plant("key-unknown", "", 6, header="law: [aufenthg-60d]\n"),
    Plant("redirect", "", 6, header="redirect_from: [kontakt]\n"),
    Plant("redirect", "", 6, header="redirect_from: [../weg]\n"),
    Plant("redirect", "", 6, header="redirect_from: [alt, alt]\n"),
    Plant("section-order", "\n## Wie gehen Sie vor? { #so-gehen-sie-vor }\n\nFragen Sie.\n\n## Was kostet das? { #kosten }\n\nNichts.", 14),
    Plant("review-overdue", "", 5, header="OVERDUE"),
    Plant("heading-id", "\n## Termine", 10),
    Plant("heading-level", "\n### Termine { #termine }", 10),
    Plant("box-title", "\n!!! note\n\n    Text", 10),
    Plant("box-blank", '\n!!! note "Titel"\n    Text', 10),
    Plant("insert-unknown", "\nRufen Sie {{ tel.fier }} an.", 10),
    Plant("typed-fact", "\nRufen Sie 02041 123456 an.", 10),
    Plant("html", "\nEin <iframe\nsrc=x> Wort.", 10),
    Plant("character", "\nEin Satz, der \u202eumgekehrt\u202c ist.", 10),
    Plant("html", "\nEin Satz.\n{ onclick=x }", 11),
    Plant("link-dead", "\n[Zum Kontakt](kontackt.md)", 10),
    Plant("anchor-dead", "\n[Zum Kontakt](kontakt.md#weg)", 10),
    Plant("link-text", "\nMehr steht [hier](kontakt.md).", 10),
    Plant("image-alt", "\n![](klein.png)", 10),
    Plant("image-missing", "\n![Ein Haus](weg.png)", 10),
    Plant("image-size", "\n![Ein Haus](riesig.png)", 10),
    Plant("table-header", "\n| Frage | Stelle |\n| Wohnen | Amt |", 10),
    Plant("table-header", "\n| | Stelle |\n|---|---|\n| Wohnen | Amt |", 10),
    Plant("heading-parity", "\n## Termine { #termine }", 0, english="\n## Dates { #dates }"),
    Plant("untranslated", "\nDer Kurs beginnt jeden Montag um neun.", 10, english="\nFirst.\n\nDer Kurs beginnt jeden Montag um neun."),
    Plant("numbers", "\n## Dauer { #d }\n\nBis zum 4. März 2027.", 10, english="\n## Length { #d }\n\nUntil 5 March 2027."),
    Plant("numbers", "\n## Dauer { #d }\n\nNach § 24 gilt das.", 8, english="\n## Length { #d }\n\nThis applies."),
    Plant("numbers", "\n## Dauer { #d }\n\nEs sind 1.200 Stunden.", 10, english="\n## Length { #d }\n\nIt is 1,300 hours."),
    Plant("markup", "\nBringen Sie mit:\n• Pass\n", 11),
    Plant("glossary", "\nFragen Sie die Ausländerbehörde.", 0, english="\nAsk the foreigners' office."),
    Plant("glossary", "\nFragen Sie die Ausländerbehörde.", 10, english="\nFirst.\n\nAsk the immigration authority."),
    Plant("hard-german", f"\nKurz.\n\n{LONG}", 12),
    Plant("easy-language", "\nKurz.\n\nWer in Deutschland arbeiten möchte und schon lange hier lebt und noch mehr sagen will.", 12, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nSie dürfen z.B. fragen.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nDas ist § 10.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nRufen Sie an (heute).", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nDas ist nicht schwer.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nDer Antrag wird von uns geprüft.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nDas ist der Name des Kindes.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nDie Aufenthaltserlaubnis gilt.", 10, key="leichte-sprache/hilfe"),
    Plant("easy-language", "\nSie brauchen Ausweis, Pass, Brief, Geld.", 10, key="leichte-sprache/hilfe"),
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.kind}-{PLANTS.index(plant)}")
def test_a_planted_fault_is_found_at_its_line_and_nothing_else(tree: Tree, plant: Plant) -> None:
    header = GERMAN.format(title="Kurse")
    header = header.replace("2099", "2026") if plant.header == "OVERDUE" else header + plant.header
    tree.write("de", plant.key, "Kurse", f"# Kurse {{ #kurse }}\n{plant.german}", header=header)
    if "/" in plant.key:
        tree.write("de", "leichte-sprache/index", "Leichte Sprache")
    if plant.english is not None:
        english = HEADER.format(title="Courses").replace("Ein ganzer Satz über", "A whole sentence about")
        tree.write("en", plant.key, "Courses", f"# Courses {{ #kurse }}\n{plant.english}", header=english + plant.english_header)  # fmt: skip
    tree.docs.joinpath("de/riesig.png").write_bytes(b"x" * 300_000)
    tree.docs.joinpath("de/klein.png").write_bytes(b"x")
    found = set(tree.check(TODAY)) | set(check_editorial(tree.read(), FACTS, GLOSSARY))
    wanted = "en" if plant.english is not None else "de"
    assert [(one.code, one.file, one.line) for one in found] == [(plant.kind, f"docs/{wanted}/{plant.key}.md", plant.line)]  # fmt: skip
    (one,) = found
    assert one.reason
    assert one.hint


ELSEWHERE = {
    "contrast": "tests/editorial/content/test_colours.py",  # planted by the tests of their own modules, or below
    "": "", "header-broken": "test_checks", "file-encoding": "test_checks", "file-empty": "test_checks", "file-unreadable": "test_checks", "no-german": "test_checks",
    "title-twice": "test_checks", "fact-source": "", "fact-confirm": "", "fact-value": "", "data": "", "unconfirmed": "",
    "placeholder": "", "consent": "", "unreviewed": "", "words": "test_languages", "answers": "test_answer_templates", "search-words": "test_search_words", "structure": "test_structure", "toolkit": "test_chooser",
    "page-size": "test_texts", "traps": "test_traps", "lines": "test_recurring_lines", "file-unpublished": "test_texts", "translations": "translations", "link-moved": "test_external", "link-gone": "test_external",
    "place-name": "test_scope", "place-kind": "test_scope", "shared-changed": "test_local_versions", "state-text": "test_foreign_state", "phrase": "test_events", "event": "test_events",
}  # fmt: skip


def test_every_kind_of_finding_has_its_plant() -> None:
    assert {plant.kind for plant in PLANTS} | ELSEWHERE.keys() == REASONS.keys()


@pytest.mark.parametrize(
    ("wrote", "meant"),
    [("beschreibung", "description"), ("titel", "title"), ("descripton", "description"), ("reviewby", "review_by"),
     ("Stand", "as_of"), ("contakt", "contact")],
)  # fmt: skip
def test_a_slip_in_a_key_is_answered_with_the_key_that_was_meant(tree: Tree, wrote: str, meant: str) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="Kurse") + f"{wrote}: x\n")
    (one,) = tree.check()
    assert f"Meinten Sie `{meant}`?" in one.hint
    assert one.line == 6


def test_a_slip_in_a_link_an_anchor_and_a_fact_is_answered_with_the_one_that_was_meant(tree: Tree) -> None:
    tree.write("de", "kurse", "Kurse", "# Kurse { #kurse }\n\n[a](kontackt.md), [b](kontakt.md#tops), {{ tel.fires }}")
    remedies = " ".join(one.hint for one in tree.check())
    for meant in ("„kontakt“", "„top“", "„tel.fire“"):
        assert f"Meinten Sie {meant}?" in remedies


def test_a_stale_translation_may_have_other_numbers_until_somebody_renews_it(tree: Tree) -> None:
    tree.write("de", "kurse", "Kurse", "# Kurse { #kurse }\n\n600 Stunden")
    tree.write("en", "kurse", "Courses", "# Courses { #kurse }\n\n500 hours",
               header=HEADER.format(title="Courses").replace("Ein ganzer", "A whole"))  # fmt: skip
    content = tree.read()
    assert [one.code for one in check_editorial(content, FACTS, [])] == ["numbers"]
    assert check_editorial(content, FACTS, [], stale={("kurse", "en")}) == []


@pytest.mark.parametrize(
    ("german", "other"),
    [
        ("am 1. Februar 2026", "1 February 2026"), ("1.200 Stunden", "1,200 hours"), ("1.200 Stunden", "1 200 годин"),
        ("§ 60c", "§ 60c"), ("12 bis 27 Jahre", "12–27 yaş"), ("30 Tage", "٣٠ يومًا"), ("2,5 Stunden", "۲٫۵ ساعت"),
        ("3. Vereinbaren Sie", "- Agree"), ("Stufe B1", "level B1"), ("{{ law.aufenthg-24 }}", "{{ law.aufenthg-24 }} x"),
        ("[x](a-24.md#b2)", "x"),
    ],
)  # fmt: skip
def test_the_same_number_in_another_notation_is_the_same(german: str, other: str) -> None:
    assert numbers_in(german) == numbers_in(other)


def test_inflected_terms_count_as_used(tree: Tree) -> None:
    glossary = [Term("Ausländerbehörde", {"uk": ("відомство у справах іноземців",), "tr": ("Yabancılar Dairesi",)})]
    _german, *others = (
        tree.write(code, "kurse", "x", f"# X {{ #x }}\n\n{body}")
        for code, body in (
            ("de", "Fragen Sie die Ausländerbehörde."),
            ("uk", "Запитайте у відомства у справах іноземців."),
            ("tr", "Bunu Yabancılar Dairesi’ne sorun."),
        )
    )
    languages = (LANGUAGES[0], replace(LANGUAGES[1], code="uk"), replace(LANGUAGES[1], code="tr"))
    content = read_content(tree.docs, languages)
    assert [one for one in check_editorial(content, FACTS, glossary) if one.code == "glossary"] == []
    others[0].write_text(others[0].read_text("utf-8").replace("відомства у справах іноземців", "когось"), "utf-8")
    found = check_editorial(read_content(tree.docs, languages), FACTS, glossary)
    assert [one.file for one in found if one.code == "glossary"] == ["docs/uk/kurse.md"]


def test_the_formula_knows_an_easy_text_from_a_hard_one() -> None:
    assert count_syllables("Aufenthaltserlaubnis") == 6
    easy = wiener_sachtextformel(["Sie können hier fragen.", "Das kostet nichts.", "Wir helfen Ihnen gern."])
    hard = wiener_sachtextformel(
        ["Die Beantragung einer Aufenthaltserlaubnis setzt die Sicherung des Lebensunterhaltes voraus."]
    )
    assert easy < 5 < 12 < hard


def test_a_date_or_an_abbreviation_does_not_end_a_sentence(tree: Tree) -> None:
    tree.write("de", "kurse", "x", "# X { #x }\n\nAm 4. März 2027 endet es, bzw. früher. Fragen Sie!")
    text = tree.read().pages["kurse"].texts["de"]
    assert [words for _line, words in sentences(text)] == ["Am 4. März 2027 endet es, bzw. früher.", "Fragen Sie!"]


@pytest.mark.usefixtures("all_languages")
def test_publishing_refuses_what_nobody_has_confirmed(tree: Tree) -> None:
    tree.write("de", "impressum", "Impressum", "# Impressum { #i }\n\nAdresse: [wird von der Stadt ergänzt]",
               header=GERMAN.format(title="Impressum") + "confirmed: false\nconfirm: Adresse – Stadt\n")  # fmt: skip
    tree.write(
        "en", "impressum", "Imprint", "# Imprint { #i }\n\nAddress: [to be added by the city], [Contact](kontakt.md)"
    )
    tree.write("de", "alt", "Alt", header=GERMAN.format(title="Alt").replace("2099", "2025"))
    facts = structs.replace(
        FACTS, companies={"firma": Company(name="Firma", role="Test", source=["own"], confirmed=True)}
    )
    found = check_publish(tree.read(), facts, TODAY)
    assert {(one.code, one.file, one.line) for one in found} == {
        ("review-overdue", "docs/de/alt.md", 5),
        ("unconfirmed", "docs/de/impressum.md", 6),
        ("placeholder", "docs/de/impressum.md", 12),
        ("placeholder", "docs/en/impressum.md", 8),
        ("unconfirmed", "docs/data/contacts.yml", 0),
        ("consent", "docs/data/companies.yml", 0),
    }
    assert {one.level for one in found} == {"error"}


@pytest.mark.parametrize(
    ("file", "text", "kind", "line"),
    [
        ("links", "a:\n  name: A\n  title: A\n  url: http://example.org\n  source: own\n", "fact-value", 1),
        ("links", "a:\n  name: A\n  title: A\n  url: https://example.org\n  source: nowhere\n", "fact-source", 1),
        ("contacts", "kim:\n  name: K\n  source: own\n\nb:\n  name: B\n  confirmed: false\n", "fact-confirm", 5),
        ("amounts", "a:\n  value: 3\n  unit: Taler\n", "fact-value", 1),
        ("links", "a: [\n", "data", 2),
        ("links", "- a\n", "data", 1),
        ("links", "a:\n  name: A\n  title: A\n", "data", 1),
        ("german_terms", "- 'offen\n", "data", 2),
        ("links", "a:\n  name: A\n  title: A\n  url: a.example.org\n", "data", 4),
        ("contacts", "a:\n  name: A\n\n  phone: 70-300\n", "data", 4),
        ("contacts", "a:\n  name: A\n  phone: 115\n  phone: 110\n", "data", 4),
        ("contacts", "a: &a\n  name: A\n  source: *a\n", "data", 2),
        ("amounts", "a: {unit: EUR,\n  value: 12,50}\n", "data", 2),
        ("amounts", "a: {unit: EUR, value: 5, valid_from: 2027-01-01, valid_to: 2026-12-31}\n", "data", 1),
        ("companies", "a:\n  name: A\n  role: B\n  consent: yes\n", "data", 4),
        ("german_terms", "Jobcenter: ja\n", "data", 1),
        ("german_terms", "- Jobcenter\n- null\n", "data", 2),
        ("glossary", "- en: x\n", "data", 1),
        ("glossary", "- de: A\n- de: B\n  en: {x: y}\n", "data", 2),
        ("glossary", "de: A\n", "data", 1),
        ("glossary", "- de: A\n  means: [x]\n", "data", 1),
    ],
)
def test_a_fault_in_the_facts_is_named_with_its_line(tree: Tree, file: str, text: str, kind: str, line: int) -> None:
    data = tree.docs / "data"
    data.mkdir()
    (data / "sources.yml").write_text("own: {title: own}\n")
    (data / f"{file}.yml").write_text(text)
    if file == "glossary":
        found: list[Finding] = [one for one in [load_glossary(data / "glossary.yml")] if isinstance(one, Finding)]
    else:
        try:
            found = [one for one in tree.check_facts(load_facts(data)) if one.level == "error"]
        except ContentError as error:
            found = error.findings
    assert [(one.code, one.file, one.line) for one in found] == [(kind, f"docs/data/{file}.yml", line)]


def test_github_and_json_carry_the_same_findings() -> None:
    one = Finding("docs/de/a,b.md", 3, "100 % falsch:\nja", "Ändern.", "error", "numbers")
    line = as_github([one])
    assert line.startswith("::error file=docs/de/a%2Cb.md,line=3,title=100 %25 falsch%3A%0Aja::100 %25 falsch:%0Aja ")
    assert "\n" not in line
    (row,) = json.loads(as_json([one]))
    assert row == {"file": "docs/de/a,b.md", "line": 3, "level": "error", "kind": "numbers", "what": one.message, "why": REASONS["numbers"], "remedy": "Ändern."}  # fmt: skip


@pytest.mark.slow
def test_the_real_site_has_no_error_and_every_open_question_has_its_place() -> None:
    """What is found there is true: hints on German and terms were read one by one when this was written."""
    report = run_checks(ROOT / "docs", words=False)
    assert [str(one) for one in report.findings if one.level == "error"] == []
    for one in run_checks(ROOT / "docs", TODAY, show_pending=True, publish=True, words=False).findings:
        path = ROOT / one.file
        assert path.exists(), one.file
        assert one.line or one.code in {"unreviewed", "glossary", "words"}, str(one)
        if one.code == "placeholder":
            assert re.search(r"\[.+\]", path.read_text("utf-8").splitlines()[one.line - 1])


def test_the_glossary_of_the_real_site_explains_its_terms_and_names_only_languages_of_the_site() -> None:
    glossary = load_glossary(Path(ROOT / "docs/data/glossary.yml"))
    assert isinstance(glossary, list)
    assert len(glossary) >= 90
    assert len({term.german for term in glossary}) == len(glossary)
    assert {code for term in glossary for code in term.translations} == {"en", "uk", "ar", "tr", "pl", "fa", "ru"}
    for word in ("Aufenthaltsgestattung", "Aufenthaltstitel", "Duldung", "Frist", "Notaufnahme", "Kammer"):
        assert next(term for term in glossary if term.german == word).means, word


def test_a_language_without_rendering_of_a_term_is_told_once() -> None:
    glossary = [Term(word, {"uk": ("x",)} if word == "A" else {}) for word in "ABCDEFG"]
    found = list(missing_translations(glossary, ["uk", "ar"]))
    assert [one.message for one in found] == [
        "Ohne Übersetzung in uk: B, C, D, E, F und 1 weitere.",
        "Ohne Übersetzung in ar: A, B, C, D, E und 2 weitere.",
    ]
    assert all(one.level == "notice" for one in found)


def test_a_term_in_the_name_of_the_municipality_is_no_term(tree: Tree) -> None:
    tree.write("de", "kurse", "Kurse", "# Kurse { #kurse }\n\nDas gilt im Kreis Musterstadt.")
    german, term = tree.read().pages["kurse"].texts["de"], Term("Kreis", {}, require_source_term=True, ambiguous=True)
    assert used_terms(german, [term]) == [term]
    assert used_terms(german, [term], ["im Kreis Musterstadt"]) == []


@pytest.mark.usefixtures("all_languages")
def test_a_language_without_a_single_page_is_noticed(tree: Tree) -> None:
    """Somebody has removed its folder."""
    tree.write("en", "index", "Home")
    found = [one for one in run_checks(tree.docs, words=False).findings if "keine einzige Seite" in one.message]
    assert {one.file for one in found} == {f"docs/{code}" for code in ("uk", "ar", "tr", "pl", "fa", "ru")}
    assert {one.level for one in found} == {"notice"}


@pytest.mark.parametrize(
    ("german", "english", "found"),
    [
        ("Stellen Sie einen Antrag.", "Make an application.", [10]),
        ("Stellen Sie einen Antrag.", "Make an application (Antrag).", []),
        ("Stellen Sie einen Antrag.", "Apply there.", []),  # the word has other renderings, so nothing is said of them
        ("Mehr dazu: [Der Antrag](kontakt.md).", "More: [The application](kontakt.md).", []),
        ("Fragen Sie.", "Make an application.", []),
    ],
)
def test_of_an_ambiguous_office_word_only_the_german_word_in_brackets_is_asked_for(
    tree: Tree, german: str, english: str, found: list[int]
) -> None:
    glossary = [Term("Antrag", {"en": ("application",)}, require_source_term=True, ambiguous=True)]
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{german}")
    header = HEADER.format(title="Courses").replace("Ein ganzer Satz über", "A whole sentence about")
    tree.write("en", "kurse", "Courses", f"# Courses {{ #kurse }}\n\nFirst.\n\n{english}", header=header)
    hints = [one for one in check_editorial(tree.read(), FACTS, glossary) if one.code == "glossary"]
    assert [one.line for one in hints] == found
