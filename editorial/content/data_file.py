"""Files of data in YAML that have one declared shape: read, with the fault of each line as a finding."""

from pathlib import Path
from typing import TypeVar

import msgspec

from core.findings import Finding
from core.text import yaml
from core.text.characters import character_findings, forbidden_in_file
from editorial.content.schema import validate

M = TypeVar("M", bound=msgspec.Struct)


def read_data_file(model: type[M], path: Path, shown: str, hint: str, code: str = "data") -> M | list[Finding]:
    """Return the content of a file in its shape, or findings.

    :param shown: the name of the file in findings.
    :param hint: how to correct a value that does not have the shape.
    :param code: the kind of the findings.
    """
    try:
        if wrong := character_findings(shown, forbidden_in_file(path.read_bytes().decode(errors="ignore"))):
            return wrong
        data, node = yaml.load_file(path)
    except (OSError, yaml.YAMLError) as error:
        return [unreadable_finding(error, shown, code)]
    read = validate(model, data or {})
    if not isinstance(read, list):
        return read
    return [
        Finding(shown, max(yaml.line_of(node, one.path), 1), f"„{one.dotted_path or 'Datei'}“: {one.message}.", hint, code=code)
        for one in read
    ]  # fmt: skip


def unreadable_finding(error: Exception, shown: str, code: str = "data") -> Finding:
    """Return the finding for a file that is missing, is not readable or is not YAML."""
    if isinstance(error, OSError):
        what = f"Die Datei kann nicht gelesen werden ({error.strerror})."
        return Finding(shown, 0, what, "Prüfen Sie, ob sie eine Datei ist und ob Sie sie lesen dürfen.", code=code)
    line, why = yaml.explain_error(error)
    what = f"Die Datei ist kein gültiges YAML ({why})."
    return Finding(shown, line, what, "Vergleichen Sie die Zeile mit der darüber.", code=code)
