"""The current time."""

from __future__ import annotations

import datetime


def utc_now() -> datetime.datetime:
    """Return the current time in UTC."""
    return datetime.datetime.now(datetime.UTC)
