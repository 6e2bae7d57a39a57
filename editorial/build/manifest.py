"""What a site was built from, so that the next build draws again only what changed.

A page is made of its own text, the state of its translation, and of what it shares with the others: all
headers, facts, templates, words, code. What is shared is one mark, the frame; if it changed, everything is
drawn again. Otherwise only the pages whose own part changed are. The day belongs to the frame, because
``security.txt`` and overdue reviews depend on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict

from core.languages import Language, default_language
from editorial.build.fingerprint import Inputs, mark_of, path_of, stamp_of
from editorial.checks.structure import heading_ids
from editorial.content.pages import Content
from editorial.translations.lockfile import LOCK_FILENAME as LOCK
from editorial.translations.state import TranslationState


class Manifest(Struct, frozen=True):
    """What one site was built from.

    :ivar frame: mark of everything that all pages share.
    :ivar inputs: mark of every file, the day and the version history: if it is the same, there is nothing to do.
    :ivar sources: mark of the files alone.
    :ivar head: the newest commit.
    :ivar pages: mark of each page's own part, by language and key: ``"ar/kontakt"``.
    :ivar pdf: whether the booklets were printed.
    :ivar stamp: when the site was put in place; tells whether somebody else has changed it since.
    """

    frame: str
    inputs: str = ""
    sources: str = ""
    head: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    pdf: bool = False
    stamp: str = ""


def frame_mark(inputs: Inputs, content: Content) -> str:
    """Return the mark of everything that all pages share."""
    parts = [inputs.setting, str(inputs.today)]
    parts += [
        f"{path}\0{mark}"
        for path, mark in inputs.files.items()
        if not (path.startswith("docs/") and (path.endswith(".md") or path == f"docs/{LOCK}"))
    ]
    for key, page in sorted(content.pages.items()):
        for code, text in page.texts.items():
            # Headings belong to the frame, because other pages link to them.
            parts.append(f"{code}/{key}\0{text.front_matter!r}\0{sorted(heading_ids(text))}")
    return mark_of(parts)


def page_marks(
    content: Content,
    languages: tuple[Language, ...],
    states: Mapping[tuple[str, str], TranslationState],
    only: Collection[str] | None = None,
) -> dict[str, str]:
    """Return the mark of each page's own part in each language.

    :param only: the keys of the pages; default: all.
    """
    marks = {}
    for key in content.pages if only is None else only:
        page = content.pages[key]
        bodies = {code: hashlib.sha256(text.body.encode()).hexdigest() for code, text in page.texts.items()}
        for language in languages:
            if page.exists_in(language):
                shown = language.code if page.is_translated(language) else default_language().code
                own = f"{bodies[shown]}|{states.get((key, language.code))!r}"
                marks[f"{language.code}/{key}"] = hashlib.sha256(own.encode()).hexdigest()[:16]
    return marks


def read_manifest(site_dir: Path) -> Manifest | None:
    """Return what the site in place was built from; None if that is not known for sure."""
    try:
        manifest = Manifest(**json.loads(path_of(site_dir).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return manifest if manifest.stamp and manifest.stamp == stamp_of(site_dir) else None


def write_manifest(site_dir: Path, manifest: Manifest) -> None:
    """Note what the site in place was built from."""
    data = asdict(manifest) | {"stamp": stamp_of(site_dir)}
    fresh = path_of(site_dir).with_suffix(".new")
    fresh.write_text(json.dumps(data, sort_keys=True), "utf-8")
    fresh.replace(path_of(site_dir))


def changed_pages(before: Manifest, now: Manifest) -> dict[str, set[str]] | None:
    """Return the keys of changed pages by language, or None if everything has to be drawn again."""
    if (before.frame, before.pdf) != (now.frame, now.pdf) or before.pages.keys() != now.pages.keys():
        return None
    changed: dict[str, set[str]] = {}
    for place, mark in now.pages.items():
        if before.pages[place] != mark:
            code, _slash, key = place.partition("/")
            changed.setdefault(code, set()).add(key)
    return changed
