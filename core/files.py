"""Writing files so that a reader sees the old content or the new one, and a power cut loses neither."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of ``path`` at the end of the block, on disk; on any exception nothing changes.

    :param mode: the permissions of the new file, before the umask.
    :param durable: wait until the file is on disk, so that a power cut does not lose it.
    :raises OSError: if it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            give_to_owner(draft)
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def give_to_owner(path: Path) -> None:
    """Give a file that root has just made to the owner of its folder; the service could not read it else, nor write it."""
    if os.getuid() == 0 and (owner := path.parent.stat()).st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def write_file(path: Path, content: str | bytes, mode: int = 0o666, durable: bool = True) -> None:
    """Write a whole file, see :func:`replacing`; text as UTF-8 with the line ends that it has."""
    with replacing(path, mode, durable) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write several files, all or none; each keeps its permissions, a new one has 0644. Missing folders are made.

    :raises OSError: if one cannot be written; those that were already replaced have their old content again.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    try:
        with contextlib.ExitStack() as stack:
            for path, data in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = stack.enter_context(replacing(path))
                os.fchmod(draft.fileno(), path.stat().st_mode & 0o777 if path.exists() else 0o644)
                draft.write(data)
                draft.flush()  # a full disk is found before the first file is replaced
    except BaseException:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != old:
                path.write_bytes(old)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that can be made again, such as a page of the site: readers see the old content or the new one.

    Folders that are missing are made. The disk is not waited for.

    :raises OSError: if it cannot be written; the old content then stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content, durable=False)


def replace_if_same(path: Path, old: Path) -> bool:
    """Replace a new file by an old one with the same content, times and all; return whether it is there.

    It is not, if it is missing, or cannot be read, or the file system supports no hard links.
    """
    try:
        before, now = old.lstat(), path.stat()
        if before.st_ino == now.st_ino:
            return True
        if before.st_size != now.st_size or old.read_bytes() != path.read_bytes():
            return False
        spare = path.with_name(f".{path.name}.old")
        os.link(old, spare, follow_symlinks=False)
        spare.replace(path)
    except OSError:
        return False
    return True


def link_file(source: Path | str, target: Path | str) -> None:
    """Name a file by a second path (hard link), or copy it on a file system without hard links; make missing folders.

    :raises OSError: if it cannot be written.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True)
        link_file(source, target)
    except OSError:
        shutil.copy2(source, target)


def remove(path: Path) -> None:
    """Remove a file, or a folder with everything in it; do nothing if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with the entries that lead to it on disk."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in reversed(missing):
        give_to_owner(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to disk, so that a new file is found after a power cut (fsync(2))."""
    handle = os.open(folder.absolute(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
