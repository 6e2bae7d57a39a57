"""The file of the results, ``city/data/survey.yml``, as the site's build reads it: writing and reading it."""

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from core.errors import UserError
from core.overlay import CITY
from core.project import ROOT
from form_handler.survey.batches import Cells
from form_handler.survey.disclosure import THRESHOLD

FILE_HEADER = """# Ergebnisse der Umfrage bei Betrieben. Geschrieben von `kim survey publish`; bitte nicht von Hand ändern.
# tables: so viele Betriebe gaben diese Antwort. bases: von so vielen. Was fehlt, fehlt mit Absicht.
"""
RESULTS_PATH = ROOT / CITY / "data" / "survey.yml"


class PublicationError(UserError):
    """Publishing is not possible; the message names the cause and repeats nothing of an answer."""


def as_yaml(content: Mapping[str, Any]) -> str:
    """Return the file's text; reading it gives the same data.

    :raises PublicationError: if the content cannot be written as YAML.
    """
    document = {"current": dict(content)}
    for allow_unicode in (True, False):
        text = FILE_HEADER + yaml.safe_dump(document, allow_unicode=allow_unicode, sort_keys=False, width=120)
        if yaml.safe_load(text) == document:
            return text
    raise PublicationError("The results cannot be written as YAML. Check the released quotations.")


def read_text(path: Path) -> str | None:
    """Return the text of the file; None if there is none, or if it is not UTF-8."""
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def read_older_file(path: Path) -> dict[str, Any] | None:
    """Return the latest publication of a results file, None if there is none.

    :raises PublicationError: if it cannot be read; the message names the place and repeats nothing of it.
    """
    if not path.exists():
        return None
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        raise PublicationError(
            f"{where}: the earlier results cannot be read. Without them the difference would reveal single companies. "
            "Restore the file: git checkout -- " + str(path)
        ) from None
    current = data.get("current") if isinstance(data, dict) else None
    return current if isinstance(current, dict) else None


def older_cells(path: Path, current: Mapping[str, Any], batches: Sequence[Any]) -> tuple[int, Cells]:
    """Return companies and cells of a file beyond those of the known batches, as far as today's rule shows them.

    :raises PublicationError: if the file cannot be read.
    """
    try:
        whole = int(current["answers"])
        companies = whole - sum(batch.companies for batch in batches)
        datetime.date.fromisoformat(str(current["published_on"]))
        if not all(re.fullmatch(r"\d{4}-\d\d", str(current[name])) for name in ("first_answer", "last_answer")):
            raise ValueError("month")
        bases = current.get("bases") or {}
        cells: Cells = {}
        for name, table in current["tables"].items():
            for key, number in table.items():
                # YAML 1.1 took the keys yes and no for truth values where they were not quoted.
                word = {True: "yes", False: "no"}.get(key, str(key)) if isinstance(key, bool) else str(key)
                known = [json.loads(batch.tables).get(str(name), {}).get(word, (0, 0)) for batch in batches]
                base = int(bases.get(name, {}).get(key, whole)) - sum(pair[1] for pair in known)
                more = int(number) - sum(pair[0] for pair in known)
                if THRESHOLD <= more <= base - THRESHOLD:
                    cells.setdefault(str(name), {})[word] = (more, base)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PublicationError(
            f"{path}: the earlier results are incomplete. Restore the file: git checkout -- {path}"
        ) from None
    return companies, cells
