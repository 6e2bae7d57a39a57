"""Functions in processes of their own."""

import os
import signal
import time
from typing import NoReturn

import pytest

from core.processes import forked


def fail() -> NoReturn:
    """Raise an error."""
    raise ValueError("a reason")


def end() -> NoReturn:
    """End the process without a result."""
    os._exit(3)


def test_a_function_runs_beside_the_block_and_gives_its_result() -> None:
    with forked(os.getpid) as other:
        here = os.getpid()
        assert other() != here


def test_its_error_is_raised_where_the_result_is_wanted() -> None:
    with forked(fail) as other, pytest.raises(ValueError, match="a reason"):
        other()


def test_a_process_that_ends_early_is_an_error() -> None:
    with forked(end) as other, pytest.raises(ChildProcessError, match="exit code 3"):
        other()


def test_a_process_that_nobody_waits_for_ends_with_the_block() -> None:
    """A check that fails leaves no process behind."""
    read, write = os.pipe()

    def wait() -> None:
        os.write(write, f"{os.getpid()}\n".encode())
        time.sleep(600)

    with forked(wait):
        number = int(os.read(read, 20))
    with pytest.raises(ProcessLookupError):
        os.kill(number, signal.SIG_DFL)
    os.close(read)
    os.close(write)
