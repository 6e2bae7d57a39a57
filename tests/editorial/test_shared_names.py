"""What all municipalities share names none of them: not in a text, not in a fact, not in a template, not in code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from core.project import load_site_settings
from editorial.checks.scope import name_pattern
from editorial.content.place import load_place
from tests.conftest import ROOT

SHARED = ("docs", "overrides", "core", "editorial", "editing", "form_handler", "kim", "redaktion")
TEXTS = {".md", ".yml", ".html", ".css", ".js", ".json", ".svg", ".py", ".po"}
NAMES = name_pattern(load_place(ROOT / "docs").names())
PACKAGE = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"])  # where it began
DOMAIN = re.escape(str(load_site_settings()["municipality"]["domain"]))


def shared_files() -> list[Path]:
    files = (path for name in SHARED for path in (ROOT / name).rglob("*") if path.suffix in TEXTS)
    return [ROOT / "mkdocs.yml", *(path for path in files if "__pycache__" not in path.parts)]


def named_in(text: str) -> list[str]:
    """Return the lines that name the municipality, in any of its forms and scripts, or its address."""
    assert NAMES is not None
    text = text.replace(PACKAGE, "")
    found = (NAMES.search(line) or NAMES.search(line.title()) or re.search(DOMAIN, line) for line in text.splitlines())
    return [line for line, one in zip(text.splitlines(), found, strict=True) if one]


def test_nothing_that_is_shared_names_the_municipality() -> None:
    files = shared_files()
    assert len(files) > 1000
    named = {
        str(path.relative_to(ROOT)): lines for path in files if (lines := named_in(path.read_text("utf-8", "replace")))
    }
    assert named == {}


@pytest.mark.parametrize("form", ["name", "in"])
def test_each_form_in_each_language_would_be_found(form: str) -> None:
    forms = load_place(ROOT / "docs").forms
    assert [code for code in forms if not named_in(f"x {forms[code][form]} y")] == []
    german = str(load_site_settings()["municipality"]["name"])
    for text in (
        f"{german}er",
        f"id: {german.lower()}",
        f"https://www.{load_site_settings()['municipality']['domain']}/",
    ):
        assert named_in(text), text
