"""No-break spaces between parts that are read as one: "§ 24", "Abs. 1", "z. B.", "538 €" (DIN 5008).

Texts and data hold plain spaces; the rendered page gets U+00A0, in every language. The search index gets plain ones again.
"""

from __future__ import annotations

import re

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

# What is before a number: in German law, and what the other languages write in its place.
_BEFORE_NUMBER = [
    "Abs.",
    "Absatz",
    "Art.",
    "Artikel",
    "Nr.",
    "Nrn.",
    "Nummer",
    "Satz",
    "S.",
    "Ziff.",
    "Ziffer",
    "Buchst.",
    "Anl.",
    "Rn.",
    "Kap.",
    "ca.",
    "No.",
    "Sec.",
    "para.",
    "ust.",
    "pkt",
    "poz.",
    "nr",
    "art.",
    "abs.",
    "ok.",
    "№",
    "ст.",
    "п.",
    "ч.",
    "абз.",
    "ок.",
]
# What is behind one: money, time, and units (ISO 80000-1, 7.1.4).
_BEHIND_NUMBER = [
    "%",
    "‰",
    "€",
    "$",
    "EUR",
    "Euro",
    "euro",
    "Cent",
    "Mio.",
    "Mrd.",
    "zł",
    "TL",
    "евро",
    "євро",
    "грн",
    "يورو",
    "یورو",
    "Uhr",
    "Std.",
    "Min.",
    "min",
    "h",
    "km",
    "m",
    "cm",
    "mm",
    "m²",
    "km²",
    "m³",
    "kg",
    "g",
    "l",
    "ml",
    "kWh",
    "km/h",
    "kB",
    "KB",
    "MB",
    "GB",
    "°C",
]


def _any_of(words: list[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_LETTER = r"[^\W\d_]"
# Each match is a space, or several. The pattern begins with them and looks back, for the engine finds its first sign quickly.
_SPACES = re.compile(
    rf"[ \n](?:(?<=§.)[ \n]*(?=\w)"
    rf"|(?P<number>(?<![\d \n].)[ \n]*(?=\d))"
    rf"|(?<=\d.)[ \n]*(?=(?:{_any_of(_BEHIND_NUMBER)})(?!\w))"
    rf"|(?<={_LETTER}\..)(?<!\w{_LETTER}\..)[ \n]*(?={_LETTER}\.))",  # z. B., u. a., т. е.
    re.DOTALL,
)
_BEFORE = re.compile(rf"(?:€|(?<!\w)(?:{_any_of(_BEFORE_NUMBER)}))\Z")
_LONGEST = max(map(len, _BEFORE_NUMBER))
# Elements whose text is no prose: what a browser sends or runs, and what is shown letter by letter.
_VERBATIM = re.compile(r"(?:script|style|textarea|option|pre|code|title)\b")


def bind_spaces(html: str) -> str:
    """Return a rendered page with no-break spaces in its text; attributes, scripts and fields stay as they are."""

    def bind(match: re.Match[str]) -> str:
        start = match.start()
        if match["number"] is not None and not _BEFORE.search(html, max(0, start - _LONGEST), start):
            return match[0]
        tag = html.rfind("<", 0, start)
        if tag > html.rfind(">", 0, start) or _VERBATIM.match(html, tag + 1):
            return match[0]
        return NO_BREAK_SPACE

    return _SPACES.sub(bind, html)
