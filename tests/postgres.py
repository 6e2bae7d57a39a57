"""A real PostgreSQL of one's own: made in a temporary folder, started on a free port, stopped at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.server import free_port


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    :raises FileNotFoundError: if there is none; ``make test`` installs it.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise FileNotFoundError("The PostgreSQL tests need its server: run deploy/install-postgres")
    return Path(on_path).parent


def as_nobody_special(*command: str) -> list[str]:
    """Return a command as PostgreSQL wants to be started: never as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a server for the length of the block and yield its address, without a database name at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kim-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data, port = folder / "data", free_port()
    bin_dir = programs()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    init = as_nobody_special(
        str(bin_dir / "initdb"), "-D", str(data), "-U", "kim", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
    )
    subprocess.run(init, check=True, **quiet)  # type: ignore[call-overload]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = as_nobody_special(str(bin_dir / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
    subprocess.run([*control, "-o", options, "start"], check=True, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://kim@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
