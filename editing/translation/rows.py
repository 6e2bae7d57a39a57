"""A page side by side: each German paragraph with its translation and its state.

A section that the translation lacks, or whose paragraphs are not those of the German one any more, is brought into the
German form when its first paragraph is stored: translated paragraphs stay, the rest holds the German words until somebody
has translated them. Such a paragraph counts as not translated, and a page with one is not published.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from core.gettext import gettext as _
from core.languages import Language
from editing.drafts import Change, ChangedMeanwhileError
from editing.paragraphs.arranging import replace_section, section_source
from editing.paragraphs.reading import (
    EditError,
    FileText,
    Paragraph,
    digest,
    find_paragraph,
    list_paragraphs,
    locate,
    read_file_text,
)
from editing.paragraphs.replacing import replace_paragraph
from editorial.translations.lockfile import Entry
from editorial.translations.segments import HEADER_SECTION, Document, Segment, normalize
from editorial.translations.state import EMPTY_SECTION, has_same_structure, stale_flags
from editorial.translations.units import Unit, merge_translations, section_text
from editorial.translations.update import section_digest
from editorial.translations.validation import has_wrong_script, segment_errors

Need = Literal["done", "stale", "new"]
Sources = Mapping[tuple[str, str], str]


class Row(Struct, frozen=True):
    """One paragraph in both languages, or one section where they are built differently.

    :ivar id: the place on the German page: ``kosten.2``; ``kosten`` for a whole section.
    :ivar german: the German words as the file has them; empty for a section that is no longer on the German page.
    :ivar source: the hash of the German paragraph, or the digest of the section.
    :ivar own: the translation; empty if there is none yet.
    :ivar own_place: where it is in the translation; empty if nowhere.
    :ivar digest: names the bytes that are there now; a form sends it back.
    :ivar need: ``done``, ``stale`` (the German text changed) or ``new`` (not translated yet).
    :ivar made_from: the hash of the German paragraph that the translation was made from, where that is another one.
    :ivar made_from_section: the hashes of the paragraphs of a section.
    :ivar optional: whether it may stay empty.
    :ivar rebuilt: whether storing brings its section into the German form.
    """

    id: str
    kind: str
    german: str
    source: str
    own: str
    own_place: str
    digest: str
    need: Need
    made_from: str = ""
    made_from_section: tuple[str, ...] = ()
    optional: bool = False
    rebuilt: bool = False

    @property
    def section(self) -> str:
        """Return the id of the section."""
        return self.id.rpartition(".")[0] or self.id

    @property
    def is_section(self) -> bool:
        """Return whether it is a whole section."""
        return self.kind == "section"


class Pair(Struct, frozen=True):
    """Both files of a page, and the state of their paragraphs.

    :ivar own: the translation with its draft; None if there is none.
    :ivar published: the published translation, cut into paragraphs; None if there is none.
    :ivar entry: its entry in the lock file.
    :ivar sources: the paragraphs typed and accepted in the draft, see :func:`editing.translation.sources.draft_sources`.
    """

    german: FileText
    own: FileText | None
    published: Document | None
    entry: Entry | None
    sources: Sources


def build_rows(pair: Pair) -> list[Row]:
    """Return a page side by side, in the order of the German page."""
    found: list[Row] = []
    own = pair.own.document if pair.own else None
    places = _by_section(pair.german)
    for name, paragraphs in places.items():
        if own is None or name not in own.sections:
            rows = [_new_row(place) for place in paragraphs]
        elif has_same_structure(pair.german.document, own, name):
            rows = list(_parallel_rows(pair, name, paragraphs))
        elif (partners := align(pair, name)) is not None:
            rows = [_aligned_row(pair, place, partners.get(index)) for index, place in enumerate(paragraphs)]
        else:
            rows = [_section_row(pair, name)]
        found += [row for row in rows if row is not None]
    for name in own.sections if own else ():
        if name not in places:
            found.append(_section_row(pair, name))
    return found


def _by_section(file: FileText) -> dict[str, list[Paragraph]]:
    found: dict[str, list[Paragraph]] = {}
    for place in list_paragraphs(file):
        found.setdefault(place.section, []).append(place)
    return found


def _is_shown(source: Segment, target: Segment | None) -> bool:
    """Return whether a pair of paragraphs has words to translate."""
    return bool(source.text) and (source.has_words or bool(target and target.has_words))


def _new_row(place: Paragraph) -> Row | None:
    if not _is_shown(place.segment, None):
        return None
    optional = place.kind == "nav_title"
    return Row(
        place.id, place.kind, place.words, place.segment.hash, "", "", "", "done" if optional else "new", optional=optional, rebuilt=True
    )  # fmt: skip


def _parallel_rows(pair: Pair, name: str, paragraphs: list[Paragraph]) -> Iterator[Row | None]:
    assert pair.own is not None
    german, own = pair.german.document, pair.own.document
    flags = stale_flags(german, own, name, pair.entry) if pair.entry else [False] * len(paragraphs)
    targets = _by_section(pair.own)[name]
    for source, target, stale in zip(paragraphs, targets, flags, strict=True):
        yield _row(pair, source, target, stale)


def _row(pair: Pair, source: Paragraph, target: Paragraph, stale: bool, rebuilt: bool = False) -> Row | None:
    if not _is_shown(source.segment, target.segment):
        return None
    optional = source.kind == "nav_title" and not target.segment.text
    row = Row(
        source.id, source.kind, source.words, source.segment.hash, target.words, target.id, target.digest, "done", optional=optional, rebuilt=rebuilt
    )  # fmt: skip
    made_for = pair.sources.get((source.section, target.segment.hash))
    if made_for is not None:
        return row if made_for == row.source else replace(row, need="stale", made_from=made_for)
    if is_copied(pair, source.segment, target.segment):
        return replace(row, need="new", own="")
    if not stale:
        return row
    return replace(row, need="stale" if target.words else "new", made_from=_made_from(pair.entry, target.segment.hash))


def is_copied(pair: Pair, source: Segment, target: Segment) -> bool:
    """Return whether a paragraph holds German words that nobody has taken for the translation."""
    if target.hash != source.hash or not source.has_words or (source.section, target.hash) in pair.sources:
        return False
    return pair.published is None or target.hash not in pair.published.hashes(source.section)


def _made_from(entry: Entry | None, target: str) -> str:
    if entry is None:
        return ""
    return next((source for source, marks in entry.translations_by_source().items() if target in marks), "")


def align(pair: Pair, name: str) -> dict[int, Paragraph] | None:
    """Return which paragraph of a section that is built differently belongs to which German one, by its index.

    Known is that only where the translation is still the one that the lock records; else None.
    """
    if pair.own is None or pair.entry is None or name == HEADER_SECTION:
        return None
    known = pair.entry.sections.get(name, EMPTY_SECTION)
    targets = _by_section(pair.own)[name]
    if len(known.source_hashes) != len(known.target_hashes) or pair.own.document.hashes(name) != known.target_hashes:
        return None
    german = pair.german.document
    kinds, found = german.kinds(name), dict[int, Paragraph]()
    matcher = difflib.SequenceMatcher(None, known.source_hashes, german.hashes(name), autojunk=False)
    for what, start, end, left, right in matcher.get_opcodes():
        if what == "equal" or (what == "replace" and end - start == right - left):
            found |= {left + step: targets[start + step] for step in range(end - start)}
    found = {index: place for index, place in found.items() if place.kind == kinds[index]}
    return found if 0 in found else None


def _aligned_row(pair: Pair, source: Paragraph, target: Paragraph | None) -> Row | None:
    if target is None:
        return _new_row(source)
    assert pair.entry is not None
    known = pair.entry.translations_by_source()
    return _row(pair, source, target, target.segment.hash not in known.get(source.segment.hash, ()), True)


def _section_row(pair: Pair, name: str) -> Row:
    """Return a section that is built differently, as one piece; one that the German page does not have any more."""
    assert pair.own is not None
    german = section_source(pair.german, name)
    own = section_source(pair.own, name)
    source = section_digest(pair.german.document.hashes(name)) if german else ""
    mark = section_digest(pair.own.document.hashes(name))
    row = Row(
        name,
        "section",
        german[0] if german else "",
        source,
        own[0] if own else "",
        name,
        digest(own[0] if own else ""),
        "done",
    )
    if pair.sources.get((name, mark)) == source and german:
        return row
    known = pair.entry.sections.get(name) if pair.entry else None
    if german and known is not None and known.source_hashes == pair.german.document.hashes(name):
        return row
    return replace(row, need="stale", made_from_section=known.source_hashes if known else ())


# --- errors ----------------------------------------------------------------------------------------------------


def row_errors(row: Row, words: str, language: Language) -> list[str]:
    """Return why words cannot be stored as the translation of a paragraph, as sentences in German with the remedy."""
    if row.is_section:
        return []
    unit = Unit(row.id, _shown(row.kind, row.german), "", "new", row.kind, 0)
    given = _shown(row.kind, words)
    found = [f"Der Absatz {what} {remedy}" for what, remedy in segment_errors(unit, given)]
    if not found and has_wrong_script(given, language):
        found = [f"Der Absatz ist nicht auf {language.name}. Prüfen Sie die Sprache Ihrer Tastatur."]
    return found


def _shown(kind: str, words: str) -> str:
    return words.strip("\n") if kind == "code" else " ".join(words.split())


# --- storing ----------------------------------------------------------------------------------------------------------


def translate_row(pair: Pair, row: Row, wanted: str, words: str, source: str) -> Change:
    """Return the change that stores the translation of a paragraph, made in the current text.

    :param row: the paragraph as it is now.
    :param wanted: the digest of the text when the form was opened.
    :param source: the hash of the German paragraph that the writer saw.
    :raises ChangedMeanwhileError: if somebody else has translated it meanwhile.
    :raises EditError: if the words cannot be there.
    """
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if row.own and normalize(row.own) == normalize(words) and row.digest != wanted:  # sent twice
        return Change(pair.own.raw if pair.own else None, row.id, "", "")
    if wanted != row.digest and (wanted or not (row.need == "new" or row.optional)):
        raise ChangedMeanwhileError
    if row.need != "new" and normalize(words) == normalize(row.own):
        if row.need == "stale":
            raise EditError(
                _(
                    "You have changed nothing. If the translation fits the German text as it is, say so with “Fits as it is”."
                )
            )
        return Change(pair.own.raw if pair.own else None, row.id, "", "")
    if row.is_section:
        assert pair.own is not None
        made = replace_section(pair.own, row.id, words)
        after = section_source(read_file_text(made), row.id)
        return Change(made, row.id, row.own, after[0] if after else "", source=source if after else "")
    if not words.strip():
        raise EditError(
            _("Write the translation. To do without this paragraph, ask the editors to change the German page.")
        )
    file = rebuild(pair, row) if row.rebuilt or pair.own is None else pair.own
    place = locate(file, row.own_place, wanted) if wanted else find_paragraph(file, row.id)
    if place is None:
        raise ChangedMeanwhileError
    made = replace_paragraph(file, place, words)
    stored = find_paragraph(read_file_text(made), place.id)
    return Change(made, place.id, place.words, stored.words if stored else "", source=source)


def accept_row(pair: Pair, row: Row, wanted: str, source: str) -> Change:
    """Return the change that confirms the translation as it is.

    :raises ChangedMeanwhileError: if translation or German text are not those that were looked at.
    """
    if wanted != row.digest or source != row.source or not row.german:
        raise ChangedMeanwhileError
    if row.is_section or not row.rebuilt:
        assert pair.own is not None
        place = None if row.is_section else find_paragraph(pair.own, row.own_place)
        words = place.words if place else row.own
        return Change(pair.own.raw, row.own_place, words, words, source=source)
    file = rebuild(pair, row)
    place = locate(file, row.own_place, wanted) if wanted else find_paragraph(file, row.id)
    if place is None:
        raise ChangedMeanwhileError
    return Change(file.raw, place.id, place.words, place.words, source=source)


def remove_section(pair: Pair, row: Row, wanted: str) -> Change:
    """Return the change that takes away a section that the German page does not have any more.

    :raises ChangedMeanwhileError: if somebody has changed it meanwhile.
    """
    if wanted != row.digest or row.german or pair.own is None:
        raise ChangedMeanwhileError
    return Change(replace_section(pair.own, row.id, ""), row.id, row.own, "")


def rebuild(pair: Pair, row: Row) -> FileText:
    """Return the translation with the section of a paragraph in the German form, or a new one for the whole page.

    :raises EditError: if the words would change another paragraph; :class:`ChangedMeanwhileError` if the section is another one meanwhile.
    """
    german = pair.german.document
    if pair.own is None:
        head = {
            f"{HEADER_SECTION}.{index}": field.text
            for index, field in enumerate(german.sections[HEADER_SECTION])
            if field.kind != "nav_title"
        }
        return read_file_text(merge_translations(german, None, head))
    name = row.section
    if name == HEADER_SECTION:
        raise EditError(_("The header of the translation cannot be read. Mend it in the source of the page."))
    if name not in pair.own.document.sections:
        source = section_text(german, name)
        before = _section_before(german, pair.own.document, name)
        raw, newline = pair.own.raw, pair.own.newline
        at = pair.own.raw_offset(pair.own.document.span(before)[1]) if before else len(raw.rstrip())
        return read_file_text(raw[:at] + newline * 2 + source.replace("\n", newline) + raw[at:])
    partners = align(pair, name)
    if partners is None:
        raise ChangedMeanwhileError
    own = pair.own.document
    texts = {index: own.text[place.segment.start : place.segment.end] for index, place in partners.items()}
    return read_file_text(replace_section(pair.own, name, section_text(german, name, texts)))


def _section_before(german: Document, own: Document, name: str) -> str:
    before = ""
    for other in german.sections:
        if other == name:
            return before
        if other in own.sections and other != HEADER_SECTION:
            before = other
    return before


def count_open(rows: Iterable[Row]) -> tuple[int, int]:
    """Return how many paragraphs are stale, and how many are not translated."""
    needs = [row.need for row in rows]
    return needs.count("stale"), needs.count("new")
