"""Changes in spelling only: the translations of the paragraph count as following, and the state of its neighbours is unchanged."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from editing.drafts import Draft, list_changes
from editing.paragraphs.reading import list_paragraphs, read_file_text
from editorial.translations.lockfile import Entry, Section
from form_handler.storage.database import Database

# Section, hash of the paragraph before, hash after.
Spelling = tuple[str, str, str]


def accept_spelling(entry: Entry, changes: Iterable[Spelling]) -> Entry:
    """Return the entry of the lock file for a translation with the hashes of changed paragraphs replaced; nothing else changes.

    A translation of an older text than the one before the change stays stale.
    """
    sections = dict(entry.sections)
    for name, before, after in changes:
        known = sections.get(name)
        if known is not None and before in known.source_hashes:
            marks = list(known.source_hashes)
            marks[marks.index(before)] = after
            sections[name] = Section(tuple(marks), known.target_hashes, known.stale_since)
    return replace(entry, sections=sections)


def spelling_changes(database: Database, draft: Draft) -> list[Spelling]:
    """Return the changes of a draft that are in spelling only, as the lock file names paragraphs.

    A paragraph counts if all its changes since the published text were of this kind.
    """
    if draft.text is None or draft.base_text is None:
        return []
    chains: list[_Chain] = []
    for row in list_changes(database, draft.id):
        section = row.place.rpartition(".")[0]
        chain = next((one for one in chains if (one.section, one.after) == (section, row.before)), None)
        if chain is None:
            chains.append(_Chain(section, row.before, row.after, row.spelling))
        else:
            chain.after, chain.spelling = row.after, chain.spelling and row.spelling
    base, now = list_paragraphs(read_file_text(draft.base_text)), list_paragraphs(read_file_text(draft.text))
    found = []
    for chain in chains:
        before = next((one for one in base if (one.section, one.words) == (chain.section, chain.before)), None)
        after = next((one for one in now if (one.section, one.words) == (chain.section, chain.after)), None)
        if chain.spelling and before and after and before.kind == after.kind:
            found.append((after.section, before.segment.hash, after.segment.hash))
    return found


@dataclass
class _Chain:
    """The changes of one paragraph: its words before the first and after the last one."""

    section: str
    before: str
    after: str
    spelling: bool


def dump_spelling(changes: Iterable[Spelling]) -> str:
    """Return changes as they are stored."""
    return json.dumps(list(changes))


def load_spelling(text: str) -> list[Spelling]:
    """Return changes as they were stored."""
    return [(str(section), str(before), str(after)) for section, before, after in json.loads(text)]
