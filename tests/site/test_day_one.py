"""Tests are green on the first day of another municipality: those that depend on content run in a project that is its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.project import copy_project
from tests.site.test_municipality import ANSWERS, kim

# The modules that read pages, facts, languages or settings of the municipality; what they share with others is tested anyway.
MODULES = (
    "tests/core", "tests/editorial/test_structure.py", "tests/editorial/test_shared_names.py", "tests/editorial/test_overlay.py",
    "tests/editorial/checks/test_check_catalog.py", "tests/editorial/checks/test_answer_templates.py",
    "tests/editorial/content/test_accessibility_statement.py", "tests/editorial/content/test_search_words.py",
    "tests/editorial/content/test_taxonomy.py", "tests/editorial/content/test_pages.py", "tests/editorial/content/test_kind_words.py",
    "tests/editorial/content/test_foreign_state.py", "tests/form_handler/test_http.py", "tests/form_handler/test_submission_flow.py",
)  # fmt: skip
# What else these modules read of a checkout.
MORE = ("tests", "bench", "deploy", ".ci")
FILES = (
    "CHANGELOG.md",
    "Makefile",
    "REDAKTION.md",
    "UEBERNAHME.md",
    "CONTRIBUTING.md",
    "README.md",
    "publiccode.yml",
    "LICENSE",
)


def test_what_depends_on_content_holds_in_a_district_with_a_language_of_its_own(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project", city=False)
    for name in MORE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder)
    (folder / "answers.yml").write_text(ANSWERS, "utf-8")
    for words in (
        ["new", "municipality", "--from", "answers.yml"],
        ["new", "language", "ro"],
        ["translations", "update"],
    ):
        done = kim(folder, *words)
        assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow", "-p", "no:cacheprovider", "--tb=line"]
    done = subprocess.run([*command, *MODULES], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
