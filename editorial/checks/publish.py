"""Content that may not go public yet, and open tasks."""

import datetime
import re
from collections.abc import Iterator

from core.findings import Finding, Level
from core.project import CITY_SETTINGS, draft_languages
from core.states import NEEDED, missing_provisions
from editorial.checks.text_lines import LINK, prose_lines
from editorial.content.data.facts import Facts
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.pages import Content, Page, PageText
from editorial.content.place_names import FILE as PLACE_FILE

FACT_GROUPS = ("contacts", "companies", "links", "numbers", "amounts")
# Square brackets that are not a link: a gap to be filled in, in any language.
PLACEHOLDER = re.compile(r"\[[^\]\[]{3,}\](?!\()")


def check_review(page: Page, today: datetime.date, level: Level = "notice") -> Iterator[Finding]:
    """A page whose review date has passed is named; the build continues."""
    text = next(iter(page.texts.values()))
    if page.front_matter.review_by < today:
        yield Finding(
            text.file, text.lines.get("review_by", 1),
            f"Die Seite sollte bis {page.front_matter.review_by:%d.%m.%Y} geprüft werden.",
            "Prüfen Sie die Angaben und setzen Sie as_of: und review_by: neu.", level, "review-overdue",
        )  # fmt: skip


def check_publish(content: Content, facts: Facts, today: datetime.date, draft_line: int = 0) -> list[Finding]:
    """Return everything that prevents publication of the site, as errors.

    :param draft_line: the line of ``city/city.yml`` that makes every page name the site a draft; 0 if there is none.
    """
    found: list[Finding] = []
    if draft_line:
        found.append(
            Finding(CITY_SETTINGS, draft_line, "Jede Seite nennt die Website noch einen Entwurf (draft: true).",
                    "Setzen Sie draft: false, wenn die Verwaltung die Website betreibt.", code="unconfirmed")
        )  # fmt: skip
    for page in content.pages.values():
        found += check_review(page, today, "error")
        for text in page.texts.values():
            found += check_placeholders(text)
    found += unconfirmed(content, facts, "error")
    found += [
        Finding(CITY_SETTINGS, 0, f"Die Sprache „{code}“ wird noch als Entwurf gebaut (draft_languages:).",
                "Übersetzen Sie die Oberfläche, und streichen Sie die Sprache aus der Zeile.", code="words")
        for code in draft_languages()
    ]  # fmt: skip
    found += [
        Finding(CITY_SETTINGS, 0, f"Für das Land dieser Gemeinde (state:) ist nicht bekannt, {NEEDED[name]} ({name}:).",
                "Tragen Sie es in city/data/states.yml ein; wie, steht oben in docs/data/states.yml. Was gilt, prüft, wer bei Ihnen dafür zuständig ist.",
                code="unconfirmed")
        for name in missing_provisions()
    ]  # fmt: skip
    for code in facts.place.unchecked:
        found.append(
            Finding(PLACE_FILE, 0, f"Die Formen des Namens in der Sprache „{code}“ hat noch niemand geprüft.",
                    "Lassen Sie sie jemanden lesen, der die Sprache spricht, und streichen Sie sie aus unchecked:.", code="unreviewed")
        )  # fmt: skip
    for key, company in facts.companies.items():
        if company.consent != "given":
            found.append(
                Finding(facts.file("companies", key), facts.line("companies", key),
                        f"„{key}“: Die Zustimmung des Betriebs liegt nicht vor (consent: {company.consent}).",
                        "Holen Sie sie schriftlich ein und setzen Sie consent: given, oder nehmen Sie die Seite heraus.",
                        code="consent")
            )  # fmt: skip
    for kind in FACT_GROUPS:
        for key, fact in getattr(facts, kind).items():
            if fact.review_by is not None and fact.review_by < today:
                found.append(
                    Finding(facts.file(kind, key), facts.line(kind, key),
                            f"„{key}“ sollte bis {fact.review_by:%d.%m.%Y} geprüft werden.",
                            "Prüfen Sie die Angabe und setzen Sie review_by: neu.", code="review-overdue")
                )  # fmt: skip
    return sorted(found)


def check_placeholders(text: PageText) -> Iterator[Finding]:
    """Name every pair of square brackets that waits for the city's words."""
    for number, line in prose_lines(text):
        for match in PLACEHOLDER.finditer(LINK.sub("", line)):
            yield Finding(text.file, number, f"Ein Platzhalter: „{match[0]}“", "Tragen Sie die Angabe ein.",
                          code="placeholder")  # fmt: skip


def unconfirmed(content: Content, facts: Facts, level: Level) -> Iterator[Finding]:
    """Yield a finding for each unconfirmed page and fact, with the person or office to ask."""
    for page in content.pages.values():
        if not page.front_matter.confirmed:
            text = next(iter(page.texts.values()))
            yield Finding(text.file, text.lines.get("confirmed", 1), "Noch nicht bestätigt:", page.front_matter.confirm or "",
                          level, "unconfirmed")  # fmt: skip
    for name in FACT_GROUPS:
        for key, fact in getattr(facts, name).items():
            if not fact.confirmed:
                yield Finding(facts.file(name, key), facts.line(name, key), f"„{key}“ ist noch nicht bestätigt:",
                              fact.confirm or "Bitte prüfen.", level, "unconfirmed")  # fmt: skip


def pending_confirmations(content: Content, facts: Facts) -> list[Finding]:
    """Return the pending confirmations and the numbers of unreviewed translations, as notices."""
    return sorted([*unreviewed(content), *unconfirmed(content, facts, "notice")])


def unreviewed(content: Content) -> Iterator[Finding]:
    """Yield one finding per language with the number of its unreviewed translations."""
    headers: dict[str, list[TranslationFrontMatter]] = {}
    for page in content.pages.values():
        for code, text in page.texts.items():
            if isinstance(text.front_matter, TranslationFrontMatter):
                headers.setdefault(code, []).append(text.front_matter)
    for code, rows in headers.items():
        open_rows = sum(row.reviewed_by is None for row in rows)
        if open_rows:
            yield Finding(f"docs/{code}", 0, f"{open_rows} von {len(rows)} Übersetzungen hat noch niemand geprüft.",
                          "Wer geprüft hat, trägt sich im Kopf ein: reviewed_by: und reviewed_at:.", "notice",
                          "unreviewed")  # fmt: skip
