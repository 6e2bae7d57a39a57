"""Whether there is anything to do at all: the cheapest look at what a site is made of.

Nothing heavy is imported here, so that a build with nothing to do ends at once.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from editorial.languages import ROOT

SOURCES = ("overrides", "editorial", "form_handler/forms", "mkdocs.yml", "requirements.txt")
DEMO = ("KIM_DEMO_SURVEY",)


def files_below(root: Path, names: Iterable[str]) -> Iterable[Path]:
    """Yield the files of folders and files in a stable order, without what Python makes for itself."""
    for name in names:
        path = root / name
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            if "__pycache__" not in file.parts:
                yield file


def inputs_mark(docs: Path, site_url: str | None, today: datetime.date, root: Path = ROOT) -> str:
    """Return the mark of every file that a site is made of, and of the state of the version history."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=docs, capture_output=True, text=True).stdout
    digest = hashlib.sha256(f"{site_url}|{today}|{head}|{sorted(os.environ.get(name, '') for name in DEMO)}".encode())
    for base, names in ((root, SOURCES), (docs, (".",))):
        for file in files_below(base, names):
            digest.update(str(file.relative_to(base)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def path_of(site_dir: Path) -> Path:
    """Return where the manifest of a site lies: beside it, never in it."""
    return site_dir.with_name(f".{site_dir.name}.manifest.json")


def stamp_of(site_dir: Path) -> str:
    """Return what tells whether a site is still as it was put in place; empty if there is none."""
    try:
        home, entry = (site_dir / "index.html").stat(), (site_dir / "pagefind" / "pagefind-entry.json").stat()
    except OSError:
        return ""
    return f"{home.st_mtime_ns}-{home.st_size}-{home.st_ino}-{entry.st_mtime_ns}-{site_dir.stat().st_ino}"


def is_current(site_dir: Path, site_url: str | None, docs: Path, pdf: bool) -> bool:
    """Tell whether the site in place was built from exactly the files of now, today."""
    try:
        known = json.loads(path_of(site_dir).read_text("utf-8"))
        stamp, inputs, printed = known["stamp"], known["inputs"], known["pdf"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    if not stamp or stamp != stamp_of(site_dir) or printed != pdf:
        return False
    return bool(inputs == inputs_mark(docs, site_url, datetime.date.today()))
