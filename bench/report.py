"""What was measured, beside its bar, in one file: ``bench/results.md``. Each benchmark writes its own part of it."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.project import ROOT

RESULTS = ROOT / "bench" / "results.md"
HEAD = "# Benchmarks\n\nMade by `make bench` (`kim bench build`, `page`, `search`, `serve`, `edit`, `form`, `inbox`, `nginx`, `municipalities`). Ratios count; seconds depend on the machine and on who else uses it.\n"


@dataclass(frozen=True)
class Bar:
    """One figure.

    :ivar limit: what it should reach (or stay below, if ``most``); None for a figure that has no bar.
    """

    what: str
    value: float
    limit: float | None = None
    most: bool = False

    @property
    def holds(self) -> bool:
        """Return whether the bar is met."""
        return self.limit is None or (self.value <= self.limit if self.most else self.value >= self.limit)

    def __str__(self) -> str:
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        if self.limit is None:
            return f"- {self.what}: {self.value:.{digits}f}"
        limit = f"{'at most' if self.most else 'at least'} {self.limit:g}"
        return f"- {self.what}: {self.value:.{digits}f} (bar: {limit}){'' if self.holds else ' – **behind**'}"


def machine() -> str:
    """Return day, machine and Python."""
    return f"{datetime.date.today()}, {os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"


def write_part(name: str, title: str, note: str, bars: Iterable[Bar], table: str = "") -> str:
    """Put one benchmark's part into the results, in the place of its last one; print and return it."""
    rows = list(bars)
    behind = sum(not row.holds for row in rows)
    text = f"## {title}\n\n{machine()}. {note} {'Behind in ' + str(behind) if behind else 'All bars met'}.\n\n"
    text += (f"{table}\n\n" if table else "") + "\n".join(map(str, rows)) + "\n"
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    whole = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    if not whole.startswith(HEAD):
        whole = HEAD
    part = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    block = begin + text + end
    whole = part.sub(lambda _: block, whole) if part.search(whole) else f"{whole}\n{block}"
    RESULTS.write_text(whole, "utf-8")
    print(text)
    return text
