"""The site's files, while a build changes them: never half a page, never one with another one's length."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from editorial.build.writer import put, replace_folder, undoable
from form_handler.server.static_files import StaticSite
from form_handler.settings import Settings

OLD, NEW, THIRD = (f"<!doctype html><p>{word}".encode() for word in ("old", "the new and much longer page", "3"))


@pytest.fixture
def site(settings: Settings) -> Path:
    """A page and its compressed copy."""
    put(settings.site_dir / "de.html", OLD)
    put(settings.site_dir / "de.html.gz", gzip.compress(OLD))
    return settings.site_dir


@pytest.fixture
def client(settings: Settings, site: Path) -> Client:
    """The server's files as production serves them: their lengths are noted once."""
    return Client(StaticSite(Response(b"service", 404), dataclasses.replace(settings, mode="production")))


def page(client: Client, packed: bool = False) -> bytes:
    encoding = {"Accept-Encoding": "gzip" if packed else "identity"}
    with client.get("/de.html", base_url="http://localhost/", headers=encoding) as answer:
        assert answer.status_code == 200
        data = answer.data
        assert answer.content_length == len(data)
        return gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data


@pytest.mark.parametrize("packed", [False, True])
def test_a_page_changed_in_place_is_whole_while_and_after(client: Client, site: Path, packed: bool) -> None:
    assert page(client, packed) == OLD
    with undoable(site):
        put(site / "de.html", NEW)
        assert page(client, packed) == NEW, "the old compressed copy is gone with the old page"
        put(site / "de.html.gz", gzip.compress(NEW))
        assert page(client, packed) == NEW
        put(site / "de.html", THIRD)
        assert page(client, packed) == THIRD
    assert page(client, packed) == THIRD


def test_a_page_that_went_back_is_whole(client: Client, site: Path) -> None:
    def fail() -> None:
        with undoable(site):
            put(site / "de.html", NEW)
            assert page(client) == NEW
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert page(client) == page(client, packed=True) == OLD


def test_a_new_folder_in_the_place_of_the_old_one_is_whole(client: Client, site: Path, tmp_path: Path) -> None:
    assert page(client) == OLD
    put(tmp_path / "fresh" / "de.html", NEW)
    replace_folder(tmp_path / "fresh", site)
    assert page(client) == page(client, packed=True) == NEW
