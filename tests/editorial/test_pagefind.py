"""Pagefind at work: what it is told it reads, and however it fails, there is a sentence and no half index."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from editorial.build import pagefind
from editorial.build.pagefind import ENTRY, Pagefind, SearchError, whole

PAGE = '<!doctype html><html lang="{}"><article data-pagefind-body><h1>{}</h1><p>{}</p></article>'


@contextlib.contextmanager
def engine() -> Iterator[Pagefind]:
    with contextlib.closing(Pagefind()) as one:
        yield one


def pages(count: int, text: str = "Text") -> Iterator[tuple[str, str]]:
    for number in range(count):
        yield f"en/seite-{number}/index.html", PAGE.format("en", f"Page {number}", f"{text} {number} " * 40)


def index_of(texts: Iterable[tuple[str, str]], folder: Path, *again: tuple[str, str]) -> dict[str, bytes]:
    """Return what is in each file of an index, but for the scripts and styles that we do not use."""
    with engine() as one:
        for place, text in (*texts, *again):
            one.add(place, text)
        one.begin_to_write(folder)
        one.wait()
        whole(folder / ENTRY)
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        return {name: whole(folder / name) for name in names if "-" not in name or name == ENTRY}


def test_a_page_that_is_read_again_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """Its place in the order of pages as well, so that the index is the same as if it had never been different."""
    texts = list(pages(5))
    old = texts[2][0], PAGE.format("en", "Old", "other words")
    assert index_of([*texts[:2], old, *texts[3:]], tmp_path / "a", texts[2]) == index_of(texts, tmp_path / "b")


def test_pages_may_be_more_than_fit_into_a_pipe(tmp_path: Path) -> None:
    files = index_of(pages(400), tmp_path)
    assert json.loads(files[ENTRY])["languages"]["en"]["page_count"] == 400
    assert sum(name.startswith("fragment/") for name in files) == 400
    assert files["pagefind.js"].count(b"export{") == 1, "it is at the end, and tells that the file is whole"


def test_a_file_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    """That is how only what is new of an index is written."""
    files = index_of(pages(5), tmp_path / "a")
    there = next(name for name in files if name.startswith("fragment/"))
    (tmp_path / "b" / there).parent.mkdir(parents=True)
    (tmp_path / "b" / there).write_bytes(files[there] + b"as it is")
    with engine() as one:
        for place, text in pages(5):
            one.add(place, text)
        one.begin_to_write(tmp_path / "b")
        one.wait()
    assert (tmp_path / "b" / there).read_bytes() == files[there] + b"as it is"


def test_the_parts_of_an_index_are_small(tmp_path: Path) -> None:
    """A search loads those that hold its words; see issue "Fast": 140 kB for all that a first search loads."""
    texts = [
        (
            f"de/seite-{number}/index.html",
            PAGE.format("de", "Seite", " ".join(f"wort{number}x{at}" for at in range(500))),
        )
        for number in range(60)
    ]
    sizes = [len(data) for name, data in index_of(texts, tmp_path).items() if name.endswith(".pf_index")]
    assert len(sizes) >= 7
    assert max(sizes) < 40_000, "30,000 different words of ten letters"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\nexec false", "ended"),
        ("#!/bin/sh\necho 'thread panicked, no room'\nexit 101", "thread panicked, no room"),
        ("#!/bin/sh\nexec cat", "incomplete"),
        ("#!/bin/sh\nexec sleep 60", "silent"),
    ],
)
def test_however_it_fails_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    script = tmp_path / "pagefind"
    script.write_text(program, "utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(pagefind, "get_executable", lambda: script)
    monkeypatch.setattr(pagefind, "PATIENCE", 0.2)
    with pytest.raises(SearchError, match=f"search index could not be built.*({said})"):
        index_of(pages(60), tmp_path / "index")


def test_an_error_that_it_answers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = base64.b64encode(b'{"message_id": 1, "payload": {"type": "Error", "message": "no such index"}}').decode()
    script = tmp_path / "pagefind"
    script.write_text(f"#!/bin/sh\nprintf '{answer},{answer},'\nexec sleep 60", "utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(pagefind, "get_executable", lambda: script)
    with pytest.raises(SearchError, match="no such index"):
        index_of([], tmp_path / "index")


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    path, data = tmp_path / "en_1.pf_index", gzip.compress(b"pagefind_dcd" + bytes(range(256)) * 40)
    path.write_bytes(b"")
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(whole(path)))
    reader.start()
    for end in range(0, len(data), 7):
        path.write_bytes(data[:end])
    assert not found
    path.write_bytes(data)
    reader.join(20)
    assert found == [data]


@pytest.mark.parametrize("name", ["en_1.pf_fragment", ENTRY, "pagefind.js"])
def test_no_beginning_of_a_file_passes_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(pagefind, "PATIENCE", 0.0)
    text = json.dumps({"version": "1", "languages": {"en": {"hash": "en_1"}}}).encode()
    script = b"export function a(){};var b={export:1};export{init,search as find};\n"
    data = {ENTRY: text, "pagefind.js": script.rstrip()}.get(name) or gzip.compress(b"pagefind_dcd" + text)
    for end in range(len(data)):
        (tmp_path / name).write_bytes(data[:end])
        with pytest.raises(SearchError, match="incomplete"):
            whole(tmp_path / name)
    (tmp_path / name).write_bytes(data)
    assert whole(tmp_path / name) == data
