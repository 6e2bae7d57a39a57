"""The editor on a small tree of pages, with accounts of each role."""

from __future__ import annotations

import datetime
import html
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from editing.views import open_workspace, register
from editorial.translations.lockfile import Lock, write_lock
from editorial.translations.update import update_lock
from form_handler.app import create_app
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from tests.form_handler.conftest import configured, database, migrated_data_dir, production_hasher, settings  # noqa: F401
from tests.site.small_tree import write_small_tree

NOW = datetime.datetime.now(datetime.UTC)
PASSWORD = "ein-langes-passwort"
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PAGE = "de/seite-1"


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tree of pages whose translations follow the German text; copied for each test."""
    from core.languages import load_languages
    from editorial.content.pages import read_content

    folder = tmp_path_factory.mktemp("content")
    docs = write_small_tree(folder / "docs")
    languages = load_languages()
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 1)))
    return folder


@pytest.fixture
def content(tree: Path, tmp_path: Path) -> Path:
    """The folder that holds ``docs/``."""
    return Path(shutil.copytree(tree, tmp_path / "content"))


@pytest.fixture
def editing_settings(settings: Settings, content: Path) -> Settings:  # noqa: F811
    """Settings of a service whose pages lie in a folder of its own."""
    return replace(settings, content_dir=content)


@pytest.fixture(scope="session")
def shared_editing_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the editor for the whole run."""
    folder = tmp_path_factory.mktemp("shared")
    found = replace(read_settings({"KIM_DATA_DIR": str(folder)}), content_dir=folder)
    opened = Database(found)
    yield create_app(found, opened, register)
    opened.engine.dispose()


@pytest.fixture
def editing_app(
    shared_editing_app: Flask,
    editing_settings: Settings,
    content: Path,
    database: Database,  # noqa: F811
) -> Iterator[Flask]:
    """The application with the editor, with settings, pages and database of its own."""
    with configured(shared_editing_app, editing_settings, database) as app:
        open_workspace(app, content, editing_settings.data_dir)
        yield app


class Editor:
    """Somebody of the office with a browser."""

    def __init__(self, app: Flask, name: str) -> None:
        self.client, self.name, self.root = app.test_client(), name, "/eingang/"

    def get(self, path: str = "") -> TestResponse:
        return self.client.get(self.root + path, base_url="http://127.0.0.1")

    def fields(self, page: str, action: str = "") -> dict[str, str]:
        """Return the hidden fields of a form on a page, the one with this in its address."""
        text = self.get(page).text
        forms = [part.partition("</form>")[0] for part in text.split("<form ")[1:]]
        form = next(
            part for part in forms if action in part.partition(">")[0] and "abmelden" not in part.partition(">")[0]
        )
        return self.hidden(form)

    def hidden(self, form: str) -> dict[str, str]:
        """Return the hidden fields in a piece of a page."""
        return {name: html.unescape(value) for name, value in FIELD.findall(form)}

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        return self.client.post(self.root + path, data=data, base_url="http://127.0.0.1")

    def token(self) -> str:
        """Return the token of this session's forms."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("ungesendet/").text)
        assert found
        return found[1]

    def log_in(self) -> TestResponse:
        return self.post("anmelden/", {**self.fields("anmelden/"), "name": self.name, "password": PASSWORD})

    def open(self, place: str, page: str = PAGE) -> dict[str, str]:
        """Open the form of a paragraph and return its hidden fields."""
        return self.fields(f"seiten/{page}/?absatz={place}", "absatz/")

    def store(self, fields: dict[str, str], words: str, page: str = PAGE, **more: str) -> TestResponse:
        """Send the form of a paragraph."""
        return self.post(f"seiten/absatz/{page}/", {**fields, "words": words, "action": "save", **more})

    def change(self, place: str, words: str, page: str = PAGE, **more: str) -> TestResponse:
        """Open and send the form of a paragraph."""
        return self.store(self.open(place, page), words, page, **more)


@pytest.fixture
def new_editor(editing_app: Flask, database: Database) -> Callable[..., Editor]:  # noqa: F811
    """Make accounts that are logged in."""

    def make(name: str = "eva", *roles: str) -> Editor:
        accounts.add_account(database, name, PASSWORD, NOW, roles or ("edit", "publish"))
        one = Editor(editing_app, name)
        assert one.log_in().status_code == 303
        return one

    return make


@pytest.fixture
def editor(new_editor: Callable[..., Editor]) -> Editor:
    """An editor who may publish."""
    return new_editor()
