"""A worker as a child process of the development server; in production it is a service of its own. Both end the same way."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.files import give_to_owner

STOP_SECONDS = 10.0
RESTART_SECONDS = 5.0


class AnotherWorkerError(Exception):
    """Another worker of the same kind is running on this data folder."""


@contextlib.contextmanager
def worker_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a kind of worker during the block.

    :raises AnotherWorkerError: if another process holds it.
    """
    with path.open("a") as file:
        give_to_owner(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherWorkerError from None
        yield


class WorkerProcess:
    """Runs a command of ``kim``, such as ``kim mail run``, and starts it again whenever it ends, until :meth:`stop`."""

    def __init__(self, *words: str, env: Mapping[str, str] | None = None) -> None:
        """Keep the command and the environment of the worker, that of this process by default."""
        self._words, self._env = words, env
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the worker in the background."""
        self._thread.start()

    def _run(self) -> None:
        command = [sys.executable, "-m", "kim", *self._words, "--parent", str(os.getpid())]
        while not self._stopped.is_set():
            # A session of its own: Ctrl-C ends the server, which ends the worker after it.
            self._process = subprocess.Popen(command, env=self._env, start_new_session=True)
            self._process.wait()
            self._stopped.wait(RESTART_SECONDS)

    def stop(self) -> None:
        """Send SIGTERM; after ten seconds SIGKILL, then the unfinished work is done again later."""
        self._stopped.set()
        deadline = time.monotonic() + STOP_SECONDS
        while self._thread.is_alive():
            if self._process is not None:
                self._process.send_signal(signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            self._thread.join(0.05)


def stop_event(parent: int | None = None) -> threading.Event:
    """Return an event that SIGTERM, SIGINT and the end of the parent process set.

    :param parent: process id of the server that started this worker; None where it runs by itself.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        threading.Thread(target=_stop_with_parent, args=(parent, stop), daemon=True).start()
    return stop


def _stop_with_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
