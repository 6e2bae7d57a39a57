"""Writing files so that a reader sees the old content or the new one, and a power cut loses neither."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of ``path`` at the end of the block, on disk; on any exception nothing changes.

    :param mode: the permissions of the new file, before the umask.
    :raises OSError: if it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_file(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a whole file, see :func:`replacing`; text as UTF-8 with the line ends that it has."""
    with replacing(path, mode) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with the entries that lead to it on disk."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in missing:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to disk, so that a new file is found after a power cut (fsync(2))."""
    handle = os.open(folder.absolute(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
