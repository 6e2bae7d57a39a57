"""The mail worker as a child process of the development server; in production it is a service of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

STOP_SECONDS = 10.0
RESTART_SECONDS = 5.0
COMMAND = (sys.executable, "-m", "kim", "mail", "run")


class MailWorkerProcess:
    """Runs ``kim mail run`` and starts it again whenever it ends, until :meth:`stop`."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        """Keep the environment of the worker, that of this process by default."""
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the worker in the background."""
        self._thread.start()

    def _run(self) -> None:
        command = [*COMMAND, "--parent", str(os.getpid())]
        while not self._stopped.is_set():
            # A session of its own: Ctrl-C ends the server, which ends the worker after it.
            self._process = subprocess.Popen(command, env=self._env, start_new_session=True)
            self._process.wait()
            self._stopped.wait(RESTART_SECONDS)

    def stop(self) -> None:
        """End the worker after the mail in delivery; after ten seconds kill it, then that mail is sent again later."""
        self._stopped.set()
        deadline = time.monotonic() + STOP_SECONDS
        while self._thread.is_alive():
            if self._process is not None:
                self._process.send_signal(signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            self._thread.join(0.05)
