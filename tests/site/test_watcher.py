"""The preview's watcher goes on whatever it meets: it says what is wrong, and takes up its work once that is mended."""

from __future__ import annotations

import builtins
import json
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from watchdog.observers.polling import PollingObserver

from core.findings import ContentError, Finding
from core.overlay import shown_page
from editorial.preview.middleware import Preview, pages_dir, read_state, state_file
from editorial.preview.watcher import Watcher, watch
from tests.conftest import PATIENCE, ROOT
from tests.project import copy_project
from tests.server import wait_until

PAGE = shown_page(ROOT / "docs", "de", "kontakt")
SITE_PAGE = "site/kontakt/index.html"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project in German with its watcher; the site is built once the first file was saved."""
    folder = tmp_path_factory.mktemp("watched") / "project"
    copy_project(folder, ("de",))
    watcher = subprocess.Popen(
        [sys.executable, "-m", "editorial.preview.watcher", str(folder / "site"), str(os.getpid())],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_until(state_file(folder / "site").exists, 120, "the watcher")
        yield folder
        assert watcher.poll() is None, "it is still there"
    finally:
        watcher.kill()
        watcher.communicate()


def said(project: Path) -> str:
    """Return everything that the bar shows on any page."""
    state = read_state(project / "site")
    return state["fault"] + json.dumps(state["findings"], ensure_ascii=False)


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


def without_date(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text(
        "".join("review_by: 2027-02-29\n" if line.startswith("review_by:") else line for line in lines), "utf-8"
    )


# What goes wrong, in which file, and what the bar says about it.
FAULTS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "impossible day": (PAGE, without_date, "den Tag 29.2.2027 gibt es nicht"),
    "broken YAML": ("city/data/contacts.yml", lambda path: write(path, b"kim: [\n"), "city/data/contacts.yml:"),
    "encoding": ("docs/data/chooser.yml", lambda path: write(path, "rules: für".encode("utf-16")), "docs/data/chooser.yml:"),
    "binary page": (PAGE, lambda path: write(path, bytes(range(256))), "nicht als UTF-8 gespeichert"),
    "folder in place of a page": (PAGE, in_place_of, "kontakt"),
    "broken template": ("overrides/main.html", lambda path: write(path, b"{% if %}"), "Error"),
    "folder gone": ("docs/data", shutil.rmtree, "docs/data/"),
}  # fmt: skip


def test_it_goes_on_after_every_fault_that_a_file_can_have(project: Path, tmp_path: Path) -> None:
    for name, (file, plant, expected) in FAULTS.items():
        path, kept = project / file, tmp_path / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, kept)
        plant(path)
        wait_until(lambda: expected in said(project), 120, f"{name}: what is said about it")  # noqa: B023 - called at once
        if path.is_dir():
            shutil.rmtree(path)
        (shutil.copytree if kept.is_dir() else shutil.copy)(kept, path)
    wait_until(lambda: read_state(project / "site")["fault"] == "", 180, "the build after the last fault")
    page = project / PAGE
    page.write_text(page.read_text("utf-8") + "\nHier steht ein neuer Satz.\n", "utf-8")
    wait_until(
        lambda: "Hier steht ein neuer Satz." in (project / SITE_PAGE).read_text("utf-8"), 120, "the new sentence"
    )


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    """A watcher of an empty folder that has read what it needs."""
    (tmp_path / "docs").mkdir()
    watcher = Watcher(tmp_path / "site", tmp_path)
    watcher.ready = True
    return watcher


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (ZeroDivisionError("our own"), "Fehler im Programm gestoßen (ZeroDivisionError: our own)"),
        (SystemExit(1), "Fehler im Programm gestoßen (SystemExit: 1)"),
        (RecursionError(), "Fehler im Programm gestoßen (RecursionError:"),
        (PermissionError(13, "Permission denied", "docs/de/a.md"), "docs/de/a.md: Permission denied."),
        (ContentError([Finding("docs/de/a.md", 3, "Falsch.", "Ändern.")]), "docs/de/a.md:3: Falsch. Ändern."),
    ],
)
def test_a_fault_in_our_own_code_is_shown_and_the_next_file_is_taken(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch, fault: BaseException, shown: str
) -> None:
    taken: list[set[str]] = []

    def reload(changed: set[str]) -> None:
        taken.append(changed)
        if len(taken) == 1:
            raise fault

    monkeypatch.setattr(watcher, "reload", reload)
    monkeypatch.setattr(watcher, "poll_build", lambda: None)
    for name in ("a.md", "b.md"):
        watcher.turn({str(watcher.docs / name)})
    assert [len(changed) for changed in taken] == [1, 1]
    state = read_state(watcher.site_dir)
    assert shown in state["fault"]
    assert state["version"] == 1, "said once"


def test_what_could_not_be_said_is_said_later(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full, or the place of the state is no file."""

    def reload(_changed: set[str]) -> None:
        raise ValueError("x")

    monkeypatch.setattr(watcher, "reload", reload)
    monkeypatch.setattr(watcher, "poll_build", lambda: None)
    state_file(watcher.site_dir).mkdir()
    watcher.turn({str(watcher.docs / "a.md")})
    assert read_state(watcher.site_dir)["fault"] == ""
    state_file(watcher.site_dir).rmdir()
    watcher.turn(set())
    assert "ValueError: x" in read_state(watcher.site_dir)["fault"]


def test_an_idle_preview_looks_at_no_file(watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system reports what was saved; walking the tree again and again took a tenth of a processor."""
    watcher.ready, watcher.unpublished, watcher.wants_build = True, False, False
    looks: list[tuple[object, ...]] = []
    observer = watch([tmp_path], watcher.changes)
    with monkeypatch.context() as patched:
        for module, name in ((os, "stat"), (os, "lstat"), (os, "scandir"), (os, "listdir"), (builtins, "open")):
            patched.setattr(module, name, lambda *given, **_named: looks.append(given))
        watcher.turn(watcher.wait())
        watcher.turn(set())
    observer.stop()
    assert looks == []
    assert not isinstance(observer, PollingObserver)


def test_changes_are_seen_and_reading_a_file_is_none(tmp_path: Path) -> None:
    changes: queue.SimpleQueue[str] = queue.SimpleQueue()
    page = tmp_path / "a.md"
    page.write_text("a")
    observer = watch([tmp_path], changes)
    try:
        page.read_text()
        (tmp_path / ".a.md.swp").touch()
        (tmp_path / "neu").mkdir()
        (tmp_path / "neu" / "b.md").touch()
        page.write_text("b")
        page.rename(tmp_path / "c.md")
        (tmp_path / "c.md").unlink()
        (tmp_path / "end").touch()
        seen: set[str] = set()
        while str(tmp_path / "end") not in seen:
            seen.add(changes.get(timeout=PATIENCE))
    finally:
        observer.stop()
    names = {Path(path).relative_to(tmp_path).as_posix() for path in seen}
    assert names >= {"a.md", "c.md", "neu/b.md", "end"}
    assert not [name for name in names if name.endswith(".swp")]


def test_a_saved_page_is_shown_in_the_place_of_the_built_one_and_no_other_file_is(tmp_path: Path) -> None:
    site = tmp_path / "site"

    def app(_environ: object, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", "x")])
        return [b"<body>built</body>"]

    def shown(path: str) -> bytes:
        preview = Preview(app, site, always=True)  # type: ignore[arg-type]
        return b"".join(preview({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda status, headers: None))  # type: ignore[arg-type,misc,return-value]

    folder = pages_dir(site) / "ar" / "kontakt"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<body>saved</body>")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "index.html").write_text("<body>secret</body>")
    assert b"saved" in shown("/ar/kontakt/")
    for path in ("/", "/kontakt/", "/../secret/", "/ar/../../secret/", "/\0/", f"/{'x' * 5000}/"):
        assert b"built" in shown(path)


@pytest.mark.parametrize("version", ["", "x", "-1", "1.5", "٣", "9" * 5000])
def test_the_bar_asks_with_any_number(tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editorial.preview.middleware.LONG_POLL_SECONDS", 0)
    preview = Preview(lambda _environ, _start: [b""], tmp_path / "site")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/kim-preview/wait", "QUERY_STRING": f"path=/&version={version}"}
    answer = preview(environ, lambda status, headers: None)  # type: ignore[arg-type,misc,return-value]
    assert b"".join(answer) == b'{"version": 0}'


def test_findings_on_pages_of_the_municipality_are_shown_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Finding(f"{top}/de/a.md", 1, "x", "y", "notice") for top in ("docs", "city/docs")]
    found.append(Finding("core/locale/ar.po", 1, "x", "y"))
    monkeypatch.setattr(
        "editorial.preview.watcher.run_checks", lambda *_words, **_more: SimpleNamespace(findings=found)
    )
    watcher = Watcher(tmp_path / "site", tmp_path)
    watcher.inspect_all()
    assert sorted(watcher.findings) == ["city/docs/de/a.md", "docs/de/a.md"]
