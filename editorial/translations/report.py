"""The table of all states: pages × languages, with the words of the interface as its last row."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from babel.messages.catalog import Catalog
from msgspec import Struct

from core.catalogs import extract_messages
from core.gettext import SOURCE_LANGUAGE, catalog_path, read_catalog
from core.languages import Language
from editorial.translations.state import STATE_LABELS, TranslationState

States = Mapping[tuple[str, str], TranslationState]


class CatalogStats(Struct, frozen=True):
    """The interface words of one language: total, untranslated and unused messages.

    Their identifiers are the English sentences, so a changed sentence is a new one: missing, and the old one left over.
    """

    total: int
    missing: int
    unused: int


def catalog_stats(languages: tuple[Language, ...]) -> dict[str, CatalogStats]:
    """Return the state of each language's catalogue, compared with the messages of templates and Python."""
    template = extract_messages()
    wanted = {_name(message.id) for message in template if message.id}
    return {language.code: _catalog_stats(language.code, wanted) for language in languages}


def _catalog_stats(code: str, wanted: set[str]) -> CatalogStats:
    if code == SOURCE_LANGUAGE:
        return CatalogStats(len(wanted), 0, 0)
    path = catalog_path(code)
    catalog = read_catalog(path, code) if path.exists() else Catalog(locale=code)
    have = {_name(m.id): all(m.string if isinstance(m.string, tuple | list) else [m.string]) for m in catalog if m.id}
    done = {name for name, filled in have.items() if filled}
    return CatalogStats(len(wanted), len(wanted - done), len(have.keys() - wanted))


def _name(message_id: Any) -> str:
    return message_id if isinstance(message_id, str) else str(message_id[0])


def format_table(states: States, languages: list[Language], words: Mapping[str, CatalogStats]) -> str:
    """Return the table as text for a terminal, with a row of sums for each state."""
    keys = sorted({key for key, _ in states})
    width = max([len(key) for key in keys] + [24])
    rows = [f"{'Seite':{width}}  " + "  ".join(f"{language.code:11}" for language in languages)]
    for key in keys:
        rows.append(f"{key:{width}}  " + "  ".join(f"{_cell(states.get((key, row.code))):11}" for row in languages))
    cells = "  ".join(f"{_catalog_cell(words[language.code]):11}" for language in languages)
    rows.append(f"{'Wörter der Oberfläche':{width}}  {cells}")
    rows.append("")
    for state, name in STATE_LABELS.items():
        counts = [sum(one.state == state for (_, code), one in states.items() if code == row.code) for row in languages]
        rows.append(f"{name:{width}}  " + "  ".join(f"{count:<11}" for count in counts))
    return "\n".join(row.rstrip() for row in rows)


def _cell(state: TranslationState | None) -> str:
    if state is None:
        return "–"
    return f"{STATE_LABELS[state.state]} {len(state.changed)}" if state.is_stale else STATE_LABELS[state.state]


def _catalog_cell(words: CatalogStats) -> str:
    if words.missing:
        return f"fehlen {words.missing}"
    return f"zu viel {words.unused}" if words.unused else "vollständig"


def as_data(states: States, words: Mapping[str, CatalogStats]) -> dict[str, Any]:
    """Return everything as plain data, for ``--format json``."""
    return {
        "pages": [
            {
                "page": state.key,
                "language": state.language,
                "state": state.state,
                "since": state.since and state.since.isoformat(),
                "noticed": state.since_is_exact,
                "written": state.in_lock,
                "reviewed_by": state.reviewed_by,
                "reviewed_at": state.reviewed_at and state.reviewed_at.isoformat(),
                "changed": [
                    {
                        "section": change.section, "line": change.line, "own_line": change.own_line,
                        "text": change.text, "since": change.since and change.since.isoformat(),
                    }
                    for change in state.changed
                ],
            }
            for state in states.values()
        ],
        "words": {
            code: {"total": row.total, "missing": row.missing, "unused": row.unused} for code, row in words.items()
        },
        "sums": dict(Counter(state.state for state in states.values())),
    }  # fmt: skip
