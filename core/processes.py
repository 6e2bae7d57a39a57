"""Processes beside this one."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def block_sigint() -> Iterator[None]:
    """Let processes that begin inside the ``with`` block not hear Ctrl-C, which a terminal sends to all of them.

    A worker that heard it would die, and whoever waits for its work would wait for ever. The process that has begun
    them hears it, and ends them. A signal that comes meanwhile is heard afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
