"""Notices of the service at the top of the inbox: pending deletions, paused deletion, a missing mail worker."""

from __future__ import annotations

from typing import Any

from form_handler.mail.worker import is_worker_missing
from form_handler.retention import ANNOUNCEMENT_DAYS, deletion_notice
from form_handler.staff.views import database, now, staff

SHOWN_REFERENCES = 50


@staff.context_processor
def notices_context() -> dict[str, Any]:
    """Return functions for the inbox's template, so that only the inbox queries the database."""
    return {
        "mail_worker_missing": lambda: is_worker_missing(database(), now()),
        "deletion_notice": lambda: deletion_notice(database()),
        "deletion_days": ANNOUNCEMENT_DAYS,
        "shown_references": SHOWN_REFERENCES,
    }
