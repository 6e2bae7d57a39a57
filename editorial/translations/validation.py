"""Conditions for a translator's words in a page; every fault names place, reason and remedy."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from core.findings import Finding
from core.languages import Language
from core.text.characters import find_forbidden, shorten_text
from editorial.content.front_matter import TranslationFrontMatter, split_front_matter, validate_front_matter
from editorial.content.markup.markdown import find_raw_html
from editorial.content.markup.shortcodes import SHORTCODE, SHORTCODE_LIKE
from editorial.content.place_names import PLACE_SHORTCODE, PlaceNames
from editorial.translations.segments import Document, cells, normalize, read_document
from editorial.translations.units import Unit

_TARGET = re.compile(r"(!?)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_ATTRIBUTES = re.compile(r"(?<!\{)\{:?\s*[#.][^{}]*\}(?!\})")
MIN_LETTERS_FOR_SCRIPT = 20  # letters from which on the script of a text indicates its language


def segment_errors(unit: Unit, target: str) -> Iterator[tuple[str, str]]:
    """Yield the faults of one translated text: observation, reason and remedy."""
    if not target.strip():
        yield "ist leer.", "Übersetzen Sie ihn; sonst fehlt den Lesenden dieser Text."
        return
    if find_forbidden(target):
        yield "enthält unsichtbare Steuerzeichen.", "Tippen Sie den Text neu, statt ihn zu kopieren."
    yield from _compare_tokens(
        "Einschübe", _shortcodes(unit.source), _shortcodes(target),
        "Übernehmen Sie jeden Einschub in doppelten geschweiften Klammern genau so, wie er im Deutschen steht; "
        "dort setzt die Seite Nummern, Beträge und Gesetze ein.",
    )  # fmt: skip
    yield from _compare_tokens(
        "Links", _links(unit.source), _links(target),
        "Übersetzen Sie nur den Text in den eckigen Klammern; das Ziel in den runden bleibt, sonst ist der Link tot.",
    )  # fmt: skip
    yield from _compare_tokens(
        "Kennungen", _attributes(unit.source), _attributes(target),
        "Lassen Sie, was in geschweiften Klammern mit # oder Punkt steht, wie es ist; Links führen dorthin.",
    )  # fmt: skip
    if target.count("**") % 2 > unit.source.count("**") % 2:
        yield "hat ein einzelnes **.", "Fett beginnt und endet mit zwei Sternchen."
    if any(find_raw_html(target)) and not any(find_raw_html(unit.source)):
        yield "enthält HTML, das im Deutschen nicht steht.", "Löschen Sie die Zeichen in spitzen Klammern."
    if unit.kind == "row" and len(cells(target)) != len(cells(unit.source)):
        yield (
            f"hat {len(cells(target))} Zellen, die Tabelle {len(cells(unit.source))}.",
            "Setzen Sie zwischen die Zellen je einen senkrechten Strich |, so viele wie im Deutschen.",
        )
    if unit.kind.startswith("box") and '"' in target:
        yield "enthält gerade Anführungszeichen, die den Titel des Kastens beenden.", "Nehmen Sie die der Sprache."


def _compare_tokens(name: str, wanted: Counter[str], given: Counter[str], remedy: str) -> Iterator[tuple[str, str]]:
    missing, extra = wanted - given, given - wanted
    if missing or extra:
        parts = [f"es fehlt {word}" for word in sorted(missing.elements())]
        parts += [f"zu viel ist {word}" for word in sorted(extra.elements())]
        yield f"hat andere {name} als der deutsche Text: {', '.join(parts)}.", remedy


def _shortcodes(text: str) -> Counter[str]:
    """Return the inserts of a text but forms of the place's name, which differ by language."""
    return Counter(
        " ".join(braces.replace("{{", "{{ ").replace("}}", " }}").split())
        for braces in SHORTCODE_LIKE.findall(text)
        if not PLACE_SHORTCODE.fullmatch(braces)
    )


def _links(text: str) -> Counter[str]:
    return Counter(f"{image}({target})" for image, target in _TARGET.findall(text))


def _attributes(text: str) -> Counter[str]:
    return Counter(" ".join(found.split()) for found in _ATTRIBUTES.findall(text))


def has_wrong_script(text: str, language: Language) -> bool:
    """Return whether a text is clearly not in the script in which its language writes its own name."""
    own = _script(next(char for char in language.name if char.isalpha()))
    scripts = Counter(_script(char) for char in SHORTCODE.sub("", _TARGET.sub("", text)) if char.isalpha())
    return sum(scripts.values()) >= MIN_LETTERS_FOR_SCRIPT and scripts[own] * 5 < sum(scripts.values())


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split()[0]


def page_errors(
    file: str, german: Document, made: str, sections: Collection[str], place: PlaceNames, code: str
) -> Iterator[Finding]:
    """Yield the faults of a whole page made from answers: its header, and which of these sections are not alike.

    :param place: the forms of the place's name, which the page may name in its language ``code``.
    """
    parsed = split_front_matter(made, file)
    if isinstance(parsed, Finding):
        yield parsed
        return
    header = validate_front_matter(TranslationFrontMatter, parsed, file, place, code)
    if isinstance(header, list):
        yield from header
        return
    own = read_document(made)
    for name, paragraphs in german.sections.items():
        if name in sections and own.kinds(name) != german.kinds(name):
            heading = shorten_text(paragraphs[0].text, 40)
            if name not in own.sections:
                yield Finding(file, 0, f"Der Abschnitt „{heading}“ ging verloren, weil seine Überschrift oder ihre Kennung fehlt.",
                              f"Die Überschrift endet in allen Sprachen mit {{ #{name} }}.")  # fmt: skip
                continue
            yield Finding(
                file, own.sections[name][0].line,
                f"Der Abschnitt „{heading}“ wäre anders aufgebaut als der deutsche: {_kinds(own, name)} statt {_kinds(german, name)}.",
                "Ein Absatz bleibt ein Absatz, ein Punkt ein Punkt, ein Kasten ein Kasten; "
                "kein Text beginnt mit #, -, |, > oder !!!.",
            )  # fmt: skip


def altered_segments(file: str, made: str, answers: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each answer that the page would not show as it was given."""
    own = read_document(made)
    for place, answer in answers.items():
        name, _, index = place.partition(".")
        rows = own.sections.get(name, ())
        if index and int(index) < len(rows):
            given = " | ".join(cells(answer)) if rows[int(index)].kind == "row" else answer
            if normalize(rows[int(index)].text) != normalize(given):
                yield Finding(
                    file, rows[int(index)].line, f"„{shorten_text(answer)}“ käme nicht unverändert auf der Seite an.",
                    "Lassen Sie Zeichen weg, die in Markdown etwas bedeuten, zum Beispiel # am Ende einer Überschrift.",
                )  # fmt: skip


def _kinds(document: Document, name: str) -> str:
    counted = Counter(document.kinds(name))
    return ", ".join(f"{count}× {kind}" for kind, count in sorted(counted.items()))
