"""A service on a real SQLite file, with tiny built pages as shells."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.languages import load_languages
from form_handler.app import configure_app, create_app
from form_handler.forms import FORMS
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.submissions import Submission, list_submissions
from tests.conftest import shared_languages

PRODUCTION_HASHER = accounts.password_hasher  # before a test of another folder has replaced it
FORM = "/arbeitgeber/mitmachen/"
VALID_FORM = {"company": "Beispielbetrieb", "email": "beispiel@example.org"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def write_shells(site: Path) -> None:
    """Write what the build would: a form page and an error page for each language."""
    for language in load_languages():
        root = site / language.root.strip("/")
        for path in [root / "404.html", *(root / d.slug / "index.html" for d in FORMS.values())]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                f'<!doctype html><html lang="{language.code}" dir="{language.dir}"><head><title>Seite – KIM</title></head>'
                "<body><main><!-- kim:main --><!-- kim:summary --><!-- /kim:summary --><h1>x</h1>"
                "<!-- kim:form -->leer<!-- /kim:form --><!-- /kim:main --></main></body></html>"
            )


@pytest.fixture(scope="package", autouse=True)
def languages_of_the_service() -> Iterator[None]:
    """The service behaves alike in every municipality: its tests take the languages of the shared table."""
    with shared_languages(keep_own=True):
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a development service below a folder of its own."""
    write_shells(tmp_path / "site")
    return read_settings({"KIM_DATA_DIR": str(tmp_path / "var"), "KIM_SITE_DIR": str(tmp_path / "site")})


@pytest.fixture(scope="session")
def migrated_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty SQLite database of the current schema; copied, because migrating takes longer."""
    folder = tmp_path_factory.mktemp("migrated") / "var"
    database = Database(read_settings({"KIM_DATA_DIR": str(folder)}))
    upgrade(database)
    database.engine.dispose()
    return folder


@pytest.fixture
def database(settings: Settings, migrated_data_dir: Path) -> Iterator[Database]:
    """An empty database with the current schema."""
    shutil.copytree(migrated_data_dir, settings.data_dir, dirs_exist_ok=True)
    database = Database(settings)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def production_hasher() -> Iterator[PasswordHasher]:
    """Hash passwords of test accounts with the least that argon2 takes; yield the hasher of production."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "password_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(accounts, "DUMMY_HASH", accounts.password_hasher.hash("an account that does not exist"))
        yield PRODUCTION_HASHER


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application for the whole run: its hundred routes and its templates are compiled once."""
    settings = read_settings({"KIM_DATA_DIR": str(tmp_path_factory.mktemp("shared"))})
    database = Database(settings)
    with shared_languages(keep_own=True):
        made = create_app(settings, database)
    yield made
    database.engine.dispose()


@contextlib.contextmanager
def configured(app: Flask, settings: Settings, database: Database) -> Iterator[Flask]:
    """Give a shared application to one test."""
    before = dict(app.extensions)
    configure_app(app, settings, database)
    yield app
    app.extensions.clear()
    app.extensions.update(before)


@pytest.fixture
def app(shared_app: Flask, settings: Settings, database: Database) -> Iterator[Flask]:
    """The application with settings and database of its own."""
    with configured(shared_app, settings, database) as app:
        yield app


@dataclass
class Browser:
    """A browser as far as forms go: cookies, hidden fields, redirects."""

    client: FlaskClient
    database: Database

    def post(self, path: str = FORM, data: Any = None, **options: Any) -> TestResponse:
        """Send a form."""
        options.setdefault("base_url", "http://127.0.0.1")
        return self.client.post(path, data=data, **options)

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url="http://127.0.0.1")

    def review(self, data: dict[str, Any] | None = None, path: str = FORM) -> list[tuple[str, str]]:
        """Send a right form and return the hidden fields of its review page."""
        response = self.post(path, data or VALID_FORM)
        assert response.status_code == 200, response.text
        return [(name, unescape(value)) for name, value in HIDDEN.findall(response.text)]

    def send(self, hidden: list[tuple[str, str]], path: str = FORM, **options: Any) -> TestResponse:
        """Send a reviewed form."""
        from werkzeug.datastructures import MultiDict

        return self.post(path + "absenden/", MultiDict(hidden), **options)

    def stored(self) -> list[Submission]:
        """Return what is stored."""
        return list_submissions(self.database)


def unescape(value: str) -> str:
    """Undo HTML's escapes."""
    import html

    return html.unescape(value)


@pytest.fixture
def browser(app: Flask, database: Database) -> Browser:
    """A browser in front of the application."""
    return Browser(app.test_client(), database)
