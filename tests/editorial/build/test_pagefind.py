"""Pagefind at work: what it is told it reads, and however it fails, there is a sentence and no half index."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from editorial.build import pagefind
from editorial.build.pagefind import SearchError, run_pagefind
from editorial.build.search import ENTRY_FILENAME

PAGE = '<!doctype html><html lang="{}"><article data-pagefind-body><h1>{}</h1><p>{}</p></article>'


def pages(count: int, text: str = "Text") -> Iterator[tuple[str, str]]:
    for number in range(count):
        yield f"en/seite-{number}/index.html", PAGE.format("en", f"Page {number}", f"{text} {number} " * 40)


def index_of(texts: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """Return the files of an index, but for the scripts and styles that we do not use."""
    return {name: data for name, data in run_pagefind(dict(texts)).items() if "-" not in name or name == ENTRY_FILENAME}


def test_pages_may_be_more_than_fit_into_a_pipe() -> None:
    files = index_of(pages(400))
    assert json.loads(files[ENTRY_FILENAME])["languages"]["en"]["page_count"] == 400
    assert sum(name.startswith("fragment/") for name in files) == 400


def test_the_parts_of_an_index_are_small() -> None:
    """A search loads those that hold its words; see issue "Fast": 140 kB for all that a first search loads."""
    texts = [
        (
            f"de/seite-{number}/index.html",
            PAGE.format("de", "Seite", " ".join(f"wort{number}x{at}" for at in range(500))),
        )
        for number in range(60)
    ]
    sizes = [len(data) for name, data in index_of(texts).items() if name.endswith(".pf_index")]
    assert len(sizes) >= 7
    assert max(sizes) < 40_000, "30,000 different words of ten letters"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\nexec false", "ended"),
        ("#!/bin/sh\necho 'thread panicked, no room'\nexit 101", "thread panicked, no room"),
        ("#!/bin/sh\nexec cat", "ended early or fell silent"),
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
    monkeypatch.setattr(pagefind, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(SearchError, match=f"search index could not be built.*({said})"):
        index_of(pages(60))


def test_an_error_that_it_answers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = base64.b64encode(b'{"message_id": 1, "payload": {"type": "Error", "message": "no such index"}}').decode()
    script = tmp_path / "pagefind"
    script.write_text(f"#!/bin/sh\nprintf '{answer},{answer},'\nexec sleep 60", "utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(pagefind, "get_executable", lambda: script)
    with pytest.raises(SearchError, match="no such index"):
        index_of([])
