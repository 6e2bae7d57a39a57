"""Values as people write them in headers and facts: days, months, telephone numbers, sums, addresses.

Each is a type of its own that a declared shape names (:mod:`editorial.content.schema`), and is made from the text in the file.
What does not fit is refused with a German sentence, never guessed: a wrong number is worse than none.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

DAY_IS, MONTH_IS = "hier steht ein Datum wie 2027-11-23", "hier steht ein Monat wie 2026-11"
PHONE_IS = "hier steht eine Telefonnummer mit Vorwahl wie 02041 123-45, +49 2041 12345 oder 115"
AMOUNT_IS = "hier steht eine Zahl wie 1200, 1.200, 12,50 oder 1.200,50"
EMAIL_IS = "hier steht eine E-Mail-Adresse wie amt@example.org"
LOCAL_TIME_IS = "hier stehen Tag und Uhrzeit wie 2027-01-12 17:00"
URL_IS = "hier steht eine Internetadresse wie https://www.example.org/seite"
DAY_HOURS_IS = "hier stehen Zeiten wie 8:00–12:30, 13:30–16:00, oder nach Vereinbarung, oder geschlossen"


class Date(datetime.date):
    """A day of this century, written as ISO 8601 has it: ``2027-11-23``."""


class LocalTime(datetime.datetime):
    """A day with its time of day on the clocks of the municipality, to the minute: ``2027-01-12 17:00``."""


class Month(str):
    """A month of this century, written as ISO 8601 has it: ``2026-11``."""

    __slots__ = ()


class Phone(str):
    """One telephone number that can be dialled, as people read it; see :func:`dialable_number`."""

    __slots__ = ()


class Quantity(float):
    """A sum or a share; see :func:`parse_quantity`."""


class Email(str):
    """One mail address without a name."""

    __slots__ = ()


class Url(str):
    """An address outside, http or https."""

    __slots__ = ()


class DayHours:
    """When an office is open on one day; false if it is closed. No dataclass: msgspec would read one itself.

    :ivar ranges: pairs of opening and closing time, in minutes after midnight, in their order.
    :ivar by_appointment: whether one can also come, or only, by appointment.
    """

    __slots__ = ("by_appointment", "ranges")

    def __init__(self, ranges: tuple[tuple[int, int], ...] = (), by_appointment: bool = False) -> None:
        self.ranges = ranges
        self.by_appointment = by_appointment

    def __bool__(self) -> bool:
        """Return whether one can come on this day at all."""
        return bool(self.ranges) or self.by_appointment

    def __eq__(self, other: object) -> bool:
        """Return whether the other day has the same hours."""
        return isinstance(other, DayHours) and (self.ranges, self.by_appointment) == (
            other.ranges,
            other.by_appointment,
        )

    def __hash__(self) -> int:
        """Return a number that days with the same hours share."""
        return hash((self.ranges, self.by_appointment))

    def __repr__(self) -> str:
        """Return what makes an equal one."""
        return f"DayHours({self.ranges!r}, {self.by_appointment!r})"


def parse_date(text: str) -> Date:
    """Return a day.

    :raises ValueError: if there is no such day, or it is written in another way; a German sentence without full stop.
    """
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text.strip())
    if match is None:
        raise ValueError(f"{DAY_IS}, nicht {quote(text)}")
    year, month, day = map(int, match.groups())
    if not 2000 <= year <= 2099:
        raise ValueError(f"das Jahr {match[1]} kann nicht stimmen; {DAY_IS}")
    try:
        return Date(year, month, day)
    except ValueError:
        raise ValueError(f"den Tag {day}.{month}.{year} gibt es nicht; {DAY_IS}") from None


def parse_local_time(text: str) -> LocalTime:
    """Return a day with its time of day, without a time zone.

    :raises ValueError: if there is no such day or time, or it is written in another way; a German sentence without full stop.
    """
    match = re.fullmatch(r"([0-9-]{10})[ T]([0-9]{2}):([0-9]{2})", text.strip())
    if match is None:
        raise ValueError(f"{LOCAL_TIME_IS}, nicht {quote(text)}")
    day = parse_date(match[1])
    if int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError(f"die Uhrzeit {match[2]}:{match[3]} gibt es nicht; {LOCAL_TIME_IS}")
    return LocalTime(day.year, day.month, day.day, int(match[2]), int(match[3]))


def parse_month(text: str) -> Month:
    """Return a month.

    :raises ValueError: if it is written in another way; a German sentence without full stop.
    """
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text.strip()):
        raise ValueError(f"{MONTH_IS}, nicht {quote(text)}")
    return Month(text.strip())


QUANTITY = re.compile(
    r"(0|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,2}|[1-9][0-9]{0,8})(?:,([0-9]{1,2}))?|(0|[1-9][0-9]{0,8})\.([0-9]{1,2})"
)


def parse_quantity(text: str) -> Quantity:
    """Return a sum or a share, written the German way.

    A point before three digits separates thousands: ``1.200`` is 1200. A comma, or a point, before the last one or two
    digits separates cents: ``12,50`` and ``12.50`` are the same. Nothing else is read: no ``1,200``, no ``01200``.

    :raises ValueError: if it is written in another way; a German sentence without full stop.
    """
    match = QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{AMOUNT_IS}, nicht {quote(text)}")
    whole, cents = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
    return Quantity(f"{whole.replace('.', '')}.{cents or 0}")


# Numbers that are dialled without an area code (Bundesnetzagentur, Nummernplan): emergency calls, public authorities,
# the harmonised 116 numbers, directory enquiries. A number of one kind after the other is not one number.
SHORT = re.compile(r"11[025]|116[0-9]{3}|118[0-9]{2,3}")
# Numbers that are reached from within the country only: freephone, shared cost, personal, premium, mass traffic.
NATIONAL_ONLY = re.compile(r"0(?:800|180|700|900|137|138)")
_AREA = r"(?:\([0-9][0-9 ]*\) ?[/-]? ?|[0-9][0-9 ]* ?/ ?)?"
_GROUPS = r"[0-9]+(?:(?: | - |[.-])[0-9]+)*"
_ABROAD = re.compile(rf"(?:\+|00)(?P<code>[1-9][0-9]{{0,2}})[ -]?(?:\(0\) ?)?(?P<rest>{_AREA}{_GROUPS})")
_AT_HOME = re.compile(rf"(?P<area>{_AREA}){_GROUPS}")
_BLANKS = re.compile(r"[ \u00a0\u2007\u2009\u202f]+")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))


def dialable_number(text: str) -> str:
    """Return a telephone number as a telephone dials it: ``+49 (0)2041 70-300`` becomes ``+49204170300``.

    Numbers with a German area code become global ones (RFC 3966, 5.1.4; E.164), for a reader's telephone may be
    registered abroad; short numbers and those reached from within the country only stay as they are.

    :raises ValueError: if it is none, or more than one; a German sentence without full stop.
    """
    number = _BLANKS.sub(" ", text.translate(_DASHES)).strip()
    digits = re.sub(r"[^0-9]", "", number)
    if strange := re.sub(r"[0-9 ()/.+-]", "", number):
        raise ValueError(f"{PHONE_IS}, und nichts sonst; {quote(text)} enthält {describe_sign(strange[0])}")
    if SHORT.fullmatch(digits) and re.fullmatch(_GROUPS, number):
        return digits
    abroad, home = _ABROAD.fullmatch(number), _AT_HOME.fullmatch(number)
    if abroad and re.match(r"(?:\+|00)49", number):
        own = re.sub(r"[^0-9]", "", re.sub(r"^(?:\+|00)49[ -]?(?:\(0\))?", "", number))
        if own.startswith("0"):
            raise ValueError(f"nach +49 steht keine 0, außer in Klammern: +49 (0)…, nicht {quote(text)}")
        dialled, fits = f"+49{own}", 5 <= len(own) <= 12
    elif abroad:
        own = re.sub(r"[^0-9]", "", abroad["rest"])
        dialled = f"+{abroad['code']}{own}"
        fits = 8 <= len(dialled) <= 16  # E.164: at most fifteen digits
    elif home and digits.startswith("0"):
        dialled = digits if NATIONAL_ONLY.match(digits) else f"+49{digits[1:]}"
        fits = 6 <= len(digits) <= 13 and len(re.sub(r"[^0-9]", "", home["area"])) <= 6
    else:
        dialled, fits = "", False
    if not fits:
        raise ValueError(f"{PHONE_IS}, und nur eine; nicht {quote(text)}")
    return dialled


def parse_phone(text: str) -> Phone:
    """Return a telephone number as people read it, if it can be dialled.

    :raises ValueError: see :func:`dialable_number`.
    """
    dialable_number(text)
    return Phone(text.strip())


def phone_href(phone: str | None) -> str | None:
    """Return a number as the address of a link (RFC 3966); None if there is none, or it cannot be dialled."""
    try:
        return f"tel:{dialable_number(phone)}" if phone else None
    except ValueError:
        return None


def parse_email(text: str) -> Email:
    """Return a mail address.

    :raises ValueError: if it is none; a German sentence without full stop.
    """
    from email_validator import EmailNotValidError, validate_email  # late: it takes as long to load as a page to render

    address = text.strip()
    try:
        validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError(f"{EMAIL_IS}, und nichts sonst; nicht {quote(text)}") from None
    return Email(address)


_RANGE = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?(?:-|bis) ?([0-9]{1,2})(?:[:.]([0-9]{2}))?(?: ?Uhr)?")


def parse_day_hours(text: str) -> DayHours:
    """Return the hours of one day: ``8:00–12:30, 13:30–16:00``, ``nach Vereinbarung``, ``geschlossen``, or times and the first words.

    :raises ValueError: if it is written in another way, or the times do not follow one another; a German sentence.
    """
    plain = _BLANKS.sub(" ", text.translate(_DASHES)).strip()
    if plain.casefold() == "geschlossen":
        return DayHours()
    ranges: list[tuple[int, int]] = []
    by_appointment = False
    for part in re.split(r" ?(?:,| und ) ?", plain):
        if part.casefold() == "nach vereinbarung":
            by_appointment = True
            continue
        match = _RANGE.fullmatch(part.replace(" - ", "-"))
        if match is None or by_appointment:
            raise ValueError(f"{DAY_HOURS_IS}; nicht {quote(text)}")
        begin, end = (int(match[i]) * 60 + int(match[i + 1] or 0) for i in (1, 3))
        if int(match[2] or 0) > 59 or int(match[4] or 0) > 59 or end > 24 * 60:
            raise ValueError(f"diese Uhrzeit gibt es nicht: {quote(part)}")
        if end <= begin or (ranges and begin < ranges[-1][1]):
            raise ValueError(f"die Zeiten folgen nicht aufeinander: {quote(text)}")
        ranges.append((begin, end))
    return DayHours(tuple(ranges), by_appointment)


def parse_url(text: str) -> Url:
    """Return an address outside.

    :raises ValueError: if it is none; a German sentence without full stop.
    """
    address = text.strip()
    if why := public_url_error(address):
        raise ValueError(f"{URL_IS}; {quote(text)} {why}")
    return Url(address)


_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")


def public_url_error(url: str) -> str:
    """Return why an address outside cannot be opened, in German words; nothing if it can (RFC 3986, RFC 1035)."""
    if why := http_url_error(url):
        return why
    host = (urlsplit(url).hostname or "").removesuffix(".")
    if "." not in host or host.rpartition(".")[2].isdigit() or ":" in host:
        return f"hat keinen gültigen Rechnernamen („{host[:60]}“)"
    if disguise := find_confusable_label(host):
        return f"enthält im Rechnernamen Buchstaben, die wie andere aussehen („{disguise[:60]}“)"
    return ""


def http_url_error(url: str) -> str:
    """Return why no program can request an address, in German words; nothing if one can. Its host may be a machine nearby."""
    if strange := re.search(r"[\s\x00-\x1f\x7f\\<>\"{}|^`]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", url):
        return f"enthält {describe_sign(strange[0])}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "hat keinen gültigen Rechnernamen oder Port"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "beginnt nicht mit https:// und einem Rechnernamen"
    if "@" in parts.netloc:
        return "enthält einen Benutzernamen"
    if parts.netloc.endswith(":") or port == 0:
        return "hat keinen gültigen Port"
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:  # an IPv6 address, which urlsplit has looked at
        return ""
    try:
        plain = [label.encode("idna").decode() if not label.isascii() else label for label in host.split(".")]
    except UnicodeError:
        plain = [""]
    if len(host) > 253 or any("_" in one or not _LABEL.fullmatch(one) for one in plain):
        return f"hat keinen gültigen Rechnernamen („{host[:60]}“)"
    return ""


# Letters of the Latin script that nobody takes for another one: with a visible accent, and ß. Not ı, ĸ, ŉ, ſ.
_ACCENTED_LATIN = frozenset(map(chr, range(0xDF, 0x17F))) - frozenset("÷ıĸŉŀ")


def find_confusable_label(host: str) -> str:
    """Return the part of a host name that may be taken for another name, or nothing.

    A label of one script other than Latin is allowed below a top-level domain of that script only; a label that mixes
    scripts, or holds Latin letters that look like others, is not. A label in Punycode (RFC 3492) is read as it is shown.
    """
    labels = [_display_form(label) for label in host.casefold().split(".") if label]
    scripts = [_scripts(label) for label in labels]
    for label, own in zip(labels, scripts, strict=True):
        if not own <= {"LATIN"} and (len(own) > 1 or own != scripts[-1]):
            return label
        if any(char not in _ACCENTED_LATIN for char in label if not char.isascii()) and own <= {"LATIN"}:
            return label
    return ""


def _display_form(label: str) -> str:
    if not label.startswith("xn--"):
        return unicodedata.normalize("NFC", label)
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


def _scripts(label: str) -> set[str]:
    """Return the scripts of a label's letters, by the first word of their names: ``LATIN``, ``CYRILLIC``, ``CJK``."""
    return {re.split(r"[ -]", unicodedata.name(char, "?"))[0] for char in label if char.isalpha()}


def quote(text: str) -> str:
    """Return a text as a sentence quotes it: short, and without what cannot be seen."""
    plain = "".join(sign if sign.isprintable() else f"U+{ord(sign):04X}" for sign in text)
    return f"„{plain[:40]}…“" if len(plain) > 40 else f"„{plain}“"


def describe_sign(sign: str) -> str:
    """Return a sign so that people find it, seen or not: ``„,“``, ``ein Leerzeichen``, ``das Zeichen U+202E``."""
    if sign == " ":
        return "ein Leerzeichen"
    if sign.isprintable() and not unicodedata.combining(sign) and sign.isascii():
        return f"„{sign}“"
    return f"„{sign}“ (U+{ord(sign):04X})" if sign.isprintable() else f"das Zeichen U+{ord(sign):04X}"


PARSERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    Date: (parse_date, DAY_IS),
    LocalTime: (parse_local_time, LOCAL_TIME_IS),
    Month: (parse_month, MONTH_IS),
    Phone: (parse_phone, PHONE_IS),
    Quantity: (parse_quantity, AMOUNT_IS),
    Email: (parse_email, EMAIL_IS),
    Url: (parse_url, URL_IS),
    DayHours: (parse_day_hours, DAY_HOURS_IS),
}


def decode(wanted: Any, value: Any) -> Any:
    """Return a value as the type that a shape declares; for msgspec, which has no such types.

    :raises ValueError: if it does not fit; a German sentence without full stop.
    """
    parse, what = PARSERS[wanted]
    if isinstance(value, str):
        return parse(value)
    if wanted is Date and type(value) in (datetime.date, Date):
        return parse_date(value.isoformat())
    if wanted is Quantity and type(value) in (int, float):
        return Quantity(value)
    raise ValueError(what)
