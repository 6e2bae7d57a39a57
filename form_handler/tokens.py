"""Signed tokens in pages and links: review page, receipt, confirmation of an e-mail address."""

from __future__ import annotations

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

# Secret keys, the current one last: it signs, and what a former one signed is still accepted (as itsdangerous takes them).
Keys = tuple[str, ...]

MAX_REVIEW_AGE_SECONDS = 24 * 3600
MAX_CONFIRMATION_AGE_SECONDS = 7 * 24 * 3600


@functools.lru_cache
def _timed(keys: Keys, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys, salt=salt)


@functools.lru_cache
def _untimed(keys: Keys, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(keys, salt=salt)


def new_submission_number() -> str:
    """Return a new one-time submission number."""
    return str(uuid.uuid4())


def sign_review(keys: Keys, form: str, number: str) -> str:
    """Return a token for a review page of this form and submission number, with the current time."""
    return _timed(keys, "review").dumps([form, number])


def verify_review_token(keys: Keys, form: str, number: str, token: str) -> bool:
    """Return whether a token is valid for this form and number, and at most a day old."""
    try:
        signed = _timed(keys, "review").loads(token, max_age=MAX_REVIEW_AGE_SECONDS)
    except BadSignature:
        return False
    return bool(signed == [form, number])


def review_age(keys: Keys, token: str) -> float | None:
    """Return the age of a review page in seconds; None if the token is invalid."""
    try:
        _signed, made = _timed(keys, "review").loads(token, return_timestamp=True)
    except BadSignature:
        return None
    return float((utc_now() - made).total_seconds())


def verify_submission_number(keys: Keys, form: str, number: str, token: str) -> bool:
    """Return whether a token is valid for this form and number, at any age.

    A review page that is shown again keeps its number, so that it never becomes a second submission.
    """
    try:
        return bool(_timed(keys, "review").loads(token) == [form, number])
    except BadSignature:
        return False


def sign_receipt(keys: Keys, form: str, reference: str) -> str:
    """Return the token of a receipt's address; it contains no answer."""
    return str(_untimed(keys, "receipt").dumps([form, reference]))


def verify_receipt(keys: Keys, form: str, token: str) -> str | None:
    """Return the reference of a receipt's token, None if the token is invalid."""
    try:
        signed_form, reference, *_earlier = _untimed(keys, "receipt").loads(token)  # version 0.1 signed one thing more
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
    return str(_timed(keys, "address").dumps([number, _address_hash(keys, number, address)]))


def verify_email_confirmation(keys: Keys, token: str) -> tuple[str, str] | None:
    """Return submission number and address hash of a token, None if it is invalid or older than a week."""
    try:
        number, address_hash = _timed(keys, "address").loads(token, max_age=MAX_CONFIRMATION_AGE_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(number), str(address_hash)


def matches_address(keys: Keys, number: str, address: str, address_hash: str) -> bool:
    """Return whether a confirmation link is for this address."""
    return any(hmac.compare_digest(_address_hash((key,), number, address), address_hash) for key in keys)


def _address_hash(keys: Keys, number: str, address: str) -> str:
    text = f"{number} {canonical_address(address)}"
    return hmac.new(keys[-1].encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]
