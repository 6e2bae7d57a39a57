"""The handler's contact is the one of the site; a file that cannot be read never keeps the handler from its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.contacts import ServiceContact, load_fallback_contact, load_office_contact
from core.project import load_site_settings
from editorial.content.data.facts import load_facts

KEY = load_site_settings()["municipality"]["switchboard"]


def test_it_is_the_contact_that_the_site_shows() -> None:
    ours, theirs = load_fallback_contact(), load_facts().contacts[KEY]
    assert ours is not None
    for name in (*ServiceContact.__dataclass_fields__, "phone_href"):
        assert getattr(ours, name) == getattr(theirs, name), name


def test_the_office_that_writes_the_mails_is_the_one_of_the_municipality() -> None:
    ours, theirs = load_office_contact(), load_facts().contacts[load_site_settings()["municipality"]["office"]]
    assert ours is not None
    assert (ours.name, ours.phone, ours.confirmed) == (theirs.name, theirs.phone, theirs.confirmed)


def test_a_number_becomes_text_and_an_address(tmp_path: Path) -> None:
    file = tmp_path / "contacts.yml"
    file.write_text(f"{KEY}: {{name: Beispielamt, phone: 115, confirmed: false}}")
    found = load_fallback_contact(file)
    assert found == ServiceContact("Beispielamt", phone="115", confirmed=False)
    assert found.phone_href == "tel:115"


@pytest.mark.parametrize(
    "text", [None, "", "- a\n- b", "x: [", "other: {name: A}", f"{KEY}: A", f"{KEY}: {{phone: 1}}", "\x00"]
)
def test_without_a_readable_entry_there_is_none(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "contacts.yml"
    if text is not None:
        file.write_text(text)
    assert load_fallback_contact(file) is None
