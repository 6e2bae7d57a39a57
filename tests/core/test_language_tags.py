"""German words inside other languages are marked (WCAG 2.2, 3.1.2), and nothing is marked twice."""

from __future__ import annotations

import pytest

from core.gettext import use_language
from core.language_tags import load_german_terms, mark_german, tag_german_terms
from editorial.content.data.facts import read_facts
from tests.conftest import ROOT

TERMS = ("Jobcenter", "Ausländerbehörde", "Agentur für Arbeit")


@pytest.mark.parametrize(
    ("language", "fragment", "marked"),
    [
        ("tr", "<p>Yabancılar Dairesi (Ausländerbehörde)</p>",
         '<p>Yabancılar Dairesi (<span lang="de" dir="ltr">Ausländerbehörde</span>)</p>'),
        ("ar", "<p>وكالة العمل (Agentur für Arbeit)</p>",
         '<p>وكالة العمل (<span lang="de" dir="ltr">Agentur für Arbeit</span>)</p>'),
        ("ar", "<p>تطبيق mbeon مجاني</p>", '<p>تطبيق <bdi dir="ltr">mbeon</bdi> مجاني</p>'),
        ("ar", "<p>شاركوا في KIM.</p>", '<p>شاركوا في <bdi dir="ltr">KIM</bdi>.</p>'),
        ("ar", "<p>مساحة 50 m² هنا</p>", '<p>مساحة <bdi dir="ltr">50 m²</bdi> هنا</p>'),
        ("tr", "<p>Jobcenterler</p>", "<p>Jobcenterler</p>"),
        ("tr", '<p lang="de">Jobcenter</p>', '<p lang="de">Jobcenter</p>'),
        ("tr", '<p><span lang="de">das <b>Jobcenter</b></span> Jobcenter</p>',
         '<p><span lang="de">das <b>Jobcenter</b></span> <span lang="de" dir="ltr">Jobcenter</span></p>'),
        ("tr", '<a href="/Jobcenter/" title="Jobcenter">x</a>', '<a href="/Jobcenter/" title="Jobcenter">x</a>'),
        ("tr", "<br>Jobcenter", '<br><span lang="de" dir="ltr">Jobcenter</span>'),
        ("uk", "<p>Tom &amp; Co</p>", '<p><bdi dir="ltr">Tom &amp; Co</bdi></p>'),
        # One run is one isolate, whatever stands inside.
        ("ar", "<p>قولوا: «Ich habe eine Frage an Jobcenter und Co.» (هنا)</p>",
         '<p>قولوا: «<span lang="de" dir="ltr">Ich habe eine Frage an Jobcenter und Co.</span>» (هنا)</p>'),
        ("uk", "<p>„Was heißt das?“ і (PDF)</p>", '<p>„<span lang="de" dir="ltr">Was heißt das?</span>“ і (<bdi dir="ltr">PDF</bdi>)</p>'),
        ("fa", "<p>از Jobcenter – Agentur für Arbeit است</p>", '<p>از <span lang="de" dir="ltr">Jobcenter – Agentur für Arbeit</span> است</p>'),
        ("ar", "<p>برگه (Zusatzblatt) هنا</p>", '<p>برگه (<span lang="de" dir="ltr">Zusatzblatt</span>) هنا</p>'),
        ("ar", "<p>«Bottrop 2018+». هنا</p>", '<p>«<span lang="de" dir="ltr">Bottrop 2018+</span>». هنا</p>'),
        ("fa", "<p>ماده § 24 است</p>", '<p>ماده <span lang="de" dir="ltr">§ 24</span> است</p>'),
        ("ar", "<p>حسب § 25a Abs. 1 Satz 2 AufenthG.</p>", '<p>حسب <span lang="de" dir="ltr">§ 25a Abs. 1 Satz 2 AufenthG</span>.</p>'),
        ("ar", "<p>§§ 16, 17 BBiG هنا</p>", '<p><span lang="de" dir="ltr">§§ 16, 17 BBiG</span> هنا</p>'),
        ("ar", "<p>في KIM 2027 هنا</p>", '<p>في <bdi dir="ltr">KIM</bdi> 2027 هنا</p>'),
        ("ar", "<p>AT&amp;T &lt;x&gt; &#8364;5</p>",
         '<p><bdi dir="ltr">AT&amp;T</bdi> &lt;<bdi dir="ltr">x</bdi>&gt; &#8364;5</p>'),
        ("ar", "<p>https://x.example/a-b?c=1 و a@b.example.</p>",
         '<p><bdi dir="ltr">https://x.example/a-b?c=1</bdi> و <bdi dir="ltr">a@b.example</bdi>.</p>'),
        # A quoted German sentence in a language of Latin script, and quotations in that language.
        ("tr", "<p>“Ich habe eine Frage.” deyin</p>", '<p>“<span lang="de" dir="ltr">Ich habe eine Frage.</span>” deyin</p>'),
        ("en", "<p>Say “Bitte langsam sprechen.” or “the big one is here”</p>",
         '<p>Say “<span lang="de" dir="ltr">Bitte langsam sprechen.</span>” or “the big one is here”</p>'),
        ("pl", "<p>„do kogo?” oraz „Ich brauche einen Termin.”</p>",
         '<p>„do kogo?” oraz „<span lang="de" dir="ltr">Ich brauche einen Termin.</span>”</p>'),
    ],
)  # fmt: skip
def test_german_words_are_marked(language: str, fragment: str, marked: str) -> None:
    assert tag_german_terms(fragment, TERMS, language) == marked


@pytest.mark.parametrize(
    ("language", "words", "marked"),
    [
        ("ar", "تقديم تدريب عملي (Praktikum)", 'تقديم تدريب عملي (<span lang="de" dir="ltr">Praktikum</span>)'),
        ("tr", "İş Ajansı (Agentur für Arbeit)", 'İş Ajansı (<span lang="de" dir="ltr">Agentur für Arbeit</span>)'),
        ("de", "Ein Praktikum (Duldung)", "Ein Praktikum (Duldung)"),
        ("pl", "<b>Jobcenter</b>", '&lt;b&gt;<span lang="de" dir="ltr">Jobcenter</span>&lt;/b&gt;'),
    ],
)
def test_words_of_the_interface_are_escaped_and_their_german_is_marked(language: str, words: str, marked: str) -> None:
    with use_language(language):
        assert mark_german(words) == marked


def test_the_service_knows_the_same_german_words_as_the_build() -> None:
    assert load_german_terms() == read_facts(ROOT / "docs" / "data").german_terms
