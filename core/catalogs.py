"""Catalogs of interface messages: extraction from the code, update, and four checks.

No message is missing, none is unused, files have the canonical format, and placeholders are equal in every language.
"""

import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.pofile import PoFileError, read_po, write_po

from core.findings import Finding
from core.gettext import SOURCE_LANGUAGE, catalog_path, load_catalog, read_catalog, shown_catalog
from core.languages import Language
from core.project import CITY_SETTINGS, CODE, ROOT, draft_languages
from core.text.characters import character_findings, forbidden_in_file
from core.text.text_files import read_text

SOURCE_DIRS = ("core", "editorial", "form_handler", "overrides")
# The staff area's words are a domain of their own: German and English only.
STAFF_SOURCE_DIRS = ("form_handler/staff", "editing", "overrides/partials/staff")
KEYWORDS = {
    "_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_l": None, "_n": (1, 2),
}  # fmt: skip
_CALL = re.compile(rb"\b(?:%s)\s*\(" % "|".join(KEYWORDS).encode())
MIN_COPIED_WORDS, MIN_COPIED_LETTERS, MAX_COPIED = 3, 5, 0.75  # when words are taken for a copy of the English ones
_WORD = re.compile(r"[^\W\d_]{2,}")
MAX_ENGLISH = 0.1  # of the sentences of the interface, in a language that is built
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
FIX_HINT = "Tragen Sie die Übersetzung ein; `.venv/bin/kim catalogs update` legt fehlende Zeilen an."


def extract_messages(root: Path = ROOT, dirs: tuple[str, ...] = SOURCE_DIRS) -> Catalog:
    """Return every message in the templates and the Python of these folders; those of the site leave out the staff area.

    The packages of an installed ``kim`` are read where they are installed.
    """
    code = root if (root / "core").is_dir() else CODE
    catalog = Catalog(project="KIM", charset="utf-8")
    elsewhere = [("staff/**", "ignore"), ("partials/staff/**", "ignore")] if dirs == SOURCE_DIRS else []
    for folder in dirs:
        found = extract_from_dir(
            code / folder if (code / folder).is_dir() else root / folder,
            method_map=[*elsewhere, ("**.py", f"{__name__}:extract_calls"), ("**.html", "jinja2")],
            options_map={"**.html": {"trimmed": "true", "extensions": "jinja2.ext.i18n,jinja2.ext.do"}},
            keywords=KEYWORDS,
            comment_tags=("i18n:",),
        )
        for file, line, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
            catalog.add(message, None, [(f"{folder}/{file}", line)], auto_comments=comments, context=context)
    return catalog


def extract_calls(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Yield the messages of a Python file; of those without a call that holds one, two thirds, none is tokenized."""
    if _CALL.search(file.read()):
        file.seek(0)
        yield from extract_python(file, keywords, comment_tags, options)


def update_catalog(language: Language, template: Catalog, folder: Path | None = None) -> bool:
    """Update a catalog from the extracted messages; return whether the file changed."""
    path = folder / f"{language.code}.po" if folder else catalog_path(language.code)
    catalog = read_catalog(path, language.code) if path.exists() else Catalog(locale=language.code)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    text = format_catalog(catalog)
    changed = not path.exists() or path.read_bytes() != text.encode()
    if changed:
        path.write_text(text, "utf-8")
    return changed


def format_catalog(catalog: Catalog) -> str:
    """Return a catalog as text in canonical order and layout."""
    clean = Catalog(locale=catalog.locale, charset="utf-8", fuzzy=False)
    clean.obsolete.clear()
    for message in sorted((m for m in catalog if m.id), key=_sort_key):
        clean[message.id] = Message(message.id, message.string, auto_comments=message.auto_comments)
    out = io.BytesIO()
    write_po(out, clean, width=0, omit_header=True, sort_output=False, no_location=True, ignore_obsolete=True)
    plural = catalog.plural_forms
    head = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {catalog.locale_identifier}\\n"\n"Plural-Forms: {plural.rstrip(";")};\\n"\n\n'
    )
    return head + out.getvalue().decode("utf-8").strip("\n") + "\n"


def _sort_key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def check_catalog(language: Language, template: Catalog, folder: Path | None = None) -> Iterator[Finding]:
    """Run the four checks on one language; English is the language of the identifiers and has no file."""
    if language.code == SOURCE_LANGUAGE:
        return
    path = folder / f"{language.code}.po" if folder else catalog_path(language.code)
    shown = shown_catalog(path)
    if not path.exists():
        yield Finding(
            shown, 0, f"Für {language.name} fehlt die Datei mit den Wörtern der Oberfläche.", FIX_HINT, code="words"
        )
        return
    text = read_text(path, shown)
    if isinstance(text, Finding):
        yield replace(text, hint="Holen Sie sie aus der Versionsgeschichte zurück.", code="words")
        return
    try:
        yield from character_findings(shown, forbidden_in_file(text))
        catalog = read_po(io.BytesIO(text.encode()), locale=language.code, abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", -1) + 1
        yield Finding(shown, line, f"Die Datei ist beschädigt ({error}).",
                      "Holen Sie sie aus der Versionsgeschichte zurück.", code="words")  # fmt: skip
        return
    wanted = {_sort_key(message): message for message in template if message.id}
    have = {_sort_key(message): message for message in catalog if message.id}
    for key in sorted(wanted.keys() - have.keys()):
        yield Finding(shown, 0, f"Es fehlt: „{key}“.", FIX_HINT, code="words")
    for key in sorted(have.keys() - wanted.keys()):
        yield Finding(shown, have[key].lineno or 0, f"Niemand braucht: „{key}“.",
                      "`.venv/bin/kim catalogs update` räumt auf.", code="words")  # fmt: skip
    for key in sorted(wanted.keys() & have.keys()):
        yield from _check_message(shown, have[key])
    if text != format_catalog(catalog):
        yield Finding(
            shown,
            0,
            "Die Datei ist nicht in der Normalform.",
            "`.venv/bin/kim catalogs update` ordnet sie.",
            code="words",
        )


def translated_messages(language: Language, folder: Path | None = None) -> list[tuple[int, str]]:
    """Return line and wording of every message of a language; nothing if its file is missing or damaged."""
    path = folder / f"{language.code}.po" if folder else catalog_path(language.code)
    try:
        catalog = read_po(io.BytesIO(path.read_bytes()), locale=language.code, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError):  # :func:`check_catalog` says so
        return []
    return [
        (message.lineno or 0, words)
        for message in catalog
        if message.id
        for words in (message.string if isinstance(message.string, tuple | list) else (message.string,))
        if words
    ]


def check_words(english: Sequence[str], words: Sequence[str], language: Language) -> Iterator[Finding]:
    """Run the checks of one message on words that somebody typed for it.

    :param english: the sentence, or its singular and its plural.
    """
    shown = f"core/locale/{language.code}.po"
    yield from character_findings(shown, [bad for text in words for bad in forbidden_in_file(text)])
    ids = tuple(english) if len(english) > 1 else english[0]
    yield from _check_message(shown, Message(ids, tuple(words) if len(english) > 1 else words[0]))


def _check_message(shown: str, message: Message) -> Iterator[Finding]:
    strings = [s or "" for s in (message.string if isinstance(message.string, tuple | list) else (message.string,))]
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    if not all(strings):
        yield Finding(shown, message.lineno or 0, f"Ohne Übersetzung: „{ids[0]}“.", FIX_HINT, code="words")
        return
    if any(map(is_english_copy, ids, strings)):
        yield Finding(
            shown, message.lineno or 0, f"Noch englisch: „{strings[0]}“.", "Übersetzen Sie die Zeile.", code="words"
        )
    if any('"' in string for string in strings):
        yield Finding(shown, message.lineno or 0, f"Gerade Anführungszeichen in: „{ids[0]}“.",
                      "Nehmen Sie die Anführungszeichen der Sprache; gerade beenden ein HTML-Attribut.", code="words")  # fmt: skip
    signs = {sign for sign in "<>&" if any(sign in string for string in strings)} - set(" ".join(ids))
    if signs:
        yield Finding(shown, message.lineno or 0, f"Ein Zeichen {' '.join(sorted(signs))} in: „{ids[0]}“.",
                      "Schreiben Sie ein Wort dafür; in HTML begänne damit etwas anderes.", code="words")  # fmt: skip
    wanted = set(PLACEHOLDER.findall(" ".join(ids)))
    for string in strings:
        given = set(PLACEHOLDER.findall(string))
        if given - wanted or (len(ids) == 1 and wanted - given):
            yield Finding(shown, message.lineno or 0, f"Andere Platzhalter als im Original: „{ids[0]}“.",
                          f"Gebraucht werden: {', '.join(sorted(wanted)) or 'keine'}.", code="words")  # fmt: skip
        if not given and not wanted and re.search(r"%(?!%)", string) and "%" not in "".join(ids):
            yield Finding(shown, message.lineno or 0, f"Ein % zu viel: „{string}“.", "Löschen Sie es.", code="words")


def is_english_copy(english: str, words: str) -> bool:
    """Return whether words are the English ones, or nearly: with a letter in front of them or of each word, for example.

    A single word counts if it is the English one with one letter in front; some words are alike in two languages.
    """
    theirs, ours = (list[str](_WORD.findall(PLACEHOLDER.sub("", text).casefold())) for text in (english, words))
    if len(theirs) < MIN_COPIED_WORDS:
        return len(theirs) == 1 and len(theirs[0]) >= MIN_COPIED_LETTERS and [one[1:] for one in ours] == theirs
    if len(theirs) != len(ours):
        return len(theirs) > MIN_COPIED_WORDS and difflib.SequenceMatcher(None, theirs, ours).ratio() >= MAX_COPIED
    alike: int = sum(
        one == other or one == other[1:] or one == other[:-1] for one, other in zip(theirs, ours, strict=True)
    )
    return alike >= MAX_COPIED * len(theirs)


def untranslated_interface(languages: tuple[Language, ...]) -> Iterator[Finding]:
    """Yield a finding for each language whose readers would meet an English interface.

    A word more or less is left to :func:`check_catalog`: an update of the project may bring some.
    """
    source = read_catalog(catalog_path("de"), "de")
    wanted = [message.id if isinstance(message.id, str) else message.id[0] for message in source if message.id]
    for language in languages:
        if language.code == SOURCE_LANGUAGE or language.code in draft_languages():
            continue
        path = catalog_path(language.code)
        given = load_catalog(language.code).gettext if path.exists() else str
        missing = sum((given(one) == one and " " in one) or is_english_copy(one, given(one)) for one in wanted)
        if missing > MAX_ENGLISH * len(wanted):
            yield Finding(
                shown_catalog(path), 0, f"{language.name}: {missing} von {len(wanted)} Wörtern und Sätzen der Oberfläche sind noch englisch.",
                f"Übersetzen Sie sie in dieser Datei. Bis dahin nennen Sie die Sprache in {CITY_SETTINGS}: draft_languages: [{language.code}]; dann wird sie gebaut, und `kim check --publish` erinnert daran.",
                code="words",
            )  # fmt: skip
