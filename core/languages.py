"""The languages of the site, from the table of the plugin i18n in ``mkdocs.yml``.

All packages and the tests read languages through this module.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.project import CONFIG, ConfigError, language_table, read_config


class LanguageTableError(ConfigError):
    """The table of languages in ``mkdocs.yml`` cannot be used."""


@dataclass(frozen=True)
class Language:
    """One language of the site.

    :ivar code: the BCP 47 code used in addresses and in ``lang`` attributes, for example ``"uk"``.
    :ivar name: the language's own name, for example ``"Українська"``.
    :ivar dir: the direction of its script, as HTML's ``dir`` attribute takes it.
    :ivar default: whether it is the source language, which is at ``/``.
    """

    code: str
    name: str
    dir: Literal["ltr", "rtl"]
    default: bool

    @property
    def root(self) -> str:
        """Return the path of the language's home page: ``"/"`` or for example ``"/uk/"``."""
        return "/" if self.default else f"/{self.code}/"


@functools.lru_cache
def load_languages(config: Path = CONFIG) -> tuple[Language, ...]:
    """Return the languages that are built, in the order of the table.

    :raises LanguageTableError: if the table is missing, has no default or names a language twice.
    """
    return parse_languages(read_config(config), str(config))


def parse_languages(config: dict[str, Any], where: str = "mkdocs.yml") -> tuple[Language, ...]:
    """Read the table of languages out of a parsed ``mkdocs.yml``.

    :raises LanguageTableError: see :func:`load_languages`.
    """
    table = language_table(config)
    if not table or not isinstance(table, list):
        raise LanguageTableError(f"{where}: the plugin i18n has no languages. Add at least one.")
    languages = tuple(
        Language(
            code=_row_value(row, "locale", where),
            name=_row_value(row, "name", where),
            dir="rtl" if isinstance(row.get("theme"), dict) and row["theme"].get("direction") == "rtl" else "ltr",
            default=bool(row.get("default")),
        )
        for row in table
        if not isinstance(row, dict) or row.get("build", True)
    )
    codes = [language.code for language in languages]
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        raise LanguageTableError(f"{where}: {', '.join(doubled)} stands twice. Remove one entry.")
    if sum(language.default for language in languages) != 1:
        raise LanguageTableError(f"{where}: exactly one language must say `default: true`.")
    return languages


def _row_value(row: Any, name: str, where: str) -> str:
    """Return a text of one row of the table."""
    value = row.get(name) if isinstance(row, dict) else None
    if isinstance(value, str) and value:
        return value
    if value is None:
        raise LanguageTableError(f"{where}: a language has no `{name}`. Add it: - {{locale: fr, name: Français, …}}.")
    raise LanguageTableError(
        f"{where}: YAML does not take `{name}` of a language for a text, but for {value}. "
        f"Put it in quotes, for example `{name}: 'no'`."
    )


def default_language(languages: tuple[Language, ...] | None = None) -> Language:
    """Return the source language, in which pages are written first."""
    return next(language for language in languages or load_languages() if language.default)


def find_language(code: str) -> Language | None:
    """Return the language with this code, or None if the site does not have it."""
    return next((language for language in load_languages() if language.code == code), None)


def split_language(path: str) -> tuple[Language, str]:
    """Split a request path into its language and the path below the language's root.

    ``"/tr/arbeitgeber/mitmachen/"`` gives Turkish and ``"arbeitgeber/mitmachen/"``; a path without a
    language prefix is in the default language.
    """
    head, _, rest = path.lstrip("/").partition("/")
    language = find_language(head)
    if language is None or language.default:
        return default_language(), path.lstrip("/")
    return language, rest
