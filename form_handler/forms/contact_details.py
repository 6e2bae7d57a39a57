"""E-mail addresses and telephone numbers: remove pasted surroundings, and compare spellings.

Only this module decides which spellings are one address. All functions are pure, accept any text
and need linear time.
"""

import re
import unicodedata
from urllib.parse import unquote

from form_handler.forms.cleaning import LINE_WHITESPACE, remove_unneeded_joiners, to_nfc

# RFC 5321, 4.5.3.1: 64 octets before the "@", 255 after it.
MAX_ADDRESS_CHARS = 320
# East Asian variants of "@" and ".".
FULLWIDTH = {0xFF20: "@", 0xFF0E: ".", 0x3002: ".", 0xFF61: "."}
OPENING = " <([{\"'„“”‚‘’«»‹›「『（【,;:…•·–—،؛、，"
CLOSING = " >)]}\"'„“”‚‘’«»‹›」』）】,;:.!?…·–—،؛؟۔、，；：！？।"
# The word before an address, as in "E-Mail: name@example.org"; no part before an "@" holds a colon or blank.
LABEL = re.compile(r"[^@<>:\uff1a/]{1,30}[:\uff1a]\s*(?=[^\s:/]+@)")
MAILTO = re.compile(r"(?:mailto:\s*)+", re.IGNORECASE)
TEL = re.compile(r"(?:(?:tel|callto):\s*)+", re.IGNORECASE)
DISPLAY_NAME = re.compile(r"[^<>@]*<([^<>]*)>[\s,;.]*")
# Characters without a glyph that are no format characters (Unicode: Default_Ignorable_Code_Point).
DEFAULT_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Germany's country code (ITU-T E.164); a number with a trunk prefix and without country code is of this country.
COUNTRY = "49"
# Fewer digits without country code are no number that reaches one person; more than E.164 allows are two numbers in one.
MIN_DIGITS, MAX_DIGITS = 5, 17
# From this number of digits on, a number that begins with the country code needs no "+" to be read so.
MIN_DIGITS_WITH_COUNTRY = 10
PHONE_RUN = re.compile(r"[+(]*[0-9][0-9 ()/.+]*")
# Signs between groups of digits that no folding takes for a blank, and brackets of another form.
PHONE_SIGNS = str.maketrans({**dict.fromkeys("−·•∙⋅_|~", " "), "[": "(", "]": ")"})
# Where a second number begins: behind a stroke, or with a plus or two zeros after a blank.
PHONE_BREAK = re.compile(r"/ *(?=\+|00|0[1-9][0-9]{2})|(?<=[0-9)]) +(?=\+|\(\+)")
# Mail providers that ignore dots before the "@", with the domain that all of theirs mean.
DOT_INSENSITIVE_DOMAINS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def remove_invisible(text: str) -> str:
    """Return text without direction marks, zero-width and other invisible characters, blanks of any kind as spaces.

    Zero-width joiners stay between letters of scripts that need them, because domain names may hold them (RFC 5892).
    Line ends and other control characters stay, for the field to refuse them.
    """
    text = remove_unneeded_joiners(text, strict=True)
    visible = (c for c in text if c in "\u200c\u200d" or unicodedata.category(c) != "Cf")
    return "".join(" " if ord(c) in LINE_WHITESPACE or unicodedata.category(c) == "Zs" else c for c in visible)


def clean_address(text: str) -> str:
    """Return the e-mail address without pasted surroundings, in Unicode NFC; other text is returned unchanged.

    Taken away are invisible characters, ``mailto:`` with its parameters (RFC 6068), a display name with angle
    brackets (RFC 5322, 3.4), quotes and brackets around, punctuation after, and blanks around the ``@``.
    """
    text = remove_invisible(text).translate(FULLWIDTH).strip()
    for _layer in range(3):  # "<mailto:…>." and the like
        if MAILTO.match(text) is None and (label := LABEL.match(text)) is not None:
            text = text[label.end() :]
        if (named := DISPLAY_NAME.fullmatch(text)) is not None:
            text = named[1]
        text = _strip_wrapping(text)
        if (scheme := MAILTO.match(text)) is not None:
            text = unquote(text[scheme.end() :].partition("?")[0])
    return to_nfc("@".join(part.strip() for part in text.split("@")))


def clean_typed_address(text: str) -> str:
    """Return the result of :func:`clean_address`, with its domain as the person wrote it.

    A browser sends the domain of a field of type ``email`` in ASCII (HTML Standard, 4.10.5.1.5), so that ``jörg.example``
    would come back as ``xn--jrg-sna.example``. A domain that is not valid in IDNA2008 is not changed.
    """
    text = clean_address(text)
    local, at, domain = text.rpartition("@")
    if not at or "xn--" not in domain.lower() or len(text) > MAX_ADDRESS_CHARS:
        return text
    import idna  # late: the build, which renders the forms, does without

    try:
        return f"{local}@{idna.decode(domain)}"
    except (idna.IDNAError, UnicodeError):
        return text


def _strip_wrapping(text: str) -> str:
    return text.lstrip(OPENING).rstrip(CLOSING)


def clean_phone(text: str) -> str:
    """Return a telephone number without pasted surroundings; its digits and signs stay as written."""
    text = remove_invisible(text).lstrip("<\"'„“” ")
    if (scheme := TEL.match(text)) is not None:
        text = text[scheme.end() :]
    return to_nfc(text.rstrip(">\"'„“” ,;:."))


def canonical_address(address: str) -> str:
    """Return the one spelling of an e-mail address by which a person is found, however it was typed.

    The domain is in its ASCII form by IDNA2008 (RFC 5891), so that ``straße`` and ``strasse`` stay two and ``münchen`` and
    ``xn--mnchen-3ya`` are one. The part before the ``@`` is width-mapped and in small letters (RFC 8265, 3.3): servers may
    distinguish its case (RFC 5321, 2.4), but none in use does. A suffix after ``+`` and dots stay: they may be two mailboxes.
    Text that is not an address, or longer than :data:`MAX_ADDRESS_CHARS`, is only in small letters.
    """
    if len(address) > 4 * MAX_ADDRESS_CHARS:
        return address.lower()
    text = clean_address(DEFAULT_IGNORABLE.sub("", address))
    local, at, domain = text.rpartition("@")
    if not at or len(text) > MAX_ADDRESS_CHARS:
        return text.lower()
    return f"{_username(local)}@{ascii_domain(domain)}"


def _username(text: str) -> str:
    """Return a name as RFC 8265, 3.3 compares it: full- and half-width letters mapped, in small letters, in NFC."""
    wide = ("<wide>", "<narrow>")
    mapped = (unicodedata.normalize("NFKC", c) if unicodedata.decomposition(c).startswith(wide) else c for c in text)
    return to_nfc("".join(mapped).lower())


def ascii_domain(domain: str) -> str:
    """Return a domain in its ASCII form (IDNA2008 with the mapping of UTS #46), in small letters.

    One that IDNA2008 does not allow is returned in small letters; no letter of it becomes another one.
    """
    import idna  # late: the build, which renders the forms, does without

    try:
        return idna.encode(domain.rstrip("."), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return _username(domain.rstrip("."))


def address_spellings(address: str) -> list[str]:
    """Return the canonical address with its domain in ASCII, and with its domain in Unicode where that differs."""
    import idna

    canonical = canonical_address(address)
    local, at, domain = canonical.rpartition("@")
    try:
        shown = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        shown = domain
    return list(dict.fromkeys([canonical, f"{local}{at}{shown}"]))


def find_phones(text: str) -> list[str]:
    """Return the telephone numbers in a text, each once, in the one spelling by which a person is found.

    ``+49 (0)2041 70-300``, ``0049 2041/70300``, ``02041 70300`` and the same in other digits are ``+49204170300``. A number
    without trunk prefix and country code stays without, for the area code is not known (E.164; DIN 5008 for spellings).
    """
    from core.folding import fold_text

    found = []
    for run in PHONE_RUN.findall(fold_text(text.translate(PHONE_SIGNS))):
        found += [_canonical_number(part) for part in PHONE_BREAK.split(run)]
    return list(dict.fromkeys(number for number in found if number))


def _canonical_number(text: str) -> str:
    bare = "".join(text.split())
    digits = "".join(c for c in bare if c.isdigit())
    if "+" in bare or digits.startswith("00"):
        bare = bare.replace("(0)", "")
        digits = "".join(c for c in bare if c.isdigit()).lstrip("0")
        number = "+" + _without_trunk(digits)
    elif digits.startswith("0"):
        number = f"+{COUNTRY}{digits[1:]}"
    elif digits.startswith(COUNTRY) and len(digits) >= MIN_DIGITS_WITH_COUNTRY:
        number = "+" + _without_trunk(digits)
    else:
        number = digits
    least = MIN_DIGITS + (len(COUNTRY) if number.startswith("+") else 0)
    return number if least <= len(number.removeprefix("+")) <= MAX_DIGITS else ""


def _without_trunk(digits: str) -> str:
    """Return an international number without the trunk prefix that some write behind Germany's country code."""
    return COUNTRY + digits[len(COUNTRY) :].lstrip("0") if digits.startswith(COUNTRY) else digits


def mailbox_key(address: str) -> str:
    """Return a key of the mailbox of an address, for counting mails only; never for storing or finding.

    To :func:`canonical_address` it adds that most servers ignore a suffix after ``+`` (RFC 5233), and some ignore dots.
    """
    local, at, domain = canonical_address(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOT_INSENSITIVE_DOMAINS:
        local, domain = local.replace(".", ""), DOT_INSENSITIVE_DOMAINS[domain]
    return f"{local}{at}{domain}"
