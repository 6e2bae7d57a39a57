"""Clean typed or pasted text in linear time, and find characters that cannot be stored.

Unicode normalisation is quadratic in the length of a run of combining marks. So the functions here look at
length and runs first; text that fails stays as it was sent and is refused by the field's validator.
"""

import re
import unicodedata
from collections.abc import Callable

# The longest run of combining marks that is normalised (Unicode UAX #15, section 13, stream-safe text format).
MAX_COMBINING_MARKS = 30
# Decomposed text has up to four code points for a character that is stored as one.
MAX_DECOMPOSITION = 4

# A blank of another kind, as word processors, slides and spreadsheets leave it inside a line. Browsers take CR and LF out of
# a field of one line (HTML, 4.10.5.1.2), but not U+2028 and U+2029.
LINE_WHITESPACE = dict.fromkeys(map(ord, "\t\x0b\x0c\x85\u2028\u2029"), " ")
# In text, foreign line ends (Unicode Zl and Zp, Word's U+000B) are line ends; other control characters are blanks.
TEXT_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], " ") | dict.fromkeys(
    [0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n"
)
del TEXT_CONTROLS[0x09]

NONCHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(f"{chr(p | 0xFFFE)}{chr(p | 0xFFFF)}" for p in range(0, 0x110000, 0x10000))  # fmt: skip
# Line ends, control characters, marks that override the direction of text (Unicode UAX #9, UTR #36).
UNUSABLE_IN_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e{NONCHARACTERS}]")
UNUSABLE_IN_TEXT = re.compile(f"[{NONCHARACTERS}]")

# Characters without a glyph that no word needs: zero-width blanks, soft hyphen, embeddings, isolates, annotations.
INVISIBLE = re.compile("[\u00ad\u180e\u200b\u202a-\u202c\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
# Characters of category Lo and So that have no glyph either: Hangul fillers, Braille blank.
FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})
JOINERS = re.compile("[\u200c\u200d]")


def skip_overlong(clean: Callable[[str], str], limit: int) -> Callable[[str | None], str]:
    """Return a filter that cleans text of at most four times ``limit`` characters and leaves longer text alone.

    Longer text is too long in any normal form; the field's validator refuses it by its length as sent.
    """

    def run(value: str | None) -> str:
        text = value or ""
        return text if len(text) > MAX_DECOMPOSITION * limit else clean(text)

    return run


def clean_line(text: str) -> str:
    """Return a line in Unicode NFC without needless invisible characters and without blanks at its ends.

    A line in which nothing can be seen is empty. Zero-width joiners and non-joiners stay where the script or an
    emoji needs them.
    """
    text = trim(remove_unneeded_joiners(INVISIBLE.sub("", text.translate(LINE_WHITESPACE))))
    return to_nfc(text) if has_glyph(text) else ""


def clean_text(text: str) -> str:
    """Return text in Unicode NFC with LF as line end, no other control characters and no empty lines at its ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(TEXT_CONTROLS)
    return to_nfc(text).strip("\n") if has_glyph(text) else ""


def to_nfc(text: str) -> str:
    """Return text in Unicode NFC; text with an overlong run of combining marks is returned unchanged."""
    return text if find_overlong_marks(text) is not None else unicodedata.normalize("NFC", text)


def find_overlong_marks(text: str) -> int | None:
    """Return the index of the first combining mark beyond :data:`MAX_COMBINING_MARKS`, or None."""
    run = 0
    for index, char in enumerate(text):
        if char < "\u00a0":
            run = 0
            continue
        for part in unicodedata.normalize("NFKD", char):
            run = run + 1 if unicodedata.combining(part) else 0
        if run > MAX_COMBINING_MARKS:
            return index
    return None


def has_glyph(text: str) -> bool:
    """Return whether a text has a visible character; blanks, invisible characters and lone combining marks are none."""
    return any(char not in FILLERS and unicodedata.category(char) not in INVISIBLE_CATEGORIES for char in text)


def trim(text: str) -> str:
    """Return text without blanks and invisible format characters at its ends.

    A right-to-left override is kept: without it, the text would read differently. So are line ends at the inside.
    """
    start, end = 0, len(text)
    while start < end and _is_padding(text[start]):
        start += 1
    while end > start and _is_padding(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_padding(char: str) -> bool:
    return char.isspace() or (char != "\u202e" and unicodedata.category(char) == "Cf")


def remove_unneeded_joiners(text: str, strict: bool = False) -> str:
    """Return text without the zero-width joiners and non-joiners that neither a script nor an emoji needs.

    :param strict: keep them between two letters of such a script only, as domain names do (RFC 5892, appendix A).
    """

    def replace_joiner(match: re.Match[str]) -> str:
        place = match.start()
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if strict:
            needed = _is_cursive(before) and _is_cursive(after)
        else:
            needed = _is_cursive(before) or _is_cursive(after) or (_is_emoji(before) and _is_emoji(after))
        return match[0] if needed else ""

    return JOINERS.sub(replace_joiner, text)


def _is_cursive(char: str) -> bool:
    """Return whether a character belongs to a script whose letters join: from Arabic to Mongolian, and beyond the BMP."""
    return bool(char) and unicodedata.category(char)[0] in "LM" and ("\u0600" <= char < "\u1e00" or char >= "\ua800")


def _is_emoji(char: str) -> bool:
    return bool(char) and (char == "\ufe0f" or unicodedata.category(char) in {"So", "Sk"})
