"""Signed marks that travel through the browser: when a review page was made, and which receipt is whose."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

REVIEW_SECONDS = 24 * 3600


def new_number() -> str:
    """Return a new one-time submission number."""
    return str(uuid.uuid4())


def sign_review(key: str, form: str, number: str) -> str:
    """Return a mark that this number belongs to a review page of this form, made now."""
    return URLSafeTimedSerializer(key, salt="review").dumps([form, number])


def review_is_ours(key: str, form: str, number: str, stamp: str) -> bool:
    """Tell whether the mark is ours, belongs to this form and number, and is at most a day old."""
    try:
        signed = URLSafeTimedSerializer(key, salt="review").loads(stamp, max_age=REVIEW_SECONDS)
    except BadSignature:
        return False
    return bool(signed == [form, number])


def number_is_ours(key: str, form: str, number: str, stamp: str) -> bool:
    """Tell whether a review page of ours once carried this number, however long ago.

    Such a page keeps its number when it is shown again, so that it never becomes a second submission.
    """
    try:
        return bool(URLSafeTimedSerializer(key, salt="review").loads(stamp) == [form, number])
    except BadSignature:
        return False


def sign_receipt(key: str, form: str, reference: str, copy_sent: bool) -> str:
    """Return the mark in a receipt's address; it holds nothing personal."""
    return str(URLSafeSerializer(key, salt="receipt").dumps([form, reference, int(copy_sent)]))


def read_receipt(key: str, form: str, mark: str) -> tuple[str, bool] | None:
    """Return reference and whether a copy goes out, or None if the mark is not ours."""
    try:
        signed_form, reference, copy_sent = URLSafeSerializer(key, salt="receipt").loads(mark)
    except (BadSignature, ValueError, TypeError):
        return None
    return (str(reference), bool(copy_sent)) if signed_form == form else None
