"""Long work shows its progress: a bar on a terminal, plain lines elsewhere, all of it on stderr."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from kim.progress import phases, steps
from tests.conftest import ROOT

WORK = (
    "from kim.progress import phases, steps\n"
    "with steps('Pages', 40) as step:\n    [step(f'/page-{n}/') for n in range(40)]\n"
    "with phases() as phase:\n    phase('Indexing')\n"
)


def test_outside_a_terminal_there_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with steps("Pages", 40) as step:
        for number in range(40):
            step(f"/page-{number}/")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"Pages: {4 * n}/40 /page-{4 * n - 1}/" for n in range(1, 11)]


@pytest.mark.parametrize("total", [0, 1, 3])
def test_few_steps_are_all_shown(total: int, capsys: pytest.CaptureFixture[str]) -> None:
    with steps("Rounds", total) as step:
        for number in range(total):
            step(str(number))
    assert len(capsys.readouterr().err.splitlines()) == total


def test_outside_a_terminal_each_phase_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with phases() as phase:
        phase("Rendering")
        phase("Indexing")
    assert capsys.readouterr().err == "Rendering …\nIndexing …\n"


def test_a_terminal_gets_a_bar_that_is_rewritten_and_no_phase_is_left_over() -> None:
    master, slave = pty.openpty()
    done = subprocess.run([sys.executable, "-c", WORK], cwd=ROOT, stdout=subprocess.PIPE, stderr=slave, check=True)
    os.close(slave)
    shown = b""
    while chunk := read(master):
        shown += chunk
    os.close(master)
    text = shown.decode()
    assert done.stdout == b""
    assert "100%" in text
    assert "Indexing …" in text
    assert text.endswith("\r\x1b[K"), "the line of the phase is removed"


def read(terminal: int) -> bytes:
    """Return what the terminal holds; at its end Linux raises an error instead of returning nothing."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
