"""The one entry point for people: ``kim serve``, ``kim build``, ``kim check``, ``kim submissions list`` …"""

import contextlib
import errno
import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from core.errors import UserError
from core.project import CODE, PROJECT_VARIABLE


def main() -> NoReturn:
    """Run the command and end the process with its exit code."""
    if (here := other_checkout()) is not None:
        sys.exit(
            f"Error: Dieses kim gehört zu {CODE}, Sie stehen aber in {here}. "
            "Rufen Sie hier `make run` auf: Das legt .venv für diesen Ordner an."
        )
    ensure_streams()
    try:
        code = run()
        if fault := flush_streams():
            code = code or fault
    except KeyboardInterrupt:  # before or after the command, which handles it itself
        code = "Abgebrochen."
    sys.exit(code)


def other_checkout() -> Path | None:
    """Return the working directory if it is another checkout and ``KIM_PROJECT`` names no project.

    A folder that is closed to this user, or removed meanwhile, is none.
    """
    with contextlib.suppress(OSError):
        here = Path.cwd()
        if not os.environ.get(PROJECT_VARIABLE) and here != CODE and (here / "kim" / "cli.py").is_file():
            return here
    return None


def ensure_streams() -> None:
    """Ensure stdout and stderr are open; replace characters that the terminal cannot encode."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def flush_streams() -> int | str | None:
    """Flush stdout and stderr; return the exit code or message if that fails."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try once more at its end
        return output_error(error)
    return None


def output_error(error: OSError) -> int | str:
    """Return the exit code for a closed pipe, or the message for a full disk."""
    return (
        1 if isinstance(error, BrokenPipeError) else f"Error: Die Ausgabe ließ sich nicht schreiben: {error.strerror}."
    )


def run() -> int | str | None:
    """Run the command; return the argument for :func:`sys.exit`."""
    from kim import cli

    try:
        cli.main()
    except SystemExit as end:
        return end.code
    except UserError as error:
        return f"Error: {error}"
    except OSError as error:
        if error.filename is not None:
            return (
                f"Error: {error.filename}: {error.strerror}. "
                "Prüfen Sie, ob die Datei da ist und ob Sie sie lesen und schreiben dürfen."
            )
        if error.errno in (errno.EPIPE, errno.ENOSPC):
            return output_error(error)
        raise
    raise AssertionError("click always ends with SystemExit")
