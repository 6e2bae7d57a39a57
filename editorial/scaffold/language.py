"""``kim new language``: the row of the language table, the folder of pages and the catalogs of a new language."""

from __future__ import annotations

import re
from pathlib import Path

from babel import Locale, UnknownLocaleError

from core.catalogs import extract_messages, update_catalog
from core.languages import Language, load_languages, parse_languages
from core.project import ROOT
from core.yaml import load as load_yaml
from editorial.content.pages import read_content
from editorial.scaffold.page import ScaffoldError, ScaffoldResult, yaml_scalar

LAST_LANGUAGE_ROW = re.compile(r"^(?P<indent>\s*)- \{locale: [^\n]*\n(?!\s*- \{locale:)", re.MULTILINE)


def new_language(code: str, root: Path = ROOT) -> ScaffoldResult:
    """Create what a language needs to begin: an entry in the table, a folder, a catalogue to fill.

    :raises NewError: if there is no such language, it is there already, or the table cannot be found.
    """
    config = root / "mkdocs.yml"
    load_languages(config)  # says what is wrong with the file
    before = config.read_text("utf-8")
    code = code.strip()
    if not re.fullmatch(r"[a-z]{2}", code):
        raise ScaffoldError(
            f"„{code}“: Das Sprachmodul kennt nur Kürzel aus zwei kleinen Buchstaben, zum Beispiel fr, es oder ro."
        )
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise ScaffoldError(
            f"Eine Sprache „{code}“ gibt es nicht. Nehmen Sie ein Kürzel wie fr, es oder ro."
        ) from error
    if any(row["locale"] == code for entry in load_yaml(before)["plugins"] if "i18n" in entry for row in entry["i18n"]["languages"]):  # fmt: skip
        raise ScaffoldError(f"Die Sprache „{code}“ steht schon in mkdocs.yml.")
    direction = "rtl" if locale.text_direction == "rtl" else "ltr"
    name = (locale.get_display_name(code) or code).capitalize()
    last = LAST_LANGUAGE_ROW.search(before)
    if last is None:
        raise ScaffoldError("In mkdocs.yml ist die Tabelle der Sprachen nicht zu finden (Zeilen „- {locale: …“).")
    row = f"{last['indent']}- {{locale: {yaml_scalar(code)}, name: {yaml_scalar(name)}, build: true, theme: {{direction: {direction}}}}}\n"
    after = before[: last.end()] + row + before[last.end() :]
    languages = parse_languages(load_yaml(after))
    language = next(one for one in languages if one.code == code)
    folder, catalogue = root / "docs" / code, root / "core" / "locale" / f"{code}.po"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitkeep").touch()
    template = extract_messages()
    update_catalog(language, template, catalogue.parent)
    config.write_text(after, "utf-8")
    return ScaffoldResult(
        [config, folder / ".gitkeep", catalogue], language_steps(language, root / "docs", len(template))
    )


def language_steps(language: Language, docs: Path, words: int) -> list[str]:
    """Return what is missing for a language that was just made."""
    pages = sum(page.exists_in(language) for page in read_content(docs, load_languages()).pages.values())
    return [
        f"{words} Wörter der Oberfläche fehlen: core/locale/{language.code}.po füllen; `make check` nennt jedes.",
        f"{pages} Seiten fehlen. Solange zeigt die Seite den deutschen Text und sagt das. "
        f"`.venv/bin/kim translations export --lang {language.code} --only missing` macht eine Datei für Übersetzende.",
        f"Die Begriffe in docs/data/glossary.yml um {language.code}: ergänzen.",
        "Prüfen Sie den Eigennamen der Sprache in mkdocs.yml.",
        "Veröffentlichen Sie erst, wenn `make check` ohne Fehler ist.",
    ]
