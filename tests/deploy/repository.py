"""The repository of a city with a small tree of pages, as scripts and drills of an installation need it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from form_handler.storage.schema_version import LATEST_REVISION
from tests.conftest import ROOT
from tests.project import copy_project
from tests.site.small_tree import write_small_tree

NEW_SENTENCE = "A sentence of the second release"
NEW_MIGRATION = '''"""A table and a column more."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9001", "{before}"


def upgrade():
    op.add_column("submission", sa.Column("later", sa.String(10), nullable=True))
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
'''


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; return what it said."""
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make_repository(folder: Path) -> Path:
    """Make a repository with the code of this checkout and a small tree of pages in three languages; return its folder."""
    copy_project(folder, ("de", "en", "ar"))
    shutil.rmtree(folder / "docs")
    write_small_tree(folder / "docs")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    shutil.copy(ROOT / "README.md", folder)
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / ".gitignore").write_text("__pycache__/\n*.egg-info/\n.venv\nsite\n.site.*\n.complete\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "First")
    return folder


def add_migration(repository: Path) -> None:
    """Add a migration that only adds, as the next version would bring it."""
    storage = repository / "form_handler" / "storage"
    (storage / "migrations" / "versions" / "9001_later.py").write_text(NEW_MIGRATION.format(before=LATEST_REVISION))
    schema = storage / "schema_version.py"
    schema.write_text(schema.read_text().replace(f'LATEST_REVISION = "{LATEST_REVISION}"', 'LATEST_REVISION = "9001"'))


def take_over_update(repository: Path, upstream: Path) -> list[Path]:
    """Let the project go on, in ten shared pages, a migration and a municipality's own folder; take that over with ``kim update``.

    :param upstream: a folder that becomes a clone of the repository, as the project is to a municipality.
    :return: the ten pages, relative to the repository.
    """
    git(repository.parent, "clone", "--quiet", str(repository), str(upstream))
    own = repository / "city" / "place.yml"
    own.write_text(own.read_text("utf-8") + "# A line of the municipality.\n", "utf-8")
    git(repository, "commit", "--quiet", "--all", "-m", "Work of the municipality")
    before = git(repository, "ls-tree", "-r", "HEAD", "city")
    pages = [*(upstream / "docs" / "en").glob("seite-?.md"), *(upstream / "docs" / "ar").glob("seite-[12].md")]
    for path in pages:
        path.write_text(path.read_text("utf-8") + f"\n{NEW_SENTENCE}.\n", "utf-8")
    add_migration(upstream)
    for name in ("city/place.yml", "city/data/contacts.yml"):
        (upstream / name).write_text((upstream / name).read_text("utf-8") + "# A line of the project.\n", "utf-8")
    git(upstream, "add", "--all")
    git(upstream, "commit", "--quiet", "-m", "Ten pages, a migration, and work on a city of its own")
    git(repository, "remote", "add", "upstream", str(upstream))
    git(repository, "fetch", "--quiet", "upstream")
    identity = {
        f"GIT_{role}_{what}": "test@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    command = [sys.executable, "-m", "kim", "update", "upstream/main"]
    done = subprocess.run(command, cwd=repository, env={**os.environ, **identity}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "12 files changed" in done.stdout, "ten pages, the migration and the number of the schema"
    assert git(repository, "ls-tree", "-r", "HEAD", "city") == before
    assert git(repository, "status", "--porcelain") == ""
    return [path.relative_to(upstream) for path in pages]
