"""The stemmers of the search lead from one form of a word to the beginning of another one."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.municipality import shared_codes

STEMMERS = ROOT / "overrides" / "assets" / "js" / "stemmers.js"
TABLE: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("stemmers.yml").read_text("utf-8"))
ASK = """const { stems } = await import(%s);
const asked = JSON.parse(Deno.args[0]);
console.log(JSON.stringify(asked.map(([word, lang]) => stems(word.toLocaleLowerCase(lang), lang))));"""


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], list[str]]:
    """What the stemmers give for each word of the table, from one run of Deno."""
    asked = [(unicodedata.normalize("NFC", word), code) for code, words in TABLE.items() for word in words]
    deno = Path(sys.executable).with_name("deno")
    command = [deno, "eval", "--no-config", ASK % json.dumps(STEMMERS.as_uri()), json.dumps(asked)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return dict(zip(asked, json.loads(answer.stdout), strict=True))  # type: ignore[arg-type]


def test_every_language_of_the_site_has_words_in_the_table() -> None:
    assert set(TABLE) >= shared_codes()


@pytest.mark.parametrize("code", TABLE)
def test_a_form_of_a_word_leads_to_the_beginning_of_others(found: dict[tuple[str, str], list[str]], code: str) -> None:
    missing = {
        word: (stem, stems)
        for word, stem in TABLE[code].items()
        if stem not in (stems := found[unicodedata.normalize("NFC", word), code])
    }
    assert missing == {}
