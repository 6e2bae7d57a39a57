"""The build of a page: headings, boxes, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.findings import Finding, Level
from editorial.checks.text_lines import HEADING, HEADING_ID, prose_lines
from editorial.content.data.headings import Headings
from editorial.content.pages import PageText
from editorial.translations.segments import is_table_separator

ADMONITION = re.compile(r"^(\s*)(?:!!!|\?\?\?\+?)\s*([\w-]+)?\s*(.*)$")


def heading_ids(text: PageText) -> dict[str, int]:
    """Return the ids of a page's headings with the level of each."""
    ids: dict[str, int] = {}
    for _, line in prose_lines(text):
        heading = HEADING.match(line) if line.startswith("#") else None
        named = HEADING_ID.search(line) if heading else None
        if heading and named:
            ids[named[1]] = len(heading[1])
    return ids


def heading_mismatch(text: PageText, ids: set[str], source: set[str], level: Level = "error") -> Finding:
    """Return the finding on headings that do not fit the German page's."""
    missing, extra = sorted(source - ids), sorted(ids - source)
    parts = [f"es fehlt {{ #{name} }}" for name in missing] + [f"zu viel ist {{ #{name} }}" for name in extra]
    return Finding(
        text.file, 0, f"Die Überschriften oder Kästchen passen nicht zur deutschen Seite: {', '.join(parts)}.",
        "Gleichen Sie die Kennungen in geschweiften Klammern an; sie sind in allen Sprachen gleich.",
        level=level, code="heading-parity",
    )  # fmt: skip


def check_headings(text: PageText) -> Iterator[Finding]:
    """Every page begins with one heading of level 1; each heading has an id of its own; no level is skipped."""
    seen: dict[str, int] = {}
    level = 0
    for number, line in prose_lines(text):
        heading = HEADING.match(line) if line.startswith("#") else None
        if heading is None:
            continue
        named = HEADING_ID.search(line)
        if named is None:
            yield Finding(
                text.file, number, f"Die Überschrift „{heading[2]}“ hat keine Kennung.",
                "Hängen Sie eine an, in allen Sprachen dieselbe: ## Termine { #termine }", code="heading-id",
            )  # fmt: skip
        elif named[1] in seen:
            yield Finding(
                text.file, number, f"Die Kennung #{named[1]} steht schon in Zeile {seen[named[1]]}.",
                "Geben Sie der Überschrift eine andere.", code="heading-id",
            )  # fmt: skip
        else:
            seen[named[1]] = number
        depth = len(heading[1])
        if level == 0 and depth != 1:
            yield Finding(text.file, number, "Die erste Überschrift ist nicht von der ersten Ebene.",
                          "Beginnen Sie den Text mit # Überschrift { #kennung }.", code="heading-level")  # fmt: skip
        if level and depth == 1:
            yield Finding(text.file, number, "Eine zweite Überschrift der ersten Ebene.", "Nehmen Sie ## statt #.",
                          code="heading-level")  # fmt: skip
        if level and depth > level + 1:
            yield Finding(text.file, number, f"Nach Ebene {level} folgt Ebene {depth}.",
                          "Überspringen Sie keine Ebene.", code="heading-level")  # fmt: skip
        level = depth
    if level == 0:
        yield Finding(text.file, text.body_line, "Die Seite hat keine Überschrift.",
                      "Beginnen Sie den Text mit # Überschrift { #kennung }.", code="heading-level")  # fmt: skip


def check_section_order(text: PageText, headings: Headings) -> Iterator[Finding]:
    """A reader learns what it is, who may, what it costs and what to bring before the steps begin."""
    ids = list(heading_ids(text))
    steps = next((one for one in ids if one in headings.steps), None)
    if steps is None:
        return
    lines = {named[1]: number for number, line in prose_lines(text) if (named := HEADING_ID.search(line))}
    for late in ids[ids.index(steps) :]:
        if late in headings.before_steps:
            yield Finding(
                text.file, lines[late], f"Der Abschnitt #{late} steht hinter den Schritten (#{steps}).",
                "Schieben Sie ihn davor: worum es geht, für wen, was es kostet, was man mitbringt, dann die Schritte.",
                level="notice", code="section-order",
            )  # fmt: skip


def check_admonitions(text: PageText) -> Iterator[Finding]:
    """Each box has a title of its own and a blank line after it; else it shows an English word or breaks."""
    lines = prose_lines(text)
    for index, (number, line) in enumerate(lines):
        box = ADMONITION.match(line) if line.lstrip().startswith(("!!!", "???")) else None
        if box is None:
            continue
        if not re.fullmatch(r'"[^"]+"\s*', box[3]):
            yield Finding(text.file, number, "Der Kasten hat keinen Titel in Anführungszeichen.",
                          'Schreiben Sie zum Beispiel: !!! note "Gut zu wissen"', code="box-title")  # fmt: skip
        if index + 1 < len(lines) and lines[index + 1][1].strip():
            yield Finding(text.file, number, "Nach der Kopfzeile des Kastens fehlt eine Leerzeile.",
                          "Fügen Sie eine leere Zeile ein.", code="box-blank")  # fmt: skip


def check_tables(text: PageText) -> Iterator[Finding]:
    """Each table begins with a row of headings, none of them empty."""
    before = ""
    lines = prose_lines(text)
    for index, (number, line) in enumerate(lines):
        if line.lstrip().startswith("|") and not before.lstrip().startswith("|"):
            after = lines[index + 1][1] if index + 1 < len(lines) else ""
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not is_table_separator(after):
                yield Finding(text.file, number, "Die Tabelle hat keine Kopfzeile.",
                              "Schreiben Sie zuerst, was in den Spalten steht, darunter eine Zeile |---|---|.",
                              code="table-header")  # fmt: skip
            elif not all(cells):
                yield Finding(text.file, number, "In der Kopfzeile der Tabelle ist ein Feld leer.",
                              "Schreiben Sie hinein, was in der Spalte steht.", code="table-header")  # fmt: skip
        before = line
