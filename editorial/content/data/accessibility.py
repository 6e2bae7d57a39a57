"""What the accessibility statement says about the tests: the last full run, with its date and whatever it found."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from core.findings import Finding
from core.formatting import format_long_date
from core.gettext import gettext as _
from core.languages import Language
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
    """Return the last full run, None if there was none yet, or what is wrong with the file."""
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


def render_accessibility_run(run: AccessibilityRun | None, language: Language) -> str:
    """Return the statement's paragraph on the tests (Decision (EU) 2018/1523, annex: how the statement was prepared)."""
    if run is None:
        return str(Markup("<p>{}</p>").format(_("A full automatic test of all pages has not been carried out yet.")))
    said = [
        _(
            "Last full automatic test: %(date)s. A program opened %(pages)s pages in %(languages)s languages, narrow and wide, light and dark (%(engine)s, %(browser)s).",
            date=format_long_date(run.date, language), pages=run.pages, languages=run.languages,
            engine=run.engine, browser=run.browser,
        ),
        _("The program also used each page with the keyboard alone, at a width of 320 pixels, with text twice as large, and without JavaScript."),
    ]  # fmt: skip
    if run.rules:
        said.append(_("It found pages that break these rules:"))
    else:
        said.append(_("It did not find any violation of the rules that it knows."))
    if run.other:
        said.append(_("On %(pages)s pages it found something else to fix.", pages=run.other))
    said.append(_("A program finds only some accessibility problems. People find the others."))
    broken = Markup("").join(
        Markup('<li><code lang="en" dir="ltr">{}</code>: {}</li>').format(one.rule, one.pages) for one in run.rules
    )
    paragraph = Markup("<p>{}</p>").format(" ".join(said))
    return str(paragraph + (Markup("<ul>{}</ul>").format(broken) if broken else Markup("")))
