"""The signed version of a submission in a form: the base of a three-way merge."""

from collections.abc import Iterable, Mapping
from typing import Any

from form_handler.current import settings
from form_handler.storage.submissions import Submission
from form_handler.tokens import sign, verify

# A cookie holds 4,096 bytes (RFC 6265, 6.1); the session needs the rest.
MAX_UNDO_CHARS = 2000
MAX_UNDO_SECONDS = 3600


def sign_version(found: Submission, **values: Any) -> str:
    """Return a token of a submission's version with the values that the form shows."""
    return sign(settings().secret_keys, "seen", {"number": found.number, "version": found.version, **values})


def verify_version(token: str, found: Submission) -> Mapping[str, Any] | None:
    """Return the content of a token; None if it is invalid or of another submission."""
    seen = verify(settings().secret_keys, "seen", token)
    return seen if isinstance(seen, dict) and seen.get("number") == found.number else None


def sign_page_versions(found: Iterable[Submission]) -> str:
    """Return a token of the values that a list shows of each entry, for forms that change several."""
    shown = {row.reference: [row.version, row.state, row.assignee] for row in found}
    return sign(settings().secret_keys, "seen", shown)


def verify_page_versions(token: str) -> Mapping[str, Any]:
    """Return version, state and assignee by reference; empty if the token is invalid."""
    return verify(settings().secret_keys, "seen", token) or {}


def undo_token(before: Iterable[tuple[str, Mapping[str, Any]]], after: Mapping[str, Any]) -> str:
    """Return a token by which a change can be taken back: earlier values by reference, and the new ones.

    Empty if it would be too long for the cookie that holds it to the next page.
    """
    text = sign(settings().secret_keys, "undo", {"before": list(before), "after": dict(after)})
    return text if len(text) <= MAX_UNDO_CHARS else ""


def verify_undo(token: str) -> Mapping[str, Any]:
    """Return the content of an undo token; empty if it is invalid or older than an hour."""
    return verify(settings().secret_keys, "undo", token, MAX_UNDO_SECONDS) or {}
