"""Templates compiled once a process, not once a language; and once for several builds, where there is a folder."""

from __future__ import annotations

from pathlib import Path

import jinja2
from jinja2.bccache import Bucket


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
