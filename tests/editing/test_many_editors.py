"""Eight people at the same few paragraphs, and publications beside them: what was acknowledged is kept, the rest is shown."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from editing.drafts import find_draft
from editing.publication import store, worker
from editing.publication.publisher import Publisher
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.conftest import full_or_sample
from tests.editing.conftest import Editor
from tests.editing.test_publication import ask, checkout, git

__all__ = ["checkout"]
pytestmark = pytest.mark.slow

CLIENTS = 8
EDITS = full_or_sample(125, 6)  # of each client
PAGES = ("de/seite-1", "de/seite-2", "en/seite-1")
PLACE = "a.1"


def test_many_edits_at_once_lose_no_text_and_overwrite_none(
    new_editor: Callable[..., Editor],
    database: Database,
    editing_settings: Settings,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Publisher, "build", lambda self: None)  # a real build is tested in test_live.py
    editors = [new_editor(f"person-{number}") for number in range(CLIENTS)]
    kept: list[tuple[str, str, str]] = []
    faults: list[str] = []
    finished = threading.Event()

    def edit(number: int, editor: Editor) -> None:
        chance = random.Random(number)
        for count in range(EDITS):
            page, words = chance.choice(PAGES), f"Satz {count} von Person {number}."
            fields = editor.open(PLACE, page)
            answer = editor.store(fields, words, page)
            if answer.status_code == 303:
                kept.append((page, fields["before"], words))
            elif answer.status_code != 409 or words not in answer.text:
                faults.append(f"{answer.status_code} for “{words}”: {answer.text[:200]}")
            if chance.random() < 0.1:
                ask(editor, page)

    def publish() -> None:
        while not finished.is_set():
            worker.run_once(database, editing_settings)

    threads = [threading.Thread(target=edit, args=one) for one in enumerate(editors)]
    publisher = threading.Thread(target=publish)
    for thread in [*threads, publisher]:
        thread.start()
    for thread in threads:
        thread.join()
    finished.set()
    publisher.join()
    worker.run_once(database, editing_settings)

    assert faults == []
    assert kept
    for page in PAGES:
        steps = {before: words for where, before, words in kept if where == page}
        assert len(steps) == sum(where == page for where, _before, _words in kept), "two were stored over one text"
        published = (checkout / "docs" / f"{page}.md").read_text("utf-8")
        draft = find_draft(database, f"{page}.md")
        text = published if draft is None else draft.text or ""
        now, followed = "Der erste Satz." if page.startswith("de") else "A first sentence.", 0
        while now in steps:
            now, followed = steps[now], followed + 1
        assert followed == len(steps), "each text that was stored was seen by whoever stored the next one"
        assert now in text, "the last text that was stored is there"
    done = [one for one in store.list_publications(database, 1000) if one.state == "done"]
    assert not store.open_publications(database)
    assert git(checkout, "log", "--format=%B").count("KIM-Publication:") == len(done) > 0, "each is one commit"
