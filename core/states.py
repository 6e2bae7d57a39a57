"""Differences between the federal states: the law of data protection and of accessibility, and the public holidays.

``docs/data/states.yml`` holds them by the letters of ISO 3166-2:DE; a municipality adds its state in ``city/data/states.yml``.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.overlay import data_files
from core.project import CONFIG, ConfigError, load_site_settings
from core.text import yaml

FILE = "city/data/states.yml"
# On these days no office in Germany is open: month and day, or days after Easter Sunday.
HOLIDAYS_EVERYWHERE = ("01-01", "05-01", "10-03", "12-25", "12-26", "easter-2", "easter+1", "easter+39", "easter+50")


STATE_NAMES: Mapping[str, str] = {
    "bb": "Brandenburg", "be": "Berlin", "bw": "Baden-Württemberg", "by": "Bayern", "hb": "Bremen", "he": "Hessen", "hh": "Hamburg",
    "mv": "Mecklenburg-Vorpommern", "ni": "Niedersachsen", "nw": "Nordrhein-Westfalen", "rp": "Rheinland-Pfalz", "sh": "Schleswig-Holstein",
    "sl": "Saarland", "sn": "Sachsen", "st": "Sachsen-Anhalt", "th": "Thüringen",
}  # fmt: skip
# Facts of a state that are needed before its municipality goes public, with their purpose.
NEEDED: Mapping[str, str] = {
    "data_protection": "worauf sich Formulare stützen",
    "accessibility": "worauf sich Meldungen von Barrieren stützen",
    "public_holidays": "an welchen Tagen kein Amt offen ist",
}


def state_code(config: Path = CONFIG) -> str | None:
    """Return the letters of the federal state of the municipality; None if its settings do not name it."""
    code = load_site_settings(config)["municipality"].get("state")
    return code if isinstance(code, str) else None


def missing_provisions() -> list[str]:
    """Return the missing facts of the municipality's state, by the names of :data:`NEEDED`."""
    known = load_state() or {}
    return [name for name in NEEDED if not known.get(name)]


@functools.lru_cache
def load_state(config: Path = CONFIG) -> Mapping[str, Any] | None:
    """Return the facts of the federal state of the municipality; None if no file names it.

    ``data_protection`` and ``accessibility`` name the provisions that its forms are based on, ``public_holidays`` its days.

    :raises ConfigError: if a file cannot be read.
    """
    code = state_code(config)
    found: Mapping[str, Any] | None = None
    for path, shown in data_files(config.parent / "docs" / "data", "states"):
        try:
            rows = yaml.load_file(path)[0] if path.exists() else None
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"{shown}: It cannot be read ({error}). Compare it with the last version.") from error
        row = rows.get(code) if isinstance(rows, dict) else None
        found = row if isinstance(row, dict) else found
    return found


def provision(name: str) -> str | None:
    """Return the provision of the state on ``data_protection`` or ``accessibility``, or another text; None if it is not known."""
    value = (load_state() or {}).get(name)
    return value if isinstance(value, str) else None


def law_portal() -> str | None:
    """Return the address at which the state publishes its law; None if it is not known."""
    return provision("law_portal")


def public_holidays(municipality: Mapping[str, Any]) -> list[str]:
    """Return the days on which no office is open: of the municipality's settings, of its state, or those everywhere."""
    return list(
        municipality.get("public_holidays") or (load_state() or {}).get("public_holidays") or HOLIDAYS_EVERYWHERE
    )
