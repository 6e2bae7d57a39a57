"""E-mail addresses and telephone numbers: what people paste around them, and when two spellings are one address.

This is the one place that says which address a person or a mailbox has. All functions are pure, take any text
and need linear time.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from form_handler.cleaning import composed, drop_needless_joiners

# RFC 5321, 4.5.3.1: 64 octets before the "@", 255 after it.
ADDRESS_LIMIT = 320
# What East Asian keyboards write for "@" and ".".
WIDE = {0xFF20: "@", 0xFF0E: ".", 0x3002: ".", 0xFF61: "."}
OPENING = " <([{\"'„“”‚‘’«»‹›,;:"
CLOSING = " >)]}\"'„“”‚‘’«»‹›,;:.!?"
MAILTO = re.compile(r"(?:mailto:\s*)+", re.IGNORECASE)
TEL = re.compile(r"(?:(?:tel|callto):\s*)+", re.IGNORECASE)
NAMED = re.compile(r"[^<>@]*<([^<>]*)>[\s,;.]*")
# Mail providers that ignore dots before the "@", with the domain that all of theirs mean.
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def without_invisible(text: str) -> str:
    """Return text without direction marks, zero-width and other invisible characters, blanks of any kind as spaces.

    Zero-width joiners stay between letters of scripts that need them, because domain names may hold them (RFC 5892).
    Line ends and other control characters stay, for the field to refuse them.
    """
    text = drop_needless_joiners(text, strict=True)
    kept = (c for c in text if c in "\u200c\u200d" or unicodedata.category(c) != "Cf")
    return "".join(" " if c in "\t\x0b\x0c\x85" or unicodedata.category(c) == "Zs" else c for c in kept)


def clean_address(text: str) -> str:
    """Return the e-mail address out of what was pasted with it, in Unicode NFC; what is no address stays as it is.

    Taken away are invisible characters, ``mailto:`` with its parameters (RFC 6068), a display name with angle
    brackets (RFC 5322, 3.4), quotes and brackets around, punctuation after, and blanks around the ``@``.
    """
    text = without_invisible(text).translate(WIDE).strip()
    for _layer in range(3):  # "<mailto:…>." and the like
        if (named := NAMED.fullmatch(text)) is not None:
            text = named[1]
        text = _unwrapped(text)
        if (scheme := MAILTO.match(text)) is not None:
            text = unquote(text[scheme.end() :].partition("?")[0])
    return composed("@".join(part.strip() for part in text.split("@")))


def _unwrapped(text: str) -> str:
    return text.lstrip(OPENING).rstrip(CLOSING)


def clean_phone(text: str) -> str:
    """Return a telephone number as it was written, without what was pasted around it; digits and signs stay."""
    text = without_invisible(text).lstrip("<\"'„“” ")
    if (scheme := TEL.match(text)) is not None:
        text = text[scheme.end() :]
    return composed(text.rstrip(">\"'„“” ,;:."))


def canonical_address(address: str) -> str:
    """Return the one spelling of an e-mail address by which a person is found, however it was typed.

    The domain is in its ASCII form by IDNA2008 (RFC 5891), so that ``straße`` and ``strasse`` stay two and ``münchen`` and
    ``xn--mnchen-3ya`` are one. The part before the ``@`` is casefolded: servers may tell its case apart, but none does.
    What is no address, or longer than :data:`ADDRESS_LIMIT`, is only casefolded.
    """
    if len(address) > 4 * ADDRESS_LIMIT:
        return address.casefold()
    text = clean_address(address)
    local, at, domain = text.rpartition("@")
    if not at or len(text) > ADDRESS_LIMIT:
        return text.casefold()
    return f"{local.casefold()}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    """Return a domain in its ASCII form (IDNA2008 with the mapping of UTS #46), in small letters; else casefolded."""
    import idna  # late: the build, which draws the forms, does without

    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return domain.casefold()


def mailbox(address: str) -> str:
    """Return what tells one mailbox from another, for counting what is sent to it; never for storing or finding.

    To :func:`canonical_address` it adds that most servers ignore what follows a ``+`` (RFC 5233), and some ignore dots.
    """
    local, at, domain = canonical_address(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTLESS:
        local, domain = local.replace(".", ""), DOTLESS[domain]
    return f"{local}{at}{domain}"
