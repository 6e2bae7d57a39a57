"""A build that draws only what changed gives the same site, to the byte, as one that draws everything."""

from __future__ import annotations

import contextlib
import datetime
import errno
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from pagefind_bin import get_executable

from core.languages import load_languages
from editorial.build import indexing, kept, pagefind
from editorial.build import part as parts
from editorial.build import whole as wholes
from editorial.build.build import BuildError, build_site
from editorial.build.fingerprint import path_of, stamp_of
from editorial.build.manifest import read_manifest, write_manifest
from editorial.build.mkdocs_runner import Task
from editorial.build.previewed import forget, note, noted, pages_of
from editorial.build.writer import put, remove
from editorial.content.pages import read_content
from editorial.translations.lockfile import Lock, write_lock
from editorial.translations.update import update_lock
from tests.conftest import PATIENCE, ROOT
from tests.serving import wait_until
from tests.site.small_tree import write, write_small_tree

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

URL = "https://kim.example.org/"
KEPT = ("index", "kontakt", "arbeitgeber/index", "arbeitgeber/werkzeugkasten", "ankommen/notfall")
BESIDE = {"site", ".site.lock", ".site.manifest.json", ".site.templates", ".site.kept"}


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tree of pages."""
    return write_small_tree(tmp_path_factory.mktemp("again") / "docs")


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def differences(one: Path, other: Path) -> list[str]:
    """Return the files that only one of two sites has, or that differ."""
    first, second = tree(one), tree(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def edits(docs: Path, dice: random.Random) -> list[Callable[[], object]]:
    """Return everything an editor may do, each ready to be done."""
    number = dice.randrange(8)
    german, english = docs / f"de/seite-{number}.md", docs / f"en/seite-{number}.md"
    word = f"Wort{dice.randrange(10_000)}"

    def swap(path: Path, old: str, new: str) -> None:
        if path.exists():
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return [
        lambda: swap(german, "Satz", f"Satz {word}"),
        lambda: swap(english, "sentence", f"sentence {word}"),
        lambda: swap(german, "title: ", f"title: {word} "),
        lambda: swap(german, "## Mehr { #mehr }", f"## {word} {{ #mehr }}"),
        lambda: swap(docs / "data/numbers.yml", "label: ", f"label: {word} "),
        lambda: write(docs, "de", f"neu-{word.lower()}", word, "Neu.", "work"),
        lambda: english.unlink(missing_ok=True),
        lambda: write(docs, "en", f"seite-{number}", f"again {word}", "Back."),
        lambda: swap(german, "](kontakt.md)", "](kontakt.md#mehr)"),
        lambda: None,
    ]


def test_random_edits_give_the_same_site_as_drawing_everything(docs: Path, tmp_path: Path) -> None:
    dice = random.Random(20261123)
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    for round_ in range(7):
        dice.choice(edits(docs, dice))()
        dice.choice(edits(docs, dice)[:2])()
        build_site(again, URL, docs)
        build_site(whole, URL, docs, cache=False)
        assert differences(again, whole) == [], round_


@pytest.mark.parametrize("memory", [indexing.MEMORY, Path("/nowhere")])
def test_a_change_in_one_language_gives_the_same_site_as_drawing_everything(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    """The lists of the other languages stay as they are, though all languages share the list of the search's parts.

    So it is with and without a folder in memory for Pagefind, and nothing is left of it in either.
    """
    monkeypatch.setattr(indexing, "MEMORY", memory)
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    path = docs / "ar/seite-2.md"
    path.write_text(path.read_text("utf-8") + "\nA line that only one language has.\n", "utf-8")
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert {one.name for one in again.parent.iterdir()} == BESIDE
    assert differences(again, whole) == []


def children() -> set[str]:
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


def test_a_german_change_marks_the_translations_and_renews_only_the_german_search(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = Path(shutil.copytree(docs, tmp_path / "docs"))
    languages = load_languages()
    for code, text in (("de", "Der erste Satz."), ("en", "A first sentence."), ("ar", "A first sentence.")):
        write(docs, code, "seite-1", f"{code} eins", f"{text}\n\n- {text}", "work")
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 23)))
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    path = docs / "de/seite-1.md"
    path.write_text(
        path.read_text("utf-8").replace("Der erste Satz", "Der neue Satz").replace("## Mehr", "## Noch mehr"), "utf-8"
    )
    searched: list[str] = []
    real = indexing.LanguageIndex.finish
    monkeypatch.setattr(
        indexing.LanguageIndex, "finish", lambda self: searched.append(self.language.code) or real(self)
    )
    build_site(again, URL, docs)
    assert len(searched) == len(languages) - 2, (
        "in English and Arabic the same is found; the others have nothing but German"
    )
    assert "kim-stale" in (again / "en/seite-1/index.html").read_text("utf-8")
    build_site(whole, URL, docs, cache=False)
    assert differences(again, whole) == []


def test_what_the_preview_has_put_ahead_is_made_whole_by_the_next_build(docs: Path, tmp_path: Path) -> None:
    """The page looks as the build will make it; search, compressed copy and list for offline reading are old."""
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    write(docs, "en", "seite-1", "en 1", "Only the preview has seen a quokka.")
    build_site(whole, URL, docs, cache=False)
    for _time in ("before the build has seen the text", "after it"):
        note(again, "en", "seite-1")
        put(again / "en/seite-1/index.html", (whole / "en/seite-1/index.html").read_bytes())
        assert "en/seite-1/index.html.gz" in differences(again, whole)
        build_site(again, URL, docs)
        assert differences(again, whole) == []
        assert {one.name for one in again.parent.iterdir()} == BESIDE


def test_a_page_that_is_put_ahead_again_during_a_build_stays_noted(tmp_path: Path) -> None:
    site = tmp_path / "site"
    note(site, "de", "a/b c")
    note(site, "ar", "x")
    notes = noted(site)
    assert pages_of(notes) == {"de": {"a/b c"}, "ar": {"x"}}
    (again,) = (path for path in notes if path.name.startswith("ar"))
    os.utime(again, ns=(0, notes[again] + 1))
    forget(notes)
    assert pages_of(noted(site)) == {"ar": {"x"}}
    forget(noted(site))
    assert noted(site) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [None, "", "{}", "7"])
def test_a_list_of_titles_that_is_damaged_is_made_anew(docs: Path, tmp_path: Path, text: str | None) -> None:
    write(docs, "en", "seite-1", "en 1", "As it was.")
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    (again / "pagefind/titles.en.json").unlink()
    if text is not None:
        (again / "pagefind/titles.en.json").write_text(text, "utf-8")
    write(docs, "en", "seite-1", "en 1", "Another line, as Text.")
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert differences(again, whole) == []


def test_a_page_that_vanished_from_the_site_comes_back_with_the_next_change(docs: Path, tmp_path: Path) -> None:
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    (again / "en/seite-1/index.html").unlink()
    write(docs, "en", "seite-1", "en 1", "Where has it gone?")
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert differences(again, whole) == []


def test_a_change_that_nobody_sees_renews_no_search_and_leaves_no_process(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pagefind has begun to read by then, and is not needed after all."""
    write(docs, "en", "seite-1", "en 1", "As it was.")
    site = tmp_path / "site"
    build_site(site, URL, docs)
    before = tree(site)
    started: list[str] = []
    real = indexing.LanguageIndex.read
    monkeypatch.setattr(
        indexing.LanguageIndex, "read", lambda self, *rest: started.append(self.language.code) or real(self, *rest)
    )
    write(docs, "en", "seite-1", "en 1", "As it was.\n\n\n")
    running = children()  # what tests before this one share, a database for example
    build_site(site, URL, docs)
    assert started == ["en"]
    assert children() - running == set()
    assert tree(site) == before


@pytest.mark.parametrize("key", ["de/seite-5", "en/seite-5", "en/neu"])
def test_a_text_that_comes_or_goes_gives_the_same_site_as_drawing_everything(
    docs: Path, tmp_path: Path, key: str
) -> None:
    docs = Path(shutil.copytree(docs, tmp_path / "docs"))
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    write(docs, "de", "neu", "Neu", "Ein neuer Satz.", "work")
    build_site(again, URL, docs)
    path = docs / f"{key}.md"
    if path.exists():
        path.unlink()
        if key.startswith("de/"):
            (docs / "en" / path.name).unlink(missing_ok=True)
            (docs / "ar" / path.name).unlink(missing_ok=True)
    else:
        write(docs, "en", "neu", "New", "A new sentence.")
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert differences(again, whole) == []


def test_a_full_disk_is_said_in_a_sentence_and_the_old_site_stays(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    build_site(site, URL, docs)
    before = tree(site)
    real = Path.write_bytes

    def full(path: Path, data: Buffer) -> int:
        if b"A line too many." in bytes(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, data)

    path = docs / "en/seite-6.md"
    path.write_text(path.read_text("utf-8") + "\nA line too many.\n", "utf-8")
    monkeypatch.setattr(Path, "write_bytes", full)
    for cache in (True, False):
        with pytest.raises(BuildError, match=r"konnte nicht geschrieben werden .*No space left.*unverändert"):
            build_site(site, URL, docs, cache=cache)
        assert tree(site) == before
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith((".site.new", ".site.part", ".site.staging", ".site.kept-new"))] == []  # fmt: skip
    monkeypatch.undo()
    build_site(site, URL, docs)
    assert "A line too many." in (site / "en/seite-6/index.html").read_text("utf-8")


def test_a_disk_that_is_full_while_the_search_is_renewed_keeps_nothing_of_it(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    write(docs, "en", "seite-3", "en 3", "As it was.")
    build_site(site, URL, docs)
    before = tree(site), {one.name for one in tmp_path.iterdir()}
    real = Path.touch

    def full(path: Path) -> None:
        if path.parent.name == "fragment":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path)

    monkeypatch.setattr(indexing, "MEMORY", Path("/nowhere"))
    monkeypatch.setattr(Path, "touch", full)
    write(docs, "en", "seite-3", "en 3", "A sentence for a full disk.")
    with pytest.raises(BuildError, match="No space left"):
        build_site(site, URL, docs)
    assert (tree(site), {one.name for one in tmp_path.iterdir()}) == before


def test_what_comes_out_the_same_stays_the_same_file(docs: Path, tmp_path: Path) -> None:
    """Files keep their times over a whole build, so that what browsers and backups hold of them stays valid."""
    site = tmp_path / "site"
    build_site(site, URL, docs)
    changed, same = site / "en/seite-5/index.html", site / "en/seite-4/index.html"
    before = {path: path.stat() for path in (changed, same, Path(f"{same}.gz"))}
    held = changed.open("rb")
    old = changed.read_bytes()
    path = docs / "en/seite-5.md"
    path.write_text(path.read_text("utf-8") + "\nA new line for this one.\n", "utf-8")
    build_site(site, URL, docs, cache=False)
    for one in (same, Path(f"{same}.gz")):
        assert (one.stat().st_ino, one.stat().st_mtime_ns) == (before[one].st_ino, before[one].st_mtime_ns)
        assert one.stat().st_nlink == 1, "the old site is gone"
    assert b"A new line for this one." in changed.read_bytes()
    assert changed.stat().st_ino != before[changed].st_ino
    with held:
        assert held.read() == old, "whoever is reading the old file reads it to its end"


def test_only_the_changed_page_is_drawn_and_nothing_is_drawn_twice(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Task] = []
    alone: list[dict[str, set[str]]] = []
    real_build, real_draw = wholes.build_languages, parts.draw
    monkeypatch.setattr(
        wholes,
        "build_languages",
        lambda tasks, *rest, **more: drawn.extend(tasks) or real_build(tasks, *rest, **more),
    )
    monkeypatch.setattr(
        parts,
        "draw",
        lambda settings, house, docs, keys, *rest: alone.append(keys) or real_draw(settings, house, docs, keys, *rest),
    )
    site = tmp_path / "site"
    build_site(site, URL, docs)
    assert [task.code for task in drawn] == [row.code for row in load_languages()]
    before = (site / "index.html").stat().st_ino
    drawn.clear()
    build_site(site, URL, docs)
    assert (drawn, alone) == ([], [])
    assert (site / "index.html").stat().st_ino == before
    path = docs / "ar/seite-1.md"
    path.write_text(path.read_text("utf-8") + "\nAnother line.\n", "utf-8")
    build_site(site, URL, docs)
    assert (drawn, alone) == ([], [{"ar": {"seite-1"}}])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, without pages."""
    project = tmp_path / "project"
    for name in ("overrides", "core", "editorial", "form_handler", "kim"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    return project


@pytest.mark.parametrize("begun", [".site.lock", ".site.new", ".site.new/pagefind", "check"])
def test_ctrl_c_ends_a_command_and_all_its_processes(docs: Path, project: Path, begun: str) -> None:
    """A terminal sends it to every process of the command."""
    shutil.copytree(docs, project / "docs")
    command = [sys.executable, "-m", "kim", *(["check"] if begun == "check" else ["build", "--no-pdf"])]
    for _time in range(3):
        running = subprocess.Popen(
            command, cwd=project, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
        )
        while running.poll() is None and not (
            (project / begun).exists() or (begun == "check" and offspring(running.pid))
        ):
            pass
        with contextlib.suppress(ProcessLookupError):  # on a fast machine it is done already
            os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=PATIENCE)[1].strip()
        assert running.returncode == 0 or said.endswith(("Abgebrochen.", "Aborted!")), said
        assert "Process ForkPoolWorker" not in said
        wait_until(lambda: not members(running.pid), what="the end of what it has begun")  # noqa: B023 - asked at once
        for name in BESIDE:
            remove(project / name)


def members(group: int) -> list[str]:
    """Return what still runs of a group of processes."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


def offspring(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def test_a_project_that_moved_or_was_copied_builds_as_before(docs: Path, project: Path, tmp_path: Path) -> None:
    """What builds keep beside the site holds paths."""
    command = [sys.executable, "-m", "kim", "build", "--no-pdf"]
    shutil.copytree(docs, project / "docs")
    subprocess.run(command, cwd=project, capture_output=True, check=True)
    moved = project.rename(tmp_path / "moved")
    write(moved / "docs", "en", "seite-1", "en 1", "Written after it moved.")
    done = subprocess.run(command, cwd=moved, capture_output=True, text=True)
    assert done.stderr == ""
    assert "Written after it moved." in (moved / "site/en/seite-1/index.html").read_text("utf-8")


@pytest.mark.parametrize("command", [["build", "--no-pdf"], ["build", "--site-dir", "site"], ["check"]])
def test_what_cannot_be_read_is_said_in_a_sentence(docs: Path, project: Path, command: list[str]) -> None:
    def said() -> str:
        done = subprocess.run([sys.executable, "-m", "kim", *command], cwd=project, capture_output=True, text=True)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr + done.stdout

    assert re.search(r"docs(/data/chooser\.yml)?: ", said())
    shutil.copytree(docs, project / "docs")
    (project / "docs/de/neu.md").symlink_to("nowhere.md")
    assert "docs/de/neu.md: " in said()
    (project / "mkdocs.yml").unlink()
    assert "mkdocs.yml: " in said()


def test_a_fault_is_said_alike_with_and_without_click(docs: Path, project: Path) -> None:
    """A plain ``kim build`` does without it."""
    shutil.copytree(docs, project / "docs")
    write(project / "docs", "en", "seite-1", "{a brace}", "Text.")
    command = [sys.executable, "-m", "kim", "build", "--no-pdf"]
    plain, told = (
        subprocess.run([*command, *more], cwd=project, capture_output=True, text=True)
        for more in ([], ["--site-dir", "site"])
    )
    assert (plain.returncode, plain.stdout) == (told.returncode, told.stdout) == (1, "")
    assert plain.stderr == told.stderr
    assert plain.stderr.startswith("Error: \ndocs/en/seite-1.md:2: ")


def test_without_git_the_site_is_built_as_well(docs: Path, project: Path, tmp_path: Path) -> None:
    shutil.copytree(docs, project / "docs")
    (tmp_path / "bin").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "kim", "build", "--no-pdf"],
        cwd=project, env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_of_another_project_touches_neither(project: Path) -> None:
    """Who copies a project has the command of the old one in .venv."""
    command = Path(sys.executable).with_name("kim")
    done = subprocess.run(
        [command, "new", "page", "Neu", "--in", "ankommen"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: Dieses kim gehört zu {ROOT}, Sie stehen aber in {project}. ")


def test_an_old_site_that_cannot_be_removed_does_not_stop_this_build_nor_the_next(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has built once with sudo."""
    site, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    real = shutil.rmtree

    def rmtree(path: Path) -> None:
        if ".site.new.old" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        real(path)

    build_site(site, URL, docs, cache=False)
    build_site(whole, URL, docs, cache=False)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", rmtree)
        for name in (".site.new.old", ".site.new.old1"):
            build_site(site, URL, docs, cache=False)
            assert f"{site.with_name(name)}: Die alte Seite ließ sich nicht löschen" in capsys.readouterr().err
            assert differences(site, whole) == []
    build_site(site, URL, docs, cache=False)
    assert {one.name for one in site.parent.iterdir()} == BESIDE | {".site.new.old1"}


def test_a_changed_text_alone_loads_nothing_that_takes_longer_than_to_draw_it(docs: Path, project: Path) -> None:
    """Reading the configuration and all pages again would take longer than all the rest, too."""
    shutil.copytree(docs, project / "docs")
    code = "import sys; from kim import call; code = call(['build', '--no-pdf']); print(*sys.modules); sys.exit(code)"

    def loaded() -> set[str]:
        done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
        said, modules = done.stdout.splitlines()
        assert said == f"Fertig: {project}/site"
        return set(modules.split())

    heavy = {
        "mkdocs", "click", "yaml", "babel", "pygments", "difflib", "multiprocessing", "asyncio", "wtforms", "rcssmin",
        "editorial.build.mkdocs_runner", "editorial.build.plugin",
    }  # fmt: skip
    assert heavy & loaded() >= {"mkdocs", "click", "yaml", "babel"}, "a whole build does need them"
    path = write(project / "docs", "en", "seite-1", "en 1", "A line that will change.")
    loaded()  # what else follows from it
    path.write_text(path.read_text("utf-8").replace("will change", "is drawn alone"), "utf-8")
    assert heavy & loaded() == set()
    assert "A line that is drawn alone." in (project / "site/en/seite-1/index.html").read_text("utf-8")


@pytest.mark.parametrize("change", ["template", "configuration", "code", "address", "damage"])
def test_whatever_concerns_all_pages_draws_all_pages(project: Path, tmp_path: Path, change: str) -> None:
    """Template, configuration and code belong to the frame; so does the address; a site changed by hand is not trusted."""
    ask = (
        "import datetime, sys; from pathlib import Path; from editorial.content.pages import Content; from editorial.build.fingerprint import read_inputs;"
        "from editorial.build.manifest import frame_mark; inputs = read_inputs(Path('docs'), sys.argv[1], today=datetime.date(2026, 1, 1));"
        "print(frame_mark(inputs, Content({})))"
    )
    (project / "docs").mkdir()

    def mark(url: str = URL) -> str:
        done = subprocess.run([sys.executable, "-c", ask, url], cwd=project, capture_output=True, text=True, check=True)
        return done.stdout

    before = mark()
    assert mark() == before
    if change == "address":
        assert mark("https://other.example.org/") != before
        return
    if change == "damage":
        site = tmp_path / "site"
        (site / "pagefind").mkdir(parents=True)
        (site / "index.html").write_text("x")
        (site / "pagefind/pagefind-entry.json").write_text("{}")
        from editorial.build.manifest import Manifest, write_manifest

        write_manifest(site, Manifest("f"))
        assert read_manifest(site) is not None
        (site / "index.html").write_text("changed by hand")
        assert read_manifest(site) is None
        write_manifest(site, Manifest("f"))
        (site / "kontakt").mkdir()
        assert read_manifest(site) is None, "something has come or gone"
        write_manifest(site, Manifest("f"))
        path_of(site).write_text("{broken")
        assert read_manifest(site) is None
        return
    path = {"template": "overrides/main.html", "configuration": "mkdocs.yml", "code": "editorial/render/qr.py"}[change]
    with (project / path).open("a") as file:
        file.write("\n\n" if change == "template" else "\n# x\n")
    assert mark() != before


def test_a_build_takes_the_place_of_nothing_else(docs: Path, tmp_path: Path) -> None:
    """A slip of the pen after ``--site-dir`` must not cost anybody a folder."""
    letters, file = tmp_path / "letters", tmp_path / "letter.txt"
    letters.mkdir()
    (letters / "an-uns.txt").write_text("Kept.", "utf-8")
    file.write_text("Kept.", "utf-8")
    for place in (
        letters,
        file,
        Path("/dev/null"),
        docs,
        docs / "de",
        docs.parent,
        ROOT,
        ROOT / "overrides/x",
        Path("/"),
    ):
        with pytest.raises(BuildError, match="Nehmen Sie einen neuen oder leeren Ordner"):
            build_site(place, URL, docs)
    assert (letters / "an-uns.txt").read_text("utf-8") == file.read_text("utf-8") == "Kept."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letter.txt", "letters"]
    assert Path("/dev/null").is_char_device()
    (letters / "an-uns.txt").unlink()
    build_site(letters, URL, docs)
    assert (letters / "index.html").exists()


def test_a_fault_keeps_the_site_in_place_and_is_said_again(docs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site(site, URL, docs)
    before = tree(site)
    path = docs / "ar/seite-2.md"
    good = path.read_text("utf-8")
    path.write_text(good + "\n{{ tel.nobody }}\n", "utf-8")
    for _attempt in range(2):
        with pytest.raises(BuildError, match=r"docs/ar/seite-2\.md:\d+.*tel\.nobody"):
            build_site(site, URL, docs)
        assert tree(site) == before
    path.write_text(good, "utf-8")
    build_site(site, URL, docs)
    assert tree(site) == before
    assert {path.name for path in tmp_path.iterdir()} == BESIDE, "nothing half is left"


def test_a_fault_that_a_whole_build_has_read_is_said_by_every_later_build(docs: Path, tmp_path: Path) -> None:
    """What a build keeps of the pages it has read never passes for what the site in place was drawn from."""
    site = tmp_path / "site"
    build_site(site, URL, docs)
    before = tree(site)
    path = docs / "en/seite-6.md"
    good = path.read_text("utf-8")
    path.write_text(good + "\n{{ tel.nobody }}\n", "utf-8")
    for cache in (False, True, True):
        with pytest.raises(BuildError, match=r"docs/en/seite-6\.md:\d+.*tel\.nobody"):
            build_site(site, URL, docs, cache=cache)
        assert tree(site) == before
    path.write_text(good + "\nA good line instead.\n", "utf-8")
    build_site(site, URL, docs)
    assert "A good line instead." in (site / "en/seite-6/index.html").read_text("utf-8")
    path.write_text(good, "utf-8")
    build_site(site, URL, docs)
    assert tree(site) == before


@pytest.mark.parametrize("fault", ["not there", "ends at once", "ends while it writes"])
def test_a_fault_in_the_middle_brings_the_old_files_back(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The pages may be in place already when the search index fails; then they, and nothing else, go back."""
    docs = Path(shutil.copytree(docs, tmp_path / "docs"))
    site = tmp_path / "site"
    write(docs, "en", "seite-3", "en 3", "As it was.")
    build_site(site, URL, docs)
    before, manifest = tree(site), read_manifest(site)
    write(docs, "en", "seite-3", "en 3", "Another sentence altogether.")
    with monkeypatch.context() as broken:
        broken.setattr(pagefind, "get_executable", lambda: program(tmp_path, fault))
        with pytest.raises(BuildError, match="search index"):
            build_site(site, URL, docs)
    assert tree(site) == before
    assert manifest
    assert read_manifest(site) == replace(manifest, stamp=stamp_of(site))
    assert {one.name for one in tmp_path.iterdir()} - {"pagefind", "docs"} == BESIDE
    build_site(site, URL, docs)
    build_site(tmp_path / "whole" / "site", URL, docs, cache=False)
    assert tree(site) == tree(tmp_path / "whole" / "site") != before


def program(folder: Path, fault: str) -> str:
    """Return a Pagefind that fails, or ends when it has written 4 kB of a file, as on a full disk."""
    if fault != "ends while it writes":
        return str(folder / "nowhere") if fault == "not there" else "/bin/false"
    script = folder / "pagefind"
    script.write_text(f'#!/bin/sh\nulimit -f 8\nexec "{get_executable()}" "$@"\n', "utf-8")
    script.chmod(0o700)
    return str(script)


def test_a_search_index_of_another_version_is_replaced_as_a_whole(docs: Path, tmp_path: Path) -> None:
    """What does not depend on the pages is then new as well: script and engine."""
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    write(docs, "en", "seite-4", "en 4", "As it was.")
    build_site(again, URL, docs)
    write(docs, "en", "seite-4", "en 4", "A sentence for the next version.")
    manifest = read_manifest(again)
    assert manifest
    entry = again / "pagefind/pagefind-entry.json"
    entry.write_text(entry.read_text("utf-8").replace('"version":"', '"version":"0.'), "utf-8")
    (again / "pagefind/pagefind.js").write_text("// older", "utf-8")
    write_manifest(again, manifest)
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert differences(again, whole) == []


def test_a_build_killed_in_the_middle_is_made_good_by_the_next(docs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(docs, "en", "seite-4", "en 4", "As it was.")
    build_site(site, URL, docs)
    write(docs, "en", "seite-4", "en 4", "Yet another sentence.")
    context = multiprocessing.get_context("fork")
    killed = context.Process(target=_build_and_die, args=(site, docs))
    killed.start()
    killed.join(120)
    assert killed.exitcode == -signal.SIGKILL
    assert "Yet another sentence." in (site / "en/seite-4/index.html").read_text("utf-8")
    assert all(path.read_bytes() for path in site.rglob("*.html")), "no file is half written"
    build_site(site, URL, docs)
    build_site(tmp_path / "whole" / "site", URL, docs, cache=False)
    assert tree(site) == tree(tmp_path / "whole" / "site")


def _build_and_die(site: Path, docs: Path) -> None:
    indexing.Indexes.finish = lambda self: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign]
    build_site(site, URL, docs)


def _build(site: Path, docs: Path) -> None:
    build_site(site, URL, docs, cache=False)


def test_two_builds_at_once_wait_for_each_other(docs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_build, args=(site, docs)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(120)
    assert [one.exitcode for one in both] == [0, 0]
    assert "Ich warte" in capfd.readouterr().err
    assert (site / "index.html").exists()


@pytest.mark.parametrize("fault", ["gone", "damaged", "cut off", "empty", "of another Python"])
def test_what_was_kept_and_cannot_be_used_is_read_anew(docs: Path, tmp_path: Path, fault: str) -> None:
    again, whole = tmp_path / "again" / "site", tmp_path / "whole" / "site"
    build_site(again, URL, docs)
    place = kept.place(again)
    data = place.read_bytes()
    assert data
    if fault == "gone":
        place.unlink()
    elif fault == "of another Python":
        place.write_bytes(data.replace(sys.version.encode(), sys.version.replace("3", "4").encode()))
    else:
        place.write_bytes({"damaged": b"x" + data[1:], "cut off": data[: len(data) // 2], "empty": b""}[fault])
    path = docs / "en/seite-7.md"
    path.write_text(path.read_text("utf-8") + f"\nA line after a fault: {fault}.\n", "utf-8")
    build_site(again, URL, docs)
    build_site(whole, URL, docs, cache=False)
    assert tree(again) == tree(whole)
