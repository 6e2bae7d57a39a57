"""Shared pages say "the city"; in a district they say the right word, in every language, and in a city nothing changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from core.project import ROOT, all_language_codes
from core.text import yaml
from editorial.checks.wording.scope import CITY_WORDS
from editorial.content.kind_words import Replacements, is_kind_word, load_kind_words, replace_kind_words

DISTRICT = load_kind_words(ROOT / "docs", "district")
TOWN = load_kind_words(ROOT / "docs", "district_town")
INSERT = re.compile(r"\{\{.*?\}\}|\{[^{}]*\}")
SHARED = sorted(all_language_codes() & CITY_WORDS.keys())
DOUBLED = re.compile(r"\b(\w{2,}) \1\b")
# A noun in a case that its neighbours do not ask for: "fragen Sie der Kreis", "die Kreis".
WRONG_CASE = re.compile(
    r"\b[Dd]ie Kreis\b|\b[Dd]as (?:Kreis|Gemeinde)\b|\b(?:Sie|für|mit|bei|von|zu|an|durch|gegen|aus) der Kreis\b|\bdes Kreis\b"
)


def shared_texts(code: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page that a municipality takes over or begins with."""
    for folder in (ROOT / "docs", ROOT / "redaktion/city/docs"):
        for path in sorted((folder / code).rglob("*.md")):
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("de", "Das hat die Stadt noch nicht bestätigt.", "Das hat der Kreis noch nicht bestätigt."),
        ("de", "Die Stadt hat Betriebe eingeladen.", "Der Kreis hat Betriebe eingeladen."),
        ("de", "Fragen Sie die Stadt, wie das geht.", "Fragen Sie Ihre Gemeinde, wie das geht."),
        ("de", "Wie Sie die Stadt erreichen", "Wie Sie den Kreis erreichen"),
        ("de", "Rufen Sie die Stadt an.", "Rufen Sie den Kreis an."),
        ("de", "Das ist ein Angebot der Stadt.", "Das ist ein Angebot des Kreises."),
        ("de", "ein Text der Stadt, der kein Datum hat", "ein Text des Kreises, der kein Datum hat"),
        ("de", "Wir sprechen mit der Stadt.", "Wir sprechen mit dem Kreis."),
        ("de", "Das Geld kommt von der Stadt.", "Das Geld kommt vom Kreis."),
        ("de", "Eine Antwort für die Stadt.", "Eine Antwort für den Kreis."),
        ("de", "Melden Sie Ihr Gewerbe bei der Stadt an.", "Melden Sie Ihr Gewerbe bei Ihrer Gemeinde an."),
        ("de", "Sonst ist die Stadt zuständig.", "Sonst ist der Kreis oder Ihre Gemeinde zuständig."),
        ("de", "Die Oberbürgermeisterin oder der Oberbürgermeister vertritt die Stadt.", "Die Landrätin oder der Landrat vertritt den Kreis."),
        ("de", "[wird von der Stadt ergänzt]", "[wird noch ergänzt]"),
        ("en", "The city has not confirmed it. [to be added by the city, suggestion: 7]", "The district (Kreis) has not confirmed it. [to be added, suggestion: 7]"),
        ("en", "Ask KIM or the city where to go.", "Ask KIM or your local municipality where to go."),
        ("en", "Register your trade (Gewerbe) with the city.", "Register your trade (Gewerbe) with your local municipality."),
        ("en", "The mayor (Oberbürgermeisterin or Oberbürgermeister) represents the city.", "The head of the district (Landrätin or Landrat) represents the district (Kreis)."),
        ("uk", "Місто ще не підтвердило.", "Районне управління (Kreis) ще не підтвердило."),
        ("uk", "Як зв’язатися з містом? Запитайте в міській адміністрації.", "Як зв’язатися з районним управлінням (Kreis)? Запитайте в місцевій адміністрації."),
        ("uk", "Місто вже почало роботу з KIM.", "Районне управління (Kreis) вже почало роботу з KIM."),
        ("ru", "Город пока не подтвердил. Его город тоже подтвердит.", "Район (Kreis) пока не подтвердил. Его район тоже подтвердит."),
        ("ru", "От имени города действует обер-бургомистр (Oberbürgermeisterin или Oberbürgermeister)", "От имени района (Kreis) действует глава района (Landrätin или Landrat)"),
        ("ru", "Вам скажут в городской администрации. Обратитесь в городскую администрацию.", "Вам скажут в районной администрации (Kreis). Обратитесь в местную администрацию."),
        ("pl", "Miasto jeszcze nie potwierdziło.", "Starostwo (Kreis) jeszcze nie potwierdziło."),
        ("pl", "Proszę zapytać w urzędzie miasta.", "Proszę zapytać w urzędzie gminy."),
        ("pl", "Zajmuje się tym miasto. Spotkanie z miastem.", "Zajmuje się tym starostwo (Kreis) albo urząd gminy. Spotkanie ze starostwem."),
        ("tr", "Belediyeye sorun. Belediye Entegrasyon Yönetimi", "Belediyenize sorun. Belediye Entegrasyon Yönetimi"),
        ("tr", "Belediye onaylamadı. Belediyenin metni. Belediyeye nasıl ulaşırsınız?", "İlçe İdaresi (Kreis) onaylamadı. İlçe İdaresinin metni. İlçe İdaresine nasıl ulaşırsınız?"),
        ("tr", "[Belediye ekleyecek]", "[Eklenecek]"),
        ("ar", "لم تؤكد البلدية ذلك. اسألوا البلدية.", "لم تؤكد إدارة المقاطعة (Kreis) ذلك. اسألوا بلديتكم."),
        ("ar", "اسألوا موظفي البلدية، وبالبلدية، وتابع للبلدية.", "اسألوا موظفي إدارة المقاطعة (Kreis)، وبإدارة المقاطعة، وتابع لإدارة المقاطعة."),
        ("fa", "شهرداری هنوز تأیید نکرده است. از شهرداری بپرسید.", "اداره شهرستان (Kreis) هنوز تأیید نکرده است. از شهرداری محل زندگی خود بپرسید."),
    ],
)  # fmt: skip
def test_the_word_fits_the_kind_and_the_sentence(code: str, before: str, after: str) -> None:
    assert replace_kind_words(before, DISTRICT, code) == after
    assert replace_kind_words(before, load_kind_words(ROOT / "docs", "city"), code) == before


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("The city says. The city writes.", "The district (Kreis) says. The district writes."),
        ("---\ntitle: The city\n---\n\n# The city\n\nThe city says.", "---\ntitle: The district\n---\n\n# The district\n\nThe district (Kreis) says."),
        ('!!! note "The city"\n\n    The city says.', '!!! note "The district"\n\n    The district (Kreis) says.'),
        ("KIM exists in all districts (Kreise). The city says.", "KIM exists in all districts (Kreise). The district says."),
        ("# The city", "# The district"),
    ],
)  # fmt: skip
def test_the_german_term_stands_behind_the_first_mention_in_a_sentence(page: str, shown: str) -> None:
    assert replace_kind_words(page, DISTRICT, "en") == shown


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "In vielen Städten und Kreisen {{ contact.stadt }}"),
        ("de", "Die Stadtwerke und die Stadtbücherei der Stadt Essen; die Stadt Halle; kreisfreie Städte"),
        ("en", "The city of Essen and independent cities (kreisfreie Städte)"),
        ("uk", "Код міста не потрібен. Райони й міста (kreisfreie Städte)"),
        ("ru", "Код города набирать не нужно. Города и районы"),
        ("pl", "Powiaty i miasta na prawach powiatu"),
        ("tr", "Belediye Entegrasyon Merkezi (Kommunales Integrationszentrum), birçok şehirde"),
        ("ar", "KIM هو الإدارة البلدية للاندماج. مراكز الاندماج البلدية. الانتخابات البلدية"),
        ("fa", "مدیریت ادغام در شهرداری (Kommunales Integrationsmanagement). مراکز ادغام شهرداری"),
    ],
)  # fmt: skip
def test_names_and_other_cities_stay_as_they_are(code: str, text: str) -> None:
    assert replace_kind_words(text, DISTRICT, code) == text


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("de", "Die Oberbürgermeisterin oder der Oberbürgermeister vertritt die Stadt.", "Die Bürgermeisterin oder der Bürgermeister vertritt die Stadt."),
        ("de", "Sonst ist die Stadt zuständig. Die Stadt hat das noch nicht bestätigt.", "Sonst ist der Kreis oder die Stadt zuständig. Die Stadt hat das noch nicht bestätigt."),
        ("de", "Die Fachkräfte können bei der Stadt oder bei einem Verband arbeiten.", "Die Fachkräfte können beim Kreis, bei der Stadt oder bei einem Verband arbeiten."),
        ("en", "The mayor (Oberbürgermeisterin or Oberbürgermeister)", "The mayor (Bürgermeisterin or Bürgermeister)"),
        ("uk", "обербургомістерка або обербургомістр", "бургомістерка або бургомістр"),
        ("ru", "действует обер-бургомистр", "действует бургомистр"),
        ("pl", "nadburmistrzyni lub nadburmistrz", "burmistrzyni lub burmistrz"),
        ("tr", "Almıyorsanız Belediye yetkilidir.", "Almıyorsanız İlçe İdaresi (Kreis) veya Belediye yetkilidir."),
        ("ar", "وفي غير ذلك تكون البلدية هي المختصة.", "وفي غير ذلك تكون المقاطعة (Kreis) أو البلدية هي المختصة."),
        ("fa", "در غیر این صورت شهرداری مسئول است.", "در غیر این صورت شهرستان (Kreis) یا شهرداری مسئول است."),
    ],
)  # fmt: skip
def test_a_town_of_a_district_stays_a_city_but_has_not_all_its_tasks(code: str, before: str, after: str) -> None:
    assert replace_kind_words(before, TOWN, code) == after


def test_a_word_that_the_kind_brings_is_known() -> None:
    assert is_kind_word("Kreis", DISTRICT)
    assert not is_kind_word("Kreis", load_kind_words(ROOT / "docs", "city"))
    assert not is_kind_word("Ausländerbehörde", DISTRICT)


def test_every_expression_of_the_file_can_be_read() -> None:
    rows = yaml.load_strings((ROOT / "docs/data/kinds.yml").read_text("utf-8"))
    for kind, languages in rows.items():
        for code, table in languages.items():
            assert len(load_kind_words(ROOT / "docs", kind)[code]) == len(table)


def test_a_term_of_the_glossary_is_the_same_in_every_kind() -> None:
    """A name such as "Municipal Integration Management" is no mention of the city."""
    terms = [entry for _line, entry in yaml.load_list(ROOT / "docs/data/glossary.yml")]
    changed = [
        (code, word)
        for term in terms
        for code, words in term.items()
        for word in (words if isinstance(words, list) else ())
        if replace_kind_words(str(word), DISTRICT, code) != word
    ]
    assert changed == []


@pytest.mark.parametrize("code", SHARED)
def test_no_shared_page_calls_a_district_a_city(code: str) -> None:
    named = {
        name: found[0]
        for name, text in shared_texts(code)
        if (found := re.search(CITY_WORDS[code], INSERT.sub("", replace_kind_words(text, DISTRICT, code))))
    }
    assert named == {}


@pytest.mark.parametrize("code", SHARED)
@pytest.mark.parametrize("words", [DISTRICT, TOWN], ids=["district", "district_town"])
def test_a_replacement_doubles_no_word_and_keeps_every_insert(words: Mapping[str, Replacements], code: str) -> None:
    for name, text in shared_texts(code):
        for line, filled in zip(text.split("\n"), replace_kind_words(text, words, code).split("\n"), strict=True):
            if filled != line:
                assert set(DOUBLED.findall(filled)) <= set(DOUBLED.findall(line)), name
                assert INSERT.findall(filled) == INSERT.findall(line), name


def test_german_articles_agree_with_the_word_that_a_district_reads() -> None:
    wrong = {
        name: found[0]
        for name, text in shared_texts("de")
        if (found := WRONG_CASE.search(replace_kind_words(text, DISTRICT, "de")))
    }
    assert wrong == {}


@pytest.mark.parametrize("kind", ["district", "district_town"])
def test_each_language_has_words_for_each_kind(kind: str) -> None:
    assert set(load_kind_words(ROOT / "docs", kind)) >= set(SHARED)
