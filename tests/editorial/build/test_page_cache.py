"""What earlier builds leave for later ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from editorial.build.page_cache import restore_templates, store_templates


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Return a file with two compiled templates, of the code ``a``."""
    compiled, file = tmp_path / "compiled", tmp_path / "templates.pages"
    compiled.mkdir()
    (compiled / "base.cache").write_bytes(b"one")
    (compiled / "page.cache").write_bytes(b"two")
    store_templates(compiled, "a", file)
    return file


def restored(file: Path | None, digest: str, folder: Path) -> dict[str, bytes]:
    """Return what is restored, by its name."""
    folder.mkdir()
    restore_templates(file, digest, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_compiled_templates_come_back_as_they_were(stored: Path, tmp_path: Path) -> None:
    assert restored(stored, "a", tmp_path / "again") == {"base.cache": b"one", "page.cache": b"two"}


def test_templates_of_other_code_are_compiled_anew(stored: Path, tmp_path: Path) -> None:
    """Jinja2 compares a template with its source, but not with the filters of ours that it was compiled for."""
    assert restored(stored, "b", tmp_path / "again") == {}


@pytest.mark.parametrize("place", [0, 20, 60, -1], ids=["mark", "digest", "name", "bytecode"])
def test_a_damaged_file_is_not_executed(stored: Path, tmp_path: Path, place: int) -> None:
    """Bytecode that is damaged can end the interpreter."""
    data = bytearray(stored.read_bytes())
    data[place] ^= 1
    stored.write_bytes(data)
    assert restored(stored, "a", tmp_path / "again") == {}


@pytest.mark.parametrize("length", [0, 10, 60])
def test_a_file_that_was_cut_off_counts_as_empty(stored: Path, tmp_path: Path, length: int) -> None:
    stored.write_bytes(stored.read_bytes()[:length])
    assert restored(stored, "a", tmp_path / "again") == {}


def test_without_a_file_nothing_is_restored(tmp_path: Path) -> None:
    assert restored(None, "a", tmp_path / "one") == {}
    assert restored(tmp_path / "missing.pages", "a", tmp_path / "two") == {}
