"""A benchmark that cannot measure says in a sentence which part is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Error as PlaywrightError

from bench import needs
from kim.cli import main
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError("No module named 'playwright'", name="playwright"), "playwright is not installed"),
        (FileNotFoundError(2, "No such file", "node"), "node does not exist or is not installed"),
        (subprocess.CalledProcessError(3, ["node", "astro.js"], stderr=b"one\nNode.js 22 is needed\n"), "node astro.js ended with 3: Node.js 22 is needed"),
        (subprocess.TimeoutExpired(["npm"], 5), "No answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "No answer in time"),
        (PlaywrightError("Target closed\nlog"), "Chromium: Target closed"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_a_sentence(error: Exception, sentence: str) -> None:
    assert sentence in (needs.missing_part(error) or "")


def test_an_error_of_the_benchmark_itself_is_not_hidden() -> None:
    assert needs.missing_part(KeyError("ours, full")) is None


@pytest.mark.parametrize("what", ["page", "search", "serve"])
def test_without_chromium_the_remedy_is_named(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("KIM_CHROMIUM", raising=False)
    # In a process of its own: one that has run a browser before gives another error.
    told = subprocess.run([sys.executable, "-m", "kim", "bench", what], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 1
    assert "make browser" in told.stderr


@pytest.mark.parametrize("what", ["page", "search"])
def test_a_folder_without_a_site_is_named(what: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["bench", what, "--site", str(tmp_path)])
    assert told.exit_code == 1
    assert f"{tmp_path} holds no built site" in told.output
