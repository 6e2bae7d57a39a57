"""The project folder and its ``mkdocs.yml``.

A project is a folder with ``mkdocs.yml``, ``docs/`` and ``overrides/``. The packages need not lie in it: an installed
``kim`` works on the project in which it is called.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core import yaml

CONFIG_NAME = "mkdocs.yml"
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


class ConfigError(ValueError):
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
        _config_cache[config] = data
    return _config_cache[config]


def _string_settings(data: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that only this project reads, with strings as values: YAML 1.1 reads ``office: no`` as false."""
    names = ("site_name", "site_url", "extra")
    return {name: data[name] for name in names if data.get(name) is not None}


def load_site_settings(config: Path = CONFIG) -> dict[str, Any]:
    """Return ``name``, ``url``, ``municipality`` and ``draft`` of the site from ``mkdocs.yml``.

    ``draft``, false by default, says whether every page names the site a draft.

    :raises ConfigError: if one of the first three is missing, or ``draft`` is neither true nor false.
    """
    data = read_config(config)
    try:
        extra = data["extra"]
        settings = {"name": data["site_name"], "url": data["site_url"], "municipality": extra["municipality"]}
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{config}: {error} is missing. site_name, site_url and extra.municipality are needed."
        ) from error
    draft = yaml.parse_bool(extra.get("draft") or "false")
    if draft is None:
        raise ConfigError(f"{config}: extra.draft is {extra['draft']!r}. Write true or false.")
    return {**settings, "draft": draft}


def require_root_url(name: str, url: str) -> str:
    """Return the public address of a site with a slash at its end.

    :param name: what holds the address, for the message.
    :raises ConfigError: if the site would lie below a path: its links begin with ``/`` and would lead to another site.
    """
    path = urlsplit(url).path
    if path.strip("/"):
        raise ConfigError(
            f"{name} is {url!r}: the site cannot lie below the path {path!r}, its links begin with / and would leave it. "
            "Give it a host name of its own, for example https://kim.example.org/."
        )
    return url.rstrip("/") + "/"
