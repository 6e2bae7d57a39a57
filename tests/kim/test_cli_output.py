"""The command itself: a short one ends at once, but not before everything is said, and a fault is a fault."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from kim.cli import main
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

KIM = [sys.executable, "-m", "kim"]
STATUS = ["translations", "status", "--lang", "uk"]


def test_everything_is_said_before_a_short_command_ends() -> None:
    done = subprocess.run([*KIM, *STATUS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout == CliRunner().invoke(main, STATUS).output


def test_what_could_not_be_said_is_a_fault() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*KIM, *STATUS], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: Die Ausgabe ließ sich nicht schreiben: No space left on device.\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{} | head -c 0", 1),
        ("{} >&-", 0),
        ("{} 2>&- >&-", 0),
        ("PYTHONIOENCODING=ascii {}", 0),
    ],
)
def test_a_closed_pipe_ends_without_a_traceback(line: str, code: int) -> None:
    command = line.format(" ".join([*KIM, *STATUS]))
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_fault_keeps_its_code(command: str) -> None:
    done = subprocess.run([*KIM, command, "--nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--nonsense" in done.stderr
