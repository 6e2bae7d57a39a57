"""What a benchmark needs before it can measure: a built site, a Chromium, a peer's name that exists.

Each function returns what is needed or ends the benchmark with a sentence that names what is missing and how to get it.
"""

from __future__ import annotations

import shlex
import subprocess
import urllib.error
from collections.abc import Collection
from pathlib import Path

from bench.competitors import last_line
from core.project import ROOT
from editorial.build.build import BuildError, build_if_changed
from editorial.build.pdf import find_chromium

DEFAULT_SITE = ROOT / "site"


def built_site(site: Path) -> Path:
    """Return a folder that holds a built site; the project's own site is built if it is missing or out of date.

    :raises SystemExit: with a sentence, if the folder holds no site or the build fails.
    """
    if site.resolve() == DEFAULT_SITE:
        try:
            print(f"Building {site.name}/ if it is missing or out of date …", flush=True)
            build_if_changed(site)
        except BuildError as error:
            raise SystemExit(f"The site cannot be built, so there is nothing to measure: {error}") from error
    if not (site / "index.html").is_file():
        raise SystemExit(f"{site} holds no built site. Build one there: kim build --site-dir {site}")
    return site


def chromium() -> str:
    """Return the path of a Chromium.

    :raises SystemExit: with a sentence, if there is none.
    """
    found = find_chromium()
    if found is None:
        raise SystemExit("There is no Chromium. Install it with `make browser`, or name one in KIM_CHROMIUM.")
    return found


def known_peers(asked: str, known: Collection[str]) -> list[str]:
    """Return the names in a list with commas.

    :raises SystemExit: with a sentence, if one is not known.
    """
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"There is no peer called {', '.join(unknown)}. Peers are: {', '.join(known)}.")
    return names


def missing_part(error: Exception) -> str | None:
    """Return the sentence that says which part of this machine a benchmark lacks; None for an error of its own code."""
    if isinstance(error, ModuleNotFoundError):
        return f"The Python package {error.name} is not installed. `make check` installs what benchmarks need."
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"{error.filename} does not exist or is not installed."
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or error.stdout or b""
        text = said if isinstance(said, str) else said.decode("utf-8", "replace")
        return f"{shlex.join(map(str, error.cmd))[:200]} ended with {error.returncode}: {last_line(text)}"
    if isinstance(error, subprocess.TimeoutExpired | TimeoutError | ConnectionError | urllib.error.URLError):
        return f"No answer in time: {error}"
    if type(error).__module__.startswith("playwright"):
        return f"Chromium: {str(error).strip().splitlines()[0]}"
    return None
