"""Changing files of a site that people are reading: each file at once, and all as they were after a fault."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from form_handler.server.static_files import changing

_ledger: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


class Ledger:
    """What files were before they were changed.

    :ivar folder: where the old files are kept, under second names (hard links); on the same disk as the site.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[Path, Path | None] = {}
        folder.mkdir(parents=True)

    def keep(self, path: Path) -> None:
        """Remember a file, or that there was none, before its first change."""
        if path not in self.kept:
            copy = self.folder / str(len(self.kept)) if path.exists() else None
            if copy:
                os.link(path, copy)
            self.kept[path] = copy

    def restore(self) -> None:
        """Bring everything back."""
        for path, copy in self.kept.items():
            if copy:
                path.parent.mkdir(parents=True, exist_ok=True)
                copy.replace(path)
            else:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def undoable(site_dir: Path) -> Iterator[None]:
    """Bring back every file of a site that was changed inside the ``with`` block, in this thread, if the block fails.

    As long as the ledger's folder is there, single files change: the server then looks at each file anew. The
    site's folder gets a new time at the end, so that the server reads its list of files again.
    """
    folder = changing(site_dir)
    ledger = Ledger(folder)
    token = _ledger.set(ledger)
    try:
        yield
    except BaseException:
        ledger.restore()
        raise
    finally:
        _ledger.reset(token)
        os.utime(site_dir)
        remove(folder)


_staging: Path | None = None
_earlier: tuple[Path, Path] | None = None


@contextlib.contextmanager
def keeping(fresh: Path, earlier: Path) -> Iterator[None]:
    """Inside the ``with`` block, let files below ``fresh`` that come out as they are below ``earlier`` be the same files.

    They keep their times, so that what browsers and backups hold of them stays valid after a build; both folders are
    on the same disk.
    """
    global _earlier
    before, _earlier = _earlier, (fresh, earlier)
    try:
        yield
    finally:
        _earlier = before


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[None]:
    """Inside the ``with`` block, and in processes that begin there, write files in one folder and move them to their places.

    ext4 looks for room for each file near its folder, and folders lie far from each other: to make a file takes it
    ten times as long as to make it in the folder of the last one and to move it. ``folder`` is on the same disk.
    """
    global _staging
    before, _staging = _staging, folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        _staging = before
        remove(folder)


def put(path: Path, data: bytes) -> None:
    """Write a file; whoever reads it meanwhile gets the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_kept(path, data):
        return
    if _staging is None:
        fresh = path.with_name(f".{path.name}.new")
    else:
        fresh = _staging / f"{os.getpid()}-{threading.get_ident()}"
    fresh.write_bytes(data)
    move(fresh, path)


def _is_kept(path: Path, data: bytes) -> bool:
    """Put the file of the earlier site there, if it has the same content; tell whether it has."""
    if _earlier is None or not path.is_relative_to(_earlier[0]):
        return False
    try:
        old = _earlier[1] / path.relative_to(_earlier[0])
        if old.is_symlink() or old.read_bytes() != data:
            return False
        os.link(old, path)
    except OSError:  # there was none, or there is one already, or the disk has no second names
        return False
    return True


def move(source: Path, path: Path) -> None:
    """Put a file into the place of another one, whose compressed copy goes; both on the same disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _keep(path)
    if path.suffix != ".gz":
        drop(path.with_name(f"{path.name}.gz"))
    source.replace(path)


def drop(path: Path) -> None:
    """Remove a file, if it is there."""
    _keep(path)
    path.unlink(missing_ok=True)


def _keep(path: Path) -> None:
    ledger = _ledger.get()
    if ledger is not None:
        ledger.keep(path)


def remove(path: Path) -> None:
    """Remove a file or a folder with everything in it; nothing if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace_folder(fresh: Path, target: Path) -> None:
    """Put a new folder into the place of an old one, whose parts are removed several at a time.

    An old one that cannot be removed, because files in it belong to somebody else, is left with a sentence.
    """
    names = (fresh.with_name(f"{fresh.name}.old{number or ''}") for number in itertools.count())
    old = next(name for name in names if _is_free(name))
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    try:
        if old.is_dir():
            from concurrent.futures import ThreadPoolExecutor  # late: only a whole build comes here

            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                list(pool.map(remove, list(old.iterdir())))  # the kernel does the work, and lets other threads run
        remove(old)
    except OSError as error:
        sys.stderr.write(
            f"{old}: Die alte Seite ließ sich nicht löschen ({error.strerror}). Die neue ist an ihrem Platz. "
            "Löschen Sie den Ordner mit den Rechten dessen, dem er gehört, etwa mit sudo.\n"
        )


def _is_free(path: Path) -> bool:
    """Remove what an earlier build may have left; tell whether there is nothing any more."""
    with contextlib.suppress(PermissionError):
        remove(path)
    return not os.path.lexists(path)
