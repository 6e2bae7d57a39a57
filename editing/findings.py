"""Findings of the checks on all pages, for the overview: stored by the worker after each change, because it takes seconds."""

import itertools
import json
from pathlib import Path
from typing import Any

from core.clock import utc_now
from core.files import write_atomically
from core.overlay import city_dir


def read_findings(file: Path) -> dict[str, Any]:
    """Return the findings of the last check of all pages; empty if there was no check."""
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def check_all(docs: Path, file: Path) -> None:
    """Check all pages and store the findings, for the overview; called by the worker, because it takes seconds."""
    from editorial.checks.runner import run_checks  # late: the overview only reads

    found = [(one.file, one.level) for one in run_checks(docs, words=False).findings if one.code != "translations"]
    write_atomically(file, json.dumps({"at": utc_now().isoformat(), "found": found}).encode())


def check_changed(docs: Path, file: Path, checked: int | None) -> int | None:
    """Check all pages if somebody has opened the overview and a file has changed.

    :param checked: the return value of the last call; None before the first one.
    :return: time of the newest change that has been checked, in nanoseconds.
    """
    if not file.exists():
        return checked
    files = itertools.chain(docs.rglob("*"), city_dir(docs).rglob("*"))
    newest = max((path.stat().st_mtime_ns for path in files if path.is_file()), default=0)
    if newest != checked:
        check_all(docs, file)
    return newest


def findings_path(data_dir: Path) -> Path:
    """Return where the findings of all pages are stored."""
    return data_dir / "findings.json"


def want_findings(file: Path) -> None:
    """Have the worker check all pages from now on; it does not where nobody looks at the overview."""
    if not file.exists():
        write_atomically(file, b"{}")
