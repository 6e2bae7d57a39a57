"""Templates and catalogues compiled once: for all languages of a process, and for several builds, where there is a folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from core.gettext import load_catalog
from core.languages import load_languages

# Templates that no page is drawn from: those of the staff area, the desk and the booklets.
OTHERS = ("partials/staff/", "dashboard.html", "pdf.html")


class Compiled(jinja2.FileSystemBytecodeCache):
    """What Jinja asks before it compiles a template.

    :ivar folder: where compiled templates are kept for the next build; None to keep them in memory only.
    """

    kept: dict[str, bytes] = {}  # noqa: RUF012 - shared on purpose: every environment of the process looks here

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template that was compiled before."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])
        elif self.folder:
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template."""
        self.kept[bucket.key] = bucket.bytecode_to_string()
        if self.folder:
            super().dump_bytecode(bucket)


def compile_all(env: jinja2.Environment) -> None:
    """Compile every template of pages, and every catalogue; one that cannot be compiled is named by the build that needs it."""
    for name in env.list_templates(
        filter_func=lambda name: name.endswith((".html", ".xml")) and not name.startswith(OTHERS)
    ):
        with contextlib.suppress(jinja2.TemplateError):
            env.get_template(name)
    for language in load_languages():
        with contextlib.suppress(OSError, ValueError):
            load_catalog(language.code)
