"""Spam detection without puzzles and third parties; suspected spam is quarantined, never discarded.

Each signal has one or two points; from two points a submission is held for the office. A fast confirmation or a single link
alone is not enough: people paste, and companies have web sites.
"""

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler import rate_limit
from form_handler.storage.submissions import SpamVerdict

# A hidden field that only programs fill in.
HONEYPOT_FIELD = "_website"
MIN_REVIEW_SECONDS = 2.0
MAX_LINKS = 3
SPAM_THRESHOLD = 2
# Limit of receipts for one mailbox: anybody can enter a stranger's address.
MAX_RECEIPTS_PER_DAY = 3
DAY_MINUTES = 24 * 60
LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)


def spam_signals(answers: Mapping[str, Any], honeypot: str, review_seconds: float | None) -> dict[str, int]:
    """Return the signals with their points."""
    links = sum(len(LINK.findall(value)) for value in answers.values() if isinstance(value, str))
    signals: dict[str, int] = {}
    if honeypot:
        signals["trap"] = 2
    if review_seconds is not None and review_seconds < MIN_REVIEW_SECONDS:
        signals["fast"] = 1
    if links:
        signals["links"] = 2 if links > MAX_LINKS else 1
    return signals


def score_signals(
    connection: sa.Connection, signals: Mapping[str, int], client: str, limit: int, now: Any, recipient: str = ""
) -> SpamVerdict:
    """Add the number of forms from this client within the hour (``limit`` 0: not counted), and sum up the points.

    :param recipient: the mailbox of the e-mail address that was entered (:func:`mailbox_key`), or empty. It gets at most
        :data:`MAX_RECEIPTS_PER_DAY` mails a day; after that only the office gets a mail.
    """
    points = dict(signals)
    if limit and rate_limit.increment(connection, "send", client, now) > limit:
        points["rate"] = 2
    is_limit_reached = bool(recipient) and (
        rate_limit.increment(connection, "recipient", recipient, now, DAY_MINUTES) > MAX_RECEIPTS_PER_DAY
    )
    if is_limit_reached:
        points["recipient"] = 0  # recorded for the office; no reason to hold the submission
    return SpamVerdict(" ".join(sorted(points)), sum(points.values()) >= SPAM_THRESHOLD, silent=is_limit_reached)
