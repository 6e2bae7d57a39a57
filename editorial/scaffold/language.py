"""``kim new language``: the row of the language table, the folder of pages and the catalogs of a new language."""

import re
from collections.abc import Iterable
from pathlib import Path

from babel import Locale, UnknownLocaleError

from core.catalogs import extract_messages, update_catalog
from core.languages import Language, load_languages
from core.project import CITY_SETTINGS, ROOT, all_language_codes
from core.text.yaml import YAMLError, load_list, load_strings
from editorial.content.pages import read_content
from editorial.scaffold.municipality import used_forms
from editorial.scaffold.page import TEMPLATES, ScaffoldError, ScaffoldResult, yaml_quote, yaml_scalar

LAST_LANGUAGE_ROW = re.compile(r"^(?P<indent>\s*)- \{locale: [^\n]*\n(?!\s*- \{locale:)", re.MULTILINE)


def new_language(code: str, root: Path = ROOT, for_all: bool = False) -> ScaffoldResult:
    """Create the first files of a language: a row in the table, a folder, a catalogue, glossary and style sheet to fill.

    :param for_all: whether all municipalities get it: in ``mkdocs.yml``, ``docs/`` and ``core/``; else it is in ``city/``.
    :raises ScaffoldError: if there is no such language, it is there already, or a file cannot take it.
    """
    config = root / "mkdocs.yml"
    known = load_languages(config)  # names the error of the file
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
    city = root / CITY_SETTINGS
    if code in {row.code for row in known}:
        raise ScaffoldError(f"Die Sprache „{code}“ steht schon in der Tabelle der Sprachen.")
    if code in all_language_codes(config):
        raise ScaffoldError(
            f"Die Sprache „{code}“ gibt es für alle. Nehmen Sie sie in {CITY_SETTINGS} in die Zeile languages: auf."
        )
    if not (for_all or city.exists()):
        raise ScaffoldError(
            f"{CITY_SETTINGS} fehlt. Legen Sie zuerst die Gemeinde an: kim new municipality. Eine Sprache für alle Gemeinden: --for-all."
        )
    language = Language(
        code,
        (locale.get_display_name(code) or code).capitalize(),
        "rtl" if locale.text_direction == "rtl" else "ltr",
        False,
    )
    own = not for_all
    settings = (
        {city: add_own_language(city.read_text("utf-8"), language)}
        if own
        else {config: add_row(config.read_text("utf-8"), language)}
    )
    if city.exists() and not own:
        settings[city] = add_draft(city.read_text("utf-8"), code)
    place = city.parent / "place.yml"
    if place.is_file() and (forms := add_place_forms(place.read_text("utf-8"), code, used_forms(root, "en"))):
        settings[place] = forms
    home = city.parent if own else root
    folder, catalogue = home / "docs" / code, (home / "locale" if own else root / "core" / "locale") / f"{code}.po"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitkeep").touch()
    template = extract_messages()
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    update_catalog(language, template, catalogue.parent)
    made = [*settings, folder / ".gitkeep", catalogue, *write_guides(home, root, language, own)]
    for path, text in settings.items():
        path.write_text(text, "utf-8")
    return ScaffoldResult(made, language_steps(language, root, made, len(template), known))


def add_row(text: str, language: Language) -> str:
    """Return ``mkdocs.yml`` with a language more.

    :raises ScaffoldError: if the table cannot be found.
    """
    last = LAST_LANGUAGE_ROW.search(text)
    if last is None:
        raise ScaffoldError("In mkdocs.yml ist die Tabelle der Sprachen nicht zu finden (Zeilen „- {locale: …“).")
    row = f"{last['indent']}- {{locale: {yaml_scalar(language.code)}, name: {yaml_scalar(language.name)}, build: true, theme: {{direction: {language.dir}}}}}\n"
    return text[: last.end()] + row + text[last.end() :]


def add_own_language(text: str, language: Language) -> str:
    """Return ``city/city.yml`` with a language more that only the municipality has.

    :raises ScaffoldError: if the file cannot take it.
    """
    row = (
        f"  - {{locale: {yaml_scalar(language.code)}, name: {yaml_scalar(language.name)}, direction: {language.dir}}}\n"
    )
    if found := re.search(r"^own_languages:[^\S\n]*\n(?:[^\S\n]*- .*\n)*", text, re.MULTILINE):
        after = text[: found.end()] + row + text[found.end() :]
    else:
        after = text.rstrip("\n") + f"\n# Sprachen, die nur diese Gemeinde hat.\nown_languages:\n{row}"
    if language.code not in [str(one.get("locale")) for one in load_strings(after).get("own_languages") or []]:
        raise ScaffoldError(
            f"Tragen Sie die Sprache von Hand in {CITY_SETTINGS} ein, unter own_languages:{row.rstrip()}"
        )
    return add_draft(after, language.code)


def add_draft(text: str, code: str) -> str:
    """Return ``city/city.yml`` with a language among those that are built although nobody has translated the interface."""
    before = load_strings(text).get("draft_languages") or []
    line = f"draft_languages: [{', '.join(map(yaml_scalar, [*before, code]))}]  # noch nicht veröffentlichen: die Oberfläche ist nicht übersetzt\n"
    after, count = re.subn(
        r"^draft_languages:.*\n(?:[^\S\n]*- .*\n)*", lambda _match: line, text, count=1, flags=re.MULTILINE
    )
    return after if count else text.rstrip("\n") + "\n" + line


def add_place_forms(text: str, code: str, names: Iterable[str]) -> str:
    """Return ``city/place.yml`` with the bare name in each form of a language more, unchecked; empty if it cannot take them.

    :param names: the forms that texts of other languages use.
    """
    before = load_strings(text) or {}
    bare = (before.get("forms") or {}).get("de", {}).get("name")
    if not bare or code in before["forms"] or list(before)[-1] != "forms" or "forms:\n" not in text:
        return ""
    rows = "".join(f"    {name}: {yaml_quote(bare)}\n" for name in names)
    after = f"{text.rstrip()}\n  {yaml_scalar(code)}:\n{rows}"
    line = f"unchecked: [{', '.join(map(yaml_scalar, [*(before.get('unchecked') or []), code]))}]\n"
    after, count = re.subn(
        r"^unchecked:.*\n(?:[^\S\n]*- .*\n)*", lambda _match: line, after, count=1, flags=re.MULTILINE
    )
    after = after if count else f"{line}{after}"
    try:
        made = load_strings(after)
    except YAMLError:
        return ""
    return (
        after
        if code in made["unchecked"] and made["forms"] == {**before["forms"], code: dict.fromkeys(names, bare)}
        else ""
    )


def write_guides(home: Path, root: Path, language: Language, own: bool) -> list[Path]:
    """Write the style sheet of a language, and for a municipality's own language the glossary to fill."""
    style = (home / "stil" if own else root / "redaktion" / "stil") / f"{language.code}.md"
    style.parent.mkdir(parents=True, exist_ok=True)
    style.write_text((TEMPLATES / "style.md").read_text("utf-8").format(name=language.name), "utf-8")
    glossary = home / "data" / "glossary.yml"
    if not own or glossary.exists():
        return [style]
    shared = (
        load_list(root / "docs" / "data" / "glossary.yml") if (root / "docs" / "data" / "glossary.yml").exists() else []
    )
    terms = dict.fromkeys(row["de"] for _line, row in shared)
    glossary.parent.mkdir(parents=True, exist_ok=True)
    glossary.write_text(
        f"# Wie die Begriffe auf {language.name} heißen. Was sie bedeuten, steht in docs/data/glossary.yml.\n"
        + "".join(f"- de: {yaml_scalar(term)}\n  {yaml_scalar(language.code)}:\n" for term in terms), "utf-8"
    )  # fmt: skip
    return [style, glossary]


def language_steps(
    language: Language, root: Path, made: list[Path], words: int, known: tuple[Language, ...]
) -> list[str]:
    """Return the open tasks of a new language."""
    pages = sum(page.exists_in(language) for page in read_content(root / "docs", known).pages.values())
    names = {path.suffix + path.parent.name: path.relative_to(root).as_posix() for path in made}
    glossary = names.get(".ymldata", "docs/data/glossary.yml")
    return [
        f"Die Begriffe in {glossary} um {language.code}: ergänzen, bevor jemand übersetzt.",
        f"Die Regeln für Ton, Anrede und feste Sätze in {names['.mdstil']} schreiben.",
        f"{words} Wörter der Oberfläche fehlen: {names['.polocale']} füllen; `kim check` nennt jedes. Erst dann streichen Sie "
        f"{language.code} in {CITY_SETTINGS} aus draft_languages:.",
        f"{pages} Seiten fehlen. Solange zeigt die Seite den deutschen Text und sagt das. "
        f"`.venv/bin/kim translations export --lang {language.code} --only missing` macht eine Datei für Übersetzende.",
        f"Die Vorlagen für Antworten des Büros auf {language.name} in city/data/answer_templates.yml schreiben; das Muster steht in docs/data/answer_templates.yml.",
        f"Die Formen des Namens in city/place.yml unter forms: {language.code}: prüfen oder ergänzen; was dort steht, ist der bloße Name. Dann streichen Sie {language.code} aus unchecked:.",
        "Prüfen Sie den Eigennamen der Sprache in der Tabelle.",
        "`kim check --publish` sagt, was der Veröffentlichung noch im Weg steht.",
    ]
