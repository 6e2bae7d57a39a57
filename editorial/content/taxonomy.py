"""The filters of a directory: which choices its cards allow.

The page is the same for everybody; the choosing itself is done by the stylesheet (``:has()``), so every topic,
audience and language of an offer has its rule there. A test compares both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from core.gettext import gettext as _
from editorial.content.pages import Page
from editorial.content.structure import AUDIENCE_LABELS, TOPIC_LABELS, Audience, Topic

MIN_CARDS = 6  # a reader takes in fewer at a glance
MIN_TOPICS = 2


def page_tags(page: Page) -> list[str]:
    """Return what a page can be found by: topics, audiences (a page for everyone is for each), known languages."""
    audience = page.front_matter.audience
    meant = [
        name for name in get_args(Audience) if name in AUDIENCE_LABELS and (name in audience or "everyone" in audience)
    ]
    topics = [name for name in get_args(Topic) if name in page.front_matter.topics]
    return [*topics, *meant, *(page.front_matter.offer.languages if page.front_matter.offer else [])]


def card_filters(pages: Sequence[Page], language: str) -> list[dict[str, Any]]:
    """Return the groups of choices for a directory's pages, in the reader's language; none for a short list.

    A choice that no page fits is left out, and so is a group that would not tell the pages apart.
    """
    cards = [set(page_tags(page)) for page in pages]
    if len(cards) < MIN_CARDS or len(_discriminating_keys(TOPIC_LABELS, cards)) < MIN_TOPICS:
        return []
    from babel import Locale  # late: few pages have a list of languages

    names = Locale.parse(language).languages
    spoken = {
        code: names.get(code, code)
        for code in sorted({c for p in pages if p.front_matter.offer for c in p.front_matter.offer.languages})
    }
    groups = (
        ("topic", _("Topic"), TOPIC_LABELS),
        ("audience", _("For whom"), AUDIENCE_LABELS),
        ("language", _("Language of the offer, where we know it"), spoken),
    )
    return [
        {
            "name": name,
            "legend": legend,
            "choices": [(key, str(rows[key])) for key in rows if any(key in card for card in cards)],
        }
        for name, legend, rows in groups
        if _discriminating_keys(rows, cards)
    ]


def _discriminating_keys(keys: Iterable[str], cards: list[set[str]]) -> list[str]:
    """Return the keys that some cards carry and others do not."""
    return [key for key in keys if 0 < sum(key in card for card in cards) < len(cards)]
