"""What the benchmark of the forms counts as the server."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.form import memory, processes

WAIT = "import sys; print(flush=True); sys.stdin.read()"


def test_workers_beside_the_server_are_counted_by_themselves(tmp_path: Path) -> None:
    """An idle publication worker is not memory that a form needs."""
    env = {**os.environ, "KIM_DATA_DIR": str(tmp_path)}
    with ExitStack() as stack:
        started = {}
        for worker, words in {
            "": [],
            "mail": ["mail", "run", "--parent", "1"],
            "publish": ["publish", "run", "x"],
        }.items():
            process = subprocess.Popen([sys.executable, "-c", WAIT, *words], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout
            process.stdout.readline()
            started[worker] = process.pid
        assert {worker: [int(one.name) for one in processes(tmp_path, worker)] for worker in started} == {
            worker: [pid] for worker, pid in started.items()
        }
        assert memory(tmp_path) > 1
