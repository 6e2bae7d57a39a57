"""A copy of the project, for tests that change it or run commands in it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from core.languages import load_languages
from tests.conftest import ROOT

FOLDERS = ("redaktion", "overrides", "core", "editing", "editorial", "form_handler", "kim")
FILES = ("mkdocs.yml", "requirements.txt", "requirements-dev.txt", "pyproject.toml")


def copy_docs(folder: Path) -> Path:
    """Copy the pages, the shared ones and those of the municipality, into ``folder``; return the shared ones."""
    shutil.copytree(ROOT / "city", folder / "city")
    return Path(shutil.copytree(ROOT / "docs", folder / "docs"))


def copy_project(folder: Path, codes: Collection[str] | None = None, city: bool = True) -> Path:
    """Copy what the commands need into ``folder`` and return it.

    :param codes: the languages that the copy has; None for all. A build takes as long as it has languages.
    :param city: whether the copy has the municipality's folder.
    """
    left_out = {row.code for row in load_languages()} - set(codes) if codes is not None else set()
    for name in (*FOLDERS, "city") if city else FOLDERS:
        shutil.copytree(ROOT / name, folder / name)  # with what is compiled: copied files keep their times
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "docs", folder / "docs", ignore=lambda at, _names: left_out if Path(at) == ROOT / "docs" else ()
    )
    config = folder / "mkdocs.yml"
    lines = config.read_text("utf-8").splitlines(keepends=True)
    config.write_text(
        "".join(line for line in lines if not any(f"locale: {code}," in line for code in left_out)), "utf-8"
    )
    return folder
