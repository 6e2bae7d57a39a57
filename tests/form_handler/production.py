"""A production service for tests: settings as a city would have them, and what goes with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PRODUCTION = {
    "KIM_MODE": "production", "KIM_SECRET_KEY": "0123456789abcdef0123456789abcdef", "KIM_HOSTS": "127.0.0.1,kim.example.org",
    "KIM_MAIL_FROM": "kim@example.org", "KIM_OFFICE_MAIL": "office@example.org", "KIM_SMTP_URL": "smtp://127.0.0.1:1",
    "KIM_PUBLIC_URL": "https://kim.example.org/",
}  # fmt: skip


def run_kim(
    env: dict[str, str], *words: str, folder: Path = ROOT, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does; with ``code`` its exit code is asserted."""
    import os

    plain = {name: value for name, value in os.environ.items() if not name.startswith("KIM_")}
    done = subprocess.run(
        [sys.executable, "-m", "kim", *words],
        cwd=folder,
        env={**plain, "KIM_SETTINGS": "none", **env},
        capture_output=True,
        text=True,
    )
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done
