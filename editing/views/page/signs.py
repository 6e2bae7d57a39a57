"""Which element of a rendered page is which paragraph of its file: a sign behind the words of each, turned into a button.

The signs are from Unicode's private area, which no text of a page may use. The button is a link beside the paragraph, or in
it where nothing may be beside it (an item of a list, a cell).
"""

import re
from collections.abc import Callable

from msgspec.structs import replace

from editorial.content.markup.shortcodes import BLOCK_SHORTCODES, SHORTCODE
from editorial.content.pages import PageText
from editorial.content.place_names import PlaceNames, fill_place_names
from editorial.translations.segments import HEADER_SECTION, cut_document

_OPEN, _CLOSE, _ZERO = "\ue010", "\ue011", 0xE020
_SIGN = re.compile(f"{_OPEN}([\ue020-\ue029]+){_CLOSE}(\\s*</(?:p|h[1-6]|dt|dd|caption)>)?")
_REGION = re.compile(r"(<!-- kim:text -->)(.*)(<!-- /kim:text -->)", re.DOTALL)


def insert_signs(text: PageText, plain: str, place: PlaceNames, code: str) -> tuple[PageText, list[str]]:
    """Return a page's text with a sign behind each paragraph, and the places that the signs denote.

    :param plain: the whole file, as checks and translations read it.
    """
    start = len(plain) - len(text.source)
    body = text.source
    places: list[str] = []
    ends: list[tuple[int, int]] = []
    for section, segments in cut_document(plain).sections.items():
        for index, segment in enumerate(segments):
            if section == HEADER_SECTION or segment.kind == "code" or not segment.text.strip():
                continue
            insert = SHORTCODE.fullmatch(segment.text.strip())
            if insert and ".".join(insert.groups()) in BLOCK_SHORTCODES:
                continue
            end = segment.end - start
            if segment.kind == "row":  # into the last cell
                words = plain[segment.start : segment.end]
                end -= len(words) - len(words.rstrip("| \t"))
            ends.append((end, len(places)))
            places.append(f"{section}.{index}")
    for end, number in sorted(ends, reverse=True):
        digits = "".join(chr(_ZERO + int(digit)) for digit in str(number))
        body = f"{body[:end]}{_OPEN}{digits}{_CLOSE}{body[end:]}"
    return replace(text, body=fill_place_names(body, place, code), source=body), places


def replace_signs(page: str, places: list[str], button: Callable[[str], str]) -> str:
    """Return a rendered page with a button for each sign in its text; signs elsewhere are removed."""

    def replace_sign(match: re.Match[str]) -> str:
        number = int("".join(str(ord(digit) - _ZERO) for digit in match[1]))
        return (match[2] or "") + button(places[number])

    found = _REGION.search(page)
    if found is None:
        return _SIGN.sub(lambda match: match[2] or "", page)
    before, after = (
        _SIGN.sub(lambda match: match[2] or "", part) for part in (page[: found.start(2)], page[found.end(2) :])
    )
    return before + _SIGN.sub(replace_sign, found[2]) + after
