"""Who has reviewed a translation: valid for one text, removed by a later change of a draft."""

from __future__ import annotations

from editorial.translations.segments import read_document
from editorial.translations.state import document_digest
from editorial.translations.units import replace_review, review_lines


def remove_outdated_review(base: str | None, before: str | None, after: str | None) -> str | None:
    """Return a changed file without a review that was signed in this draft for the text before the change.

    :param base: the published file that the draft began with.
    """
    if after is None or before is None or "reviewed_" not in before:
        return after
    signed = review_lines(before)
    if not signed or review_lines(after) != signed or (base is not None and review_lines(base) == signed):
        return after
    if document_digest(read_document(_plain(before))) == document_digest(read_document(_plain(after))):
        return after
    return replace_review(after, review_lines(base) if base is not None else "")


def _plain(raw: str) -> str:
    return raw.replace("\r\n", "\n")
