"""What a clerk saw when a form of an entry was opened, carried in the form and signed: the base of a merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from form_handler.current import settings
from form_handler.storage.submissions import Submission


def sign_version(found: Submission, **values: Any) -> str:
    """Return a mark of a submission's version with what the form shows of it."""
    value = _serializer().dumps({"number": found.number, "version": found.version, **values})
    return value if isinstance(value, str) else value.decode()


def verify_version(mark: str, found: Submission) -> Mapping[str, Any] | None:
    """Return what a mark holds; None if it is not ours or belongs to another submission."""
    try:
        seen = _serializer().loads(mark)
    except BadSignature:
        return None
    return seen if isinstance(seen, dict) and seen.get("number") == found.number else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="seen")
