"""Which drafts are published together: a page with its pictures, a removed page with its translations and its redirect."""

from typing import Any

from core.findings import Finding
from core.languages import default_language
from core.overlay import CITY_PAGES
from editing.drafts import Draft, list_drafts
from editing.forms.facts import read_entries
from editing.paragraphs.reading import EditError
from editing.paths import split_name
from editorial.content.front_matter import split_front_matter
from editorial.content.published_files import find_uploads
from form_handler.storage.database import Database


def find_companions(database: Database, draft: Draft) -> list[Draft]:
    """Return the other drafts that are published with one, because neither is right without the other."""
    others = [one for one in list_drafts(database) if one.id != draft.id]
    names, code, key = pictures_of(draft.text), *split_name(draft.path)
    found = [one for one in others if one.path.removeprefix(f"{CITY_PAGES}/") in names]
    if not key:
        return found
    if code == default_language().code and draft.text is None:
        found += removal_of(others, key)
        found += [one for one in others if key in redirects_of(one.text) - redirects_of(one.base_text)]
    for old in redirects_of(draft.text) - redirects_of(draft.base_text):
        removed = [one for one in others if split_name(one.path) == (default_language().code, old) and one.text is None]
        found += [*removed, *(removal_of(others, old) if removed else [])]
    if draft.base_text is None:
        found += [one for one in others if one.path.endswith("data/companies.yml") and names_page(one, key)]
    return list({one.id: one for one in found}.values())


def removal_of(others: list[Draft], key: str) -> list[Draft]:
    """Return the drafts that take the translations of a page away."""
    return [one for one in others if one.text is None and split_name(one.path)[1] == key and split_name(one.path)[0] != default_language().code]  # fmt: skip


def pictures_of(text: str | None) -> set[str]:
    """Return the names of the pictures that a page shows."""
    return find_uploads(text or "")


def redirects_of(text: str | None) -> set[str]:
    """Return the earlier addresses that the header of a page names."""
    read: Any = split_front_matter(text, "") if text else None
    rows = None if read is None or isinstance(read, Finding) else read.data.get("redirect_from")
    return {str(one) for one in rows} if isinstance(rows, list) else set()


def names_page(draft: Draft, key: str) -> bool:
    """Return whether a draft of the companies is the first to name a page."""
    try:
        before, after = read_entries(draft.base_text or ""), read_entries(draft.text or "")
    except EditError:
        return False
    return any(
        isinstance(row, dict) and row.get("page") == key and before.get(name) != row for name, row in after.items()
    )
