"""Notices of the service to the office: what will be deleted soon, and whether deletion is paused."""

from __future__ import annotations

from typing import Any

from form_handler.retention import ANNOUNCEMENT_DAYS, deletion_notice
from form_handler.staff.views import database, staff

SHOWN_REFERENCES = 50


@staff.context_processor
def notices_context() -> dict[str, Any]:
    """Give the inbox what it says about deletion; read only where it is shown."""
    return {
        "deletion_notice": lambda: deletion_notice(database()),
        "deletion_days": ANNOUNCEMENT_DAYS,
        "shown_references": SHOWN_REFERENCES,
    }
