"""What Babel says of a language, in the few words that pages need, kept for the next build.

To say one date Babel loads all it knows of the language, which takes as long as drawing two pages.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Callable
from pathlib import Path


class Sayings:
    """Words of one language, by what was asked: ``"longdate 2026-03-01"``.

    :param folder: where they lie for the next build, which goes by another name once code or libraries change; None to
        keep them in memory only.
    """

    def __init__(self, folder: Path | None, code: str) -> None:
        self.file = folder / f"{code}.said.json" if folder else None
        self.known: dict[str, str] = {}
        self.kept = 0
        if self.file:
            with contextlib.suppress(OSError, ValueError, TypeError):  # not there, or not whole
                self.known = dict(json.loads(self.file.read_text("utf-8")))
                self.kept = len(self.known)

    def say(self, asked: str, find: Callable[[], str]) -> str:
        """Return what was said before, or find it out."""
        said = self.known.get(asked)
        if said is None:
            said = self.known[asked] = find()
        return said

    def keep(self) -> None:
        """Lay down what is new for the next build, where that is possible."""
        if self.file and self.kept != len(self.known):
            with contextlib.suppress(OSError):
                fresh = self.file.with_suffix(f".{os.getpid()}")
                fresh.write_text(json.dumps(self.known, ensure_ascii=False), "utf-8")
                fresh.replace(self.file)
                self.kept = len(self.known)


@functools.lru_cache(maxsize=64)
def sayings_of(folder: Path | None, code: str) -> Sayings:
    """Return the sayings of a language, the same ones for all pages that a process draws."""
    return Sayings(folder, code)
