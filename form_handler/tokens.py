"""Signed marks that travel through the browser: when a review page was made, and which receipt is whose."""

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
    """Return a mark that this number belongs to a review page of this form, made now."""
    return _timed(key, "review").dumps([form, number])


def verify_review_token(key: str, form: str, number: str, stamp: str) -> bool:
    """Tell whether the mark is ours, belongs to this form and number, and is at most a day old."""
    try:
        signed = _timed(key, "review").loads(stamp, max_age=MAX_REVIEW_AGE_SECONDS)
    except BadSignature:
        return False
    return bool(signed == [form, number])


def review_age(key: str, stamp: str) -> float | None:
    """Return how long ago the review page was made, in seconds; None if the mark is not ours."""
    try:
        _signed, made = _timed(key, "review").loads(stamp, return_timestamp=True)
    except BadSignature:
        return None
    return float((utc_now() - made).total_seconds())


def verify_submission_number(key: str, form: str, number: str, stamp: str) -> bool:
    """Tell whether a review page of ours once carried this number, however long ago.

    Such a page keeps its number when it is shown again, so that it never becomes a second submission.
    """
    try:
        return bool(_timed(key, "review").loads(stamp) == [form, number])
    except BadSignature:
        return False


def sign_receipt(key: str, form: str, reference: str) -> str:
    """Return the mark in a receipt's address; it holds no answer, nor whether a question was answered."""
    return str(_plain(key, "receipt").dumps([form, reference]))


def verify_receipt(key: str, form: str, mark: str) -> str | None:
    """Return the reference that a receipt is for, or None if the mark is not ours."""
    try:
        signed_form, reference, *_earlier = _plain(key, "receipt").loads(mark)  # version 0.1 signed one thing more
    except (BadSignature, ValueError, TypeError):
        return None
    return str(reference) if signed_form == form else None


def fingerprint(key: str, browser: str, form: str, language: str, answers: Mapping[str, Any]) -> str:
    """Return a keyed hash of what one browser sent; without the key it tells nothing about the answers."""
    text = json.dumps([browser, form, language, answers], ensure_ascii=False, sort_keys=True)
    return hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sign_email_confirmation(key: str, number: str, address: str) -> str:
    """Return the mark in a link by which a sender confirms the e-mail address; it holds nothing personal.

    It belongs to this address: once the office has corrected the address, it confirms nothing.
    """
    return str(_timed(key, "address").dumps([number, _address_hash(key, number, address)]))


def verify_email_confirmation(key: str, mark: str) -> tuple[str, str] | None:
    """Return submission number and hash of the address of a link, or None if it is not ours or older than a week."""
    try:
        number, mark_of_address = _timed(key, "address").loads(mark, max_age=MAX_CONFIRMATION_AGE_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(number), str(mark_of_address)


def matches_address(key: str, number: str, address: str, mark_of_address: str) -> bool:
    """Tell whether a link was made for this address."""
    return hmac.compare_digest(_address_hash(key, number, address), mark_of_address)


def _address_hash(key: str, number: str, address: str) -> str:
    text = f"{number} {canonical_address(address)}"
    return hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]
