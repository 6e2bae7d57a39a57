"""German words inside other languages are marked (WCAG 2.2, 3.1.2), and nothing is marked twice."""

from __future__ import annotations

import pytest

from editorial.foreign import mark_german

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
    ],
)  # fmt: skip
def test_german_words_are_marked(language: str, fragment: str, marked: str) -> None:
    assert mark_german(fragment, TERMS, language) == marked
