"""Spam detection without puzzles and third parties; suspected spam is quarantined, never discarded.

Each signal has one or two points; from two points a submission is held for the office. A fast confirmation or a single link
alone is not enough: people paste, and companies have web sites.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler import rate_limit
from form_handler.forms.contact_details import mailbox_key
from form_handler.storage.submissions import SpamVerdict

# A field that people do not see and programs fill in.
HONEYPOT_FIELD = "_website"
MIN_REVIEW_SECONDS = 2.0
MAX_LINKS = 3
SPAM_THRESHOLD = 2
# How many receipts a day go to one mailbox: anybody can enter a stranger's address.
MAX_RECEIPTS_PER_DAY = 3
DAY_MINUTES = 24 * 60
LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)


def spam_signals(answers: Mapping[str, Any], trap: str, seconds_on_review: float | None) -> dict[str, int]:
    """Return the signals with their points."""
    links = sum(len(LINK.findall(value)) for value in answers.values() if isinstance(value, str))
    found: dict[str, int] = {}
    if trap:
        found["trap"] = 2
    if seconds_on_review is not None and seconds_on_review < MIN_REVIEW_SECONDS:
        found["fast"] = 1
    if links:
        found["links"] = 2 if links > MAX_LINKS else 1
    return found


def score_signals(
    connection: sa.Connection, signs: Mapping[str, int], address: str, limit: int, now: Any, recipient: str = ""
) -> SpamVerdict:
    """Add the number of forms from this address within the hour (``limit`` 0: not counted), and sum up the points.

    :param recipient: the e-mail address that was entered, or empty. Whoever it belongs to gets at most
        :data:`MAX_RECEIPTS_PER_DAY` mails a day, however it is spelled; after that the office alone gets its mail.
    """
    weighed = dict(signs)
    if limit and rate_limit.increment(connection, "send", address, now) > limit:
        weighed["rate"] = 2
    enough = bool(recipient) and (
        rate_limit.increment(connection, "recipient", mailbox_key(recipient), now, DAY_MINUTES) > MAX_RECEIPTS_PER_DAY
    )
    if enough:
        weighed["recipient"] = 0  # noted for the office; no reason to hold what may be right
    return SpamVerdict(" ".join(sorted(weighed)), sum(weighed.values()) >= SPAM_THRESHOLD, silent=enough)
