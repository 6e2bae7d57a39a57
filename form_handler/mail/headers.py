"""Values of mail headers."""

import datetime
import re
import unicodedata
from email.utils import format_datetime

from email_validator import validate_email

from form_handler.forms.cleaning import remove_unneeded_joiners

# The longest part of a subject that comes from a sender, and the longest subject, in characters.
MAX_SENDER_CHARS = 80
MAX_SUBJECT_CHARS = 200
# The beginning of an encoded word (RFC 2047).
ENCODED_WORD = re.compile(r"=(?=\?)")


def header_text(text: str, limit: int) -> str:
    """Return text for a header: one line, no encoded word, at most ``limit`` characters.

    Nothing invisible is in it but the joiners of scripts and emoji, see :func:`form_handler.forms.cleaning.clean_line`.
    """
    shown = (" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text[: 4 * limit])
    visible = (c for c in shown if c in "\u200c\u200d" or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = remove_unneeded_joiners(" ".join("".join(visible).split()))
    line = ENCODED_WORD.sub("= ", line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def ascii_address(address: str) -> str:
    """Return an address as mail headers carry it: an international domain in its ASCII form (RFC 5891)."""
    if address.isascii():
        return address
    checked = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    assert checked.ascii_email is not None
    return checked.ascii_email


def format_date_header(now: datetime.datetime) -> str:
    """Return the value of the ``Date`` field (RFC 5322, 3.6.1): when this attempt is made, not when the form was received."""
    return format_datetime(now)
