"""One term, one rendering: the glossary of ``docs/data/glossary.yml``."""

import functools
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.findings import Finding
from core.overlay import data_files
from core.text import yaml
from editorial.checks.text_lines import HEADING, LINK, blocks, strip_markdown
from editorial.content.pages import PageText

GLOSSARY_PATH = "docs/data/glossary.yml"


class Term(Struct, frozen=True):
    """A German term with its translations.

    :ivar german: the term as it is in German texts.
    :ivar translations: by language, the accepted wordings; inflected forms are found by their stems.
    :ivar ambiguous: whether the German word means other things, too, so that no program can check it.
    :ivar require_source_term: whether the German word has to be on the page, too, because people meet it on letters.
    :ivar means: the meaning of the term, in plain German, for translators.
    :ivar note: a hint for translators, in German.
    """

    german: str
    translations: dict[str, tuple[str, ...]]
    require_source_term: bool = False
    ambiguous: bool = False
    means: str = ""
    note: str = ""


def load_glossary(path: Path) -> list[Term] | Finding:
    """Return the glossary, or the errors of the file; no file is an empty glossary.

    Entries of the municipality add their languages to the shared entry of the same term.
    """
    terms: dict[str, Term] = {}
    for file, shown in data_files(path.parent, path.stem):
        try:
            rows = yaml.load_list(file)
        except yaml.ListFileError as error:
            return _unreadable_finding(shown, error.line, f" ({error.reason})")
        for line, row in rows:
            term = _term(row)
            if term is None:
                return _unreadable_finding(shown, line)
            known = terms.get(term.german)
            own = known is not None and not shown.startswith("docs/")
            key = term.german if own or known is None else f"{term.german}\0{line}"  # a term may have several entries
            terms[key] = (
                replace(known, translations={**known.translations, **term.translations}) if own and known else term
            )
    return list(terms.values())


def _term(row: Any) -> Term | None:
    """Return one entry, or None if it is invalid."""
    if not isinstance(row, dict) or not isinstance(row.get("de"), str):
        return None
    flags = {name: yaml.parse_bool(row.get(name, "false")) for name in ("bracket", "ambiguous")}
    remarks = {name: row.get(name) or "" for name in ("means", "note")}
    words = {
        code: [wording] if isinstance(wording, str) else wording
        for code, wording in row.items()
        if code != "de" and code not in flags and code not in remarks and wording  # an empty line waits for its word
    }
    if (
        None in flags.values()
        or not all(isinstance(wording, str) for wording in remarks.values())
        or not all(
            isinstance(wording, list) and all(isinstance(one, str) for one in wording) for wording in words.values()
        )
    ):
        return None
    renderings = {code: tuple(wording) for code, wording in words.items()}
    return Term(
        row["de"], renderings, bool(flags["bracket"]), bool(flags["ambiguous"]), remarks["means"], remarks["note"]
    )


def missing_translations(glossary: list[Term], codes: Collection[str]) -> Iterator[Finding]:
    """Yield one finding per language that lacks translations of terms."""
    for code in codes:
        gaps = [term.german for term in glossary if code not in term.translations]
        if gaps:
            more = f" und {len(gaps) - 5} weitere" if len(gaps) > 5 else ""
            yield Finding(GLOSSARY_PATH, 0, f"Ohne Übersetzung in {code}: {', '.join(gaps[:5])}{more}.",
                          f"Ergänzen Sie bei jedem Begriff eine Zeile mit {code}: und der Übersetzung.", "notice",
                          "glossary")  # fmt: skip


def _unreadable_finding(shown: str, line: int, why: str = "") -> Finding:
    return Finding(shown, line, f"Das Glossar ist nicht lesbar{why}.",
                   "Jeder Eintrag hat de: und je Sprache ein Wort oder eine Liste.", code="data")  # fmt: skip


@functools.lru_cache(maxsize=4096)
def stem_pattern(words: str) -> re.Pattern[str]:
    """Return the pattern of a wording in running text, inflected: each word by its first letters, at most two words between."""
    stems = [re.escape(word if len(word) < 4 else word[: max(3, len(word) - max(1, len(word) // 3))])
             for word in re.findall(r"[\w’'§]+", words)]  # fmt: skip
    return re.compile(r"(?:\S+\s+){0,2}?".join(rf"\b\w{{0,3}}{stem}\w*\W*\s*" for stem in stems), re.IGNORECASE)


def used_terms(german: PageText, glossary: list[Term], names: Iterable[str] = ()) -> list[Term]:
    """Return the terms that a German page uses, but for those that no program can check.

    An ambiguous term whose German word is required on the page is among them: :func:`check_glossary` looks for that word alone.

    :param names: of the municipality, the longest first: "Kreis" in "im Kreis Beispielheim" is no term.
    """
    source, running = "\n".join(strip_markdown(block) for _number, block in blocks(german)), running_text(german)
    for name in names:
        source, running = source.replace(name, " "), running.replace(name, " ")
    return [
        term
        for term in glossary
        if (term.require_source_term or not term.ambiguous)
        and term.german in source
        and re.search(rf"\b{re.escape(term.german)}(?:n|en|s|es|e)?\b", running if term.ambiguous else source)
    ]


def running_text(text: PageText) -> str:
    """Return the sentences of a page, without headings and names of links."""
    return "\n".join(
        strip_markdown(LINK.sub(" ", block)) for _number, block in blocks(text) if not HEADING.match(block)
    )


@functools.lru_cache(maxsize=4096)
def narrow_pattern(words: str) -> re.Pattern[str]:
    """Return the pattern of a wording with other last letters; it finds less than :func:`stem_pattern`."""
    stems = [re.escape(word[:-1] if len(word) > 4 else word) for word in re.findall(r"[\w’'§]+", words)]
    return re.compile(r"\W+".join(rf"\b{stem}\w{{0,3}}\b" for stem in stems), re.IGNORECASE)


def check_glossary(text: PageText, terms: list[Term], code: str) -> Iterator[Finding]:
    """Where the German page uses a term, the translation uses its rendering or the German word; hints, not errors.

    :param terms: those that the German page uses, see :func:`used_terms`.
    """
    own = [(number, strip_markdown(block)) for number, block in blocks(text)]
    whole = "\n".join(words for _number, words in own)
    sentences: list[tuple[int, str]] | None = None  # without headings and names of links
    for term in terms:
        german_there = term.german in whole
        if code not in term.translations or (german_there and not term.require_source_term):
            continue
        if term.ambiguous:
            if sentences is None:
                sentences = [
                    (number, strip_markdown(LINK.sub(" ", block)))
                    for number, block in blocks(text)
                    if not HEADING.match(block)
                ]
            running = sentences
            patterns = [narrow_pattern(words) for words in term.translations[code]]
        else:
            running, patterns = own, [stem_pattern(words) for words in term.translations[code]]
        used = next((number for number, words in running if any(one.search(words) for one in patterns)), None)
        if used is None and not german_there and not term.ambiguous:
            yield Finding(text.file, 0, f"Die deutsche Seite sagt „{term.german}“, die Übersetzung nicht.",
                          f"Im Glossar steht dafür: {' / '.join(term.translations[code])}.", "notice", "glossary")  # fmt: skip
        elif used is not None and term.require_source_term and not german_there:
            yield Finding(text.file, used, f"Das deutsche Amtswort „{term.german}“ fehlt.",
                          "Setzen Sie es beim ersten Mal in Klammern dahinter.", "notice", "glossary")  # fmt: skip
