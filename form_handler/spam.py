"""Telling spam from mail without puzzles and without third parties; what is suspected is kept apart, never dropped.

Each sign weighs one or two points; two points hold a submission for the office. A fast hand or a single link
alone never do: people paste, and companies have web sites.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler import rate_limit as rates
from form_handler.forms.contact_details import mailbox
from form_handler.storage.submissions import Verdict

# A field that people do not see and programs fill in.
TRAP = "_website"
LEAST_SECONDS = 2.0
LINKS_ALLOWED = 3
HOLD_AT = 2
# How many receipts a day go to one mailbox: anybody can enter a stranger's address.
MAILS_TO_ONE_A_DAY = 3
DAY_MINUTES = 24 * 60
LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)


def signs_of_spam(answers: Mapping[str, Any], trap: str, seconds_on_review: float | None) -> dict[str, int]:
    """Return the signs with their weight; ``seconds_on_review`` is how long the review page was open."""
    links = sum(len(LINK.findall(value)) for value in answers.values() if isinstance(value, str))
    found: dict[str, int] = {}
    if trap:
        found["trap"] = 2
    if seconds_on_review is not None and seconds_on_review < LEAST_SECONDS:
        found["fast"] = 1
    if links:
        found["links"] = 2 if links > LINKS_ALLOWED else 1
    return found


def judge_signs(
    connection: sa.Connection, signs: Mapping[str, int], address: str, limit: int, now: Any, recipient: str = ""
) -> Verdict:
    """Weigh the signs, and how much came from this address within the hour (``limit`` 0: not counted).

    :param recipient: the e-mail address that was entered, or empty. Whoever it belongs to gets at most
        :data:`MAILS_TO_ONE_A_DAY` mails a day, however it is spelled; after that the office alone gets its mail.
    """
    weighed = dict(signs)
    if limit and rates.count(connection, "send", address, now) > limit:
        weighed["rate"] = 2
    enough = bool(recipient) and (
        rates.count(connection, "recipient", mailbox(recipient), now, DAY_MINUTES) > MAILS_TO_ONE_A_DAY
    )
    if enough:
        weighed["recipient"] = 0  # noted for the office; no reason to hold what may be right
    return Verdict(" ".join(sorted(weighed)), sum(weighed.values()) >= HOLD_AT, silent=enough)
