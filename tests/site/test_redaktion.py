"""Every command that editors are told works as it is written, on a copy of the real project."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.municipality import has_page
from tests.project import copy_project

GUIDE = (ROOT / "REDAKTION.md").read_text("utf-8")
# A new language comes last: until its words are there, the check rightly names every one of them.
KIM = sorted(
    dict.fromkeys(re.findall(r"\.venv/bin/kim ([^`\n]+)", GUIDE)),
    key=lambda command: command.startswith("new language"),
)
MAKE = sorted(set(re.findall(r"`make ([a-z-]+)`", GUIDE)))
# What rightly ends with an error here, and the sentence that it says then.
REFUSED = {
    "check --publish": "Platzhalter",
    "submissions show KIM-7F3K9Q": "KIM-7F3K9Q",
    "translations draft --lang uk ankommen/wohnen": "KIM_TRANSLATE_URL",
    "survey publish --dry-run": "",
}
if not has_page("/betriebe/"):  # the municipality shows no companies
    REFUSED |= {command: "Legen Sie zuerst seine Startseite" for command in KIM if command.startswith("new company")}
# Servers and the outside network are shown by tests of their own; here they only have to know their options.
ELSEWHERE = ("demo", "check --links", "serve")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("guide") / "project", ("de", "uk"))


def kim(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("KIM_")}
    words = shlex.split(command)
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=project, capture_output=True, text=True, env=env)


def test_every_command_for_editors_does_what_the_guide_says(project: Path) -> None:
    assert len(KIM) >= 14
    done = kim(project, "db init")
    assert "Traceback" not in done.stderr
    german = project / "docs/de/ankommen/wohnen.md"
    for command in KIM:
        if command.startswith("translations export"):  # an editor has changed a sentence since
            german.write_text(german.read_text("utf-8").replace("Zahlen Sie nichts", "Bezahlen Sie nichts"), "utf-8")
        if command.startswith(ELSEWHERE):
            command = f"{command.split()[0]} --help"
        done = kim(project, command)
        assert "Traceback" not in done.stderr, command
        if command in REFUSED:
            assert REFUSED[command] in done.stdout + done.stderr, command
        else:
            assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr[-500:]}"


@pytest.mark.parametrize("target", MAKE)
def test_every_make_target_for_editors_exists(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_picture_of_the_guide_exists_and_says_what_it_shows() -> None:
    shown = re.sub(r"^```.*?^```$", "", GUIDE, flags=re.DOTALL | re.MULTILINE)  # but for examples
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", shown)
    assert len(pictures) >= 4
    for words, path in pictures:
        assert len(words) > 20
        assert (ROOT / path).stat().st_size < 150_000, path
