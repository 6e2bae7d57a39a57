"""What one build has read, kept for the next one, so that a changed text is all that has to be read again.

A whole build lays down everything it has read beside the site. As long as nothing but the texts of pages changes –
no header, no heading, no fact, no template, no code, and the day is the same – later builds begin with that.
Everything else they read anew; whatever is not certain counts as changed.
"""

from __future__ import annotations

import gc
import pickle
import re
import sys
from pathlib import Path
from typing import IO, Any

from msgspec import Struct
from msgspec.structs import replace

from core.project import ROOT, prime_config_cache
from editorial.build.fingerprint import Inputs, beside
from editorial.build.manifest import page_marks
from editorial.build.settings import Settings
from editorial.checks.structure import heading_ids
from editorial.content.pages import Content, reload_page
from editorial.render.site import House
from editorial.translations.lockfile import LOCK_FILENAME as LOCK
from editorial.translations.lockfile import load_lock
from editorial.translations.state import translation_states

_PAGE = re.compile(r"docs/([^/]+)/(.+)\.md")


class Key(Struct, frozen=True):
    """What everything kept stands and falls with.

    :ivar root: where the project lies; what was kept holds paths.
    :ivar files: the mark of each file.
    :ivar frame: the mark of what all pages share.
    """

    python: str
    root: str
    setting: str
    today: str
    frame: str
    files: dict[str, str]


class Kept(Struct, frozen=True):
    """What was kept, brought up to the texts of today.

    :ivar config: ``mkdocs.yml`` as data.
    :ivar marks: of all pages; see :func:`editorial.build.manifest.page_marks`.
    :ivar fresh: the codes of the languages of which texts were read again.
    """

    house: House
    settings: Settings
    config: dict[str, Any]
    marks: dict[str, str]
    fresh: frozenset[str] = frozenset()


def place(site_dir: Path) -> Path:
    """Return where it lies."""
    return beside(site_dir, "kept")


def key_of(inputs: Inputs, frame: str) -> Key:
    """Return what has to be the same."""
    return Key(sys.version, str(ROOT), inputs.setting, str(inputs.today), frame, dict(inputs.files))


def keep(site_dir: Path, inputs: Inputs, frame: str, kept: Kept) -> None:
    """Lay down what a build has read; whether it then succeeds, does not matter."""
    fresh = beside(site_dir, "kept-new")
    with fresh.open("wb") as file:
        for part in (key_of(inputs, frame), kept):
            pickle.dump(part, file, protocol=pickle.HIGHEST_PROTOCOL)
    fresh.replace(place(site_dir))


def take_up(site_dir: Path, docs: Path, inputs: Inputs, frame: str) -> Kept | None:
    """Return what the last whole build has read, with the texts that changed since; None if it cannot be used.

    What it holds is ours, as the compiled templates beside it are: whoever may write there may build as well.
    """
    try:
        with place(site_dir).open("rb") as file:
            key: Key = pickle.load(file)  # noqa: S301 - see above
            wanted = key_of(inputs, frame)
            if replace(key, files={}) != replace(wanted, files={}):
                return None
            names = {
                name for name in key.files.keys() | wanted.files.keys() if key.files.get(name) != wanted.files.get(name)
            }
            pages = {name: match for name in names if (match := _PAGE.fullmatch(name))}
            if names - pages.keys() - {f"docs/{LOCK}"} or key.files.keys() != wanted.files.keys():
                return None
            kept = _load(file)
            prime_config_cache(kept.config)
    except Exception:
        return None
    house = kept.house
    content: Content | None = house.content
    for match in pages.values():
        content = _with_text(content, docs, match[1], match[2]) if content else None
    if content is None:
        return None
    keys = None if f"docs/{LOCK}" in names else {match[2] for match in pages.values()}
    lock = load_lock(docs) if keys is None else house.lock
    states = {**house.states, **translation_states(docs, content, house.languages, lock, keys)}
    marks = {**kept.marks, **page_marks(content, house.languages, states, keys)}
    house = replace(house, content=content, lock=lock, states=states, links={})
    return replace(kept, house=house, marks=marks, fresh=frozenset(match[1] for match in pages.values()))


def _load(file: IO[bytes]) -> Kept:
    collects = gc.isenabled()
    gc.disable()  # thousands of objects, none of them garbage
    try:
        kept: Kept = pickle.load(file)  # noqa: S301 - see take_up
        return kept
    finally:
        if collects:
            gc.enable()


def _with_text(content: Content, docs: Path, code: str, key: str) -> Content | None:
    """Return the content with one text read again; None if more than its paragraphs changed, or if it has a fault."""
    page = content.pages.get(key)
    before = page.texts.get(code) if page else None
    fresh = reload_page(content, docs, code, key) if before else None
    if not isinstance(fresh, Content) or before is None:
        return None
    after = fresh.pages[key].texts[code]
    same = before.front_matter == after.front_matter and heading_ids(before) == heading_ids(after)
    return fresh if same else None
