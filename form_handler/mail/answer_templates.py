"""Templates for answers to senders, by form and language: ``docs/data/answer_templates.yml``.

The file is data of editors. ``frame`` holds greeting, closing and the line above the quoted question in each language;
``templates`` is a list of texts with the forms they are for. The service uses readable texts; ``kim check`` names missing ones.
"""

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.overlay import data_files
from core.project import ROOT
from core.text import yaml

FILE = ROOT / "docs" / "data" / "answer_templates.yml"
# Placeholders of the texts of the frame.
FRAME_PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "greeting": frozenset({"name"}),
    "greeting_unnamed": frozenset(),
    "closing": frozenset(),
    "question": frozenset({"date"}),
}
PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class AnswerTemplate:
    """A text for answers.

    :ivar forms: the forms it is offered for.
    :ivar title: its name for the office, by language.
    :ivar text: the text between greeting and closing, by language.
    """

    key: str
    forms: tuple[str, ...]
    title: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True)
class AnswerTexts:
    """The content of the file; ``frame`` by name of the text and language."""

    frame: Mapping[str, Mapping[str, str]]
    templates: tuple[AnswerTemplate, ...]

    def for_form(self, form: str) -> list[AnswerTemplate]:
        """Return the templates that are offered for a form."""
        return [one for one in self.templates if form in one.forms]


@functools.lru_cache
def load_answer_texts(file: Path = FILE) -> AnswerTexts:
    """Return the templates; unreadable ones are left out, because an answer can be written without.

    The municipality's file adds templates, and to the shared ones its own languages and wordings.
    """
    frame: dict[str, dict[str, str]] = {name: {} for name in FRAME_PLACEHOLDERS}
    templates: dict[str, AnswerTemplate] = {}
    for path, _shown in data_files(file.parent, file.stem):
        data = _read(path)
        for name in FRAME_PLACEHOLDERS:
            frame[name] |= _texts(data.get("frame"), name)
        rows = data.get("templates")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and row.get("key"):
                key = str(row["key"])
                before = templates.get(key, AnswerTemplate(key, (), {}, {}))
                templates[key] = AnswerTemplate(
                    key, tuple(row.get("forms") or before.forms),
                    {**before.title, **_texts(row, "title")}, {**before.text, **_texts(row, "text")},
                )  # fmt: skip
    return AnswerTexts(frame, tuple(templates.values()))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load_file(path)[0]
    except (OSError, yaml.YAMLError):
        return {}
    return data if isinstance(data, dict) else {}


def _texts(block: Any, name: str) -> dict[str, str]:
    found = block.get(name) if isinstance(block, dict) else None
    return (
        {code: text.strip() for code, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
    )


def fill(text: str, **values: str) -> str:
    """Return a text with its placeholders filled; another one stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def find_problems(
    file: Path, languages: Collection[str], office_languages: Collection[str], forms: Collection[str]
) -> Iterator[tuple[int, str]]:
    """Yield line and fault, in German, of everything that is wrong with the file.

    A site with fewer languages may keep the texts of others.

    :param languages: the languages in which each text must be there.
    :param office_languages: the languages in which each title must be there.
    :param forms: the forms whose senders can be answered.
    """
    try:
        data, node = yaml.load_file(file)
    except yaml.YAMLError as error:
        yield yaml.explain_error(error)
        return
    except OSError as error:
        yield 0, str(error.strerror)
        return
    if not isinstance(data, dict) or set(data) != {"frame", "templates"} or not isinstance(data["templates"], list):
        yield 1, "Es braucht genau die beiden Blöcke frame: und templates:"
        return
    for name, allowed in FRAME_PLACEHOLDERS.items():
        line = yaml.line_of(node, ("frame", name)) if name in (data["frame"] or {}) else yaml.line_of(node, ("frame",))
        yield from _check_texts(data["frame"], name, languages, allowed, allowed, line)
    keys: set[str] = set()
    offered: set[str] = set()
    for number, row in enumerate(data["templates"]):
        line = yaml.line_of(node, ("templates", number))
        if not isinstance(row, dict) or set(row) != {"key", "forms", "title", "text"}:
            yield line, "Eine Vorlage hat genau key:, forms:, title: und text:"
            continue
        if not row["key"] or row["key"] in keys:
            yield line, f"Der Schlüssel „{row['key']}“ fehlt oder kommt zweimal vor."
        keys.add(row["key"])
        wanted = row["forms"] if isinstance(row["forms"], list) else []
        if not wanted or set(wanted) - set(forms):
            yield line, f"forms: nennt ein oder mehrere dieser Formulare: {', '.join(sorted(forms))}"
        offered.update(wanted)
        yield from _check_texts(row, "title", office_languages, frozenset(), frozenset(), line)
        yield from _check_texts(row, "text", languages, frozenset(), frozenset(), line)
    for form in sorted(set(forms) - offered):
        yield 1, f"Für das Formular {form} gibt es keine Vorlage."


def _check_texts(
    block: Any, name: str, languages: Collection[str], allowed: frozenset[str], needed: frozenset[str], line: int
) -> Iterator[tuple[int, str]]:
    texts = _texts(block, name)
    for code in languages:
        text = texts.get(code, "")
        if not text:
            yield line, f"{name}: Der Text in der Sprache {code} fehlt."
            continue
        found = set(PLACEHOLDER.findall(text))
        for unknown in sorted(found - allowed):
            yield line, f"{name} ({code}): Den Platzhalter {{{unknown}}} gibt es hier nicht."
        for missing in sorted(needed - found):
            yield line, f"{name} ({code}): Der Platzhalter {{{missing}}} fehlt."
