"""The one entry point for people: ``kim serve``, ``kim build``, ``kim check``, ``kim submissions list`` …"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from editorial.languages import ROOT, ConfigError

# Commands that end at once when they have said everything; see :func:`main`.
SHORT = {"build", "check"}
# A build that is told nothing else does without click: to load that takes as long as to draw two pages.
SWITCHES = {
    "--pdf": ("pdf", True),
    "--no-pdf": ("pdf", False),
    "--cache": ("cache", True),
    "--no-cache": ("cache", False),
}


def main() -> NoReturn:
    """Run the command; a short one ends without taking its memory apart piece by piece, which takes longer than a page.

    Nothing of ours is left to be done then: what a command opens, it closes itself.
    """
    words = sys.argv[1:]
    here = Path.cwd()
    if here != ROOT and (here / "kim" / "commands.py").is_file():
        sys.exit(
            f"Error: Dieses kim gehört zu {ROOT}, Sie stehen aber in {here}. "
            "Rufen Sie hier `make run` auf: Das legt .venv für diesen Ordner an."
        )
    short = bool(SHORT.intersection(words[:1]))
    if short:
        gc.set_threshold(200_000, 20, 100)  # cyclic garbage is seldom looked for
    code = call(words)
    if short and not code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    sys.exit(code)


def call(words: Sequence[str]) -> int | str | None:
    """Run the command; return with what the process is to end, as :func:`sys.exit` takes it."""
    try:
        return command(words)
    except ConfigError as error:
        return f"Error: {error}"
    except OSError as error:
        if error.filename is None:
            raise
        return (
            f"Error: {error.filename}: {error.strerror}. "
            "Prüfen Sie, ob die Datei da ist und ob Sie sie lesen und schreiben dürfen."
        )


def command(words: Sequence[str]) -> int | str | None:
    """Run the command, with click or without it."""
    if words and words[0] == "build" and SWITCHES.keys() >= set(words[1:]):
        from kim.build import build

        told = dict(SWITCHES[word] for word in words[1:])
        try:
            return build(pdf=told.get("pdf", True), cache=told.get("cache", True))
        except KeyboardInterrupt:
            return "Abgebrochen."
    from kim import commands

    try:
        commands.main()
    except SystemExit as end:
        return end.code
    raise AssertionError("click always ends with SystemExit")
