"""The contacts that the form service shows and writes to, from ``city/data/contacts.yml``.

The service reads the same entries as the build, so that the number on an error page is the one on the site. It makes
no checks; the build has made them.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from core.overlay import data_files
from core.project import ROOT, load_site_settings
from core.text import yaml
from core.text.values import phone_href

FILE = ROOT / "docs" / "data" / "contacts.yml"
STRING_FIELDS = ("name", "unit", "address", "phone", "email", "url")


@dataclass(frozen=True)
class ServiceContact:
    """One contact; a field is None if it is not known."""

    name: str
    unit: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    url: str | None = None
    confirmed: bool = True

    @property
    def phone_href(self) -> str | None:
        """Return the number as an address of a link."""
        return phone_href(self.phone)


@functools.lru_cache
def load_fallback_contact(file: Path = FILE) -> ServiceContact | None:
    """Return the contact that ``municipality.switchboard`` in ``mkdocs.yml`` names; None if there is none to be read.

    ``kim check`` reports faults of the file. The service then accepts forms without showing a number to call.
    """
    return _load_contact("switchboard", file)


@functools.lru_cache
def load_office_contact(file: Path = FILE) -> ServiceContact | None:
    """Return the contact that ``municipality.office`` in ``mkdocs.yml`` names, which receives the forms; or None."""
    return _load_contact("office", file)


def _load_contact(role: str, file: Path) -> ServiceContact | None:
    try:
        *_shared, (path, _shown) = data_files(file.parent, file.stem)
        row = yaml.load_file(path)[0][load_site_settings()["municipality"][role]]
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return None
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        return None
    texts = {name: row[name].strip() for name in STRING_FIELDS if isinstance(row.get(name), str)}
    if phone_href(texts.get("phone")) is None:
        texts.pop("phone", None)  # it cannot be dialled
    return ServiceContact(**texts, confirmed=yaml.parse_bool(row.get("confirmed", "true")) is True)
