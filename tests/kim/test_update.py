"""A municipality takes over what is new, with real git: shared pages and a migration come, its own folder stays."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import copy_project

pytestmark = pytest.mark.slow
ANSWERS = "name: Musterstadt\nauthority: Stadt Musterstadt\nurl: https://willkommen.example.org/\nlanguages: [de, en]\n"
MIGRATION = "form_handler/storage/migrations/versions/9001_later.py"
OWN, GONE = "city/docs/de/kontakt.md", "city/docs/de/nur-dort.md"  # the first has both sides, the second upstream alone


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def kim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org", "GIT_COMMITTER_NAME": "Test",
           "GIT_COMMITTER_EMAIL": "test@example.org", "PATH": "/usr/bin:/bin"}  # fmt: skip
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, capture_output=True, text=True, env=env)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("upstream") / "project", ("de", "en"))
    (folder / GONE).write_text("Upstream.\n")
    (folder / ".gitignore").write_text("__pycache__/\n/site/\n.site.*\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "First")
    return folder


@pytest.fixture(scope="module")
def municipality(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose folder ``city/`` is another one's; then upstream goes on, in its own ``city/`` as well."""
    folder = tmp_path_factory.mktemp("city") / "project"
    git(upstream, "clone", "--quiet", str(upstream), str(folder))
    shutil.rmtree(folder / "city")
    (folder / "answers.yml").write_text(ANSWERS, "utf-8")
    made = kim(folder, "new", "municipality", "--from", "answers.yml")
    assert made.returncode == 0, made.stderr
    (folder / "answers.yml").unlink()
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Musterstadt")
    for number, path in enumerate(sorted((upstream / "docs" / "de").rglob("*.md"))[:10]):
        path.write_text(path.read_text("utf-8") + f"\nEin Satz mehr, der {number}.\n", "utf-8")
    (upstream / MIGRATION).write_text("# later\n")
    for name in (OWN, GONE, "city/place.yml"):
        (upstream / name).write_text((upstream / name).read_text("utf-8") + "\n", "utf-8")
    (upstream / "city/docs/de/neu.md").write_text("New.\n")
    git(upstream, "add", "--all")
    git(upstream, "commit", "--quiet", "-m", "Ten pages, a migration, and work on its own city")
    git(folder, "fetch", "--quiet")
    return folder


def test_shared_pages_and_a_migration_come_and_the_own_folder_stays(upstream: Path, municipality: Path) -> None:
    before = git(municipality, "ls-tree", "-r", "HEAD", "city")
    done = kim(municipality, "update")
    assert done.returncode == 0, done.stderr
    assert "11 files changed" in done.stdout, "ten pages and a migration"
    assert git(municipality, "ls-tree", "-r", "HEAD", "city") == before
    assert git(municipality, "status", "--porcelain") == ""
    assert (municipality / MIGRATION).exists()
    assert not (municipality / GONE).exists()
    assert git(municipality, "ls-tree", "-r", "HEAD", "docs") == git(upstream, "ls-tree", "-r", "HEAD", "docs")
    assert "Es gibt nichts Neues" in kim(municipality, "update").stdout


def test_a_change_outside_of_the_own_folder_is_named_and_nothing_is_touched(upstream: Path, municipality: Path) -> None:
    shared = "docs/de/inhalt.md"
    for folder, words in ((upstream, "Upstream."), (municipality, "Hier.")):
        path = folder / shared
        path.write_text(path.read_text("utf-8") + f"\n{words}\n", "utf-8")
        git(folder, "commit", "--quiet", "--all", "-m", words)
    git(municipality, "fetch", "--quiet")
    before = git(municipality, "rev-parse", "HEAD")
    done = kim(municipality, "update")
    assert done.returncode == 1
    assert shared in done.stderr
    assert "Bis dahin ist alles, wie es war" in done.stderr
    assert git(municipality, "rev-parse", "HEAD") == before
    assert git(municipality, "status", "--porcelain") == ""


def test_work_that_is_not_committed_is_not_lost(municipality: Path) -> None:
    place = municipality / "city/place.yml"
    before = place.read_text("utf-8")
    place.write_text(before + "# Arbeit\n", "utf-8")
    done = kim(municipality, "update")
    assert done.returncode == 1
    assert "git commit" in done.stderr
    assert place.read_text("utf-8") == before + "# Arbeit\n"


def test_a_source_that_git_does_not_know_is_said_with_its_words(municipality: Path) -> None:
    git(municipality, "checkout", "--quiet", "--", ".")
    done = kim(municipality, "update", "nowhere/main")
    assert done.returncode == 1
    assert "nowhere/main" in done.stderr
