"""Findings of the checks: file, line, message, reason and hint for an editor."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "notice"]

# The reason for each code of a finding. A test plants a fault for each.
REASONS = {
    "header-broken": "Ohne lesbaren Kopf wird die Seite nicht gebaut.",
    "header-key": "Was der Bau nicht kennt, würde er stillschweigend übergehen.",
    "header-value": "Diese Angabe steuert Navigation, Suche oder Fristen.",
    "file-encoding": "Umlaute und andere Schriften kämen verstümmelt an.",
    "character": "Lesende und Programme sähen dort etwas anderes als Sie.",
    "file-unreadable": "Ohne sie fehlte eine Seite.",
    "file-empty": "Lesende bekämen eine leere Seite.",
    "file-unpublished": "Lesende finden sie nicht auf der Seite.",
    "page-size": "Der Bau bräuchte dafür Minuten, und niemand liest es.",
    "structure": "Links in Navigation, Fußzeile und Formularen führten ins Leere.",
    "no-german": "Eine Übersetzung erbt alle Angaben von der deutschen Seite.",
    "key-unknown": "Der Schlüssel führt ins Leere, die Angabe fehlte auf der Seite.",
    "review-overdue": "Regeln und Beträge ändern sich; Lesende verlassen sich auf den Stand.",
    "heading-id": "Nur mit Kennung führt ein Link in jeder Sprache an dieselbe Stelle.",
    "heading-level": "Wer mit dem Vorleseprogramm liest, springt von Überschrift zu Überschrift (WCAG 1.3.1).",
    "heading-parity": "Links auf Abschnitte gelten für alle Sprachen.",
    "box-title": "Sonst steht dort ein englisches Wort.",
    "box-blank": "Sonst zerfällt der Kasten beim Bauen und beim Übersetzen.",
    "markup": "Lesende sehen fortlaufenden Text oder Zeichen statt dessen, was gemeint ist.",
    "insert-unknown": "Der Bau kann die Stelle nicht füllen.",
    "place-name": "Andere Gemeinden übernehmen diese Seite unverändert.",
    "place-kind": "In einem Kreis ist „Stadt“ falsch.",
    "state-text": "Das Recht eines anderen Landes gilt hier nicht.",
    "shared-changed": "Was dort berichtigt wurde, steht in der eigenen Fassung noch nicht.",
    "typed-fact": "Angaben stehen einmal an einer Stelle, sonst veralten sie einzeln.",
    "html": "Aus HTML und fremden Adressen könnten Skripte, Formulare und Bilder anderer auf die Seite kommen.",
    "link-dead": "Lesende landen auf einer Fehlerseite.",
    "anchor-dead": "Lesende landen am Anfang der Seite statt an der Stelle.",
    "link-text": "Vorleseprogramme lesen Links als Liste vor; jeder muss allein verständlich sein (WCAG 2.4.4).",
    "image-alt": "Wer das Bild nicht sieht, erfährt sonst nicht, was es zeigt (WCAG 1.1.1).",
    "image-missing": "Auf der Seite wäre eine Lücke.",
    "image-size": "Viele lesen mit billigen Telefonen und wenig Datenvolumen.",
    "table-header": "Ohne Kopf weiß niemand, was in den Spalten steht (WCAG 1.3.1).",
    "section-order": "Wer die Seiten kennt, findet auf jeder dieselben Antworten an derselben Stelle.",
    "redirect": "Eine alte Adresse führt zu genau einer Seite.",
    "title-twice": "Lesende können die beiden Seiten nicht unterscheiden.",
    "fact-source": "Jede Angabe muss sich belegen lassen.",
    "fact-confirm": "Jemand muss wissen, wen er fragt.",
    "fact-value": "Der Bau kann die Angabe so nicht zeigen.",
    "untranslated": "Lesende der Sprache verstehen diesen Absatz nicht.",
    "numbers": "Zahlen, Daten und Paragrafen müssen in allen Sprachen dieselben sein.",
    "search-words": "Wer ein anderes Wort tippt als das der Seite, findet sie nur darüber.",
    "glossary": "Ein Begriff heißt überall gleich; das deutsche Amtswort steht auf Briefen und Schildern.",
    "lines": "Wer mehrere Seiten liest, erkennt dieselbe Zeile wieder; steht sie anders da, sucht man nach dem Unterschied.",
    "traps": "An diesen Wörtern stolpern Lesende oder Übersetzende.",
    "hard-german": "Viele lesen Deutsch als zweite Sprache; lange Sätze werden auch falsch übersetzt.",
    "easy-language": "In Leichter Sprache gelten feste Regeln (DIN SPEC 33429).",
    "unconfirmed": "Was niemand bestätigt hat, darf nicht als Tatsache öffentlich stehen.",
    "placeholder": "Ein Platzhalter ist keine Angabe; das Impressum ist Pflicht (§ 5 DDG).",
    "consent": "Ein Betrieb wird nur mit seiner Zustimmung genannt.",
    "unreviewed": "Maschinen übersetzen auch falsch.",
    "phrase": "Wer kein Deutsch kann, muss wissen, was der Satz heißt, den er zeigt.",
    "event": "Wer sich auf einen Termin verlässt, geht sonst umsonst hin.",
    "contrast": "Wer schlecht sieht, kann es sonst nicht lesen.",
    "data": "Daraus werden Seiten gebaut.",
    "answers": "Wer in dieser Sprache schreibt, bekäme eine halbe Antwort.",
    "words": "Ein fehlendes Wort der Oberfläche stünde englisch da.",
    "toolkit": "Betriebe bekämen eine falsche oder leere Liste.",
    "translations": "Danach richtet sich, was Lesenden als veraltet gezeigt wird.",
    "link-moved": "Alte Adressen verschwinden irgendwann.",
    "link-gone": "Lesende und Ämter verlassen sich auf die Quelle.",
    "": "",
}


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One finding for an editor.

    :ivar file: the path from the top of the project, for example ``docs/ar/kontakt.md``.
    :ivar line: the line, counted from 1; 0 if it concerns the whole file.
    :ivar message: the observation, as a German sentence.
    :ivar hint: the remedy, as a German sentence.
    :ivar level: an ``error`` stops the build or the check, a ``notice`` does not.
    :ivar code: a key of :data:`REASONS`.
    """

    file: str
    line: int
    message: str
    hint: str
    level: Level = "error"
    code: str = ""

    @property
    def reason(self) -> str:
        """Return the reason for this kind of finding, as a German sentence."""
        return REASONS[self.code]

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return " ".join(part for part in (f"{place}:", self.message, self.reason, self.hint) if part)


class ContentError(Exception):
    """The content cannot be built; holds the findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    def __reduce__(self) -> tuple[type[ContentError], tuple[list[Finding]]]:
        """Keep the findings when a process hands the error to another one."""
        return ContentError, (self.findings,)


class RenderError(Exception):
    """A page could not be rendered; the message names the page and the reason."""


def closest_match(word: str, known: Iterable[str], least: float = 0.6) -> str:
    """Return the known word that is most similar to another, or an empty string.

    :param least: the least similarity, between 0 and 1.
    """
    from difflib import get_close_matches  # late: most words are right

    return next(iter(get_close_matches(word, list(known), 1, least)), "")


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that stop a build."""
    return [finding for finding in findings if finding.level == "error"]


def as_text(findings: Iterable[Finding]) -> str:
    """Return findings for a person at a terminal, one line each."""
    return "\n".join(f"{'Fehler ' if one.level == 'error' else 'Hinweis'}  {one}" for one in findings)


def as_json(findings: Iterable[Finding]) -> str:
    """Return findings as JSON: a list of objects with file, line, level, kind, what, why and remedy.

    The keys are a public format; the fields of :class:`Finding` may be renamed, the keys may not.
    """
    rows = [
        {"file": one.file, "line": one.line, "level": one.level, "kind": one.code,
         "what": one.message, "why": one.reason, "remedy": one.hint}
        for one in findings
    ]  # fmt: skip
    return json.dumps(rows, ensure_ascii=False, indent=1)


def as_github(findings: Iterable[Finding]) -> str:
    """Return findings as GitHub shows them beside the changed lines (workflow commands)."""

    def safe(text: str, value: bool = False) -> str:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return text.replace(":", "%3A").replace(",", "%2C") if value else text

    return "\n".join(
        f"::{one.level} file={safe(one.file, True)},line={max(one.line, 1)},title={safe(one.message, True)}"
        f"::{safe(' '.join(part for part in (one.message, one.reason, one.hint) if part))}"
        for one in findings
    )
