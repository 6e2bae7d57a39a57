"""What YAML takes without a word, though nobody means it: a text cut at ``#``, an anchor."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from core import yaml as yaml_files
from core.findings import Finding

QUOTES = (
    "Setzen Sie den Text in einfache Anführungszeichen: 'Text # mehr'. Eine Anmerkung steht in einer eigenen Zeile."
)
_CUT = re.compile(r"\s#.*")
_ANCHOR = re.compile(r"\s*(?:- +)?(?:[\w-]+:\s+)?(?:[&*][^\s,\]}]+|!\S*)(?:\s|$)")


def yaml_faults(
    text: str, node: Any, shown: str, first: int = 1, texts: Collection[str] | None = None, kind: str = "data"
) -> Iterator[Finding]:
    """Name what nobody means in a YAML text.

    :param node: the text as nodes (:func:`core.yaml.compose`).
    :param first: the number of the text's first line.
    :param texts: the keys whose values are texts that no remark follows; None: a remark has a blank after its ``#``.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, first):
        if ("&" in line or "!" in line) and _ANCHOR.match(line):
            yield Finding(shown, number, f"Ein Text beginnt mit & oder !: „{line.strip()}“.",
                          "Setzen Sie ihn in einfache Anführungszeichen.", kind=kind)  # fmt: skip
    seen = set[int]()  # an alias leads to the same node again

    def walk(node: Any, key: str) -> Iterator[Finding]:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml_files.ScalarNode):
            yield from _scalar(node, key)
        elif isinstance(node, yaml_files.MappingNode):
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
                yield Finding(shown, at + first, f"„{key}“: Ab dem # wird nichts gelesen („{cut[0].strip()}“).", QUOTES,
                              kind=kind)  # fmt: skip
                break

    if node is not None:
        yield from walk(node, "")
