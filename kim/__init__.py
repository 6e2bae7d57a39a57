"""The one entry point for people: ``kim serve``, ``kim build``, ``kim check``, ``kim submissions list`` …"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from core.project import CODE, ConfigError

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
    if here != CODE and (here / "kim" / "cli.py").is_file():
        sys.exit(
            f"Error: Dieses kim gehört zu {CODE}, Sie stehen aber in {here}. "
            "Rufen Sie hier `make run` auf: Das legt .venv für diesen Ordner an."
        )
    short = bool(SHORT.intersection(words[:1]))
    if short:
        gc.set_threshold(200_000, 20, 100)  # cyclic garbage is seldom looked for
    open_output()
    code = call(words)
    if fault := close_output():
        code = code or fault
    if short and not code:
        os._exit(0)
    sys.exit(code)


def open_output() -> None:
    """See to it that there is somewhere to say something, and that a letter which cannot be said there costs no more."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def close_output() -> int | str | None:
    """Say what is left to be said; return with what to end if that is not possible."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try once more at its end
        return unsaid(error)
    return None


def unsaid(error: OSError) -> int | str:
    """Return how to end where nobody listens any more, or the disk has no room for what was said."""
    return (
        1 if isinstance(error, BrokenPipeError) else f"Error: Die Ausgabe ließ sich nicht schreiben: {error.strerror}."
    )


def call(words: Sequence[str]) -> int | str | None:
    """Run the command; return with what the process is to end, as :func:`sys.exit` takes it."""
    try:
        return command(words)
    except ConfigError as error:
        return f"Error: {error}"
    except Exception as error:
        if is_about_content(error):
            return f"Error: {error}"
        if not isinstance(error, OSError):
            raise
        if error.filename is not None:
            return (
                f"Error: {error.filename}: {error.strerror}. "
                "Prüfen Sie, ob die Datei da ist und ob Sie sie lesen und schreiben dürfen."
            )
        if error.errno in (errno.EPIPE, errno.ENOSPC):
            return unsaid(error)
        raise


def is_about_content(error: Exception) -> bool:
    """Return whether an error is findings with file, line and remedy; what raises them has loaded their class."""
    findings = sys.modules.get("core.findings")
    return findings is not None and isinstance(error, findings.ContentError)


def command(words: Sequence[str]) -> int | str | None:
    """Run the command, with click or without it."""
    if words and words[0] == "build" and SWITCHES.keys() >= set(words[1:]):
        from kim.build import build

        told = dict(SWITCHES[word] for word in words[1:])
        try:
            return build(pdf=told.get("pdf", True), cache=told.get("cache", True))
        except KeyboardInterrupt:
            return "Abgebrochen."
    from kim import cli

    try:
        cli.main()
    except SystemExit as end:
        return end.code
    raise AssertionError("click always ends with SystemExit")
