"""The checks on content: every rule here is a function of texts, and every fault names file, line, remedy."""

from __future__ import annotations

import datetime
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from editorial.content import Content, Page, Text
from editorial.facts import Facts
from editorial.findings import Finding
from editorial.front_matter import TranslationHeader
from editorial.inserts import BRACES, DRAWN, INSERT, UNITS, find_fact
from editorial.languages import Language

HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*$")
HEADING_ID = re.compile(r"\{[^}]*#([a-z][a-z0-9-]*)[^}]*\}\s*$")
ADMONITION = re.compile(r"^(\s*)(?:!!!|\?\?\?\+?)\s*([\w-]+)?\s*(.*)$")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
PHONE = re.compile(r"(?<![\w§/.-])(?:\+49[ \d/(]|0\d)[\d \t/()–-]{4,}\d|(?<!\d)(?:116 ?117|116 ?016|116 ?111)(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
MONEY = re.compile(r"\d[\d.,]*\s*(?:€|Euro\b|EUR\b)")
EXTERNAL = re.compile(r"https?://|www\.")
FENCE = re.compile(r"^\s*(```|~~~)")
RAW_HTML = re.compile(r"<(?:[a-z][\w-]*)(?:\s[^>]*)?>", re.IGNORECASE)


def prose_lines(text: Text) -> Iterator[tuple[int, str]]:
    """Yield line number and line of a page's body, code blocks left out."""
    fenced = False
    for offset, line in enumerate(text.body.splitlines()):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield text.body_line + offset, line


def check_content(
    content: Content,
    facts: Facts,
    languages: tuple[Language, ...],
    forms: Collection[str],
    today: datetime.date,
    docs: Path,
) -> list[Finding]:
    """Return everything that is wrong with the pages; see :class:`Finding` for what a fault says."""
    found = list(content.findings)
    for page in content.pages.values():
        found += check_keys(page, facts, forms, languages)
        found += check_review(page, today)
        source_ids: set[str] | None = None
        for code, text in page.texts.items():
            found += check_headings(text)
            found += check_admonitions(text)
            found += check_inserts(text, facts)
            found += check_typed_facts(text)
            ids = heading_ids(text)
            if source_ids is None:
                source_ids = set(ids)
            elif set(ids) != source_ids:
                found.append(_other_headings(text, set(ids), source_ids))
            language = next(row for row in languages if row.code == code)
            found += check_links(text, page, content, language, docs)
    for language in languages:
        found += check_titles(content, language)
    found += check_facts(facts, content)
    return sorted(set(found))


def heading_ids(text: Text) -> dict[str, int]:
    """Return the ids of a page's headings with the level of each."""
    ids: dict[str, int] = {}
    for _, line in prose_lines(text):
        heading = HEADING.match(line)
        named = HEADING_ID.search(line) if heading else None
        if heading and named:
            ids[named[1]] = len(heading[1])
    return ids


def _other_headings(text: Text, ids: set[str], source: set[str]) -> Finding:
    missing, extra = sorted(source - ids), sorted(ids - source)
    parts = [f"es fehlt {{ #{name} }}" for name in missing] + [f"zu viel ist {{ #{name} }}" for name in extra]
    return Finding(
        text.file, 0, f"Die Überschriften passen nicht zur deutschen Seite: {', '.join(parts)}.",
        "Gleichen Sie die Kennungen in geschweiften Klammern an; sie sind in allen Sprachen gleich.",
    )  # fmt: skip


def check_headings(text: Text) -> Iterator[Finding]:
    """Every page begins with one heading of level 1; each heading has an id of its own; no level is skipped."""
    seen: dict[str, int] = {}
    level = 0
    for number, line in prose_lines(text):
        heading = HEADING.match(line)
        if heading is None:
            continue
        named = HEADING_ID.search(line)
        if named is None:
            yield Finding(
                text.file, number, f"Die Überschrift „{heading[2]}“ hat keine Kennung.",
                "Hängen Sie eine an, in allen Sprachen dieselbe: ## Termine { #termine }",
            )  # fmt: skip
        elif named[1] in seen:
            yield Finding(
                text.file, number, f"Die Kennung #{named[1]} steht schon in Zeile {seen[named[1]]}.",
                "Geben Sie der Überschrift eine andere.",
            )  # fmt: skip
        else:
            seen[named[1]] = number
        depth = len(heading[1])
        if level == 0 and depth != 1:
            yield Finding(text.file, number, "Die erste Überschrift ist nicht von der ersten Ebene.",
                          "Beginnen Sie den Text mit # Überschrift { #kennung }.")  # fmt: skip
        if level and depth == 1:
            yield Finding(text.file, number, "Eine zweite Überschrift der ersten Ebene.", "Nehmen Sie ## statt #.")
        if level and depth > level + 1:
            yield Finding(text.file, number, f"Nach Ebene {level} folgt Ebene {depth}.",
                          "Überspringen Sie keine Ebene.")  # fmt: skip
        level = depth
    if level == 0:
        yield Finding(text.file, text.body_line, "Die Seite hat keine Überschrift.",
                      "Beginnen Sie den Text mit # Überschrift { #kennung }.")  # fmt: skip


def check_admonitions(text: Text) -> Iterator[Finding]:
    """Each box has a title of its own and a blank line after it; else it shows an English word or breaks."""
    lines = list(prose_lines(text))
    for index, (number, line) in enumerate(lines):
        box = ADMONITION.match(line)
        if box is None or not line.lstrip().startswith(("!!!", "???")):
            continue
        if not re.fullmatch(r'"[^"]+"\s*', box[3]):
            yield Finding(text.file, number, "Der Kasten hat keinen Titel in Anführungszeichen.",
                          'Schreiben Sie zum Beispiel: !!! note "Gut zu wissen"')  # fmt: skip
        if index + 1 < len(lines) and lines[index + 1][1].strip():
            yield Finding(text.file, number, "Nach der Kopfzeile des Kastens fehlt eine Leerzeile.",
                          "Fügen Sie eine leere Zeile ein.")  # fmt: skip


def check_inserts(text: Text, facts: Facts) -> Iterator[Finding]:
    """Every ``{{ … }}`` names a fact that exists."""
    for number, line in prose_lines(text):
        for braces in BRACES.finditer(line):
            match = INSERT.fullmatch(braces[0])
            if match is None:
                yield Finding(text.file, number, f"„{braces[0]}“ ist kein Einschub.",
                              "Richtig ist zum Beispiel {{ tel.fire }}.")  # fmt: skip
            elif f"{match[1]}.{match[2]}" not in DRAWN and find_fact(facts, match[1], match[2]) is None:
                yield Finding(text.file, number, f"Den Einschub {{{{ {match[1]}.{match[2]} }}}} gibt es nicht.",
                              "Prüfen Sie den Schlüssel oder ergänzen Sie ihn in docs/data/.")  # fmt: skip


def check_typed_facts(text: Text) -> Iterator[Finding]:
    """Numbers to call, mail addresses, sums and outside addresses stand in ``docs/data/``, not in prose."""
    kinds: Iterable[tuple[re.Pattern[str], str, str]] = (
        (PHONE, "Eine Telefonnummer", "docs/data/contacts.yml oder numbers.yml und {{ contact.… }} oder {{ tel.… }}"),
        (EMAIL, "Eine E-Mail-Adresse", "docs/data/contacts.yml und {{ contact.… }}"),
        (MONEY, "Ein Geldbetrag", "docs/data/amounts.yml und {{ amount.… }}"),
        (EXTERNAL, "Eine fremde Internetadresse", "docs/data/links.yml und {{ link.… }}"),
        (RAW_HTML, "HTML", "Markdown; HTML ist in Texten nicht vorgesehen"),
    )
    for number, line in prose_lines(text):
        bare = INSERT.sub("", line)
        for pattern, name, remedy in kinds:
            match = pattern.search(bare)
            if match:
                yield Finding(text.file, number, f"{name} steht im Text („{match[0].strip()}“).",
                              f"Nehmen Sie dafür {remedy}.")  # fmt: skip


def check_links(text: Text, page: Page, content: Content, language: Language, docs: Path) -> Iterator[Finding]:
    """Each link leads to a page that exists, and each anchor to a heading of it."""
    base = posixpath.dirname(page.key)
    for number, line in prose_lines(text):
        for image, label, target in LINK.findall(line):
            if EXTERNAL.match(target) or target.startswith(("tel:", "mailto:")):
                continue
            path, _, anchor = target.partition("#")
            if image:
                yield from _check_image(text, number, label, path, docs, base)
                continue
            if not label.strip():
                yield Finding(
                    text.file, number, "Ein Link ohne Text.", "Sagen Sie in eckigen Klammern, wohin er führt."
                )
            key = posixpath.normpath(posixpath.join(base, path)) if path else page.key
            key = key.removesuffix(".md")
            other = content.pages.get(key)
            if path and not path.endswith(".md"):
                yield Finding(text.file, number, f"Der Link „{target}“ endet nicht auf .md.",
                              "Schreiben Sie den Pfad zur Datei, zum Beispiel ../kontakt.md.")  # fmt: skip
            elif other is None and (docs / "de" / f"{key}.md").exists():
                continue  # that page has a fault of its own, which is named there
            elif other is None or not other.exists_in(language):
                yield Finding(text.file, number, f"Der Link „{target}“ führt zu keiner Seite.",
                              "Prüfen Sie den Pfad; er zählt ab dem Ordner dieser Datei.")  # fmt: skip
            elif anchor and anchor not in heading_ids(other.text(language)):
                yield Finding(text.file, number, f"Auf der Seite „{key}“ gibt es keine Überschrift mit #{anchor}.",
                              "Prüfen Sie die Kennung in geschweiften Klammern dort.")  # fmt: skip


def _check_image(text: Text, number: int, label: str, path: str, docs: Path, base: str) -> Iterator[Finding]:
    if not label.strip():
        yield Finding(text.file, number, f"Das Bild „{path}“ hat keinen Alternativtext.",
                      "Schreiben Sie in die eckigen Klammern, was das Bild zeigt.")  # fmt: skip
    folder = text.file.split("/")[1]
    if not (docs / folder / base / path).exists():
        yield Finding(text.file, number, f"Das Bild „{path}“ gibt es nicht.", "Legen Sie es in docs/assets/ ab.")


def check_titles(content: Content, language: Language) -> Iterator[Finding]:
    """Sisters in the navigation have different names, or a reader cannot tell them apart."""
    seen: dict[tuple[str | None, str], Text] = {}
    for page in content.pages.values():
        if not page.is_translated(language):
            continue
        text = page.text(language)
        place = (page.parent_key, text.nav_title.casefold())
        if place in seen:
            yield Finding(text.file, 2, f"Der Titel „{text.nav_title}“ steht auch in {seen[place].file}.",
                          "Geben Sie einer der beiden Seiten einen anderen Titel (title: oder nav_title:).")  # fmt: skip
        seen[place] = text


def check_keys(page: Page, facts: Facts, forms: Collection[str], languages: tuple[Language, ...]) -> Iterator[Finding]:
    """The keys in a header name facts, forms and languages that exist; a section has an index page."""
    header, file = page.facts, f"docs/de/{page.key}.md"
    wanted: list[tuple[str, Iterable[str], Collection[str], str]] = [
        ("contact", [header.contact] if header.contact else [], facts.contacts, "docs/data/contacts.yml"),
        ("law", header.law, facts.laws, "docs/data/laws.yml"),
        ("links", header.links, facts.links, "docs/data/links.yml"),
        ("source", header.source, facts.sources, "docs/data/sources.yml"),
        ("form", [header.form] if header.form else [], forms, "form_handler/forms"),
        ("languages", header.languages or [], [row.code for row in languages], "mkdocs.yml"),
    ]
    for name, keys, known, where in wanted:
        for key in keys:
            if key not in known:
                yield Finding(file, 1, f"{name}: „{key}“ gibt es nicht.", f"Bekannt ist, was in {where} steht.")


def check_review(page: Page, today: datetime.date) -> Iterator[Finding]:
    """A page whose review date has passed is named; the build goes on."""
    if page.facts.review_by < today:
        yield Finding(
            f"docs/de/{page.key}.md", 1, f"Die Seite sollte bis {page.facts.review_by:%d.%m.%Y} geprüft werden.",
            "Prüfen Sie die Angaben und setzen Sie as_of: und review_by: neu.", "notice",
        )  # fmt: skip


def check_facts(facts: Facts, content: Content) -> Iterator[Finding]:
    """Shared facts name known sources, known units and secure addresses; the unconfirmed say who confirms."""
    groups = {
        "contacts": facts.contacts, "companies": facts.companies, "laws": facts.laws,
        "links": facts.links, "numbers": facts.numbers, "amounts": facts.amounts,
    }  # fmt: skip
    for name, rows in groups.items():
        for key, fact in rows.items():
            file = f"docs/data/{name}.yml"
            for source in fact.source:
                if source not in facts.sources:
                    yield Finding(file, 0, f"„{key}“: Die Quelle {source} gibt es nicht.",
                                  "Ergänzen Sie sie in docs/data/sources.yml.")  # fmt: skip
            if not fact.confirmed and not fact.confirm and name in {"contacts", "companies"}:
                yield Finding(file, 0, f"„{key}“ ist nicht bestätigt, aber es steht nicht da, wer bestätigt.",
                              "Ergänzen Sie confirm:.")  # fmt: skip
            url = getattr(fact, "url", None)
            if url and not url.startswith("https://"):
                yield Finding(file, 0, f"„{key}“: Die Adresse beginnt nicht mit https://.", "Ergänzen Sie sie.")
    for key, amount in facts.amounts.items():
        if amount.unit not in UNITS:
            yield Finding("docs/data/amounts.yml", 0, f"„{key}“: Die Einheit {amount.unit} ist unbekannt.",
                          f"Bekannt sind: {', '.join(sorted(u for u in UNITS if u))}.")  # fmt: skip


def open_questions(content: Content, facts: Facts) -> list[Finding]:
    """Return what the city still has to confirm and how many translations nobody has reviewed, as notices for editors."""
    found = [*unreviewed(content)]
    found += [
        Finding(f"docs/de/{page.key}.md", 1, "Noch nicht bestätigt:", page.facts.confirm or "", "notice")
        for page in content.pages.values()
        if not page.facts.confirmed
    ]
    for name in ("contacts", "companies", "links", "numbers", "amounts"):
        for key, fact in getattr(facts, name).items():
            if not fact.confirmed:
                found.append(
                    Finding(f"docs/data/{name}.yml", 0, f"„{key}“ ist noch nicht bestätigt:",
                            fact.confirm or "Bitte prüfen.", "notice")
                )  # fmt: skip
    return sorted(found)


def unreviewed(content: Content) -> Iterator[Finding]:
    """Say for each language how many of its translations no person has reviewed."""
    headers: dict[str, list[TranslationHeader]] = {}
    for page in content.pages.values():
        for code, text in page.texts.items():
            if isinstance(text.header, TranslationHeader):
                headers.setdefault(code, []).append(text.header)
    for code, rows in headers.items():
        open_rows = sum(row.reviewed_by is None for row in rows)
        if open_rows:
            yield Finding(f"docs/{code}", 0, f"{open_rows} von {len(rows)} Übersetzungen hat noch niemand geprüft.",
                          "Wer geprüft hat, trägt sich im Kopf ein: reviewed_by: und reviewed_at:.", "notice")  # fmt: skip
