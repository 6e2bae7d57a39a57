"""Change values of a YAML text and no byte outside them: comments, order, quotes and line ends stay as somebody wrote them.

A YAML library that loads and dumps rewrites the whole file. Here the parser only gives the position of a value; the change is
made in the text, and is taken only if the text then holds the wanted data and every other value as before.
"""

import copy
from collections.abc import Sequence
from typing import Any

from core.gettext import gettext as _
from core.text import yaml
from editing.paragraphs.reading import EditError

# The way to a value: keys, and places in lists.
Way = tuple[str | int, ...]


class _Removed:
    """Stands for a value that is to be removed with its key."""


REMOVED = _Removed()


def set_values(raw: str, way: Way, new: Any, order: Sequence[str] = ()) -> str:
    """Return a YAML text with another value at one place; lists and blocks are changed only where they differ.

    :param raw: the text as the file has it, a byte order mark included.
    :param new: texts, None, lists and dicts, as :func:`core.text.yaml.load_strings` gives them; True and False are written as such.
    :param order: the keys of a block in the order in which a new one is put among them.
    :raises EditError: if the text cannot be changed there without changing anything else.
    """
    mark = "\ufeff" if raw.startswith("\ufeff") else ""
    text = raw.removeprefix("\ufeff")
    try:
        wanted = _expected(yaml.load_strings(text), way, new)
        made = _Editor(text, order).set(way, new)
        if yaml.load_strings(made) != wanted:
            raise EditError(refusal())
    except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
        raise EditError(refusal()) from error
    return mark + made


def refusal() -> str:
    """Return why a form cannot change a text."""
    return _("This form cannot change that line without changing others. Change it in the source.")


def _expected(data: Any, way: Way, new: Any) -> Any:
    """Return the data that a text must hold after the change."""
    if not way:
        return _to_plain_values(new)
    data = copy.deepcopy(data) if data is not None else {}
    place = data
    for step in way[:-1]:
        place = place[step]
    if new is REMOVED:
        del place[way[-1]]
    else:
        place[way[-1]] = _to_plain_values(new)
    return data


def _to_plain_values(value: Any) -> Any:
    """Return a value as it is read back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {name: _to_plain_values(one) for name, one in value.items()}
    return [_to_plain_values(one) for one in value] if isinstance(value, list) else value


class _Editor:
    """Makes changes in one text, one after the other; the text is read again after each."""

    def __init__(self, text: str, order: Sequence[str]) -> None:
        self.text, self.order = text, order
        self.newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"

    def set(self, way: Way, new: Any) -> str:
        """Write a value at a path; the lines of other values stay."""
        node = self.find(way)
        if node is None:
            if new is not REMOVED:
                self.insert(way, new)
        elif new is REMOVED:
            self.remove(way)
        elif node.id == "mapping" and isinstance(new, dict) and node.value and new:
            old = yaml.to_strings(node)
            for name in [name for name in old if name not in new]:
                self.set((*way, name), REMOVED)
            for name, value in new.items():
                if name not in old or old[name] != _to_plain_values(value):
                    self.set((*way, name), value)
        elif node.id == "sequence" and isinstance(new, list) and node.value and new and not _is_same_value(node, new):
            self.set_list(way, node, new)
        elif yaml.to_strings(node) != _to_plain_values(new):
            self.replace(way, node, new)
        return self.text

    def find(self, way: Way) -> Any:
        """Return the node of a value, None if it is not there."""
        node = yaml.compose(self.text)
        for step in way:
            if node is None:
                return None
            if node.id == "mapping":
                node = next((value for key, value in node.value if key.value == str(step)), None)
            elif node.id == "sequence" and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return None
        return node

    def pair(self, way: Way) -> tuple[Any, Any, Any]:
        """Return the block that holds a value, and its key and value."""
        parent = self.find(way[:-1])
        key, value = next(pair for pair in parent.value if pair[0].value == way[-1])
        return parent, key, value

    def in_flow(self, way: Way) -> bool:
        """Return whether a value is in braces or brackets."""
        return any(
            self.find(way[:length]).flow_style for length in range(len(way)) if self.find(way[:length]).id != "scalar"
        )

    def splice(self, start: int, end: int, written: str) -> None:
        """Replace a range of the text."""
        self.text = self.text[:start] + written + self.text[end:]

    def replace(self, way: Way, node: Any, new: Any) -> None:
        """Replace one value by another."""
        flow = bool(way) and self.in_flow(way)
        indent = self.indent_of(way[:-1]) if way else -2
        written = self.format_node(new, indent, flow, node.style if node.id == "scalar" else None)
        start, end = node.start_mark.index, end_of(node, self.text)
        if node.id == "scalar" and start == end and not node.style:  # nothing is there
            start = end = self.colon(way)
        elif node.id != "scalar" and not node.flow_style:  # a block begins on a line of its own
            start = self.colon(way) if isinstance(way[-1], str) else start
        if start and self.text[start - 1] == ":" and not written.startswith((self.newline, " ")):
            written = " " + written
        elif written.startswith(self.newline):
            start = len(self.text[:start].rstrip(" "))
        self.splice(start, end, written)

    def colon(self, way: Way) -> int:
        """Return the place behind the colon of a key."""
        _parent, key, _value = self.pair(way)
        return self.text.index(":", key.end_mark.index) + 1

    def indent_of(self, way: Way) -> int:
        """Return how far the keys of a block are indented."""
        node = self.find(way)
        return node.value[0][0].start_mark.column if node is not None and node.id == "mapping" and node.value else 0

    def insert(self, way: Way, new: Any) -> None:
        """Write a new key with its value into a block, at its place in the order."""
        parent = self.find(way[:-1])
        name = str(way[-1])
        if parent is None and len(way) == 1:  # an empty file, or one of comments
            gap = "" if not self.text or self.text.endswith("\n") else self.newline
            self.text += f"{gap}{name}:{self._behind_colon(new, 0, False)}{self.newline}"
            return
        if parent is None or parent.id != "mapping" or not parent.value:
            self.set(way[:-1], {name: new})
            return
        flow = self.in_flow(way)
        indent = self.indent_of(way[:-1])
        before = self.neighbour(parent, name)
        pair = f"{name}:{self._behind_colon(new, indent, flow)}"
        if flow:
            at = end_of(before[1], self.text, before[0]) if before else parent.start_mark.index + 1
            self.splice(at, at, f", {pair}" if before else f"{pair}, ")
        elif before is None:
            at = parent.value[0][0].start_mark.index
            self.splice(at, at, f"{pair}{self.newline}{' ' * indent}")
        else:
            at = self.line_end(end_of(before[1], self.text, before[0]))
            self.splice(at, at, f"{self.newline}{' ' * indent}{pair}")

    def _behind_colon(self, new: Any, indent: int, flow: bool) -> str:
        written = self.format_node(new, indent, flow, None)
        return written if written.startswith(self.newline) else f" {written}"

    def neighbour(self, parent: Any, name: str) -> Any:
        """Return the pair behind which a new key belongs: the last one that comes before it in the order, else the last of all."""
        if name not in self.order:
            return parent.value[-1]
        earlier = set(self.order[: self.order.index(name)])
        found = [pair for pair in parent.value if pair[0].value in earlier]
        return max(found, key=lambda pair: self.order.index(pair[0].value), default=None)

    def remove(self, way: Way) -> None:
        """Take a key away with its value, and the lines that held only them.

        :raises EditError: if the value cannot be removed without changing others.
        """
        parent, key, value = self.pair(way)
        number = next(index for index, pair in enumerate(parent.value) if pair[0] is key)
        start, end = key.start_mark.index, end_of(value, self.text, key)
        if parent.flow_style:
            following = parent.value[number + 1 :]
            if following:
                end = following[0][0].start_mark.index
            elif number:
                start = end_of(parent.value[number - 1][1], self.text, parent.value[number - 1][0])
            self.splice(start, end, "")
            return
        line = self.line_start(start)
        if self.text[line:start].strip() or (
            len(parent.value) == 1 and len(way) > 1
        ):  # behind the dash of a list, or the only key
            raise EditError(refusal())
        end = self.line_end(end)
        self.splice(line, min(end + len(self.newline), len(self.text)), "")

    def set_list(self, way: Way, node: Any, new: list[Any]) -> None:
        """Change a list: entry by entry where it is as long as before, else the removed and the new entries."""
        old = yaml.to_strings(node)
        if len(old) == len(new):
            for number, value in enumerate(new):
                self.set((*way, number), value)
            return
        added = [value for value in new if _to_plain_values(value) not in old]
        kept = [value for value in old if value in map(_to_plain_values, new)]
        if node.flow_style or self.in_flow(way) or [*kept, *map(_to_plain_values, added)] != _to_plain_values(new):
            self.replace(way, node, new)
            return
        dash = node.value[0].start_mark.column
        lead = self.text[self.line_start(node.value[0].start_mark.index) : node.value[0].start_mark.index]
        for value in added:  # additions first, so that the list is never empty
            last = self.find(way).value[-1]
            at = self.line_end(end_of(last, self.text))
            self.splice(at, at, f"{self.newline}{lead}{self.format_node(value, dash - 2, True, None)}")
        for number in reversed([index for index, value in enumerate(old) if value not in kept]):
            one = self.find(way).value[number]
            start, end = self.line_start(one.start_mark.index), self.line_end(end_of(one, self.text))
            self.splice(start, min(end + len(self.newline), len(self.text)), "")

    def line_start(self, at: int) -> int:
        """Return the beginning of the line of a position."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Return the end of the line without its line break."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found - (self.text[found - 1] == "\r")

    def format_node(self, value: Any, indent: int, flow: bool, style: str | None) -> str:
        """Return a value as it is written: behind a colon, or as an entry of a list in brackets."""
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return scalar_text(value, flow, style if style in ("'", '"') else None)
        if isinstance(value, list):
            if flow or not any(isinstance(one, dict) for one in value):
                return "[" + ", ".join(self.format_node(one, 0, True, None) for one in value) + "]"
            pad = self.newline + " " * (indent + 2)
            return "".join(f"{pad}- {self.format_node(one, 0, True, None)}" for one in value)
        if flow or not value:
            return (
                "{" + ", ".join(f"{name}: {self.format_node(one, 0, True, None)}" for name, one in value.items()) + "}"
            )
        pad = self.newline + " " * (indent + 2)
        return "".join(f"{pad}{name}:{self._behind_colon(one, indent + 2, False)}" for name, one in value.items())


def _is_same_value(node: Any, new: Any) -> bool:
    return bool(yaml.to_strings(node) == _to_plain_values(new))


def end_of(node: Any, text: str, key: Any = None) -> int:
    """Return where a value ends in a text, without the text between it and the next one.

    :param key: its key; where there is no value, its colon is the end.
    """
    if node.id == "scalar":
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in ("|", ">"):
            return int(start) + len(text[start:end].rstrip())
        if start == end and not node.style and key is not None:
            return text.index(":", int(key.end_mark.index)) + 1
        return int(end)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return end_of(last[1], text, last[0]) if node.id == "mapping" else end_of(last, text)


def scalar_text(value: str, flow: bool, quote: str | None = None) -> str:
    """Return a text as a YAML value in one line: as it is where everybody reads it as that text, else in quotes.

    :param flow: whether it is in braces or brackets.
    :param quote: the quotes that it had before; None: none.
    """
    if quote == '"':
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if quote is None and value in ("true", "false"):
        return value
    if quote is None and value:
        sample = f"{{a: {value}}}" if flow else f"a: {value}\n"
        try:
            if yaml.load_strings(sample) == {"a": value} and not isinstance(yaml.load(sample)["a"], bool):
                return value
        except yaml.YAMLError:
            pass
    return "'" + value.replace("'", "''") + "'"


def entry_span(raw: str, key: str) -> tuple[int, int] | None:
    """Return where an entry at the top of a file begins and ends, its key included; None if there is none."""
    text = raw.removeprefix("\ufeff")
    mark = len(raw) - len(text)
    node = yaml.compose(text)
    for name, value in node.value if getattr(node, "id", "") == "mapping" else ():
        if name.value == key:
            return mark + name.start_mark.index, mark + end_of(value, text, name)
    return None
