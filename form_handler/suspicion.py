"""Telling spam from mail without puzzles and without third parties; what is suspected is kept apart, never dropped.

Each sign weighs one or two points; two points hold a submission for the office. A fast hand or a single link
alone never do: people paste, and companies have web sites.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler import rates
from form_handler.storage.submissions import Verdict

# A field that people do not see and programs fill in.
TRAP = "_website"
LEAST_SECONDS = 2.0
LINKS_ALLOWED = 3
HOLD_AT = 2
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


def judge_signs(connection: sa.Connection, signs: Mapping[str, int], address: str, limit: int, now: Any) -> Verdict:
    """Weigh the signs, and how much came from this address within the hour (``limit`` 0: not counted)."""
    weighed = dict(signs)
    if limit and rates.count(connection, "send", address, now) > limit:
        weighed["rate"] = 2
    return Verdict(" ".join(sorted(weighed)), sum(weighed.values()) >= HOLD_AT)
