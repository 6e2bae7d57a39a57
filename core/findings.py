"""Findings of the checks: file, line, message, reason and hint for an editor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import UserError

Level = Literal["error", "notice"]

# The reason for each code of a finding. A test plants a fault for each.
REASONS: Mapping[str, str] = json.loads((Path(__file__).parent / "reasons.json").read_text("utf-8"))


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One finding for an editor.

    :ivar file: the path from the top of the project, for example ``docs/ar/kontakt.md``.
    :ivar line: the line, counted from 1; 0 if it concerns the whole file.
    :ivar message: the observation, as a German sentence.
    :ivar hint: the remedy, as a German sentence.
    :ivar level: an ``error`` stops the build or the check, a ``notice`` does not.
    :ivar code: a key of :data:`REASONS`.
    """

    file: str
    line: int
    message: str
    hint: str
    level: Level = "error"
    code: str = ""

    @property
    def reason(self) -> str:
        """Return the reason for this kind of finding, as a German sentence."""
        return REASONS[self.code]

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return " ".join(part for part in (f"{place}:", self.message, self.reason, self.hint) if part)


class ContentError(UserError):
    """The content cannot be built; holds the findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    def __reduce__(self) -> tuple[type[ContentError], tuple[list[Finding]]]:
        """Keep the findings when a process hands the error to another one."""
        return ContentError, (self.findings,)


class RenderError(Exception):
    """A page could not be rendered; the message names the page and the reason."""


def closest_match(word: str, known: Iterable[str], least: float = 0.6) -> str:
    """Return the known word that is most similar to another, or an empty string.

    :param least: the least similarity, between 0 and 1.
    """
    from difflib import get_close_matches  # late: most words are right

    return next(iter(get_close_matches(word, list(known), 1, least)), "")


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that stop a build."""
    return [finding for finding in findings if finding.level == "error"]


def as_text(findings: Iterable[Finding]) -> str:
    """Return findings for a person at a terminal, one line each."""
    return "\n".join(f"{'Fehler ' if one.level == 'error' else 'Hinweis'}  {one}" for one in findings)


def as_json(findings: Iterable[Finding]) -> str:
    """Return findings as JSON: a list of objects with file, line, level, kind, what, why and remedy.

    The keys are a public format; the fields of :class:`Finding` may be renamed, the keys may not.
    """
    rows = [
        {"file": one.file, "line": one.line, "level": one.level, "kind": one.code,
         "what": one.message, "why": one.reason, "remedy": one.hint}
        for one in findings
    ]  # fmt: skip
    return json.dumps(rows, ensure_ascii=False, indent=1)


def as_github(findings: Iterable[Finding]) -> str:
    """Return findings as GitHub shows them beside the changed lines (workflow commands)."""

    def safe(text: str, value: bool = False) -> str:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return text.replace(":", "%3A").replace(",", "%2C") if value else text

    return "\n".join(
        f"::{one.level} file={safe(one.file, True)},line={max(one.line, 1)},title={safe(one.message, True)}"
        f"::{safe(' '.join(part for part in (one.message, one.reason, one.hint) if part))}"
        for one in findings
    )
