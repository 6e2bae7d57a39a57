"""The project folder and its ``mkdocs.yml``.

A project is a folder with ``mkdocs.yml``, ``docs/`` and ``overrides/``. The packages need not be in it: an installed
``kim`` works on the project in which it is called.
"""

import contextlib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import UserError
from core.text import yaml

CONFIG_NAME = "mkdocs.yml"
CITY_SETTINGS = "city/city.yml"
CITY_KEYS = frozenset(
    {"site_name", "site_url", "extra", "languages", "own_languages", "draft_languages", "without", "shared"}
)
PLUGIN = "kim-editorial"  # the plugin that the configuration of a project names
PROJECT_VARIABLE = "KIM_PROJECT"
# The folder that holds the packages: a checkout, or site-packages.
CODE = Path(__file__).resolve().parent.parent


def find_project(start: Path, env: Mapping[str, str], code: Path = CODE) -> Path:
    """Return the folder of the project.

    That is the folder in the variable ``KIM_PROJECT``; else the nearest folder from ``start`` upwards whose ``mkdocs.yml``
    names our plugin; else the checkout that holds the packages.
    """
    if named := env.get(PROJECT_VARIABLE):
        return Path(named).absolute()
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if PLUGIN in (folder / CONFIG_NAME).read_text("utf-8-sig"):
                return folder
    return code


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except OSError:  # removed meanwhile
        return CODE


ROOT = find_project(_working_directory(), os.environ)
CONFIG = ROOT / CONFIG_NAME


_PUBLIC_HOLIDAY = re.compile(
    r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|easter(?:[+-][0-9]{1,3})?"
)


class ConfigError(UserError, ValueError):
    """``mkdocs.yml`` cannot be used; the message gives the reason and the remedy."""


_config_cache: dict[Path, dict[str, Any]] = {}


def read_config(config: Path = CONFIG) -> dict[str, Any]:
    """Return ``mkdocs.yml`` as data, read once per process.

    :raises ConfigError: if it cannot be read or is not valid YAML.
    """
    if config not in _config_cache:
        try:
            text = config.read_text("utf-8-sig")
            data = yaml.load(text)
            if isinstance(data, dict):
                data.update(_string_settings(yaml.load_strings(text)))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{config}: It cannot be read ({error}). The site's name and languages stand there. Call kim in the folder "
                f"of a project, which holds mkdocs.yml, docs/ and overrides/, or name that folder in {PROJECT_VARIABLE}."
            ) from error
        except yaml.YAMLError as error:
            line, problem = yaml.explain_error(error)
            where = f"{config}:{line}" if line else str(config)
            raise ConfigError(f"{where}: No valid YAML ({problem}). Compare the line with the one above.") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{config}: It holds no settings. Take it back from the version history.")
        apply_city_settings(data, config.parent / CITY_SETTINGS)
        _config_cache[config] = data
    return _config_cache[config]


def _string_settings(data: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that only this project reads, with strings as values: YAML 1.1 reads ``office: no`` as false."""
    names = ("site_name", "site_url", "extra")
    return {name: data[name] for name in names if data.get(name) is not None}


def apply_city_settings(data: dict[str, Any], path: Path) -> None:
    """Lay the settings of a municipality over those of ``mkdocs.yml``; without the file nothing changes.

    ``site_name`` and ``site_url`` replace, ``extra`` is merged by key, ``languages`` names the codes that are built, and
    ``without`` the parts of the site that are left out, which :func:`parts_left_out` returns.

    :raises ConfigError: if the file cannot be read or holds something else.
    """
    if not path.exists():
        return
    try:
        own = yaml.load_strings(path.read_text("utf-8-sig")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: It cannot be read ({error}).") from error
    except yaml.YAMLError as error:
        line, problem = yaml.explain_error(error)
        raise ConfigError(f"{path}:{line}: No valid YAML ({problem}). Compare the line with the one above.") from error
    if not isinstance(own, dict) or (unknown := sorted(own.keys() - CITY_KEYS)):
        what = f"{', '.join(map(str, unknown))} is no setting" if isinstance(own, dict) else "It holds no settings"
        raise ConfigError(f"{path}: {what}. Known are: {', '.join(sorted(CITY_KEYS))}.")
    data["shared_site_url"] = data.get("site_url")
    data.update({name: own[name] for name in ("site_name", "site_url") if own.get(name)})
    if isinstance(own.get("extra"), dict):
        data["extra"] = {**(data.get("extra") or {}), **own["extra"]}
    data["without"] = _texts(own, "without", path)
    data["draft_languages"] = _texts(own, "draft_languages", path)
    data["keeps_shared"] = yaml.parse_bool(own.get("shared") or "false") is True
    added = _own_languages(own, path)
    data["own_language_codes"] = _add_languages(data, added)
    if codes := _texts(own, "languages", path):
        rows = {row.get("locale"): row for row in _language_rows(data)}
        if missing := [code for code in codes if code not in rows]:
            raise ConfigError(
                f"{path}: languages: {', '.join(missing)} is in no row of the table in {CONFIG_NAME}. "
                "`kim new language CODE` adds one."
            )
        for code, row in rows.items():
            row["build"] = code in codes or any(one["locale"] == code for one in added)


def _own_languages(own: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return the rows of languages that only the municipality has."""
    rows = own.get("own_languages") or []
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and {"locale", "name"} <= row.keys() for row in rows
    ):
        raise ConfigError(
            f"{path}: own_languages is no list of languages. Write - {{locale: ro, name: Română, direction: ltr}}."
        )
    return [
        {"locale": row["locale"], "name": row["name"], "build": True, "theme": {"direction": row.get("direction", "ltr")}}
        for row in rows
    ]  # fmt: skip


def _add_languages(data: dict[str, Any], added: list[dict[str, Any]]) -> list[str]:
    """Add rows to the table of languages and return their codes; one that the table has already stays as it is."""
    for plugin in data.get("plugins") or []:
        if isinstance(plugin, dict) and isinstance(plugin.get("i18n"), dict):
            rows = plugin["i18n"].setdefault("languages", [])
            known = {row.get("locale") for row in rows if isinstance(row, dict)}
            fresh = [row for row in added if row["locale"] not in known]
            rows += fresh
            return [str(row["locale"]) for row in fresh]
    return []


def own_language_codes(config: Path = CONFIG) -> frozenset[str]:
    """Return the codes of languages that only the municipality has."""
    return frozenset(read_config(config).get("own_language_codes") or ())


def keeps_shared_pages(config: Path = CONFIG) -> bool:
    """Return whether this project also keeps the files that all municipalities share; else commands write into ``city/`` alone."""
    return bool(read_config(config).get("keeps_shared", True))


def draft_languages(config: Path = CONFIG) -> tuple[str, ...]:
    """Return the codes of languages that are built although their interface is not translated yet."""
    return tuple(read_config(config).get("draft_languages") or ())


def _texts(own: dict[str, Any], name: str, path: Path) -> list[str]:
    value = own.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{path}: {name} is no list. Write for example {name}: [a, b].")
    return value


def language_table(data: dict[str, Any]) -> Any:
    """Return the table of languages of a configuration, those that are not built as well; None without one."""
    plugins = data.get("plugins")
    tables = (
        [one["i18n"] for one in plugins if isinstance(one, dict) and "i18n" in one] if isinstance(plugins, list) else []
    )
    return tables[0].get("languages") if tables and isinstance(tables[0], dict) else None


def _language_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    rows = language_table(data)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def all_language_codes(config: Path = CONFIG) -> frozenset[str]:
    """Return the codes of all languages of the table, those that are not built as well."""
    return frozenset(str(row.get("locale")) for row in _language_rows(read_config(config)))


def parts_left_out(config: Path = CONFIG) -> tuple[str, ...]:
    """Return the keys of pages and sections that the municipality leaves out of its site."""
    return tuple(read_config(config).get("without") or ())


def is_left_out(key: str, parts: Collection[str]) -> bool:
    """Return whether a page belongs to a part that the municipality leaves out: a page's key, or a folder's name.

    A page with ``!`` before its key stays although its folder is left out.
    """
    return f"!{key}" not in parts and any(key == part or key.startswith(f"{part.rstrip('/')}/") for part in parts)


def load_site_settings(config: Path = CONFIG) -> dict[str, Any]:
    """Return ``name``, ``url``, ``municipality`` and ``draft`` of the site from ``mkdocs.yml`` and ``city/city.yml``.

    ``draft``, false by default: whether every page names the site a draft.

    :raises ConfigError: if one of the first three is missing, or ``draft`` is neither true nor false.
    """
    data = read_config(config)
    try:
        extra = data["extra"]
        settings = {"name": data["site_name"], "url": data["site_url"], "municipality": extra["municipality"]}
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{config}: {error} is missing. site_name, site_url and extra.municipality are needed. {CITY_SETTINGS} of the "
            "municipality holds them; `kim new municipality` makes the folder."
        ) from error
    for day in settings["municipality"].get("public_holidays") or []:
        if not _PUBLIC_HOLIDAY.fullmatch(str(day)):
            raise ConfigError(
                f"{config}: extra.municipality.public_holidays names {day!r}. Write month and day (05-01) or days after "
                "Easter Sunday (easter+39)."
            )
    draft = yaml.parse_bool(extra.get("draft") or "false")
    if draft is None:
        raise ConfigError(f"{config}: extra.draft is {extra['draft']!r}. Write true or false.")
    return {**settings, "draft": draft}


def require_root_url(name: str, url: str) -> str:
    """Return the public address of a site with a slash at its end.

    :param name: the setting or key that holds the address, for the message.
    :raises ConfigError: if the site would be below a path: its links begin with ``/`` and would point to another site.
    """
    path = urlsplit(url).path
    if path.strip("/"):
        raise ConfigError(
            f"{name} is {url!r}: the site cannot lie below the path {path!r}, its links begin with / and would leave it. "
            "Give it a host name of its own, for example https://kim.example.org/."
        )
    return url.rstrip("/") + "/"
