"""A build that uses what earlier builds rendered gives the same site, to the byte, as one that renders everything."""

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
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import files
from core.files import remove
from core.languages import Language, load_languages
from editorial.build import build as building
from editorial.build import pagefind, plugin, search
from editorial.build.build import BuildError, build_site
from editorial.build.fingerprint import Manifest, manifest_path, read_manifest, write_manifest
from editorial.content.pages import read_content
from editorial.translations.lockfile import Lock, write_lock
from editorial.translations.update import update_lock
from kim import other_checkout
from tests.conftest import PATIENCE, ROOT, full_or_sample
from tests.project import copy_project
from tests.server import wait_until
from tests.site.small_tree import copy_small_tree, write, write_small_tree

URL = "https://kim.example.org/"
CODES = ("de", "en", "ar")
BESIDE = {"site", ".site.lock", ".site.manifest.json", ".site.cache"}


@pytest.fixture(scope="module")
def small(few_languages: tuple[Language, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no test changes: a small tree of pages in three languages, and its site in ``built``."""
    folder = tmp_path_factory.mktemp("small")
    build_site(folder / "built" / "site", URL, write_small_tree(folder / "docs"))
    return folder


@pytest.fixture
def docs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small tree for one test."""
    return copy_small_tree(small / "docs", tmp_path_factory.mktemp("again"))


@pytest.fixture
def site(small: Path, tmp_path: Path) -> Path:
    """A copy of the site of that tree, with what builds keep beside it, in a folder of its own."""
    return Path(shutil.copytree(small / "built", tmp_path / "again")) / "site"


def change_page(docs: Path) -> None:
    """Change one page, in the same way each time."""
    write(docs, "en", "seite-1", "en 1", "Another sentence.")


def change_nothing_seen(docs: Path) -> None:
    """Change the file of a page, but not what is shown of it."""
    with (docs / "en/seite-1.md").open("a") as file:
        file.write("\n\n\n")


@pytest.fixture(scope="module")
def changed_whole(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site after :func:`change_page`, with all pages rendered anew."""
    folder = tmp_path_factory.mktemp("changed")
    docs = copy_small_tree(small / "docs", folder)
    change_page(docs)
    build_site(folder / "whole" / "site", URL, docs, cache=False)
    return folder / "whole" / "site"


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
        lambda: rename(docs, number, word.lower()),
        lambda: None,
    ]


def rename(docs: Path, number: int, word: str) -> None:
    """Give a page another address in all its languages."""
    for path in docs.glob(f"*/seite-{number}.md"):
        path.rename(path.with_name(f"seite-{word}.md"))


def test_random_edits_give_the_same_site_as_rendering_everything(site: Path, docs: Path, tmp_path: Path) -> None:
    """Compared after each round in `make test-all`, after the third and the last in `make test`."""
    dice = random.Random(20261123)
    whole = tmp_path / "whole" / "site"
    rounds = full_or_sample(20, 6)
    for round_ in range(1, rounds + 1):
        dice.choice(edits(docs, dice))()
        dice.choice(edits(docs, dice)[:2])()
        build_site(site, URL, docs)
        if round_ % full_or_sample(1, 3) == 0:
            build_site(whole, URL, docs, cache=False)
            assert differences(site, whole) == [], round_


def test_a_change_in_one_language_gives_the_same_site_as_rendering_everything(
    site: Path, docs: Path, changed_whole: Path
) -> None:
    """The offline lists of the other languages stay as they are, though all languages share the list of the search's parts."""
    change_page(docs)
    build_site(site, URL, docs)
    assert {one.name for one in site.parent.iterdir()} == BESIDE
    assert differences(site, changed_whole) == []


def children(pid: int) -> set[str]:
    """Return the processes that a process has begun and that still run."""
    listed = subprocess.run(["ps", "-eo", "ppid=,pid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return {row[1] for row in rows if row[0] == str(pid) and not row[2].startswith("ps")}


def test_a_german_change_marks_the_translations_and_renews_only_the_german_search(
    site: Path, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    languages = load_languages()
    for code, text in (("de", "Der erste Satz."), ("en", "A first sentence."), ("ar", "A first sentence.")):
        write(docs, code, "seite-1", f"{code} eins", f"{text}\n\n- {text}", "work")
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 23)))
    whole = tmp_path / "whole" / "site"
    build_site(site, URL, docs)
    path = docs / "de/seite-1.md"
    path.write_text(
        path.read_text("utf-8").replace("Der erste Satz", "Der neue Satz").replace("## Mehr", "## Noch mehr"), "utf-8"
    )
    real = search.run_pagefind
    indexed = tmp_path / "indexed"

    def run(pages: Any) -> dict[str, bytes]:
        with indexed.open("a") as file:  # each language is built by a process of its own
            file.write("one\n")
        return real(pages)

    monkeypatch.setattr(search, "run_pagefind", run)
    build_site(site, URL, docs)
    assert indexed.read_text().count("one") == 1, "in English and Arabic the same is found"
    assert "kim-stale" in (site / "en/seite-1/index.html").read_text("utf-8")
    build_site(whole, URL, docs, cache=False)
    assert differences(site, whole) == []


@pytest.mark.parametrize("damage", ["titles gone", "titles cut", "page gone", "page changed", "page added"])
def test_a_site_that_somebody_has_changed_is_made_good(
    site: Path, docs: Path, small: Path, changed_whole: Path, damage: str
) -> None:
    """Without a change to the sources, too; and though the changed page is not the damaged one (in `make test`: one of both)."""
    ways = [(False, small / "built" / "site"), (True, changed_whole)]
    for changes_page, whole in full_or_sample(ways, ways[damage.startswith("page") :][:1]):
        titles, page = site / "pagefind/titles.en.json", site / "ar/seite-2/index.html"
        if damage == "page added":
            (site / "ar/fremd.html").write_text("x")
        elif damage == "page changed":
            page.write_text(page.read_text("utf-8").replace("</p>", " (geändert)</p>", 1), "utf-8")
        elif damage == "titles cut":
            titles.write_text("{")
        else:
            (titles if damage == "titles gone" else page).unlink()
        if changes_page:
            change_page(docs)
        build_site(site, URL, docs)
        assert differences(site, whole) == []


def test_a_change_that_nobody_sees_leaves_the_site_as_it_was_and_no_process(site: Path, docs: Path) -> None:
    before = tree(site)
    change_nothing_seen(docs)
    running = children(os.getpid())  # what tests before this one share, a database for example
    build_site(site, URL, docs)
    assert children(os.getpid()) - running == set()
    assert tree(site) == before


def test_a_text_that_comes_or_goes_gives_the_same_site_as_rendering_everything(
    site: Path, docs: Path, tmp_path: Path
) -> None:
    """Each change is built; compared after each in `make test-all`, after all in `make test`."""
    whole = tmp_path / "whole" / "site"
    write(docs, "de", "neu", "Neu", "Ein neuer Satz.", "work")
    build_site(site, URL, docs)
    for key in ("en/neu", "en/seite-5", "de/seite-4"):
        path = docs / f"{key}.md"
        if not path.exists():
            write(docs, "en", "neu", "New", "A new sentence.")
        else:
            for code in ("de", "en", "ar") if key.startswith("de/") else ("en",):
                (docs / code / path.name).unlink()
        build_site(site, URL, docs)
        if full_or_sample(True, key == "de/seite-4"):
            build_site(whole, URL, docs, cache=False)
            assert differences(site, whole) == [], key


def test_a_full_disk_is_said_in_a_sentence_and_the_old_site_stays(
    site: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(site)
    real = files.write_file

    def full(path: Path, content: str | bytes, **how: Any) -> None:
        if b"A line too many." in bytes(content):  # type: ignore[arg-type]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, content, **how)

    path = docs / "en/seite-6.md"
    path.write_text(path.read_text("utf-8") + "\nA line too many.\n", "utf-8")
    monkeypatch.setattr(files, "write_file", full)
    for cache in (True, False):
        with pytest.raises(BuildError, match=r"konnte nicht geschrieben werden .*No space left.*unverändert"):
            build_site(site, URL, docs, cache=cache)
        assert tree(site) == before
        assert [one.name for one in site.parent.iterdir() if one.name.startswith(".site.new")] == []
    monkeypatch.undo()
    build_site(site, URL, docs)
    assert "A line too many." in (site / "en/seite-6/index.html").read_text("utf-8")


def test_a_disk_that_is_full_while_the_search_is_renewed_keeps_nothing_of_it(
    site: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(site), {one.name for one in site.parent.iterdir()}
    real = files.write_file

    def full(path: Path, content: str | bytes, **how: Any) -> None:
        if path.parent.name == "fragment":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, content, **how)

    monkeypatch.setattr(files, "write_file", full)
    write(docs, "en", "seite-3", "en 3", "A sentence for a full disk.")
    with pytest.raises(BuildError, match="No space left"):
        build_site(site, URL, docs)
    assert (tree(site), {one.name for one in site.parent.iterdir()}) == before


def test_unchanged_output_keeps_its_inode_and_times(site: Path, docs: Path) -> None:
    """Files keep their times over a whole build, so that what browsers and backups hold of them stays valid."""
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


def test_only_the_changed_page_is_rendered_and_nothing_is_rendered_twice(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, real = tmp_path / "rendered", plugin.postprocess_html

    def postprocess_html(html: str, site: Any, page: Any, language: Any) -> str:
        with log.open("a") as file:  # each language is built by a process of its own
            file.write(f"{language.code}/{page.key}\n")
        return real(html, site, page, language)

    def rendered() -> list[str]:
        rows = sorted(log.read_text().split()) if log.exists() else []
        log.write_text("")
        return rows

    monkeypatch.setattr(plugin, "postprocess_html", postprocess_html)
    site = tmp_path / "site"
    build_site(site, URL, docs)
    content = read_content(docs, load_languages())
    every = [
        f"{row.code}/{key}" for key, page in content.pages.items() for row in load_languages() if page.exists_in(row)
    ]
    assert rendered() == sorted(every)
    before = (site / "index.html").stat().st_ino
    build_site(site, URL, docs)
    assert rendered() == []
    assert (site / "index.html").stat().st_ino == before
    path = docs / "ar/seite-1.md"
    path.write_text(path.read_text("utf-8") + "\nAnother line.\n", "utf-8")
    build_site(site, URL, docs)
    assert rendered() == ["ar/seite-1"]
    manifest_path(site).unlink()
    build_site(site, URL, docs)
    assert rendered() == [], "the page cache alone knows what changed"


BUILD = [sys.executable, "-m", "kim", "build", "--no-pdf"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with three languages and without pages, for one test."""
    return empty_project(tmp_path)


def empty_project(folder: Path) -> Path:
    """Copy the project with three languages and without pages into a folder."""
    project = copy_project(folder / "project", CODES)
    for name in ("docs", "city/docs", "city/translations.lock.yml"):
        remove(project / name)
    return project


@pytest.mark.parametrize("begun", [".site.lock", ".site.new", ".site.new/pagefind", "check"])
def test_ctrl_c_ends_a_command_and_all_its_processes(docs: Path, project: Path, begun: str) -> None:
    """A terminal sends it to every process of the command."""
    shutil.copytree(docs, project / "docs")
    command = [sys.executable, "-m", "kim", *(["check"] if begun == "check" else ["build", "--no-pdf"])]
    for _time in range(full_or_sample(3, 1)):
        running = subprocess.Popen(
            command, cwd=project, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
        )
        while running.poll() is None and not (
            (project / begun).exists() or (begun == "check" and children(running.pid))
        ):
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):  # on a fast machine it is done already
            os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=PATIENCE)[1].strip()
        finished = running.returncode == 0 or (begun == "check" and not said)  # the small tree has faults to tell of
        assert finished or said.endswith(("Abgebrochen.", "Aborted!")), said
        assert "Process ForkPoolWorker" not in said
        wait_until(lambda: not members(running.pid), what="the end of what it has begun")  # noqa: B023 - asked at once
        for name in BESIDE:
            remove(project / name)


def members(group: int) -> list[str]:
    """Return what still runs of a group of processes."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


def test_a_project_that_moved_or_was_copied_builds_as_before(built_project: Path, tmp_path: Path) -> None:
    """What builds keep beside the site holds paths."""
    moved = Path(shutil.copytree(built_project, tmp_path / "moved"))
    write(moved / "docs", "en", "seite-1", "en 1", "Written after it moved.")
    done = subprocess.run(BUILD, cwd=moved, capture_output=True, text=True)
    assert all(line.endswith(" …") for line in done.stderr.splitlines()), "nothing but the phases of the build"
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


def test_without_git_the_site_is_built_as_well(docs: Path, project: Path, tmp_path: Path) -> None:
    shutil.copytree(docs, project / "docs")
    (tmp_path / "bin").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "kim", "build", "--no-pdf"],
        cwd=project, env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_command_of_another_project_touches_neither(project: Path) -> None:
    """Who copies a project has the command of the old one in .venv."""
    command = Path(sys.executable).with_name("kim")
    done = subprocess.run(
        [command, "new", "page", "Neu", "--in", "ankommen"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: Dieses kim gehört zu {ROOT}, Sie stehen aber in {project}. ")


def test_the_installed_command_works_from_every_folder_an_administrator_stands_in(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """deploy/kim names its project, so another clone is no reason to refuse; a folder that was removed is none either."""
    monkeypatch.chdir(project)
    assert other_checkout() == project
    monkeypatch.setenv("KIM_PROJECT", str(ROOT))
    assert other_checkout() is None
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.delenv("KIM_PROJECT")
    assert other_checkout() is None


def test_an_old_site_that_cannot_be_removed_does_not_stop_this_build_nor_the_next(
    site: Path, docs: Path, small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has built once with sudo."""
    real = shutil.rmtree

    def rmtree(path: Path) -> None:
        if ".site.new.old" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        real(path)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", rmtree)
        for name in (".site.new.old", ".site.new.old1"):
            change_nothing_seen(docs)
            build_site(site, URL, docs)
            assert f"{site.with_name(name)}: Die alte Seite ließ sich nicht löschen" in capsys.readouterr().err
            assert differences(site, small / "built" / "site") == []
    change_nothing_seen(docs)
    build_site(site, URL, docs)
    assert {one.name for one in site.parent.iterdir()} == BESIDE | {".site.new.old1"}


def test_a_build_with_nothing_to_do_does_not_load_mkdocs(docs: Path, project: Path) -> None:
    shutil.copytree(docs, project / "docs")
    code = "import sys; from kim import run; sys.argv[1:] = ['build', '--no-pdf']; code = run(); print(*sys.modules); sys.exit(code)"

    def loaded() -> tuple[str, set[str]]:
        done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
        said, modules = done.stdout.splitlines()
        return said, set(modules.split())

    said, modules = loaded()
    assert said == f"Fertig: {project}/site"
    assert "mkdocs" in modules
    said, modules = loaded()
    assert said == f"Nichts hat sich geändert: {project}/site"
    assert {"mkdocs", "babel", "jinja2", "sqlalchemy"} & modules == set()


@pytest.fixture(scope="module")
def built_project(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the small tree of pages and its site, which no test changes."""
    project = empty_project(tmp_path_factory.mktemp("built"))
    shutil.copytree(small / "docs", project / "docs")
    subprocess.run(BUILD, cwd=project, check=True, capture_output=True)
    return project


# `make test` takes the one that concerns one language. That each of the others renders all pages anew is a promise of the test
# after this one.
@pytest.mark.parametrize(
    "file",
    full_or_sample(
        ["overrides/partials/kim/footer.html", "overrides/assets/kim.css", "mkdocs.yml", "core/locale/ar.po"],
        ["core/locale/ar.po"],
    ),
)
def test_a_change_that_concerns_all_pages_gives_the_same_site_as_rendering_everything(
    built_project: Path, tmp_path: Path, file: str
) -> None:
    project = Path(shutil.copytree(built_project, tmp_path / "project"))
    path, before = project / file, tree(project / "site")
    text = path.read_text("utf-8")
    changes = {
        ".html": lambda: "<p>Neu im Fuß.</p>" + text,
        ".css": lambda: text + "\n.kim-neu { color: red }\n",
        ".yml": lambda: text.replace("site_name: ", "site_name: Neu "),
        ".po": lambda: re.sub(r'(?<=\nmsgid "Search"\nmsgstr ")', "ابحث ", text),
    }
    path.write_text(changes[path.suffix](), "utf-8")
    assert path.read_text("utf-8") != text
    subprocess.run(BUILD, cwd=project, check=True, capture_output=True)
    whole = tmp_path / "whole" / "site"
    subprocess.run([*BUILD, "--no-cache", "--site-dir", str(whole)], cwd=project, check=True, capture_output=True)
    assert differences(project / "site", whole) == []
    assert tree(whole) != before


@pytest.mark.parametrize("change", ["template", "style", "configuration", "code", "address"])
def test_whatever_concerns_all_pages_renders_all_pages(project: Path, change: str) -> None:
    """Templates, configuration and code are shared by all pages; so is the address."""
    ask = (
        "import datetime, sys; from pathlib import Path; from editorial.content.pages import Content; from editorial.build.fingerprint import read_inputs;"
        "from editorial.build.source import shared_digest; inputs = read_inputs(Path('docs'), sys.argv[1]);"
        "print(shared_digest(inputs, Content({})))"
    )
    (project / "docs").mkdir()

    def digest(url: str = URL) -> str:
        done = subprocess.run([sys.executable, "-c", ask, url], cwd=project, capture_output=True, text=True, check=True)
        return done.stdout

    before = digest()
    assert digest() == before
    if change == "address":
        assert digest("https://other.example.org/") != before
        return
    path = {
        "template": "overrides/partials/kim/footer.html",
        "style": "overrides/assets/kim.css",
        "configuration": "mkdocs.yml",
        "code": "editorial/render/fragments.py",
    }[change]
    with (project / path).open("a") as file:
        file.write("\n# x\n" if change in ("configuration", "code") else "\n\n")
    assert digest() != before


def test_a_manifest_is_not_trusted_once_anything_in_the_site_changed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "a/b").mkdir(parents=True)
    (site / "a/b/index.html").write_text("x")

    def is_trusted() -> bool:
        return read_manifest(site) is not None

    def certify() -> None:
        write_manifest(site, Manifest("inputs", "sources", "shared"))
        assert is_trusted()

    certify()
    (site / "a/b/index.html").write_text("changed by hand")
    assert not is_trusted()
    certify()
    (site / "a/b/new.html").touch()
    assert not is_trusted()
    (site / "a/b/new.html").unlink()
    assert is_trusted()
    (site / "a/b/index.html").unlink()
    assert not is_trusted()
    manifest_path(site).write_text("{broken")
    assert not is_trusted()


def test_a_build_refuses_to_overwrite_foreign_folders(docs: Path, tmp_path: Path) -> None:
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


def test_a_fault_keeps_the_site_in_place_and_is_said_again(site: Path, docs: Path) -> None:
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
    assert {path.name for path in site.parent.iterdir()} == BESIDE, "nothing half is left"


def test_a_fault_that_a_whole_build_has_read_is_said_by_every_later_build(site: Path, docs: Path) -> None:
    """What a build keeps of the pages it has read never passes for what the site in place was drawn from."""
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


@pytest.mark.parametrize("fault", ["not there", "ends at once"])
def test_a_search_index_that_fails_leaves_the_old_site(
    site: Path, docs: Path, changed_whole: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    before, manifest = tree(site), read_manifest(site)
    change_page(docs)
    with monkeypatch.context() as broken:
        broken.setattr(pagefind, "get_executable", lambda: "/bin/false" if fault == "ends at once" else "/nowhere")
        with pytest.raises(BuildError, match="search index"):
            build_site(site, URL, docs)
    assert tree(site) == before
    assert manifest
    assert read_manifest(site) == manifest
    assert {one.name for one in site.parent.iterdir()} == BESIDE
    build_site(site, URL, docs)
    assert differences(site, changed_whole) == []


def test_a_build_killed_in_the_middle_is_made_good_by_the_next(site: Path, docs: Path, changed_whole: Path) -> None:
    before = tree(site)
    change_page(docs)
    context = multiprocessing.get_context("fork")
    killed = context.Process(target=_build_and_die, args=(site, docs))
    killed.start()
    killed.join(PATIENCE)
    assert killed.exitcode == -signal.SIGKILL
    assert tree(site) == before, "the old site is still there, whole"
    assert (site.parent / ".site.new").exists(), "the killed build has left half a site"
    build_site(site, URL, docs)
    assert differences(site, changed_whole) == []
    assert {one.name for one in site.parent.iterdir()} == BESIDE


def _build_and_die(site: Path, docs: Path) -> None:
    building.replace_folder = lambda fresh, target: os.kill(os.getpid(), signal.SIGKILL)
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


@pytest.mark.parametrize("fault", ["gone", "damaged", "cut off", "empty", "of another version", "a folder"])
def test_a_page_cache_that_cannot_be_used_counts_as_empty(
    site: Path, docs: Path, changed_whole: Path, fault: str
) -> None:
    for file in (site.parent / ".site.cache").iterdir():
        data = file.read_bytes()
        assert data
        if fault in ("gone", "a folder"):
            file.unlink()
            if fault == "a folder":
                (file / "x").mkdir(parents=True)
        else:
            changed = {
                "damaged": data[:-20] + b"x" + data[-19:], "cut off": data[: len(data) // 2], "empty": b"",
                "of another version": data.replace(b"cache 1", b"cache 0", 1),
            }  # fmt: skip
            file.write_bytes(changed[fault])
    change_page(docs)
    build_site(site, URL, docs)
    assert differences(site, changed_whole) == []


def test_the_page_cache_holds_the_pages_of_the_site_and_no_others(site: Path, docs: Path) -> None:
    write(docs, "en", "seite-6", "en 6", ("word " * 900 + "\n\n") * 15)
    build_site(site, URL, docs)
    file = site.parent / ".site.cache" / "en.pages"
    large = file.stat().st_size
    (docs / "en/seite-6.md").unlink()
    (file.parent / "xx.pages").write_bytes(b"of a language that is gone")
    build_site(site, URL, docs)
    assert file.stat().st_size < large - 60_000
    assert not (file.parent / "xx.pages").exists()


def test_a_page_with_a_fault_is_not_taken_from_the_cache_of_the_build_that_failed(docs: Path, tmp_path: Path) -> None:
    """Its language is rendered while the check is still running in another process."""
    site = tmp_path / "again" / "site"
    write(docs, "en", "seite-6", "en 6", "[burada](https://example.com/unknown)")
    for _time in range(2):
        with pytest.raises(BuildError, match=r"docs/en/seite-6\.md"):
            build_site(site, URL, docs)


def test_a_build_keeps_the_address_of_the_build_before_until_another_is_given(docs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"

    def address(given: str | None) -> str:
        build_site(site, given, docs)
        found = re.search(r"https://[^/]+/", (site / "sitemap.xml").read_text("utf-8").partition("<loc>")[2])
        assert found is not None
        return found[0]

    assert address("https://stadt.example.org") == "https://stadt.example.org/"
    write(docs, "en", "seite-1", "en 1", "A changed sentence.")
    assert address(None) == "https://stadt.example.org/"
    moved = tmp_path / "moved" / "site"
    moved.parent.mkdir()
    for name in BESIDE - {".site.lock"}:
        (tmp_path / name).rename(moved.parent / name)
    assert read_manifest(moved) is not None, "a site that was moved as a whole is the same"
    moved.parent.joinpath("site").rename(site)
    manifest_path(moved).rename(manifest_path(site))
    assert address(URL) == URL
    assert address(None) == URL


def test_a_site_below_a_path_is_refused_because_its_links_would_leave_it(docs: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="cannot lie below the path"):
        build_site(tmp_path / "site", "https://www.example.org/kim/", docs)
    assert not (tmp_path / "site").exists()
