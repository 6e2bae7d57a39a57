"""The German text with a letter more is no translation."""

from __future__ import annotations

import pytest

from editorial.checks.content import check_editorial
from editorial.checks.wording.parity import check_untranslated
from tests.editorial.conftest import FACTS, Tree

GERMAN = (
    "Bei Gefahr für Leben oder Gesundheit rufen Sie die Feuerwehr an. Sprechen Sie langsam und sagen Sie, wo Sie sind."
)
ENGLISH = "If somebody is in danger, call the fire brigade. Speak slowly, and say where you are and what has happened."


@pytest.mark.parametrize(
    ("words", "is_copy"),
    [
        (GERMAN, True),
        (f"x{GERMAN}", True),
        (" ".join(f"x{word}" for word in GERMAN.split()), True),
        (GERMAN.upper(), True),
        (GERMAN.replace("Feuerwehr", "Feuerwehr (fire brigade)"), True),
        (GERMAN.replace("e", "é", 1) + " Ende.", True),
        (ENGLISH, False),
        (f"{ENGLISH} In German: „{GERMAN.split('. ')[1]}“", False),
        ("Feuerwehr und Rettungsdienst: 112", False),
    ],
)
def test_a_paragraph_that_is_nearly_the_german_one_is_named(tree: Tree, words: str, is_copy: bool) -> None:
    tree.write(
        "de", "notfall", "Notfall", f"# Notfall {{ #top }}\n\n{GERMAN}\n\n- Noch ein ganz anderer Satz mit Worten."
    )
    tree.write(
        "en",
        "notfall",
        "Emergency",
        f"# Emergency {{ #top }}\n\n{words}\n\n- Another sentence.",
        "title: E\ndescription: A whole sentence about it.\n",
    )
    texts = tree.read().pages["notfall"].texts
    assert bool(list(check_untranslated(texts["en"], texts["de"]))) is is_copy


@pytest.mark.parametrize(
    ("words", "is_copy"),
    [
        (f"x{ENGLISH}", True),
        (ENGLISH, True),
        (GERMAN, False),
        ("من فضلكم تحدثوا ببطء وقولوا أين أنتم وماذا حدث.", False),
    ],
)
def test_neither_is_the_english_one(tree: Tree, words: str, is_copy: bool) -> None:
    for code, text in (("de", GERMAN), ("en", ENGLISH), ("ar", words)):
        header = None if code == "de" else "title: E\ndescription: A whole sentence about it.\n"
        tree.write(code, "notfall", "Notfall", f"# Notfall {{ #top }}\n\n{text}", header)
    found = [
        one
        for one in check_editorial(tree.read(), FACTS, [])
        if one.code == "untranslated" and "englisch" in one.message and "Beschreibung" not in one.message
    ]
    assert bool(found) is is_copy
