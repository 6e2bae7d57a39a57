"""The lock file ``docs/translations.lock.yml``: the German text that each translation was made from, paragraph by paragraph.

One short line for each section of a page in one language, sorted, so that two people who work on different
pages, languages or sections never touch the same line::

    angebote/wohnen:
      uk:
        _at: 2026-11-23                                         # when the translation was last seen to follow
        _review: 2026-12-01 5f0c1a2b                            # day of the review, and the text that was reviewed
        kosten: 1f0a2b3c 9d8e7f6a | 77aa00bb 12cd34ef           # hashes of the German paragraphs | of its own
        termine: 0a1b2c3d | 4e5f6a7b | 2026-11-30               # stale, first noticed on that day

Only ``kim translations`` writes it. After a merge conflict take either side and run ``kim translations update``.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from core import project
from core.files import write_files
from core.findings import ContentError, Finding
from core.languages import Language, default_language
from core.overlay import city_dir, page_path, shown_path
from core.project import all_language_codes
from core.text import yaml
from core.text.text_files import read_text

LOCK_FILENAME = "translations.lock.yml"
DISPLAY_PATH = f"docs/{LOCK_FILENAME}"
EMPTY_SIDE = "."  # a side that has no paragraphs
UNKNOWN_HASH = "x"  # the German side of a paragraph whose partner was never known
FILE_HEADER = """\
# Worauf jede Übersetzung beruht: je Abschnitt die Marken der deutschen Absätze | die der eigenen | seit wann veraltet.
# Schreibt nur `kim translations`; von Hand ist hier nichts zu ändern. Konflikt beim Zusammenführen?
# Eine der beiden Fassungen nehmen, dann `.venv/bin/kim translations update`.
"""
RESTORE_HINT = (
    "Holen Sie die letzte gute Fassung der Datei zurück (Verlauf im Browser-Editor) und rufen Sie "
    "`.venv/bin/kim translations update` auf."
)
_HASHES = re.compile(r"(?:\.|(?:[0-9a-f]{8}|x)(?: (?:[0-9a-f]{8}|x))*)\Z")


class Section(Struct, frozen=True):
    """The lock's record of one section in one language: the hashes of both sides, and since when it is stale."""

    source_hashes: tuple[str, ...]
    target_hashes: tuple[str, ...]
    stale_since: datetime.date | None = None

    def __str__(self) -> str:
        parts = [" ".join(self.source_hashes) or EMPTY_SIDE, " ".join(self.target_hashes) or EMPTY_SIDE]
        return " | ".join([*parts, self.stale_since.isoformat()] if self.stale_since else parts)


class Entry(Struct, frozen=True):
    """The lock's record of one page in one language.

    :ivar synced_on: the day on which the translation was last recorded as following the German text.
    :ivar review: the day of the review that was last noticed, and the hash of the text that was reviewed.
    """

    synced_on: datetime.date
    sections: Mapping[str, Section]
    review: tuple[datetime.date, str] | None = None

    @property
    def source_hashes(self) -> frozenset[str]:
        """Return the hashes of all German paragraphs it is on."""
        return frozenset(mark for section in self.sections.values() for mark in section.source_hashes)

    @property
    def target_hashes(self) -> frozenset[str]:
        """Return the hashes of all its own paragraphs."""
        return frozenset(mark for section in self.sections.values() for mark in section.target_hashes)

    def translations_by_source(self) -> dict[str, set[str]]:
        """Return, for each German paragraph, its translations; nothing from sections cut differently."""
        pairs: dict[str, set[str]] = {}
        for section in self.sections.values():
            if len(section.source_hashes) == len(section.target_hashes):
                for german, own in zip(section.source_hashes, section.target_hashes, strict=True):
                    pairs.setdefault(german, set()).add(own)
        return pairs


class Lock(Struct, frozen=True):
    """The whole lock file: an entry by page and language."""

    entries: Mapping[tuple[str, str], Entry] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [FILE_HEADER + "version: 1", "pages:" if self.entries else "pages: {}"]
        last = None
        for (key, code), entry in sorted(self.entries.items()):
            if key != last:
                lines.append(f"  {key}:")
            last = key
            lines += [f"    {code}:", f"      _at: {entry.synced_on}"]
            if entry.review:
                lines.append(f"      _review: {entry.review[0]} {entry.review[1]}")
            lines += [f"      {name}: {section}" for name, section in sorted(entry.sections.items())]
        return "\n".join(lines) + "\n"


class _LockSyntaxError(Exception):
    """One line of the lock cannot be read."""

    def __init__(self, line: int, why: str) -> None:
        self.line, self.reason = line, why


def read_lock(docs: Path) -> Lock | Finding:
    """Return the lock of a folder of pages, an empty one if there is no file."""
    entries: dict[tuple[str, str], Entry] = {}
    for path in (docs / LOCK_FILENAME, city_dir(docs) / LOCK_FILENAME):
        if path.exists():
            lock = _read_file(path, shown_path(docs, path))
            if isinstance(lock, Finding):
                return lock
            entries |= lock.entries
    return Lock(entries)


def _read_file(path: Path, shown: str) -> Lock | Finding:
    text = read_text(path, shown)
    lock = replace(text, hint=RESTORE_HINT) if isinstance(text, Finding) else parse_lock(text)
    return replace(lock, file=shown) if isinstance(lock, Finding) else lock


@lru_cache(maxsize=4)
def parse_lock(text: str) -> Lock | Finding:
    """Return the lock that a text holds, or the finding with the reason why it cannot be read; cached by the text."""
    conflict = re.search(r"^(<{7}|={7}|>{7})", text, re.MULTILINE)
    if conflict:
        return Finding(
            DISPLAY_PATH, text.count("\n", 0, conflict.start()) + 1, "Hier steht noch ein Konflikt vom Zusammenführen.",
            "Nehmen Sie eine der beiden Fassungen und rufen Sie `.venv/bin/kim translations update` auf.",
        )  # fmt: skip
    try:
        return Lock(dict(_entries(yaml.compose(text))))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, why = (mark.line + 1 if mark else 0), "kein gültiges YAML"
    except _LockSyntaxError as error:
        line, why = error.line, error.reason
    return Finding(DISPLAY_PATH, line, f"Die Datei ist nicht lesbar ({why}).", RESTORE_HINT)


def load_lock(docs: Path) -> Lock:
    """Return the lock of a folder of pages.

    :raises ContentError: if it cannot be read; else every stale page would pass for a fresh one.
    """
    lock = read_lock(docs)
    if isinstance(lock, Finding):
        raise ContentError([lock])
    return lock


def _rows(node: Any) -> Iterable[tuple[str, Any, int]]:
    if isinstance(node, yaml.ScalarNode) and not node.value:
        return
    if not isinstance(node, yaml.MappingNode):
        raise _LockSyntaxError(node.start_mark.line + 1 if node else 1, "hier fehlt eine Ebene")
    seen: set[str] = set()
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise _LockSyntaxError(line, "hier steht kein Name")
        if name.value in seen:
            raise _LockSyntaxError(line, f"„{name.value}“ steht zweimal")
        seen.add(name.value)
        yield name.value, value, line


def _entries(root: Any) -> Iterable[tuple[tuple[str, str], Entry]]:
    top = {name: (value, line) for name, value, line in _rows(root)}
    version = top.get("version")
    if version is None or getattr(version[0], "value", None) != "1" or top.keys() - {"version", "pages"}:
        raise _LockSyntaxError(
            version[1] if version else 1, "die Zeile „version: 1“ fehlt oder nennt eine fremde Fassung"
        )
    for key, languages, _ in _rows(top["pages"][0]) if "pages" in top else ():
        for code, rows, line in _rows(languages):
            yield (key, code), _entry(rows, line)


def _entry(rows: Any, line: int) -> Entry:
    at: datetime.date | None = None
    review: tuple[datetime.date, str] | None = None
    sections: dict[str, Section] = {}
    for name, node, row_line in _rows(rows):
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        try:
            if name == "_at":
                at = datetime.date.fromisoformat(value)
            elif name == "_review":
                day, mark = value.split(" ")
                review = datetime.date.fromisoformat(day), mark
            else:
                sections[name] = _section(value)
        except ValueError as error:
            raise _LockSyntaxError(row_line, f"„{name}: {value[:40]}“ hat nicht die erwartete Form") from error
    if at is None:
        raise _LockSyntaxError(line, "die Zeile „_at:“ fehlt")
    return Entry(at, sections, review)


def _section(value: str) -> Section:
    german, own, *rest = value.split(" | ")
    if len(rest) > 1 or not _HASHES.match(german) or not _HASHES.match(own):
        raise ValueError(value)
    sides = [tuple(() if side == EMPTY_SIDE else side.split(" ")) for side in (german, own)]
    return Section(sides[0], sides[1], datetime.date.fromisoformat(rest[0]) if rest else None)


def write_lock(docs: Path, lock: Lock) -> bool:
    """Write the lock in its one form, whole or not at all; return whether a file changed.

    Records of the municipality's pages are in a separate file in ``city/``; the shared file keeps its
    records of the replaced pages. In a municipality that takes over shared files, the shared lock file is not changed.
    """
    shared, own = docs / LOCK_FILENAME, city_dir(docs) / LOCK_FILENAME
    local = {place: entry for place, entry in lock.entries.items() if _is_local(docs, *place)}
    files = {shared: lock}
    if local or own.exists():
        before = _read_file(shared, DISPLAY_PATH) if shared.exists() else Lock()
        known = {} if isinstance(before, Finding) else before.entries
        source = docs / default_language().code
        replaced = {place: known[place] for place in local if place in known and (source / f"{place[0]}.md").exists()}
        others = {place: entry for place, entry in lock.entries.items() if place not in local}
        files = {shared: Lock(others | replaced), own: Lock(local)}
    if not project.keeps_shared_pages():
        files.pop(shared)
    changed = {
        path: str(one).encode()
        for path, one in files.items()
        if not (path.exists() and path.read_text("utf-8") == str(one))
    }
    write_files(changed)
    return bool(changed)


def _is_local(docs: Path, key: str, code: str) -> bool:
    """Return whether the page or its translation is in ``city/``."""
    folder = city_dir(docs)
    return any(page_path(docs, one, key).is_relative_to(folder) for one in (default_language().code, code))


def check_lock(docs: Path, languages: tuple[Language, ...]) -> list[Finding]:
    """Return the findings on the lock file: an error if it cannot be read, a notice on each superfluous entry."""
    lock = read_lock(docs)
    if isinstance(lock, Finding):
        return [lock]
    codes = {language.code for language in languages if not language.default}
    path = docs / LOCK_FILENAME
    text = path.read_text("utf-8") if path.exists() else ""
    found: list[Finding] = []
    for key, code in sorted(lock.entries):
        if not page_path(docs, default_language().code, key).exists():
            what = f"Die Seite „{key}“ gibt es nicht mehr."
        elif code not in codes | all_language_codes():
            what = f"„{key}“: Die Sprache „{code}“ gibt es nicht."
        elif not page_path(docs, code, key).exists():
            what = f"Die Übersetzung docs/{code}/{key}.md gibt es nicht mehr."
        else:
            continue
        found.append(
            Finding(
                DISPLAY_PATH,
                _line_of(text, key, code),
                what,
                "`.venv/bin/kim translations update` räumt auf.",
                "notice",
            )
        )
    return found


def _line_of(text: str, key: str, code: str) -> int:
    page = re.search(rf"^  {re.escape(key)}:$", text, re.MULTILINE)
    entry = re.compile(rf"^    {re.escape(code)}:$", re.MULTILINE).search(text, page.end()) if page else None
    return text.count("\n", 0, entry.start()) + 1 if entry else 0
