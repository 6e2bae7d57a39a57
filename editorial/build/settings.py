"""What drawing a page takes from ``mkdocs.yml``, as plain data that a build keeps for the next one."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from markdown.extensions import Extension

# Loads Pygments, which takes as long as drawing a page; it does nothing to a text without these signs.
FENCED = "markdown.extensions.fenced_code:"
FENCES = ("```", "~~~")


class Levels(Struct, frozen=True):
    """What MkDocs makes of links that lead nowhere: a level of :mod:`logging` by kind."""

    not_found: int
    absolute_links: int
    unrecognized_links: int


class Settings(Struct, frozen=True):
    """The settings, in the words of MkDocs, whose link processor reads them.

    :ivar extensions: those of Markdown, by module and class (``"markdown.extensions.toc:TocExtension"``), with what they
        are told. To look them up by their short names would mean to look through everything that is installed.
    """

    overrides: Path
    extensions: tuple[tuple[str, Mapping[str, Any]], ...]
    links: Levels
    use_directory_urls: bool = True

    @property
    def validation(self) -> Settings:
        """Return where MkDocs looks for ``links``."""
        return self

    def make_extensions(self, fenced: bool) -> Iterator[Extension]:
        """Make the extensions of Markdown.

        :param fenced: whether a text holds any of :data:`FENCES`.
        """
        for name, told in self.extensions:
            if fenced or not name.startswith(FENCED):
                module, _colon, kind = name.partition(":")
                yield getattr(importlib.import_module(module), kind)(**told)
