"""`make` runs in every folder and from every copy: odd names, a ZIP that lost the right to run, a clone with CRLF."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NAMES = ["Prüf 50% #1", 'it\'s "quoted"', "$HOME `id`", "(a,b) & c", "a  b?", "-n"]
# Writes down what it is told, in the place of Python: what is tried here is the way to it.
STAND_IN = '#!/bin/sh\necho "$@" >> "{log}"\n'


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project as a ZIP without modes unpacks it, in a folder of that name, with an interpreter that only writes."""
    folder = tmp_path / request.param
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    interpreter(folder)
    return folder


def interpreter(folder: Path) -> None:
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN.format(log=folder.parent / "log"))
    python.chmod(0o755)


def make(folder: Path, *words: str) -> str:
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))
    }  # `make test` runs this
    env["PWD"] = str(folder)
    done = subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def told(folder: Path) -> list[str]:
    log = folder.parent / "log"
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_make_works_in_a_folder_of_any_name_and_installs_once(folder: Path) -> None:
    make(folder, "build")
    first = told(folder)
    assert first[-1] == "-m kim build"
    assert any("pip install" in line for line in first)
    assert make(folder, "build") == ""
    assert told(folder) == ["-m kim build"], "nothing is installed again"


def test_an_environment_of_another_folder_is_made_anew(folder: Path) -> None:
    make(folder, "build")
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    assert "is made anew" in make(copy, "help")
    assert not (copy / ".venv").exists()
    assert (folder / ".venv").exists()


def test_make_bench_runs_every_benchmark_though_one_cannot_measure(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt", "deno.json", "deno.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    interpreter(tmp_path)
    deno = tmp_path / ".venv" / "bin" / "deno"
    deno.write_text("#!/bin/sh\n")
    deno.chmod(0o755)
    with (tmp_path / ".venv" / "bin" / "python").open("a") as script:
        script.write('case "$*" in *"bench page") exit 1 ;; esac\n')
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "bench"], cwd=tmp_path, capture_output=True, text=True, env=env)
    asked = [line.rpartition(" ")[2] for line in told(tmp_path) if "kim bench" in line]
    assert asked == ["build", "page", "search", "serve", "edit", "form", "inbox", "nginx"]
    assert done.returncode != 0
    assert "Not measured, for the reasons given above: page" in done.stderr


# Stands in for Python and pip: fetches two packages, then ends as told.
PIP = """#!/bin/sh
echo "Collecting one==1.0 (from -r requirements.txt (line 1))"
echo "Collecting two==1.0 (from -r requirements.txt (line 2))"
[ {status} = 0 ] || echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
echo "Installing collected packages: one, two"
exit {status}
"""


@pytest.mark.parametrize("status", [0, 1])
def test_installing_packages_shows_how_far_it_is_and_why_it_failed(tmp_path: Path, status: int) -> None:
    python, lock = tmp_path / "python", tmp_path / "requirements.txt"
    python.write_text(PIP.format(status=status))
    python.chmod(0o755)
    lock.write_text("one==1.0 \\\n    --hash=sha256:0\ntwo==1.0 \\\n    --hash=sha256:0\n")
    done = subprocess.run(
        ["sh", ROOT / "deploy/install-packages", python, lock], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == status
    assert "2 packages are fetched" in done.stdout
    assert ("DO NOT MATCH THE HASHES" in done.stderr) is (status == 1)


@pytest.mark.parametrize(
    "script",
    ["make-venv", "install-packages", "install-chromium", "install-postgres", "install-nginx", "install-scanners"],
)
def test_every_script_is_run_by_a_shell(script: str) -> None:
    lines = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if f"deploy/{script}" in line]
    assert lines
    assert all(f"@sh deploy/{script}" in line for line in lines)


def test_a_clone_with_crlf_gets_every_text_as_it_is(tmp_path: Path) -> None:
    """Else no script runs, and a translation differs from what its lock says."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    files = ["Makefile", ".gitattributes", "deploy/make-venv", ".ci/run", "docs/translations.lock.yml", "docs/de/inhalt.md",
             "docs/data/contacts.yml", "core/locale/ar.po", "mkdocs.yml", "overrides/main.html", "deploy/home.jpg"]  # fmt: skip
    for name in files:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=origin, check=True, env=env)
    subprocess.run(
        ["git", "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", origin, clone], check=True, env=env
    )
    for name in files:
        assert (clone / name).read_bytes() == (ROOT / name).read_bytes(), name
