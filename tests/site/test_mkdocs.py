"""``mkdocs build``, ``mkdocs serve`` and ``properdocs build`` give the site of ``kim build``, to the byte, but for PDF."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import full_or_sample
from tests.project import copy_project
from tests.server import free_port, wait_until
from tests.site.small_tree import write, write_small_tree
from tests.site.test_incremental_build import differences, tree

LIVE_RELOAD = re.compile(rb"<script>\s*var livereload = .*?</script>", re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a small tree of pages in three languages."""
    folder = copy_project(tmp_path_factory.mktemp("mkdocs") / "project", ("de", "en", "ar"))
    shutil.rmtree(folder / "docs")
    write_small_tree(folder / "docs")
    return folder


def run(project: Path, *words: str) -> None:
    done = subprocess.run([sys.executable, "-m", *words], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def whole(project: Path) -> Path:
    """The site as ``kim build`` builds it."""
    run(project, "kim", "build", "--no-pdf", "--no-cache", "--site-dir", "../whole")
    return project.parent / "whole"


@pytest.mark.parametrize("program", ["mkdocs", "properdocs"])
def test_other_programs_build_the_same_site(project: Path, whole: Path, program: str) -> None:
    """Without a cache, and then from the cache of the build before (ProperDocs in `make test-all`)."""
    shutil.rmtree(project / ".site.cache", ignore_errors=True)
    for name in (f"{program}-1", f"{program}-2")[: full_or_sample(2, 2 if program == "mkdocs" else 1)]:
        run(project, program, "build", "-q", "-d", f"../{name}")
        assert differences(project.parent / name, whole) == []


def test_the_successor_is_the_version_that_was_read() -> None:
    """Names that are not public are used in ``mkdocs_runner`` alone; read it again before these numbers change."""
    versions = {name: importlib.metadata.version(name) for name in ("mkdocs", "mkdocs-static-i18n", "properdocs")}
    assert versions == {"mkdocs": "1.6.1", "mkdocs-static-i18n": "1.3.1", "properdocs": "1.6.7"}


def test_mkdocs_serve_gives_the_whole_site_and_shows_what_was_saved(project: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    run(project, "kim", "build", "--no-pdf", "--site-dir", "../served", "--site-url", f"{base}/")
    log = (project.parent / "serve.log").open("w+")
    command = [sys.executable, "-m", "mkdocs", "serve", "-a", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=project, stdout=log, stderr=subprocess.STDOUT)

    def fetch(path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{base}/{quote(path)}", timeout=60) as answer:
                body: bytes = answer.read()
                return LIVE_RELOAD.sub(b"", body)
        except OSError:
            assert server.poll() is None, Path(log.name).read_text()
            return b""

    try:
        wait_until(lambda: fetch("index.html"), what="mkdocs serve")
        expected = tree(project.parent / "served")
        assert [name for name, data in expected.items() if fetch(name) != data] == []
        search = fetch("pagefind/pagefind-entry.json")
        write(project / "docs", "en", "seite-1", "en 1", "A quokka was saved.")
        wait_until(lambda: b"A quokka was saved." in fetch("en/seite-1/index.html"), what="the saved page")
        assert fetch("pagefind/pagefind-entry.json") != search
        footer = project / "overrides/partials/kim/footer.html"
        footer.write_text("<p>A new footer.</p>" + footer.read_text("utf-8"), "utf-8")
        wait_until(lambda: b"A new footer." in fetch("en/seite-1/index.html"), what="the saved template")
    finally:
        server.kill()
        server.wait()
        log.close()
