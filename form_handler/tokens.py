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

MAX_REVIEW_AGE_SECONDS = 24 * 3600
MAX_CONFIRMATION_AGE_SECONDS = 7 * 24 * 3600


@functools.lru_cache
def _timed(key: str, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=salt)


@functools.lru_cache
def _plain(key: str, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=salt)


def new_submission_number() -> str:
    """Return a new one-time submission number."""
    return str(uuid.uuid4())


def sign_review(key: str, form: str, number: str) -> str:
    """Return a token for a review page of this form and submission number, with the current time."""
    return _timed(key, "review").dumps([form, number])


def verify_review_token(key: str, form: str, number: str, token: str) -> bool:
    """Return whether a token is valid for this form and number, and at most a day old."""
    try:
        signed = _timed(key, "review").loads(token, max_age=MAX_REVIEW_AGE_SECONDS)
    except BadSignature:
        return False
    return bool(signed == [form, number])


def review_age(key: str, token: str) -> float | None:
    """Return the age of a review page in seconds; None if the token is invalid."""
    try:
        _signed, made = _timed(key, "review").loads(token, return_timestamp=True)
    except BadSignature:
        return None
    return float((utc_now() - made).total_seconds())


def verify_submission_number(key: str, form: str, number: str, token: str) -> bool:
    """Return whether a token is valid for this form and number, at any age.

    A review page that is shown again keeps its number, so that it never becomes a second submission.
    """
    try:
        return bool(_timed(key, "review").loads(token) == [form, number])
    except BadSignature:
        return False


def sign_receipt(key: str, form: str, reference: str) -> str:
    """Return the token of a receipt's address; it contains no answer."""
    return str(_plain(key, "receipt").dumps([form, reference]))


def verify_receipt(key: str, form: str, token: str) -> str | None:
    """Return the reference of a receipt's token, None if the token is invalid."""
    try:
        signed_form, reference, *_earlier = _plain(key, "receipt").loads(token)  # version 0.1 signed one thing more
    except (BadSignature, ValueError, TypeError):
        return None
    return str(reference) if signed_form == form else None


def fingerprint(key: str, browser: str, form: str, language: str, answers: Mapping[str, Any]) -> str:
    """Return a keyed hash of a browser's answers; without the key it reveals nothing about them."""
    text = json.dumps([browser, form, language, answers], ensure_ascii=False, sort_keys=True)
    return hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sign_email_confirmation(key: str, number: str, address: str) -> str:
    """Return the token of the link that confirms an e-mail address; it contains no personal data.

    It is valid for this address only: after a correction of the address it confirms nothing.
    """
    return str(_timed(key, "address").dumps([number, _address_hash(key, number, address)]))


def verify_email_confirmation(key: str, token: str) -> tuple[str, str] | None:
    """Return submission number and address hash of a token, None if it is invalid or older than a week."""
    try:
        number, address_hash = _timed(key, "address").loads(token, max_age=MAX_CONFIRMATION_AGE_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(number), str(address_hash)


def matches_address(key: str, number: str, address: str, address_hash: str) -> bool:
    """Return whether a confirmation link is for this address."""
    return hmac.compare_digest(_address_hash(key, number, address), address_hash)


def _address_hash(key: str, number: str, address: str) -> str:
    text = f"{number} {canonical_address(address)}"
    return hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]
