"""The booklets for print: which pages each of them holds."""

from msgspec import Struct

from core.gettext import gettext as _
from core.languages import Language
from editorial.content.pages import Content, Page
from editorial.content.structure import ARRIVING, TOOLKIT, index_of


class Booklet(Struct, frozen=True):
    """One booklet in all its languages.

    :ivar name: the first part of its file name.
    :ivar section: the key of the section whose pages it holds, and which links to it.
    :ivar with_index: whether the section's own page is its first chapter.
    """

    name: str
    section: str
    with_index: bool

    def title(self) -> str:
        """Return its title in the current language."""
        return {
            "ankommen": _("Arriving: guide for people who are new here"),
            "werkzeugkasten": _("Toolkit for companies"),
        }[self.name]

    def chapters(self, content: Content, language: Language) -> tuple[list[Page], int]:
        """Return its pages in a language, in their order, and the number of those that are not translated yet."""
        own = [content.pages[self.section]] if self.with_index and self.section in content.pages else []
        pages = [page for page in (*own, *content.children(self.section, language)) if page.exists_in(language)]
        there = [page for page in pages if page.is_translated(language)]
        return there, len(pages) - len(there)


BOOKLETS = (
    Booklet("ankommen", index_of(ARRIVING), with_index=True),
    Booklet("werkzeugkasten", index_of(TOOLKIT), with_index=False),
)
