"""The last full run of the accessibility test, for the accessibility statement: its date and its findings."""

from pathlib import Path

from core.findings import Finding
from core.text import yaml
from core.text.values import Date
from editorial.content.schema import StrictStruct, validate

RESULTS_PATH = "city/data/accessibility.yml"


class RuleViolation(StrictStruct, frozen=True, kw_only=True):
    """One rule that pages break.

    :ivar rule: axe-core's name of the rule.
    :ivar pages: how many pages break it.
    """

    rule: str
    pages: int


class AccessibilityRun(StrictStruct, frozen=True, kw_only=True):
    """The last run of ``make test-all``.

    :ivar looks: widths times colour schemes in which each page was opened.
    :ivar other: pages with another fault: keyboard, width, doubled text, script, links.
    """

    date: Date
    pages: int
    languages: int
    looks: int
    engine: str
    browser: str
    rules: list[RuleViolation]
    other: int


def load_accessibility_run(path: Path) -> AccessibilityRun | Finding | None:
    """Return the last full run, None if there was none yet, or the error of the file."""
    if not path.exists():
        return None
    line, why = 0, ""
    try:
        data, node = yaml.load_file(path)
        read = validate(AccessibilityRun, data)
        if isinstance(read, AccessibilityRun):
            return read
        line, why = yaml.line_of(node, read[0].path), f"{read[0].dotted_path}: {read[0].message}"
    except yaml.YAMLError as error:
        line, why = yaml.explain_error(error)
    except OSError as error:
        why = str(error.strerror)
    return Finding(
        RESULTS_PATH,
        line,
        f"Das Prüfergebnis ist nicht lesbar ({why}).",
        "Schreiben Sie es neu: make test-all.",
        code="data",
    )
