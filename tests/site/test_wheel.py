"""A release: the wheel holds everything that a project does not, and builds a site from docs/, overrides/ and mkdocs.yml.

The environment is a new one without packages. The libraries are those of the environment that runs the tests, named by a
``.pth`` file: nothing is downloaded. Python does not read the ``.pth`` files of a folder added in this way, so the
editable installation of this checkout is not visible there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.project import keep_languages
from tests.site.small_tree import write_small_tree

PACKAGES = ("core", "editing", "editorial", "form_handler", "kim")
CODES = ("de", "en", "ar")


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KIM_", "PYTHON"))}
    return subprocess.run(command, cwd=cwd, env={**env, **variables}, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir")
    done = run(sys.executable, "-m", "pip", "wheel", source, *options, out, cwd=out)
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of commands of an environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--quiet")
    done = run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).stdout.strip()
    (Path(own) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that holds no code and three languages."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "overrides", folder / "overrides")
    lines = (ROOT / "mkdocs.yml").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "- {locale: " not in line or line.partition("{locale: ")[2][:2] in CODES]
    (folder / "mkdocs.yml").write_text("".join(kept), "utf-8")
    write_small_tree(folder / "docs")
    keep_languages(folder / "city" / "city.yml", CODES)
    return folder


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.partition("/")[0].endswith(".dist-info")}
    files = {path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()}
    assert packed == {path.as_posix() for path in files if "__pycache__" not in path.parts}


def test_the_installed_command_names_its_release(environment: Path, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert run(environment / "kim", "--version", cwd=tmp_path).stdout == f"kim {version}\n"
    assert f"## {version} – " in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f'softwareVersion: "{version}"' in (ROOT / "publiccode.yml").read_text("utf-8")


def test_the_installed_command_builds_a_project_that_holds_no_code(environment: Path, project: Path) -> None:
    done = run(environment / "kim", "build", "--no-pdf", cwd=project / "docs" / "de")
    assert done.returncode == 0, done.stderr
    site = project / "site"
    for name in (
        "index.html",
        "en/index.html",
        "ar/seite-1/index.html",
        "404.html",
        "feed.xml",
        "offline.json",
        "sitemap.xml",
    ):
        assert (site / name).is_file(), name
    assert list((site / "pagefind").glob("fragment/*")), "it can be searched"
    assert 'lang="ar"' in (site / "ar" / "index.html").read_text("utf-8")


def test_the_installed_command_checks_a_project_and_keeps_its_answers_in_its_own_folder(
    environment: Path, project: Path
) -> None:
    done = run(environment / "kim", "check", cwd=project)
    assert "docs/de/impressum.md: Diese Seite fehlt" in done.stdout
    assert "core/locale" not in done.stdout, "the catalogues of the release are whole"
    done = run(environment / "kim", "db", "init", cwd=project)
    assert done.returncode == 0, done.stderr
    assert list((project / "var").iterdir())


def test_outside_of_a_project_the_command_says_what_to_do(environment: Path, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(environment / "kim", "check", cwd=elsewhere)
    assert done.returncode == 1
    assert "KIM_PROJECT" in done.stderr
    assert "Traceback" not in done.stderr
    done = run(environment / "kim", "check", cwd=elsewhere, KIM_PROJECT=str(project))
    assert "Seiten in 3 Sprachen" in done.stdout
