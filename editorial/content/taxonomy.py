"""The filters of a directory: which choices its cards allow.

The page is the same for everybody; the choosing itself is done by the stylesheet (``:has()``), so every topic,
audience and language of an offer has its rule there. A test compares both.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, get_args

from core.gettext import gettext as _
from core.project import is_left_out, parts_left_out
from editorial.content.pages import Page
from editorial.content.structure import AUDIENCE_LABELS, TOPIC_LABELS, TOPIC_SECTIONS, Topic, index_of

MIN_CARDS = 6  # a reader takes in fewer at a glance
MIN_TOPICS = 2


def page_tags(page: Page) -> list[str]:
    """Return the filters of a page: topics, audiences (a page for everyone is for each), known languages."""
    parts = parts_left_out()
    missing = {topic for topic, section in TOPIC_SECTIONS.items() if is_left_out(index_of(section), parts)}
    topics = [name for name in get_args(Topic) if name in page.front_matter.topics and name not in missing]
    return [
        *topics,
        *audience_tags(page.front_matter.audience),
        *(page.front_matter.offer.languages if page.front_matter.offer else []),
    ]


def card_filters(pages: Sequence[Page], language: str) -> list[dict[str, Any]]:
    """Return the groups of choices for a directory's pages, in the reader's language; none for a short list."""
    language_tags = [code for page in pages if page.front_matter.offer for code in page.front_matter.offer.languages]
    return tag_filters([set(page_tags(page)) for page in pages], language_tags, language)


def tag_filters(cards: list[set[str]], language_tags: Iterable[str], language: str) -> list[dict[str, Any]]:
    """Return the groups of choices for cards with these tags, in the reader's language; none for a short list.

    A choice that no card fits is left out, and so is a group that would not distinguish the cards.

    :param language_tags: the tags that are languages.
    """
    if len(cards) < MIN_CARDS or len(_discriminating_keys(TOPIC_LABELS, cards)) < MIN_TOPICS:
        return []
    from babel import Locale  # late: few pages have a list of languages

    names = Locale.parse(language).languages
    groups = (
        ("topic", _("Topic"), TOPIC_LABELS),
        ("audience", _("Who is it for?"), AUDIENCE_LABELS),
        (
            "language",
            _("Language of the service, if known"),
            {code: names.get(code, code) for code in sorted(set(language_tags))},
        ),
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


def audience_tags(audience: Collection[str]) -> list[str]:
    """Return the audiences of a page; a page for everyone is for each."""
    return [name for name in AUDIENCE_LABELS if name in audience or "everyone" in audience]


def _discriminating_keys(keys: Iterable[str], cards: list[set[str]]) -> list[str]:
    """Return the keys that some cards carry and others do not."""
    return [key for key in keys if 0 < sum(key in card for card in cards) < len(cards)]
