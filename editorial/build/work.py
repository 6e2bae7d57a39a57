"""One build: where to, from where, and what the site will be made of."""

from __future__ import annotations

import functools
from pathlib import Path

from msgspec import Struct

from editorial.build.fingerprint import Inputs, beside, mark_of
from editorial.build.manifest import Manifest, frame_mark, page_marks
from editorial.build.settings import Settings
from editorial.render.site import House


class Work(Struct, frozen=True, dict=True):
    """One build: where to, from where, and what it is made of.

    :ivar frame: the mark of what all pages share, where it is known already; so are ``marks``, those of the pages.
    """

    site_dir: Path
    site_url: str | None
    docs_dir: Path
    house: House
    settings: Settings
    inputs: Inputs
    pdf: bool
    frame: str | None = None
    marks: dict[str, str] | None = None

    @functools.cached_property
    def now(self) -> Manifest:
        """Return what the site will be built from."""
        frame = self.frame or frame_mark(self.inputs, self.house.content)
        marks = self.marks or page_marks(self.house.content, self.house.languages, self.house.states)
        return Manifest(frame, self.inputs.whole, self.inputs.sources, self.inputs.head, marks, self.pdf)

    @property
    def fresh(self) -> Path:
        """Return the folder that becomes the new site; it does not exist yet."""
        return beside(self.site_dir, "new")

    @functools.cached_property
    def templates(self) -> Path:
        """Return where compiled templates are kept for the next build."""
        return templates_of(self.site_dir, self.inputs)


def templates_of(site_dir: Path, inputs: Inputs) -> Path:
    """Return where compiled templates are kept; Jinja compares each with its source.

    How it compiles them depends on our code and on its own version.
    """
    code = mark_of(
        mark for path, mark in inputs.files.items() if path.startswith(("core/", "editorial/", "requirements"))
    )
    return beside(site_dir, "templates") / code[:16]
