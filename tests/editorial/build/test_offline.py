"""What a reader's device keeps of a language, and how large it is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from editorial.build.listings.offline import write_offline_lists
from tests.editorial.conftest import GERMAN, HEADER, LANGUAGES, Tree


@pytest.fixture
def built(tmp_path: Path, tree: Tree) -> Path:
    """A built site of two languages, as small as can be; Arabic has no text of its own but its home page."""
    folder = tmp_path / "site"
    tree.write("en", "index", "Home", header=HEADER.format(title="Home"))
    tree.write("de", "offline", "x", header=GERMAN.format(title="Ohne Netz") + "layout: offline\n")
    for root in ("", "en/", "ar/"):
        for page in ("", "kontakt/", "offline/"):
            path = folder / root / page / "index.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'<link href="/assets/a.css?v=1">{root}{page}')
        (folder / root / "offline-fallback.html").write_text(root)
    (folder / "assets").mkdir()
    (folder / "assets" / "a.css").write_text("a" * 1000)
    (folder / "assets" / "a.css.gz").write_bytes(gzip.compress(b"a" * 1000))
    index = folder / "pagefind" / "index"
    index.mkdir(parents=True)
    (index / "en_1.pf_index").write_text("x")
    (index / "de_1.pf_index").write_text("x")
    for name in ("pagefind.js", "titles.en.json", "wasm.unknown.pagefind", "pagefind.en_1.pf_meta"):
        (folder / "pagefind" / name).write_text("x")
    (folder / "pagefind" / "pagefind-entry.json").write_text('{"languages": {"en": {"hash": "en_1", "wasm": null}}}')
    return folder


def listed(folder: Path, tree: Tree, root: str = "en/") -> dict[str, Any]:
    write_offline_lists(folder, tree.read(), LANGUAGES)
    data: dict[str, Any] = json.loads((folder / root / "offline.json").read_text())
    return data


def test_a_language_keeps_its_own_texts_what_they_load_and_its_search(built: Path, tree: Tree) -> None:
    assert listed(built, tree)["files"] == [
        "/en/", "/en/offline/", "/en/offline-fallback.html", "/assets/a.css?v=1",
        "/pagefind/pagefind.js", "/pagefind/pagefind-entry.json",
        "/pagefind/wasm.unknown.pagefind", "/pagefind/pagefind.en_1.pf_meta", "/pagefind/titles.en.json", "/pagefind/index/en_1.pf_index",
    ]  # fmt: skip


def test_german_text_that_stands_in_for_a_translation_is_not_kept(built: Path, tree: Tree) -> None:
    files = listed(built, tree, "ar/")["files"]
    assert "/ar/kontakt/" not in files
    assert "/ar/offline/" in files, "here all can be removed again"
    assert not [url for url in files if "pagefind" in url], "a language without texts has no search"


def test_sizes_are_those_on_the_way_and_on_the_device(built: Path, tree: Tree) -> None:
    data = listed(built, tree)
    assert data["sent"] < 1000 < data["stored"]


def test_the_version_changes_with_any_kept_file_and_with_nothing_else(built: Path, tree: Tree) -> None:
    before = listed(built, tree)["version"]
    (built / "kontakt" / "index.html").write_text("new German text")
    assert listed(built, tree)["version"] == before
    (built / "en" / "index.html").write_text("new English text")
    assert listed(built, tree)["version"] != before
