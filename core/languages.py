"""The table of languages: the one place that says which languages the site speaks.

This module is a public face of `editorial`: the build, the form handler, the commands and the tests
read languages from here and from nowhere else. The table itself stands in ``mkdocs.yml``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "mkdocs.yml"


class ConfigError(ValueError):
    """``mkdocs.yml`` cannot be used; the message says why and what to do."""


class LanguageTableError(ConfigError):
    """Its table of languages cannot be used."""


@dataclass(frozen=True)
class Language:
    """One language of the site.

    :ivar code: the BCP 47 code used in addresses and in ``lang`` attributes, for example ``"uk"``.
    :ivar name: the language's own name, for example ``"Українська"``.
    :ivar dir: the direction of its script, as HTML's ``dir`` attribute takes it.
    :ivar default: whether it is the source language, which lives at ``/``.
    """

    code: str
    name: str
    dir: Literal["ltr", "rtl"]
    default: bool

    @property
    def root(self) -> str:
        """Return the path of the language's home page: ``"/"`` or for example ``"/uk/"``."""
        return "/" if self.default else f"/{self.code}/"


_READ: dict[Path, dict[str, Any]] = {}


def read_config(config: Path = CONFIG) -> dict[str, Any]:
    """Return ``mkdocs.yml`` as data, read once.

    :raises ConfigError: if it cannot be read, or is no YAML.
    """
    if config not in _READ:
        from core import yaml as yaml_files  # late: a build with nothing to do reads no YAML

        try:
            text = config.read_text("utf-8-sig")
            data = yaml_files.load(text)
            if isinstance(data, dict):
                data.update(_as_texts(yaml_files.load_texts(text)))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{config}: It cannot be read ({error}). The site's name and languages stand there."
            ) from error
        except yaml_files.YAMLError as error:
            line, problem = yaml_files.explain(error)
            where = f"{config}:{line}" if line else str(config)
            raise ConfigError(f"{where}: No valid YAML ({problem}). Compare the line with the one above.") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{config}: It holds no settings. Take it back from the version history.")
        _READ[config] = data
    return _READ[config]


def _as_texts(data: dict[str, Any]) -> dict[str, Any]:
    """Return what only this project reads as the texts that stand there: YAML 1.1 takes ``office: no`` for false."""
    names = ("site_name", "site_url", "extra")
    return {name: data[name] for name in names if data.get(name) is not None}


def know_config(data: dict[str, Any], config: Path = CONFIG) -> None:
    """Take ``mkdocs.yml`` from an earlier build that has read the same file."""
    _READ.setdefault(config, data)


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
    plugins = config.get("plugins")
    entries = (
        [entry["i18n"] for entry in plugins if isinstance(entry, dict) and "i18n" in entry]
        if isinstance(plugins, list)
        else []
    )
    table = entries[0].get("languages") if entries and isinstance(entries[0], dict) else None
    if not table or not isinstance(table, list):
        raise LanguageTableError(f"{where}: the plugin i18n has no languages. Add at least one.")
    languages = tuple(
        Language(
            code=_word(row, "locale", where),
            name=_word(row, "name", where),
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


def _word(row: Any, name: str, where: str) -> str:
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
    """Return the language with this code, or None if the site does not speak it."""
    return next((language for language in load_languages() if language.code == code), None)


def language_of_path(path: str) -> tuple[Language, str]:
    """Split a request path into its language and the path below the language's root.

    ``"/tr/arbeitgeber/mitmachen/"`` gives Turkish and ``"arbeitgeber/mitmachen/"``; a path without a
    language prefix is in the default language.
    """
    head, _, rest = path.lstrip("/").partition("/")
    language = find_language(head)
    if language is None or language.default:
        return default_language(), path.lstrip("/")
    return language, rest


@functools.lru_cache
def load_site(config: Path = CONFIG) -> dict[str, Any]:
    """Return name, public address and municipality of the site, as ``mkdocs.yml`` holds them.

    :raises ConfigError: if one of them is missing.
    """
    data = read_config(config)
    try:
        return {"name": data["site_name"], "url": data["site_url"], "municipality": data["extra"]["municipality"]}
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{config}: {error} is missing. site_name, site_url and extra.municipality are needed."
        ) from error
