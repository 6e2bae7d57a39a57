"""The signed version of a submission in a form: the base of a three-way merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from form_handler.current import settings
from form_handler.storage.submissions import Submission

# A cookie holds 4,096 bytes (RFC 6265, 6.1); the session needs the rest.
MAX_UNDO_CHARS = 2000
MAX_UNDO_SECONDS = 3600


def sign_version(found: Submission, **values: Any) -> str:
    """Return a token of a submission's version with the values that the form shows."""
    value = _serializer().dumps({"number": found.number, "version": found.version, **values})
    return value if isinstance(value, str) else value.decode()


def verify_version(token: str, found: Submission) -> Mapping[str, Any] | None:
    """Return the content of a token; None if it is invalid or of another submission."""
    try:
        seen = _serializer().loads(token)
    except BadSignature:
        return None
    return seen if isinstance(seen, dict) and seen.get("number") == found.number else None


def sign_page_versions(found: Iterable[Submission]) -> str:
    """Return a token of what a list shows of each entry, for forms that change several."""
    shown = {row.reference: [row.version, row.state, row.assignee] for row in found}
    value = _serializer().dumps(shown)
    return value if isinstance(value, str) else value.decode()


def verify_page_versions(token: str) -> Mapping[str, Any]:
    """Return version, state and assignee by reference; empty if the token is invalid."""
    try:
        shown = _serializer().loads(token)
    except BadSignature:
        return {}
    return shown if isinstance(shown, dict) else {}


def undo_token(before: Iterable[tuple[str, Mapping[str, Any]]], after: Mapping[str, Any]) -> str:
    """Return a token by which a change can be taken back: earlier values by reference, and the new ones.

    Empty if it would be too long for the cookie that holds it to the next page.
    """
    value = _undo_serializer().dumps({"before": list(before), "after": dict(after)})
    text = value if isinstance(value, str) else value.decode()
    return text if len(text) <= MAX_UNDO_CHARS else ""


def verify_undo(token: str) -> Mapping[str, Any]:
    """Return the content of an undo token; empty if it is invalid or older than an hour."""
    try:
        content = _undo_serializer().loads(token, max_age=MAX_UNDO_SECONDS)
    except BadSignature:
        return {}
    return content if isinstance(content, dict) else {}


def _undo_serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_keys, salt="undo")


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_keys, salt="seen")
