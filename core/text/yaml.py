"""YAML: safe loading with the C parser where PyYAML has it, error messages in German, and checks of valid but wrong text.

Files of editors are read with strings as values (:func:`load_strings`): YAML 1.1 reads ``0204170300`` for an octal number, ``12:30``
for 750, ``no`` for false and ``2027-02-29`` for a date that ends in an exception. The declared
shapes define the types (:mod:`editorial.content.schema`). Only ``mkdocs.yml``, which MkDocs reads as well, is read by the rules of YAML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml import MappingNode as MappingNode
from yaml import MarkedYAMLError as MarkedYAMLError
from yaml import ScalarNode as ScalarNode
from yaml import SequenceNode as SequenceNode
from yaml import YAMLError as YAMLError

from core.findings import Finding
from core.text.characters import forbidden_in_file
from core.text.text_files import decode

NULL_VALUES = frozenset({"", "~", "null", "Null", "NULL"})
# A file of ours has some thousand values; one with more refers to itself, or was made to fill the memory.
MAX_NODES, MAX_DEPTH, MAX_BRACKETS = 200_000, 40, 500


def load(text: str) -> Any:
    """Return a YAML text as data, by the rules of YAML 1.1.

    :raises YAMLError: if it is not valid, or holds an impossible value such as 30 February.
    """
    _check_depth(text)
    loader = _loader()(text)
    try:
        node = loader.get_single_node()
        return loader.construct_document(node) if node is not None else None
    except (ValueError, OverflowError, RecursionError, TypeError, LookupError, AttributeError) as error:
        raise _error(f"a value cannot be read: {error}", None) from error
    finally:
        loader.dispose()


def compose(text: str) -> Any:
    """Return a YAML text as nodes with line numbers; None for an empty text.

    :raises YAMLError: if it is not valid.
    """
    _check_depth(text)
    return yaml.compose(text, Loader=_loader())


def load_strings(text: str) -> Any:
    """Return a YAML text as data in which every value is a text.

    Lists are lists, blocks are dicts. A value that is left empty, or is ``null`` or ``~`` without quotes, is None.

    :raises YAMLError: if it is not valid, or if a mapping has a key twice.
    """
    return to_strings(compose(text))


def load_file(path: Path) -> tuple[Any, Any]:
    """Return a file as data in which every value is a text, and as nodes; nothing twice for an empty file.

    :raises YAMLError: if it is no YAML; also if it is not saved as UTF-8. ``problem_mark`` holds the line.
    :raises OSError: if it cannot be read.
    """
    node = compose(read_utf8(path))
    return to_strings(node), node


class ListFileError(Exception):
    """A file is not a readable list.

    :ivar line: the line, 0 if unknown.
    :ivar reason: the fault, in German.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.reason = why


def load_list(path: Path) -> list[tuple[int, Any]]:
    """Return the entries of a file that is one list, each with its line; none if the file is absent or empty.

    :raises RowsError: if it cannot be read, or is no list.
    """
    if not path.exists():
        return []
    try:
        rows, node = load_file(path)
    except YAMLError as error:
        raise ListFileError(*explain_error(error)) from error
    except OSError as error:
        raise ListFileError(0, str(error.strerror)) from error
    if not isinstance(rows, list | None):
        raise ListFileError(1, "keine Liste")
    return [(line_of(node, (number,)), row) for number, row in enumerate(rows or ())]


def read_utf8(path: Path) -> str:
    """Return the text of a file without byte order mark; see :mod:`core.text.text_files`.

    :raises YAMLError: if it is not saved as UTF-8, or holds a character that no text may hold.
    :raises OSError: if it cannot be read.
    """

    text = decode(path.read_bytes(), "")
    if isinstance(text, Finding):
        raise _error(
            text.message.removeprefix("Die Datei ist ").rstrip("."), _Mark(text.line - 1) if text.line else None
        )
    if place := next(forbidden_in_file(text), None):
        raise _error(f"hier steht {place.name}", _Mark(place.line - 1))
    return text


def to_strings(node: Any) -> Any:
    """Return a node and everything in it as :func:`load_strings` does.

    :raises YAMLError: if a block names a key twice, or if the text refers to itself.
    """
    seen = 0

    def convert(node: Any, depth: int) -> Any:
        nonlocal seen
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            raise _error("zu tief verschachtelt oder auf sich selbst bezogen", node.start_mark)
        if node.id == "scalar":
            return None if not node.style and node.value in NULL_VALUES else node.value
        if node.id == "sequence":
            return [convert(one, depth + 1) for one in node.value]
        rows: dict[str, Any] = {}
        for key, value in node.value:
            if key.id != "scalar":
                raise _error("hier fehlt ein Schlüssel", key.start_mark)
            if key.value in rows:
                raise _error(f"„{key.value}“ steht zweimal", key.start_mark)
            rows[key.value] = convert(value, depth + 1)
        return rows

    return convert(node, 0) if node is not None else None


def duplicate_key(node: Any) -> tuple[str, int] | None:
    """Return the first key that is twice at the top of a file, and its line there; None if there is none."""
    seen: set[str] = set()
    for key, _value in node.value if getattr(node, "id", "") == "mapping" else ():
        if isinstance(key.value, str):
            if key.value in seen:
                return key.value, key.start_mark.line + 1
            seen.add(key.value)
    return None


def line_of(node: Any, way: tuple[str | int, ...]) -> int:
    """Return the line of a value, or the nearest thing around it that is there; 0 if nothing is.

    :param way: keys and indexes: ``("measure", "sizes", 1)``.
    """
    line = node.start_mark.line + 1 if node is not None else 0
    for step in way:
        if node.id == "mapping":
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif node.id == "sequence" and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def explain_error(error: Exception) -> tuple[int, str]:
    """Return the line of a YAML error, 0 if unknown, and its problem in German in one line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    words = " ".join(str(problem).split())
    return (mark.line + 1 if mark else 0), next(
        (german for sign, german in _GERMAN_PROBLEMS.items() if sign in words), words
    )


# Messages of PyYAML in German.
_GERMAN_PROBLEMS = {
    "mapping values are not allowed": "ein Doppelpunkt steht mitten in einem Text ohne Anführungszeichen",
    "that cannot start any token": "ein Text beginnt mit einem Zeichen, das in YAML etwas anderes bedeutet, zum Beispiel @ oder %",
    "undefined alias": "ein Text beginnt mit *",
    "did not find expected alphabetic or numeric character": "ein Text beginnt mit * oder &",
    "unexpected end of stream": "ein Anführungszeichen wird nicht geschlossen",
    "could not find expected ':'": "hinter einem Schlüssel fehlt der Doppelpunkt",
    "did not find expected key": "die Einrückung stimmt nicht, oder hinter einem Anführungszeichen steht noch Text",
    "did not find expected ',' or ']'": "eine eckige Klammer wird nicht geschlossen",
    "did not find expected ',' or '}'": "eine geschweifte Klammer wird nicht geschlossen",
    "unknown escape character": "hinter einem \\ in doppelten Anführungszeichen steht ein falsches Zeichen",
}


def parse_bool(value: Any) -> bool | None:
    """Return the boolean that a text means; None if it is not one."""
    return _BOOLEANS.get(value.casefold()) if isinstance(value, str) else value if isinstance(value, bool) else None


_BOOLEANS = {**dict.fromkeys(("true", "yes", "on", "ja"), True), **dict.fromkeys(("false", "no", "off", "nein"), False)}


class _Mark:
    """A line, with the interface of PyYAML's marks."""

    def __init__(self, line: int) -> None:
        self.line = line


def _error(problem: str, mark: Any) -> Exception:
    error = yaml.MarkedYAMLError(problem=problem)
    error.problem_mark = mark
    return error


def _check_depth(text: str) -> None:
    """Refuse what is nested so deeply that the C parser, which calls itself for each level, would end the process.

    Signs in quotes count as well; no file of ours comes near.
    """
    depth = 0
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        for sign in re.findall(r"[\[\]{}]", text):
            depth += 1 if sign in "[{" else -1
            if depth > MAX_BRACKETS:
                break
    if depth > MAX_BRACKETS or re.search(r"(?:[-?:][ \t]+){200}", text):
        raise _error("zu tief verschachtelt", None)


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


QUOTE_HINT = (
    "Setzen Sie den Text in einfache Anführungszeichen: 'Text # mehr'. Eine Anmerkung steht in einer eigenen Zeile."
)
_CUT = re.compile(r"\s#.*")
_ANCHOR = re.compile(r"\s*(?:- +)?(?:[\w-]+:\s+)?(?:[&*][^\s,\]}]+|!\S*)(?:\s|$)")


def find_yaml_traps(
    text: str, node: Any, shown: str, first: int = 1, texts: Collection[str] | None = None, kind: str = "data"
) -> Iterator[Finding]:
    """Yield a finding for each construct of a YAML text that is valid but seldom meant: a text cut at ``#``, an anchor, a tag.

    :param node: the text as nodes (:func:`core.text.yaml.compose`).
    :param first: the number of the text's first line.
    :param texts: the keys whose values are texts that no remark follows; None: a remark has a blank after its ``#``.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, first):
        if ("&" in line or "!" in line) and _ANCHOR.match(line):
            yield Finding(shown, number, f"Ein Text beginnt mit & oder !: „{line.strip()}“.",
                          "Setzen Sie ihn in einfache Anführungszeichen.", code=kind)  # fmt: skip
    seen = set[int]()  # an alias leads to the same node again

    def walk(node: Any, key: str) -> Iterator[Finding]:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            yield from _scalar(node, key)
        elif isinstance(node, MappingNode):
            for name, value in node.value:
                yield from walk(value, str(name.value))
        else:
            for item in node.value:
                yield from walk(item, key)

    def _scalar(node: Any, key: str) -> Iterator[Finding]:
        line = node.start_mark.line
        if node.style or (texts is not None and key not in texts) or not node.value:
            return
        for at in range(line, min(node.end_mark.line, len(lines) - 1) + 1):
            rest = lines[at][node.start_mark.column :] if at == line else lines[at]
            if at > line and at == node.end_mark.line and not rest[: node.end_mark.column].strip():
                break
            cut = _CUT.search(rest)
            if cut and (texts is not None or cut[0].lstrip()[1:2].strip()):
                yield Finding(shown, at + first, f"„{key}“: Ab dem # wird nichts gelesen („{cut[0].strip()}“).", QUOTE_HINT,
                              code=kind)  # fmt: skip
                break

    if node is not None:
        yield from walk(node, "")
