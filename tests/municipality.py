"""What tests expect of the municipality that is there: computed from its files, so that they hold in another one as well."""

from __future__ import annotations

import functools
import re

import pytest

from core.contacts import load_fallback_contact
from core.languages import load_languages
from core.project import all_language_codes, is_left_out, load_site_settings, parts_left_out, read_config
from editorial.content.pages import page_files
from tests.conftest import ROOT

NAME = str(load_site_settings()["municipality"]["name"])
HAS_PHONE = getattr(load_fallback_contact(), "phone", None) is not None  # a new municipality has none to name yet
AUTHORITY = str(load_site_settings()["municipality"]["authority"])


@functools.cache
def page_keys() -> frozenset[str]:
    """Return the keys of the pages that the site has."""
    parts = parts_left_out()
    return frozenset(key for key in page_files(ROOT / "docs", "de") if not is_left_out(key, parts))


@functools.cache
def translated_codes() -> tuple[str, ...]:
    """Return the languages of the site that have pages, the source language first; a language that is new has none."""
    return tuple(row.code for row in load_languages() if page_files(ROOT / "docs", row.code))


def shared_codes() -> frozenset[str]:
    """Return the languages of the table that all municipalities share, those that this one does not build as well."""
    return all_language_codes() - set(read_config().get("own_language_codes") or ())


def has_page(path: str) -> bool:
    """Return whether the site has a page at a path of it, in a language that it has: ``/allianz/``, ``/ar/kontakt/``."""
    code, key = re.fullmatch(r"(?:([a-z]{2})/)?(.*)", path.strip("/") + "/").groups()  # type: ignore[union-attr]
    key = key.strip("/")
    return (not code or code in translated_codes()) and (not key or {key, f"{key}/index"} & page_keys() != set())


def existing(*paths: str) -> list[str]:
    """Return those of the paths that the site has."""
    return [path for path in paths if has_page(path)]


def language_like(code: str) -> str:
    """Return a language that the site has, for a test that needs any: this one, else one that is written as it is."""
    rows = {row.code: row for row in load_languages() if row.code in translated_codes()}
    direction = "rtl" if code in {"ar", "fa"} else "ltr"
    others = [row.code for row in rows.values() if row.dir == direction and row.code != "de"]
    return code if code in rows else [*others, *rows][0]


@functools.cache
def survey_path() -> str:
    """Return the path of the page that shows the survey's results; empty if the municipality leaves it out."""
    files = page_files(ROOT / "docs", "de")
    return next(
        (f"/{key}/" for key in sorted(page_keys()) if "{{ survey.results }}" in files[key].read_text("utf-8")), ""
    )


needs_survey = pytest.mark.skipif(
    not survey_path(), reason="This municipality asks no companies; those of the project do."
)
