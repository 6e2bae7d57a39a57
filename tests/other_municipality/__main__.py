"""Run slow tests in a clone that belongs to another municipality: `make test-municipality` (MODULES= names some).

A district with a language of its own and without an alliance, made by nothing but the commands of UEBERNAHME.md. `make test` runs the
quick tests of content there (tests/site/test_day_one.py) and walks its site (tests/site/test_municipality.py).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT
from tests.site.test_municipality import ANSWERS

DEFAULT = ("tests/site", "tests/browser", "tests/deploy")
# These build, install or measure the checkout itself, whatever its municipality is.
LEFT_OUT = (
    "tests/site/test_make.py",
    "tests/site/test_wheel.py",
    "tests/site/test_municipality.py",
    "tests/site/test_day_one.py",
)


def run(folder: Path, *words: str) -> int:
    """Run a command in the clone; return its exit code."""
    return subprocess.run(words, cwd=folder).returncode


def make_clone(folder: Path) -> None:
    """Clone the commit that is checked out and take it over.

    :raises subprocess.CalledProcessError: if a step fails.
    """
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run(["rm", "-r", "city"], cwd=folder, check=True)
    (folder / "antworten.yml").write_text(ANSWERS, "utf-8")
    for words in (
        ("new", "municipality", "--from", "antworten.yml"),
        ("new", "language", "ro"),
        ("translations", "update"),
    ):
        subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, check=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for git in (["add", "--all", "city"], [*identity, "commit", "--quiet", "-m", "Kreis Musterstadt"]):
        subprocess.run(["git", *git], cwd=folder, check=True)


def main(modules: list[str]) -> int:
    """Run the modules, by default those of site, browser and releases; return pytest's exit code."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "kim")
        make_clone(folder)
        ignored = [f"--ignore={name}" for name in LEFT_OUT]
        options = ["-n", "auto", "--dist", "loadfile", "-p", "no:cacheprovider"]
        return run(folder, sys.executable, "-m", "pytest", "-q", *options, *ignored, *(modules or DEFAULT))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
