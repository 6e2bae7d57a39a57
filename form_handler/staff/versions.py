"""The signed version of a submission in a form: the base of a three-way merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from form_handler.current import settings
from form_handler.storage.submissions import Submission


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


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_keys, salt="seen")
