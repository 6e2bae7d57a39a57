"""The German text with a letter more is no translation."""

from __future__ import annotations

import pytest

from editorial.checks.wording.parity import check_untranslated
from tests.editorial.conftest import Tree

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
