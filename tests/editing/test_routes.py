"""Each route of the editor: which role opens it by which method, and that no form is taken without its token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from editing.drafts import find_draft
from form_handler.storage.database import Database
from tests.editing.conftest import PAGE, Editor

READERS = {"edit", "publish", "translate:en", "translate:ar"}
WRITERS = {"edit", "translate:en", "translate:ar"}  # of the page in German: edit alone
# Who may open what, for the German page. A route that is missing here fails the test, and so does one too many.
ROUTES = {
    "": {"GET": READERS}, "<lang>/<path:key>/": {"GET": READERS}, "veroeffentlichungen/": {"GET": READERS},
    "verlauf/<lang>/<path:key>/": {"GET": READERS}, "veroeffentlichen/<lang>/<path:key>/": {"GET": READERS, "POST": READERS},
    "da/": {"POST": WRITERS}, "absatz/<lang>/<path:key>/": {"POST": {"edit"}}, "aufbau/<lang>/<path:key>/": {"POST": {"edit"}},
    "abschnitt/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}}, "quelltext/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}},
    "verwerfen/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}}, "getippt/<lang>/<path:key>/": {"POST": {"edit"}},
    "zusammenfuehren/<lang>/<path:key>/": {"POST": {"edit"}}, "zurueckholen/<lang>/<path:key>/": {"POST": {"edit"}},
    "vorschau/<token>/": {"GET": {*READERS, "inbox", "admin"}},  # whoever has the link
    "bild/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}}, "bild/<name>": {"GET": READERS}, "neu/": {"GET": {"edit"}, "POST": {"edit"}}, "entfernen/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}},
    "kopf/<lang>/<path:key>/": {"GET": {"edit"}, "POST": {"edit"}}, "angaben/": {"GET": {"edit", "publish"}}, "angaben/<kind>/": {"GET": {"edit", "publish"}}, "offen/": {"GET": {"edit", "publish"}},
    "angaben/<kind>/<key>/": {"GET": {"edit"}, "POST": {"edit"}}, "angaben/<kind>/<key>/entfernen/": {"GET": {"edit"}, "POST": {"edit"}},
    "bestaetigen/<kind>/<path:key>/": {"POST": {"edit"}}, "vorlage/<lang>/<path:key>/": {"GET": READERS, "POST": {"edit"}},
    "zurueckziehen/<number>/": {"POST": {"publish"}}, "rueckgaengig/<number>/": {"GET": {"publish"}, "POST": {"publish"}},
}  # fmt: skip
# The translators' pages, for the page in English; no other language's translator opens them.
ENGLISH, ENGLISH_WRITERS = "en/seite-1", {"edit", "translate:en"}
TRANSLATING = {
    "": {"GET": WRITERS}, "<lang>/<path:key>/": {"GET": ENGLISH_WRITERS}, "absatz/<lang>/<path:key>/": {"POST": ENGLISH_WRITERS},
    "pruefung/<lang>/<path:key>/": {"POST": ENGLISH_WRITERS}, "woerter/<lang>/": {"GET": ENGLISH_WRITERS, "POST": ENGLISH_WRITERS},
}  # fmt: skip
ALL = {f"seiten/{path}": methods for path, methods in ROUTES.items()} | {
    f"uebersetzen/{path}": methods for path, methods in TRANSLATING.items()
}


def routes(app: Flask) -> dict[str, set[str]]:
    """Return the methods of each route of the editor, by its path below ``/eingang/``."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(("staff_pages.", "staff_translating.")):
            methods = (rule.methods or set()) & {"GET", "POST"}
            found.setdefault(rule.rule.removeprefix("/eingang/"), set()).update(methods)
    return found


def address(path: str) -> str:
    page = ENGLISH if path.startswith("uebersetzen/") else PAGE
    path = (
        path.replace("<lang>/<path:key>", page)
        .replace("<number>", "0" * 32)
        .replace("<path:key>", "kim")
        .replace("<name>", "kim.webp")
        .replace("<token>", "falsch")
    )
    return path.replace("<kind>", "contacts").replace("<key>", "kim").replace("<lang>", "en")


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(editing_app: Flask) -> None:
    assert routes(editing_app) == {path: set(methods) for path, methods in ALL.items()}


@pytest.mark.parametrize("role", ["inbox", "edit", "publish", "translate:en", "translate:ar", "admin"])
def test_each_role_opens_its_routes_and_no_other(
    editing_app: Flask, new_editor: Callable[..., Editor], role: str
) -> None:
    one = new_editor("eva", role)
    token = one.token()
    wrong = []
    for path, methods in ALL.items():
        for method, allowed in methods.items():
            answer = (
                one.get(address(path))
                if method == "GET"
                else one.post(address(path), {"csrf_token": token, "action": "check", "place": "a.1"})
            )
            if (answer.status_code == 403) == (role in allowed):
                wrong.append((method, path, answer.status_code))
    assert wrong == []


def test_without_a_session_every_route_leads_to_the_log_in(editing_app: Flask) -> None:
    one = Editor(editing_app, "niemand")
    for path, methods in ALL.items():
        if "GET" in methods and "<token>" not in path:
            answer = one.get(address(path))
            assert answer.status_code == 303
            assert "/anmelden/" in answer.location


def test_no_form_is_taken_without_its_token_or_from_another_site(
    editing_app: Flask, editor: Editor, database: Database
) -> None:
    fields = editor.open("a.1")
    for path, methods in ALL.items():
        if "POST" in methods:
            data = {**fields, "words": "Ein fremder Satz.", "csrf_token": "", "version": "1", "action": "now"}
            assert editor.post(address(path), data).status_code == 403, path
            foreign = editor.client.post(
                f"/eingang/{address(path)}",
                data=fields,
                base_url="http://127.0.0.1",
                headers={"Sec-Fetch-Site": "cross-site"},
            )
            assert foreign.status_code == 403, path
    assert find_draft(database, f"{PAGE}.md") is None
