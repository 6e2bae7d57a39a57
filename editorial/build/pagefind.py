"""Pagefind at work on one language: pages go in one by one, again where they changed, and an index comes out.

It runs as its own service does for its Python package: each message is JSON in base64, with a comma behind it. The
package itself needs an event loop, and to load one takes as long as the index of a language.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import select
import subprocess
import time
import zlib
from pathlib import Path
from typing import Any, NoReturn

from pagefind_bin import get_executable

ENTRY = "pagefind-entry.json"
# So many words of pages lie in one file of the index, of which a search loads those with its words: 5 to 14 kB. Pagefind
# itself takes 20,000; then a word on the edge of two files costs a phone 40 kB more. It calls the setting unstable: a
# test sees whether a newer version still has it.
CHUNK = "4000"
PATIENCE = 120.0  # seconds without an answer; on a disk without room Pagefind would try for ever
FAILED = "The search index could not be built"
_EXPORTS = re.compile(rb"export\{[\w, ]+\};\s*\Z")


class SearchError(Exception):
    """Pagefind failed; the message says how."""


class OtherVersion(Exception):
    """The index in place is from another version of Pagefind, so that a part of it cannot be renewed alone."""


class Pagefind:
    """One process of Pagefind, which reads while its caller does other things.

    :raises SearchError: if it fails; so do all methods.
    """

    def __init__(self) -> None:
        self.sent = self.open = 0  # messages; those without an answer yet
        try:
            self.process = subprocess.Popen(
                [get_executable(), "--service"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PAGEFIND_UNSTABLE_INDEX_CHUNK_SIZE": CHUNK},
            )
        except OSError as error:
            raise SearchError(f"{FAILED}: {error}") from error
        self.tell(type="NewIndex", config=None)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):  # what it was not told any more
                assert pipe
                pipe.close()
        self.process.wait()

    def tell(self, **payload: Any) -> None:
        """Send one message, to which there will be one answer."""
        assert self.process.stdin
        self.sent += 1
        self.open += 1
        text = json.dumps({"message_id": self.sent, "payload": payload}, ensure_ascii=False)
        try:
            self.process.stdin.write(base64.b64encode(text.encode()) + b",")
        except BrokenPipeError:
            self.fail()

    def flush(self) -> None:
        """Send what was not sent yet."""
        assert self.process.stdin
        try:
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail()

    def add(self, place: str, text: str) -> None:
        """Have a page read, or read again in the place of the one that was there.

        :param place: where it lies in the site, which becomes its address.
        """
        self.tell(type="AddFile", index_id=0, file_path=place, url=None, file_contents=text)

    def begin_to_write(self, folder: Path) -> None:
        """Have the index of all pages written into a folder.

        Files named for their content are not made again where there are files of that name, be they empty.
        """
        self.tell(type="WriteFiles", index_id=0, output_path=str(folder))
        self.flush()

    def wait(self) -> None:
        """Wait until it has answered everything."""
        self.flush()
        said = self.said()
        *pieces, rest = said.split(b",")
        answers = [_answer(piece) for piece in pieces]
        if rest or len(answers) != self.open or None in answers:
            self.fail(said)
        self.open = 0
        for one in answers:
            if one and one["type"] == "Error":
                raise SearchError(f"{FAILED}: {one['message']}")

    def said(self) -> bytes:
        """Return its answers to what it was told since the last ones, or what it said until it ended or fell silent."""
        assert self.process.stdout
        said, count = bytearray(), 0
        while count < self.open and select.select([self.process.stdout], [], [], PATIENCE)[0]:
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                break
            count += data.count(b",")
            said += data
        return bytes(said)

    def fail(self, said: bytes | None = None) -> NoReturn:
        """Say why it ended before its time.

        :param said: what it has said, where that was read already.
        """
        pieces = (self.said() if said is None else said).split(b",")
        cry = b",".join(piece for piece in pieces if _answer(piece) is None).decode("utf-8", "replace").strip()
        raise SearchError(f"{FAILED}: {cry or 'Pagefind has ended, or fallen silent.'}")


def _answer(said: bytes) -> dict[str, Any] | None:
    """Return one answer, or None if it is none but, for example, a cry."""
    try:
        answer: dict[str, Any] = json.loads(base64.b64decode(said, validate=True))["payload"]
    except (ValueError, LookupError, TypeError):
        return None
    return answer if isinstance(answer, dict) and "type" in answer else None


def whole(path: Path) -> bytes:
    """Return a file of an index, once it is whole: Pagefind answers while the last ones are still being written.

    The end of a packed file says how long it has to be; JSON ends with its last bracket, the script with what it exports.
    """
    end = time.monotonic() + PATIENCE
    while not is_whole(path.suffix, data := path.read_bytes() if path.exists() else b""):
        if time.monotonic() > end:
            raise SearchError(f"{FAILED}: {path.name} has remained incomplete.")
        time.sleep(0.001)
    return data


def is_whole(suffix: str, data: bytes) -> bool:
    """Tell whether a file of an index ends as it has to."""
    if suffix == ".js":
        return _EXPORTS.search(data) is not None
    try:
        return bool(data and (json.loads(data) if suffix == ".json" else gzip.decompress(data)))
    except (EOFError, ValueError, zlib.error, gzip.BadGzipFile):
        return False
