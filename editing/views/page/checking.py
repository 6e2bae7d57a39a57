"""Findings in a text, and its effects on the translations."""

from msgspec import Struct

from core.findings import Finding
from editing import drafts
from editing.forms.facts import FactFile, file_findings
from editing.paragraphs.reading import read_file_text
from editing.paths import PICTURE
from editing.spelling import spelling_changes
from editing.views.blueprint import (
    AnyFile,
    DataFile,
    PageFile,
    WordsFile,
    workspace,
)
from editing.workspace import Effect, paragraph_of_finding
from form_handler.current import database


class CheckResult(Struct, frozen=True):
    """Findings and effects of a text, for the page and for the answer to the script."""

    findings: list[tuple[Finding, str | None]]
    effects: list[Effect]

    def at(self, place: str) -> list[Finding]:
        """Return the findings of one paragraph."""
        return [finding for finding, where in self.findings if where == place]


def pending_spelling(file: PageFile) -> list[tuple[str, str, str]]:
    """Return the changes of the draft that translations need not follow."""
    return spelling_changes(database(), file.draft) if file.draft else []


def check_text(file: AnyFile, raw: str, spelling: list[tuple[str, str, str]] | None = None) -> CheckResult:
    """Return findings and effects of a text of a page; of facts, which no translation follows, findings alone."""
    if isinstance(file, DataFile):
        return CheckResult(
            [
                (one, None)
                for one in file_findings(workspace(), FactFile(file.key, file.path, file.published, file.draft), raw)
            ],
            [],
        )
    if isinstance(file, WordsFile):
        return CheckResult([], [])  # each sentence was checked when it was stored
    site = workspace().with_draft(file.language.code, file.key, raw)
    document = read_file_text(raw).document
    found = site if isinstance(site, list) else workspace().findings(site, file.language.code, file.key)
    own = {one.path.rpartition("/")[2] for one in drafts.list_drafts(database()) if one.path.endswith(PICTURE)}
    found = [one for one in found if one.code != "image-missing" or not any(name in one.message for name in own)]
    effects = []
    if file.language.default:
        effects = workspace().effects(file.key, raw, pending_spelling(file) if spelling is None else spelling)
    return CheckResult([(one, paragraph_of_finding(document, one.line)) for one in found], effects)
