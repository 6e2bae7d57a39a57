"""``kim new``: a new page with its header explained, or a new language with everything it needs to begin.

Nothing that exists is ever overwritten, and nothing half is left behind.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from pathlib import Path

from babel import Locale, UnknownLocaleError
from msgspec import Struct

from editorial.catalogues import collect_messages, update_catalogue
from editorial.content import Content, read_content
from editorial.findings import errors
from editorial.languages import ROOT, Language, load_languages, parse_languages
from editorial.yaml_files import load as load_yaml

KINDS = ("offer", "company", "measure", "page")
FOLDERS = {"offer": "angebote", "company": "betriebe", "measure": "arbeitgeber/werkzeugkasten", "page": ""}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "ł": "l", "ı": "i"})


class NewError(Exception):
    """Nothing was made; the message says why and what to do, in German."""


class Made(Struct, frozen=True):
    """What was made.

    :ivar files: paths that are new or changed.
    :ivar next_steps: what a person does now, in German.
    """

    files: list[Path]
    next_steps: list[str]


def slug_of(title: str) -> str:
    """Return a title as part of an address: ``"Hilfe für Väter"`` becomes ``"hilfe-fuer-vaeter"``.

    :raises NewError: if nothing is left of it.
    """
    plain = unicodedata.normalize("NFKD", title.casefold().translate(UMLAUTS)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if not slug or slug == "index":
        raise NewError(f"Aus „{title}“ lässt sich keine Adresse machen. Nehmen Sie einen Titel mit Buchstaben.")
    return slug


def quoted(text: str) -> str:
    """Return a text as YAML takes it in one line, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"


HEADER = """---
# Der Kopf der Seite. Was hinter # steht, ist Erklärung; Sie dürfen es löschen.
title: {title}
description: 'Ein ganzer Satz, der sagt, was auf der Seite steht. Er erscheint in der Suche und auf Karten.'
# Der Platz unter den Schwesterseiten: 10, 20, 30 …
order: {order}
# Für wen: newcomers, employers, helpers, everyone
audience: [{audience}]
# Themen; Seiten mit gleichen Themen empfehlen einander. Die Liste steht in REDAKTION.md.
topics: [{topics}]
# Wer auf der Seite als Kontakt steht: ein Schlüssel aus docs/data/contacts.yml
contact: kim
{extra}# Woher die Angaben stammen: Schlüssel aus docs/data/sources.yml
source: [own]
# Stand der Angaben, und bis wann jemand sie wieder prüft
as_of: {as_of}
review_by: {review_by}
# Solange jemand etwas bestätigen muss: false, und dahinter wer was bestätigt
confirmed: false
confirm: alle Angaben – Redaktion
---

# {heading} {{ #{anchor} }}

"""
BODIES = {
    "offer": """## Worum geht es? { #worum-es-geht }

Zwei oder drei kurze Sätze.

## Für wen ist das Angebot? { #fuer-wen }

## Was kostet das? { #kosten }

## Wie gehen Sie vor? { #so-gehen-sie-vor }

1. Der erste Schritt.

## Was sollten Sie mitbringen? { #mitbringen }

- Ihren Ausweis oder Ihr Aufenthaltsdokument

## Mehr Informationen { #weiter }

- [Alle Angebote](index.md)
""",
    "company": """## Was ist belegt? { #belegt }

Nur, was schriftlich vorliegt.

## Hat der Betrieb zugestimmt? { #zustimmung }

Ob der Betrieb dieser Seite zustimmt, wissen wir noch nicht.

## Gehören Sie zu diesem Betrieb? { #fuer-den-betrieb }

[Kontakt zu uns](../kontakt.md)
""",
    "measure": """Ein Satz: Was ist das?

## Für wen ist das gedacht? { #fuer-wen }

## Wie gehen Sie vor? { #das-tun-sie }

1. Der erste Schritt.

## Wer bezahlt? { #wer-zahlt }

## Wie lange dauert das? { #dauer }

## Was steht im Gesetz? { #grundlage }

## Wie geht es weiter? { #weiter }

- [Gespräch mit KIM](gespraech-mit-kim.md)
""",
    "page": """Zwei oder drei kurze Sätze.
""",
}
EXTRAS = {
    "offer": "# Was es kostet: free, partly oder varies; und in welchen Sprachen es das Angebot gibt\noffer: {cost: varies}\n",
    "company": "",
    "measure": "# Wann der Werkzeugkasten die Hilfe zeigt. Ist der Text fertig: # am Anfang der nächsten Zeile löschen, anpassen,\n"
    "# und die Hilfe in docs/data/chooser.yml nennen. Welche Wörter gelten, steht dort oben.\n"
    "# measure: {wants: [job], stages: [start], obstacles: [], documents: [unknown], sizes: [small, medium, large], pays: nobody}\n",
    "page": "",
}
AUDIENCES = {"offer": "newcomers", "company": "employers, everyone", "measure": "employers", "page": "everyone"}
TOPICS = {"offer": "advice", "company": "companies", "measure": "work", "page": "kim"}


def new_page(kind: str, title: str, docs: Path, today: datetime.date, folder: str | None = None) -> Made:
    """Create a German page with its header explained.

    :param kind: one of :data:`KINDS`.
    :param folder: for a plain page, the section below ``docs/de`` in which it stands; default is the top.
    :raises NewError: if the title cannot be one, or the page exists.
    """
    title = " ".join(title.split())
    if not title or len(title) > 90 or re.search(r"[{}<>]", title):
        raise NewError("Der Titel hat 1 bis 90 Zeichen, ohne { } < und >.")
    section = (folder if kind == "page" and folder else FOLDERS[kind]).strip("/")
    if ".." in section.split("/") or not (docs / "de" / section).is_dir():
        raise NewError(f"Den Bereich „{section}“ gibt es unter docs/de nicht.")
    path = docs / "de" / section / f"{slug_of(title)}.md"
    if path.exists():
        raise NewError(f"{shown(path, docs)} gibt es schon. Nehmen Sie einen anderen Titel oder ändern Sie die Seite.")
    content = read_content(docs, load_languages())
    text = HEADER.format(
        title=quoted(title), order=next_order(content, section), audience=AUDIENCES[kind], topics=TOPICS[kind],
        extra=EXTRAS[kind], as_of=f"{today:%Y-%m}", review_by=today + datetime.timedelta(days=183),
        heading=title, anchor=slug_of(title),
    )  # fmt: skip
    files = [path]
    steps = [
        f"Schreiben Sie den Text in {shown(path, docs)}.",
        "`make check` sagt, was noch fehlt; `make run` zeigt die Seite.",
        "`.venv/bin/kim translations status` zeigt, welche Sprachen die Seite noch nicht haben.",
    ]
    if kind == "company":
        facts = docs / "data" / "companies.yml"
        entry = company_entry(slug_of(title), title, today)
        before = facts.read_text("utf-8") if facts.exists() else ""
        if re.search(rf"^{re.escape(slug_of(title))}:", before, re.MULTILINE):
            raise NewError(f"docs/data/companies.yml hat schon einen Eintrag {slug_of(title)}.")
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_text(before + ("" if before.endswith("\n") or not before else "\n") + entry, "utf-8")
        files.append(facts)
        steps.insert(
            1, "Holen Sie die Zustimmung schriftlich ein. Erst dann: consent: given in docs/data/companies.yml."
        )
    if kind == "measure":
        steps.insert(1, "Danach: das # vor measure: löschen und die Hilfe in docs/data/chooser.yml nennen.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + BODIES[kind], "utf-8")
    steps += [f"Eine andere Seite hat einen Fehler: {one}" for one in errors(content.findings)]
    return Made(files, steps)


def company_entry(key: str, name: str, today: datetime.date) -> str:
    """Return a company's entry in ``companies.yml``, unconfirmed."""
    return (
        f"{key}:\n  name: {quoted(name)}\n  role: wird ergänzt\n  consent: unknown\n  page: betriebe/{key}\n  source: own\n"
        f"  as_of: {today:%Y-%m}\n  confirmed: false\n  confirm: schriftliche Zustimmung und Angaben – Betrieb\n"
    )


def next_order(content: Content, section: str) -> int:
    """Return the place behind the last page of a section."""
    mine = [page.facts.order for page in content.pages.values()
            if page.key.rpartition("/")[0] == section and not page.key.endswith("index") and page.facts.order < 1000]  # fmt: skip
    return max(mine, default=0) + 10


def shown(path: Path, docs: Path) -> str:
    """Return a path as editors know it."""
    return f"docs/{path.relative_to(docs).as_posix()}"


LAST_ROW = re.compile(r"^(?P<indent>\s*)- \{locale: [^\n]*\n(?!\s*- \{locale:)", re.MULTILINE)


def new_language(code: str, root: Path = ROOT) -> Made:
    """Create what a language needs to begin: an entry in the table, a folder, a catalogue to fill.

    :raises NewError: if there is no such language, it is there already, or the table cannot be found.
    """
    config = root / "mkdocs.yml"
    before = config.read_text("utf-8")
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise NewError(f"Eine Sprache „{code}“ gibt es nicht. Nehmen Sie ein Kürzel wie fr, es oder ro.") from error
    if not re.fullmatch(r"[a-z]{2}", code):
        raise NewError(f"„{code}“: Das Sprachmodul kennt nur Kürzel aus zwei kleinen Buchstaben.")
    if any(row["locale"] == code for entry in load_yaml(before)["plugins"] if "i18n" in entry for row in entry["i18n"]["languages"]):  # fmt: skip
        raise NewError(f"Die Sprache „{code}“ steht schon in mkdocs.yml.")
    direction = "rtl" if locale.text_direction == "rtl" else "ltr"
    name = (locale.get_display_name(code) or code).capitalize()
    last = LAST_ROW.search(before)
    if last is None:
        raise NewError("In mkdocs.yml ist die Tabelle der Sprachen nicht zu finden (Zeilen „- {locale: …“).")
    row = f"{last['indent']}- {{locale: {code}, name: {name}, build: true, theme: {{direction: {direction}}}}}\n"
    after = before[: last.end()] + row + before[last.end() :]
    languages = parse_languages(load_yaml(after))
    language = next(one for one in languages if one.code == code)
    folder, catalogue = root / "docs" / code, root / "editorial" / "locale" / f"{code}.po"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitkeep").touch()
    template = collect_messages()
    update_catalogue(language, template, catalogue.parent)
    config.write_text(after, "utf-8")
    return Made([config, folder / ".gitkeep", catalogue], language_steps(language, root / "docs", len(template)))


def language_steps(language: Language, docs: Path, words: int) -> list[str]:
    """Return what is missing for a language that was just made."""
    pages = sum(page.exists_in(language) for page in read_content(docs, load_languages()).pages.values())
    return [
        f"{words} Wörter der Oberfläche fehlen: editorial/locale/{language.code}.po füllen; `make check` nennt jedes.",
        f"{pages} Seiten fehlen. Solange zeigt die Seite den deutschen Text und sagt das. "
        f"`.venv/bin/kim translations export --lang {language.code} --only missing` macht eine Datei für Übersetzende.",
        f"Die Begriffe in docs/data/glossary.yml um {language.code}: ergänzen.",
        "Prüfen Sie den Eigennamen der Sprache in mkdocs.yml.",
        "Veröffentlichen Sie erst, wenn `make check` ohne Fehler ist.",
    ]
