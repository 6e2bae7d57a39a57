"""What is compiled once and kept, templates and catalogues, never says what was true before."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from core import gettext
from core.languages import default_language
from editorial.render.compiled import Compiled
from editorial.render.page import furnish

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Search"\nmsgstr "{word}"\n'


def shown(template: str, overrides: Path, kept: Path) -> str:
    env = jinja2.Environment(
        loader=jinja2.DictLoader({"page": template}), bytecode_cache=Compiled(kept), autoescape=True
    )
    return furnish(env, default_language(), overrides).get_template("page").render()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_kept_template_names_the_stylesheet_of_today(tmp_path: Path, in_memory: bool) -> None:
    (tmp_path / "assets").mkdir()
    style = tmp_path / "assets" / "kim.css"
    seen = []
    for text in ("a { color: red }", "a { color: blue }"):
        style.write_text(text)
        seen.append(shown("{{ 'kim.css'|asset }}", tmp_path, tmp_path / "kept"))
        if not in_memory:
            Compiled.kept.clear()
    assert list((tmp_path / "kept").iterdir())
    assert seen[0] != seen[1]


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    assert shown("one", tmp_path, tmp_path / "kept") == "one"
    assert shown("two", tmp_path, tmp_path / "kept") == "two"


def test_a_changed_catalogue_is_compiled_anew_and_a_broken_copy_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "de.po"

    def said() -> str:
        return gettext._compile(path, "de").gettext("Search")

    path.write_text(PO.format(word="Suche"))
    assert said() == "Suche"
    (kept,) = (tmp_path / "__pycache__").glob("de.*.mo")
    kept.write_bytes(kept.read_bytes().replace(b"Suche", b"Sache"))
    assert said() == "Sache", "the compiled copy is what is read"
    kept.write_bytes(b"x")
    assert said() == "Suche"
    path.write_text(PO.format(word="Finden"))
    assert said() == "Finden"
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1, "the old copy is gone"


def test_a_catalogue_is_read_where_nothing_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "de.po"
    path.write_text(PO.format(word="Suche"))

    def refuse(*_rest: object, **_more: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert gettext._compile(path, "de").gettext("Search") == "Suche"
    assert list(tmp_path.iterdir()) == [path]
