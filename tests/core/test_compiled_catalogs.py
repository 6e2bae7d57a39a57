"""A compiled catalogue is never out of date."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import gettext

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Search"\nmsgstr "{word}"\n'


def test_a_changed_catalogue_is_compiled_anew_and_a_broken_copy_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "de.po"

    def translated() -> str:
        return gettext.compile_catalog(path, "de").gettext("Search")

    path.write_text(PO.format(word="Suche"))
    assert translated() == "Suche"
    (cached,) = (tmp_path / "__pycache__").glob("de.*.mo")
    cached.write_bytes(cached.read_bytes().replace(b"Suche", b"Sache"))
    assert translated() == "Sache", "the compiled copy is what is read"
    cached.write_bytes(b"x")
    assert translated() == "Suche"
    path.write_text(PO.format(word="Finden"))
    assert translated() == "Finden"
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1, "the old copy is gone"


def test_a_catalogue_is_read_where_nothing_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "de.po"
    path.write_text(PO.format(word="Suche"))

    def refuse(*_rest: object, **_more: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert gettext.compile_catalog(path, "de").gettext("Search") == "Suche"
    assert list(tmp_path.iterdir()) == [path]
