"""The repository of a city with a small tree of pages, as scripts and drills of an installation need it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from form_handler.storage.schema_version import LATEST_REVISION
from tests.conftest import ROOT
from tests.project import copy_project
from tests.site.small_tree import write_small_tree

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
