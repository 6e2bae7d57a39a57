"""A copy of the project, for tests that change it or run commands in it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import yaml

from core.languages import load_languages
from core.project import all_language_codes
from editorial.scaffold.municipality import Answers, new_municipality
from tests.conftest import ROOT

FOLDERS = ("redaktion", "overrides", "core", "editing", "editorial", "form_handler", "kim")
FILES = ("mkdocs.yml", "requirements.txt", "requirements-dev.txt", "pyproject.toml")


def copy_docs(folder: Path) -> Path:
    """Copy the pages, the shared ones and those of the municipality, into ``folder``; return the shared ones."""
    shutil.copytree(ROOT / "city", folder / "city")
    return Path(shutil.copytree(ROOT / "docs", folder / "docs"))


def copy_project(folder: Path, codes: Collection[str] | None = None, city: bool = True) -> Path:
    """Copy what the commands need into ``folder`` and return it.

    :param codes: the languages that the copy has; None for all. A build takes as long as it has languages. A copy in
        languages that the municipality does not have is that of a made-up one.
    :param city: whether the copy has the municipality's folder.
    """
    here = {row.code for row in load_languages()}
    left_out = all_language_codes() - set(codes) if codes is not None else set()
    is_own = city and here.issuperset(codes or ())
    for name in (*FOLDERS, "city") if is_own else FOLDERS:
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
    if is_own and codes is not None:
        keep_languages(folder / "city" / "city.yml", codes)
    elif city and not is_own:
        answers = Answers(name="Musterstadt", authority="Stadt Musterstadt", url="https://kim.example.org/")
        new_municipality(answers, folder)
    return folder


def keep_languages(settings: Path, codes: Collection[str]) -> None:
    """Take from a municipality's settings every language but these."""
    rows = yaml.safe_load(settings.read_text("utf-8"))
    if not {"languages", "own_languages", "draft_languages"} & rows.keys():
        return
    for name in ("languages", "draft_languages"):
        rows[name] = [code for code in rows.get(name) or () if code in codes]
    rows["own_languages"] = [row for row in rows.get("own_languages") or [] if row["locale"] in codes]
    settings.write_text(
        yaml.safe_dump({name: value for name, value in rows.items() if value}, allow_unicode=True), "utf-8"
    )
