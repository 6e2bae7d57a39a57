"""The site's files, while a build changes them: never half a page, never one with another one's length."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from core.files import write_atomically
from editorial.build.build import replace_folder
from form_handler.server.static_files import StaticSite
from form_handler.settings import Settings

OLD, NEW = (f"<!doctype html><p>{word}".encode() for word in ("old", "the new and much longer page"))


@pytest.fixture
def site(settings: Settings) -> Path:
    """A page and its compressed copy."""
    write_atomically(settings.site_dir / "de.html", OLD)
    write_atomically(settings.site_dir / "de.html.gz", gzip.compress(OLD))
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


def test_a_new_folder_in_the_place_of_the_old_one_is_whole(client: Client, site: Path, tmp_path: Path) -> None:
    assert page(client) == OLD
    write_atomically(tmp_path / "fresh" / "de.html", NEW)
    replace_folder(tmp_path / "fresh", site)
    assert page(client) == page(client, packed=True) == NEW
