"""Pagefind as a program: the texts of one language go in, the files of its search index come out.

The protocol is that of its Python package: each message is JSON in base64 with a comma behind it. The
package needs an event loop for that, and brings a second copy of the program.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

from pagefind_bin import get_executable

# Words of pages in one file of the index; a search loads the files that hold its words, 5 to 14 kB each. With 4,000 one
# file of the Arabic index has 23 kB; with Pagefind's default of 20,000 a word at the edge of two files costs a phone 40 kB
# more. Pagefind calls the setting unstable: a
# test shows whether a newer version still has it.
WORDS_PER_CHUNK = "2500"
TIMEOUT_SECONDS = 120.0  # without an answer
ERROR_PREFIX = "The search index could not be built"


class SearchError(Exception):
    """Pagefind failed; the message holds its output."""


def run_pagefind(pages: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of a search index, by their path in it.

    :param pages: HTML by the path of the page in the site, which becomes its address.
    :raises SearchError: if Pagefind is missing, ends early or reports an error.
    """
    messages: list[dict[str, Any]] = [{"type": "NewIndex", "config": None}]
    messages += [
        {"type": "AddFile", "index_id": 0, "file_path": path, "url": None, "file_contents": html}
        for path, html in pages.items()
    ]
    messages.append({"type": "GetFiles", "index_id": 0})
    asked = b"".join(
        base64.b64encode(json.dumps({"message_id": number, "payload": payload}, ensure_ascii=False).encode()) + b","
        for number, payload in enumerate(messages, 1)
    )
    environment = {**os.environ, "PAGEFIND_UNSTABLE_INDEX_CHUNK_SIZE": WORDS_PER_CHUNK}
    try:
        process = subprocess.Popen(
            [get_executable(), "--service"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
    except OSError as error:
        raise SearchError(f"{ERROR_PREFIX}: {error}") from error
    with process:
        try:
            pieces = _exchange(process, asked, len(messages)).split(b",")
        finally:
            process.kill()
    answers = [answer for piece in pieces if (answer := _decode(piece))]
    for answer in answers:
        if answer["type"] == "Error":
            raise SearchError(f"{ERROR_PREFIX}: {answer['message']}")
    if len(answers) != len(messages) or "files" not in answers[-1]:
        said = b",".join(piece for piece in pieces if _decode(piece) is None).decode("utf-8", "replace").strip()
        raise SearchError(
            f"{ERROR_PREFIX}: {said or f'Pagefind ended early or fell silent (exit code {process.returncode}).'}"
        )
    return {file["path"]: base64.b64decode(file["content"]) for file in answers[-1]["files"]}


def _exchange(process: subprocess.Popen[bytes], asked: bytes, count: int) -> bytes:
    """Send all messages and return the answers, or everything that the program printed until it ended or fell silent.

    The program ends without an answer if its input ends early, so that is left open.
    """
    assert process.stdin
    assert process.stdout
    stdin, stdout = process.stdin, process.stdout

    def send() -> None:
        with contextlib.suppress(OSError):  # it ended early: answers are missing
            stdin.write(asked)
            stdin.flush()

    writer = threading.Thread(target=send, daemon=True)
    writer.start()
    said, answers = bytearray(), 0
    while answers < count and select.select([stdout], [], [], TIMEOUT_SECONDS)[0]:
        data = os.read(stdout.fileno(), 1 << 20)
        if not data:
            break
        said += data
        answers += data.count(b",")
    if answers < count:
        process.kill()  # ends the writer, too
    writer.join()
    return bytes(said)


def _decode(piece: bytes) -> dict[str, Any] | None:
    """Return one answer, or None for anything else that Pagefind printed."""
    try:
        answer: dict[str, Any] = json.loads(base64.b64decode(piece, validate=True))["payload"]
    except (ValueError, LookupError, TypeError):
        return None
    return answer if isinstance(answer, dict) and "type" in answer else None
