"""The order of pages for translators: those that matter most to readers first."""

import posixpath
import re
from collections import Counter

from core.languages import default_language
from editorial.content.pages import Content
from editorial.content.structure import EMERGENCY, HOME

_LINK = re.compile(r"\]\(([^)#\s]+)\.md")


def rank_pages(content: Content) -> list[str]:
    """Return the keys of all pages: home and emergencies, the tiles of the home page, then by how many pages link there."""
    links: Counter[str] = Counter()
    for page in content.pages.values():
        folder = posixpath.dirname(page.key)
        text = page.text(default_language()).source
        links.update({posixpath.normpath(posixpath.join(folder, target)) for target in _LINK.findall(text)})
    home = content.pages.get(HOME)
    tiles = [HOME, EMERGENCY, *(home.front_matter.tiles if home else ())]
    first = {key: number for number, key in reversed(list(enumerate(tiles)))}
    return sorted(content.pages, key=lambda key: (first.get(key, len(tiles)), -links[key], key))
