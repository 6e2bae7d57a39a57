"""What can be done by another process while the first one still loads MkDocs and reads the pages."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from core.processes import block_sigint


@contextlib.contextmanager
def compiling(folder: Path) -> Iterator[None]:
    """Compile templates and catalogues in a process of their own meanwhile, unless they were compiled before.

    Whoever needs one before it is there compiles it as well; what comes out is the same.

    :param folder: where compiled templates are kept.
    """
    if folder.exists() or (os.cpu_count() or 1) == 1:
        yield
        return
    import multiprocessing  # late, as the rest of this module: a build that draws a few pages comes without

    helper = multiprocessing.get_context("fork").Process(target=compile_into, args=(folder,))
    with block_sigint():
        helper.start()
    try:
        yield
    finally:
        helper.join()


def compile_into(folder: Path) -> None:
    """Compile what pages are drawn with."""
    from core.languages import default_language
    from core.project import ROOT
    from editorial.build.single import environment
    from editorial.render.compiled import compile_all
    from editorial.render.page import furnish

    overrides = ROOT / "overrides"
    compile_all(furnish(environment(overrides, folder), default_language(), overrides))
