"""What must not become a page is stopped before it is published, whichever form of the editor it comes through."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from editing import drafts
from editing.publication import store
from form_handler.storage.database import Database
from tests.conftest import full_or_sample
from tests.editing.conftest import PAGE, Editor
from tests.editing.test_facts import CONTACT, CONTACTS, form_values
from tests.editorial.content.test_html_policy import ATTACKS

pytestmark = pytest.mark.slow

# `make test` tries some, `make test-all` all.
EVERY = full_or_sample([1], [9])[0]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "../../../etc/passwd",
]


def active(text: str) -> list[str]:
    """Return what a page holds that could run, apart from our own scripts."""
    page = BeautifulSoup(text, "html.parser")
    found = [str(one)[:80] for one in page.find_all("script") if "alert" in one.text]
    for one in page.find_all(True):
        found += [f"{one.name} {name}" for name in one.attrs if name.startswith("on")]
        found += [
            str(one)[:80]
            for name in ("href", "src", "action")
            if str(one.get(name, "")).strip().startswith("javascript:")
        ]
    return found


def test_no_attack_of_the_corpus_is_drawn_or_can_be_published(editor: Editor, database: Database) -> None:
    for one in ATTACKS[::EVERY]:
        answer = editor.change("a.1", one["text"])
        known = drafts.find_draft(database, f"{PAGE}.md")
        if answer.status_code == 422:
            assert known is None
            continue
        assert known is not None, one["name"]
        address = f"seiten/veroeffentlichen/{PAGE}/"
        fields = editor.fields(address, "veroeffentlichen/")
        assert editor.post(address, {**fields, "action": "now"}).status_code == 422, one["name"]
        assert active(editor.get(f"seiten/{PAGE}/").text) == [], one["name"]
        drafts.discard_draft(database, f"{PAGE}.md", known.version)
    assert store.list_publications(database) == []


def test_hostile_values_of_facts_and_headers_are_text_or_refused(editor: Editor, database: Database) -> None:
    for words in HOSTILE:
        before = form_values(editor.get(CONTACT).text, CONTACT)
        answer = editor.post(CONTACT, before | {"name": [words], "url": [words]})
        assert answer.status_code == 422
        assert active(answer.text) == []
        assert editor.post(CONTACT, before | {"name": [words]}).status_code == 303
        for address in (
            CONTACT,
            "seiten/angaben/contacts/",
            "seiten/offen/",
            "seiten/veroeffentlichen/eigene-angaben/contacts/",
        ):
            assert active(editor.get(address).text) == [], (address, words)
        known = drafts.find_draft(database, CONTACTS)
        assert known is not None
        drafts.discard_draft(database, CONTACTS, known.version)
        header = f"seiten/kopf/{PAGE}/"
        answer = editor.post(
            header, form_values(editor.get(header).text, header) | {"title": [words], "redirect_from": [words]}
        )
        assert answer.status_code == 422, words
        assert active(answer.text) == []
    assert drafts.find_draft(database, f"{PAGE}.md") is None
