"""The project folder and its ``mkdocs.yml``."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from core import yaml

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "mkdocs.yml"


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
                f"{config}: It cannot be read ({error}). The site's name and languages stand there."
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


def prime_config_cache(data: dict[str, Any], config: Path = CONFIG) -> None:
    """Set the data of ``mkdocs.yml`` that an earlier build has read from the same file."""
    _config_cache.setdefault(config, data)


@functools.lru_cache
def load_site_settings(config: Path = CONFIG) -> dict[str, Any]:
    """Return ``name``, ``url`` and ``municipality`` of the site from ``mkdocs.yml``.

    :raises ConfigError: if one of them is missing.
    """
    data = read_config(config)
    try:
        return {"name": data["site_name"], "url": data["site_url"], "municipality": data["extra"]["municipality"]}
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{config}: {error} is missing. site_name, site_url and extra.municipality are needed."
        ) from error
