"""What the drills share."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return a function that prints what was measured, for deploy/DRILLS.md."""

    def print_line(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  measured: {text}\n")

    return print_line
