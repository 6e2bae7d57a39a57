"""Signed tokens in pages and links: review page, receipt, confirmation of an e-mail address."""

import functools
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from core.clock import utc_now
from form_handler.forms.contact_details import canonical_address

# Secret keys, the current one last: it signs, and tokens of former ones are still accepted (in itsdangerous' order).
Keys = tuple[str, ...]

MAX_REVIEW_AGE_SECONDS = 24 * 3600
MAX_CONFIRMATION_AGE_SECONDS = 7 * 24 * 3600


@functools.lru_cache
def _serializer(keys: Keys, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys, salt=purpose)


def sign(keys: Keys, purpose: str, value: Any) -> str:
    """Return a token that holds a value of JSON and the time; it is valid for one purpose only."""
    return str(_serializer(keys, purpose).dumps(value))


def verify(keys: Keys, purpose: str, token: str, max_age: int | None = None) -> Any:
    """Return the value of a token; None if the token is invalid, or older than ``max_age`` seconds."""
    try:
        return _serializer(keys, purpose).loads(token, max_age=max_age)
    except (BadSignature, ValueError):
        return None


def new_submission_number() -> str:
    """Return a new one-time submission number."""
    return str(uuid.uuid4())


def sign_review(keys: Keys, form: str, number: str) -> str:
    """Return a token for a review page of this form and submission number, with the current time."""
    return sign(keys, "review", [form, number])


def verify_review(keys: Keys, form: str, number: str, token: str, any_age: bool = False) -> bool:
    """Return whether a token is valid for this form and number, and at most a day old.

    :param any_age: a review page that is shown again keeps its number at any age, so that it never becomes a second
        submission.
    """
    return bool(verify(keys, "review", token, None if any_age else MAX_REVIEW_AGE_SECONDS) == [form, number])


def review_age(keys: Keys, token: str) -> float | None:
    """Return the age of a review page in seconds; None if the token is invalid."""
    try:
        _signed, made = _serializer(keys, "review").loads(token, return_timestamp=True)
    except BadSignature:
        return None
    return float((utc_now() - made).total_seconds())


def sign_receipt(keys: Keys, form: str, reference: str) -> str:
    """Return the token of a receipt's address; it contains no answer."""
    return str(URLSafeSerializer(keys, salt="receipt").dumps([form, reference]))


def verify_receipt(keys: Keys, form: str, token: str) -> str | None:
    """Return the reference of a receipt's token, None if the token is invalid."""
    try:
        # version 0.1 signed one thing more
        signed_form, reference, *_earlier = URLSafeSerializer(keys, salt="receipt").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(reference) if signed_form == form else None


def fingerprint(keys: Keys, browser: str, form: str, language: str, answers: Mapping[str, Any]) -> str:
    """Return a keyed hash of a browser's answers; without the key it reveals nothing about them."""
    text = json.dumps([browser, form, language, answers], ensure_ascii=False, sort_keys=True)
    return hmac.new(keys[-1].encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sign_email_confirmation(keys: Keys, number: str, address: str) -> str:
    """Return the token of the link that confirms an e-mail address; it contains no personal data.

    It is valid for this address only: after a correction of the address it confirms nothing.
    """
    return sign(keys, "address", [number, _address_hash(keys, number, address)])


def verify_email_confirmation(keys: Keys, token: str) -> tuple[str, str] | None:
    """Return submission number and address hash of a token, None if it is invalid or older than a week."""
    signed = verify(keys, "address", token, MAX_CONFIRMATION_AGE_SECONDS)
    return (str(signed[0]), str(signed[1])) if signed else None


def matches_address(keys: Keys, number: str, address: str, address_hash: str) -> bool:
    """Return whether a confirmation link is for this address."""
    return any(hmac.compare_digest(_address_hash((key,), number, address), address_hash) for key in keys)


def _address_hash(keys: Keys, number: str, address: str) -> str:
    text = f"{number} {canonical_address(address)}"
    return hmac.new(keys[-1].encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]
