"""Compressed copies of the files of a site."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest

from editorial.build.build import adopt_unchanged
from editorial.build.compress import compress_file, compress_site, copy_path, has_current_copies, reuse_copies


@pytest.mark.parametrize("name", ["index.html", "kim.js"])
@pytest.mark.parametrize("size", [401, 200_000], ids=["small", "larger than the window"])
def test_copies_hold_the_file(tmp_path: Path, name: str, size: int) -> None:
    """Also of a file that is larger than the window of its compression."""
    path = tmp_path / name
    path.write_bytes(b"".join(b"%d Beratung " % number for number in range(size // 8))[:size])
    compress_file(path)
    assert gzip.decompress(copy_path(path, ".gz").read_bytes()) == path.read_bytes()
    assert brotli.decompress(copy_path(path, ".br").read_bytes()) == path.read_bytes()


def test_languages_that_did_not_change_keep_their_copies(tmp_path: Path) -> None:
    """In whatever order the file system lists them: a copy that is left behind is made anew with each change of a page."""
    site, fresh = tmp_path / "site", tmp_path / "fresh"
    for number in range(40):
        page = site / "de" / f"seite-{number}" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("Beratung in vielen Sprachen. " * 40, "utf-8")
    compress_site(site)
    (fresh / "en").mkdir(parents=True)
    adopt_unchanged(fresh, site, {"en"})
    assert {path.relative_to(fresh) for path in fresh.rglob("*.*")} == {
        path.relative_to(site) for path in site.rglob("*.*")
    }


def test_a_page_that_was_built_anew_gets_new_copies(tmp_path: Path) -> None:
    """The old copy beside a new page would be sent in its place."""
    site, fresh = tmp_path / "site", tmp_path / "fresh"
    for folder, text in ((site, "alt "), (fresh, "neu ")):
        folder.mkdir()
        (folder / "index.html").write_text(text * 200, "utf-8")
    compress_site(site)
    adopt_unchanged(fresh, site, set())
    assert [path.name for path in fresh.iterdir()] == ["index.html"]


@pytest.mark.parametrize(
    ("old", "new", "reused"), [("Beratung. ", "Beratung. ", True), ("Beratung. ", "Beratunf. ", False)]
)
def test_copies_are_reused_only_for_the_same_bytes(tmp_path: Path, old: str, new: str, reused: bool) -> None:
    """With the time of the old file, so that they count as current."""
    before, path = tmp_path / "old.html", tmp_path / "new.html"
    before.write_text(old * 100, "utf-8")
    compress_file(before)
    path.write_text(new * 100, "utf-8")
    reuse_copies(path, before)
    assert has_current_copies(path) is reused
    compress_file(path)
    assert brotli.decompress(copy_path(path, ".br").read_bytes()).decode() == new * 100


def test_nothing_is_reused_of_a_page_that_is_new_or_has_no_copies(tmp_path: Path) -> None:
    path, bare = tmp_path / "new.html", tmp_path / "bare.html"
    for one in (path, bare):
        one.write_text("Beratung. " * 100, "utf-8")
    for old in (bare, tmp_path / "missing.html"):
        reuse_copies(path, old)
        assert not has_current_copies(path)


def test_a_site_takes_the_copies_of_files_that_did_not_change(tmp_path: Path) -> None:
    """Also where a copy without its file is there already: it was linked before the file was written anew."""
    old, fresh = tmp_path / "old", tmp_path / "fresh"
    for folder in (old, fresh):
        (folder / "de").mkdir(parents=True)
        (folder / "de/feed.xml").write_text("Beratung in vielen Sprachen. " * 40, "utf-8")
        (folder / "robots.txt").write_text(f"{folder.name} " * 200, "utf-8")
    compress_site(old)
    link = copy_path(fresh / "de/feed.xml", ".gz")
    link.hardlink_to(copy_path(old / "de/feed.xml", ".gz"))
    compress_site(fresh, old)
    for suffix in (".gz", ".br"):
        assert copy_path(fresh / "de/feed.xml", suffix).samefile(copy_path(old / "de/feed.xml", suffix))
    assert gzip.decompress(copy_path(fresh / "robots.txt", ".gz").read_bytes()) == (fresh / "robots.txt").read_bytes()
