"""Starting the real server for tests that meet it as a browser does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PATIENCE, ROOT


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: object, seconds: float = PATIENCE, what: str = "the condition") -> None:
    """Ask again and again until ``condition()`` is true.

    :raises TimeoutError: if it is not within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise TimeoutError(f"{what} was not true within {seconds} s")


def is_up(url: str) -> bool:
    """Return whether somebody answers at this address."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


class Server:
    """A running ``kim serve``."""

    def __init__(self, data_dir: Path, folder: Path = ROOT, **settings: str) -> None:
        self.data_dir = data_dir
        self.folder = folder
        self.settings = settings
        self.command = [sys.executable, "-m", "kim", "serve", "--no-watch"]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
        env |= {"KIM_SETTINGS": "none", "PORT": str(self.port), "KIM_DATA_DIR": str(self.data_dir), **self.settings}
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=env, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: self._alive() and is_up(self.url + "/"), what="the server's first answer")

    def _alive(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{self.log()}")
        return True

    def log(self) -> str:
        """Return what the server printed."""
        return (self.data_dir / "server.log").read_text("utf-8", "replace")

    def kill(self) -> None:
        """Kill the server and all it started, as a power switch would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)

    def run_cli(self, *words: str) -> str:
        """Run a ``kim`` command on the server's data and return what it prints."""
        env = {**os.environ, "KIM_DATA_DIR": str(self.data_dir), **self.settings}
        command = [sys.executable, "-m", "kim", *words]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def running_server(data_dir: Path, folder: Path = ROOT, **settings: str) -> Iterator[Server]:
    """Run a server for the length of a ``with`` block; ``folder`` holds the project that it runs."""
    server = Server(data_dir, folder, **settings)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
