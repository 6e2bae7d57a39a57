"""Content that is valid in another federal state only: municipalities of this state do not show it.

Laws, links and contacts of a state bear ``state:``, pages ``scope: state:…``, and ``names:`` in ``docs/data/states.yml`` are the words by
which a text names it. From shared pages the sentences about another state are left out; ``kim check`` lists them, so that the
municipality adds the rules of its own state.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from core.overlay import city_dir
from core.states import state_code
from core.text import yaml

# Kinds of facts that may belong to one state, by the group that names them in texts.
GROUPS: Mapping[str, str] = {"law": "laws", "link": "links", "contact": "contacts", "amount": "amounts"}
# Not behind a number or one letter: "26. November", "z. B.", "2025 r."
_SENTENCE_END = re.compile(r"(?<=[^\d\s]{2}[.!?؟])\s+")
_START = re.compile(r"^\s*(?:(?:[-*+]|\d+\.)\s+)?")
_HEADING = re.compile(r"^(#{1,6})\s")


class ForeignState(Struct, frozen=True):
    """Content of other states.

    :ivar keys: their facts, as texts name them: ``law.kibiz-50``.
    :ivar names: the words for them by language; German ones may occur in every language.
    """

    keys: frozenset[str] = frozenset()
    names: Mapping[str, tuple[str, ...]] = {}
    state: str = ""

    def is_foreign_scope(self, scope: str) -> bool:
        """Return whether a page of this scope holds in another state only."""
        return bool(self.state) and scope.startswith("state:") and scope != f"state:{self.state}"

    def pattern(self, code: str) -> re.Pattern[str] | None:
        """Return the words of a sentence about another state in a language; None if there is nothing."""
        words = {*self.names.get("de", ()), *self.names.get(code, ())}
        parts = [rf"(?<!\w){re.escape(word)}" for word in sorted(words)]
        parts += [rf"\{{\{{\s*{re.escape(key)}\s*\}}\}}" for key in sorted(self.keys)]
        return re.compile("|".join(parts)) if parts else None


NO_FOREIGN = ForeignState()


def load_foreign_state(docs: Path, state: str = "") -> ForeignState:
    """Return the content of states other than the municipality's.

    :param state: another state than that of the settings.
    """
    own = state or state_code() or ""
    rows = _rows(docs / "data" / "states.yml")
    others = {code: row for code, row in rows.items() if code != own and isinstance(row, dict) and row.get("names")}
    if not own or not others:
        return NO_FOREIGN
    keys = set()
    for group, kind in GROUPS.items():
        local = _rows(city_dir(docs) / "data" / f"{kind}.yml")
        for key, row in _rows(docs / "data" / f"{kind}.yml").items():
            if isinstance(row, dict) and row.get("state") not in (None, own) and key not in local:
                keys.add(f"{group}.{key}")
    names: dict[str, tuple[str, ...]] = {}
    for row in others.values():
        for code, words in row["names"].items():
            names[code] = (*names.get(code, ()), *words)
    return ForeignState(frozenset(keys), names, own)


def _rows(path: Path) -> dict[str, Any]:
    try:
        rows = yaml.load_strings(path.read_text("utf-8")) if path.exists() else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):  # the reader of the facts names it
        return {}
    return rows if isinstance(rows, dict) else {}


def drop_foreign(text: str, foreign: ForeignState, code: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a text without the sentences about other states, and those sentences with their lines.

    The text keeps its lines. A heading about another state goes with its section.
    """
    pattern = foreign.pattern(code)
    if pattern is None or not pattern.search(text):
        return text, []
    lines, dropped = text.split("\n"), list[tuple[int, str]]()
    made: list[str] = []
    level = blanks = 0
    for number, line in enumerate(lines, 1):
        heading = _HEADING.match(line)
        if heading and level and len(heading[1]) <= level:
            level = 0
        if heading and not level and pattern.search(line):
            level = len(heading[1])
        if level:
            dropped += [(number, line.strip())] if line.strip() else []
            made.append("")
            continue
        kept = line
        if pattern.search(line):
            kept, gone = _without(line, pattern)
            dropped += [(number, one) for one in gone]
        if line.strip() and not kept.strip():
            blanks += 1  # a line of a list that is gone must not open the list
            continue
        if not line.strip():
            made += [""] * blanks
            blanks = 0
        made.append(kept)
    return "\n".join([*made, *[""] * blanks]), dropped


_HEAD = re.compile(r"\A---[ \t]*\r?\n(.*?\n)---[ \t]*\r?\n", re.DOTALL)
_KEYS = re.compile(r"^(law|links|contact):[ \t]*(.*?)(\r?)$", re.MULTILINE)
_GROUP_OF = {"law": "law", "links": "link", "contact": "contact"}


def adapt_page(raw: str, foreign: ForeignState, code: str) -> str:
    """Return a page without content of other states, in its header as well; it keeps its lines."""
    if not foreign.state:
        return raw
    head = _HEAD.match(raw)
    start = head.end() if head else 0
    return _KEYS.sub(lambda match: _own_keys(match, foreign), raw[:start]) + drop_foreign(raw[start:], foreign, code)[0]


def _own_keys(match: re.Match[str], foreign: ForeignState) -> str:
    name, value, end = match.groups()
    keys = [key.strip() for key in value.strip("[] ").split(",")]
    kept = [key for key in keys if f"{_GROUP_OF[name]}.{key}" not in foreign.keys]
    if kept == keys:
        return match[0]
    return (f"{name}: [{', '.join(kept)}]" if kept else "") + str(end)


def _without(line: str, pattern: re.Pattern[str]) -> tuple[str, list[str]]:
    """Return a line without the sentences that a pattern finds, and those."""
    if line.lstrip().startswith("|"):
        return "", [line.strip()]
    start = _START.match(line)
    assert start is not None
    sentences = _SENTENCE_END.split(line[start.end() :])
    kept = [one for one in sentences if not pattern.search(one)]
    gone = [one for one in sentences if pattern.search(one)]
    words = " ".join(kept).strip()
    return (f"{start[0]}{words}" if words else ""), gone


def foreign_sentences(text: str, foreign: ForeignState, code: str) -> Iterator[tuple[int, str]]:
    """Yield line and words of a text's sentences about other states."""
    yield from drop_foreign(text, foreign, code)[1]
