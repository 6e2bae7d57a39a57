"""What the checks tell an editor: what is wrong, where, why it matters and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that an editor should know.

    :ivar file: the path from the top of the project, for example ``docs/ar/kontakt.md``.
    :ivar line: the line, counted from 1; 0 if it concerns the whole file.
    :ivar what: what was seen, as a German sentence.
    :ivar remedy: what the editor does about it, as a German sentence.
    :ivar level: an ``error`` stops the build, a ``notice`` does not.
    """

    file: str
    line: int
    what: str
    remedy: str
    level: Literal["error", "notice"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what} {self.remedy}"


class ContentError(Exception):
    """The content cannot be built; carries the findings that say why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that stop a build."""
    return [finding for finding in findings if finding.level == "error"]
