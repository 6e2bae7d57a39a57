"""Templates compiled once a process, not once a language; and once for several builds, where there is a folder."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def compiling(folder: Path, environment: Callable[[], jinja2.Environment]) -> Iterator[None]:
    """Compile all templates in a second process while this one does something else, unless they were compiled before.

    :param environment: makes what the templates are compiled in; it keeps them in ``folder``.
    """
    if folder.exists() or (os.cpu_count() or 1) == 1:
        yield
        return
    helper = multiprocessing.get_context("fork").Process(target=compile_all, args=(environment,))
    helper.start()
    try:
        yield
    finally:
        helper.join()


def compile_all(environment: Callable[[], jinja2.Environment]) -> None:
    """Compile every template; one that cannot be compiled is named by the build that draws it."""
    env = environment()
    for name in env.list_templates(extensions=["html", "xml"]):
        with contextlib.suppress(jinja2.TemplateError):
            env.get_template(name)
