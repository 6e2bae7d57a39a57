"""The folder ``city/``: a municipality's pages, facts and settings laid over the shared ones."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from core.languages import parse_languages
from core.overlay import page_path
from core.project import ConfigError, is_left_out, load_site_settings, parts_left_out, read_config
from editorial.content.data.facts import load_facts
from editorial.content.markup.markdown import unlink_left_out
from editorial.content.pages import Content, read_content
from editorial.translations.lockfile import LOCK_FILENAME, load_lock, write_lock
from editorial.translations.update import update_lock
from tests.editorial.conftest import GERMAN, HEADER, LANGUAGES, Tree

CONFIG = """site_name: KIM
site_url: https://kim.example.org/
extra: {municipality: {name: Upstream, authority: A}, draft: true}
plugins:
  - i18n:
      languages:
        - {locale: de, name: Deutsch, build: true, default: true}
        - {locale: en, name: English, build: true}
        - {locale: tr, name: Türkçe, build: true}
  - kim-editorial
"""
DAY = datetime.date(2026, 11, 30)


def write_own(tree: Tree, language: str, key: str, title: str) -> Path:
    """Write a page of the municipality."""
    path = tree.docs.parent / "city" / "docs" / language / f"{key}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (GERMAN if language == "de" else HEADER).format(title=title)
    path.write_text(f"---\n{head}---\n\n# {title} {{ #top }}\n", "utf-8")
    return path


def test_a_page_of_the_municipality_takes_the_place_of_the_shared_one(tree: Tree) -> None:
    write_own(tree, "de", "kontakt", "Kontakt in Musterstadt")
    write_own(tree, "de", "rufbus", "Rufbus")
    pages = tree.read().pages
    assert pages["kontakt"].texts["de"].front_matter.title == "Kontakt in Musterstadt"
    assert pages["kontakt"].texts["de"].file == "city/docs/de/kontakt.md"
    assert pages["rufbus"].texts["de"].file == "city/docs/de/rufbus.md"
    assert pages["index"].texts["de"].file == "docs/de/index.md"


def test_the_shared_translation_of_a_replaced_page_is_not_shown(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact")
    assert set(tree.read().pages["kontakt"].texts) == {"de", "en"}
    write_own(tree, "de", "kontakt", "Kontakt in Musterstadt")
    assert set(tree.read().pages["kontakt"].texts) == {"de"}
    write_own(tree, "en", "kontakt", "Contact in Musterstadt")
    assert tree.read().pages["kontakt"].texts["en"].front_matter.title == "Contact in Musterstadt"


def test_a_fault_in_a_page_of_the_municipality_names_its_file_and_line(tree: Tree) -> None:
    path = write_own(tree, "de", "kontakt", "Kontakt")
    path.write_text(path.read_text("utf-8") + "\n[Weg](fort.md)\n", "utf-8")
    (found,) = (one for one in tree.check() if one.code == "link-dead")
    assert (found.file, found.line) == ("city/docs/de/kontakt.md", 10)


def test_the_state_of_its_translations_is_written_into_its_own_file_only(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact")
    content = read_content(tree.docs, LANGUAGES)
    write_lock(tree.docs, update_lock(tree.docs, content, LANGUAGES, load_lock(tree.docs), DAY))
    shared = (tree.docs / LOCK_FILENAME).read_bytes()
    for code, title in (("de", "Kontakt hier"), ("en", "Contact here")):
        write_own(tree, code, "kontakt", title)
    content = read_content(tree.docs, LANGUAGES)
    write_lock(tree.docs, update_lock(tree.docs, content, LANGUAGES, load_lock(tree.docs), DAY))
    own = tree.docs.parent / "city" / LOCK_FILENAME
    assert (tree.docs / LOCK_FILENAME).read_bytes() == shared
    assert "kontakt" in own.read_text("utf-8")
    assert not write_lock(tree.docs, load_lock(tree.docs)), "reading and writing changes nothing"


def test_local_contacts_of_another_place_are_not_taken_over(tree: Tree) -> None:
    data, own = tree.docs / "data", tree.docs.parent / "city" / "data"
    for folder in (data, own):
        folder.mkdir(parents=True)
    (data / "contacts.yml").write_text(
        "kim: {name: KIM anderswo, source: own}\namt: {name: Amt anderswo, source: own}\nland: {name: Land, scope: state, source: own}\n",
        "utf-8",
    )
    assert set(load_facts(data).contacts) == {"kim", "amt", "land"}
    (own / "contacts.yml").write_text("kim: {name: KIM hier, source: own}\n", "utf-8")
    facts = load_facts(data)
    assert set(facts.contacts) == {"kim", "land"}
    assert facts.contacts["kim"].name == "KIM hier"
    assert (facts.file("contacts", "kim"), facts.line("contacts", "kim")) == ("city/data/contacts.yml", 1)


def test_companies_of_another_place_are_not_taken_over(tree: Tree) -> None:
    data, own = tree.docs / "data", tree.docs.parent / "city" / "data"
    for folder in (data, own):
        folder.mkdir(parents=True)
    (data / "companies.yml").write_text("a: {name: A GmbH, role: x, source: own}\n", "utf-8")
    (own / "companies.yml").write_text("{}\n", "utf-8")
    assert load_facts(data).companies == {}


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        ("allianz/index", True),
        ("allianz/umfrage", True),
        ("allianzen", False),
        ("kim/fuer-wen", True),
        ("kim/index", False),
    ],
)
def test_a_part_is_a_folder_or_a_page(key: str, gone: bool) -> None:
    assert is_left_out(key, ("allianz", "kim/fuer-wen")) is gone


def test_links_to_what_is_left_out_become_words_and_list_entries_go(tree: Tree) -> None:
    tree.write("de", "kurse/index", "Kurse")
    page = tree.read().pages["kurse/index"]
    text = "Mehr bei der [Allianz](../allianz/index.md#ziele) und im [Kontakt](../kontakt.md).\n\n- [Allianz](../allianz/index.md)\n- Die [Allianz](../allianz/index.md) hilft.\n"
    made = unlink_left_out(text, page, Content({}, left_out=frozenset({"allianz/index"})))
    assert made == "Mehr bei der Allianz und im [Kontakt](../kontakt.md).\n\n- Die Allianz hilft.\n"
    assert unlink_left_out(text, page, Content({})) == text


def test_a_file_that_is_in_neither_folder_is_that_of_the_shared_one(tmp_path: Path) -> None:
    assert page_path(tmp_path / "docs", "de", "neu") == tmp_path / "docs" / "de" / "neu.md"


def write_config(folder: Path, city: str) -> Path:
    (folder / "city").mkdir()
    (folder / "city" / "city.yml").write_text(city, "utf-8")
    (folder / "mkdocs.yml").write_text(CONFIG, "utf-8")
    return folder / "mkdocs.yml"


def test_settings_of_the_municipality_come_before_the_shared_ones(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "site_name: KIM Musterstadt\nsite_url: https://willkommen.example.org/\nlanguages: [de, tr]\nwithout: [allianz]\n"
        "extra: {municipality: {name: Musterstadt}}\n",
    )
    settings = load_site_settings(config)
    assert (settings["name"], settings["url"]) == ("KIM Musterstadt", "https://willkommen.example.org/")
    assert settings["municipality"] == {"name": "Musterstadt"}
    assert settings["draft"] is True
    assert [row.code for row in parse_languages(read_config(config))] == ["de", "tr"]
    assert parts_left_out(config) == ("allianz",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("languages: [de, xx]\n", "xx is in no row"),
        ("languages: de\n", "languages is no list"),
        ("without: allianz\n", "without is no list"),
        ("site_title: x\n", "site_title is no setting"),
        ("- a\n", "holds no settings"),
        ("site_name: [\n", "No valid YAML"),
    ],
)
def test_settings_that_are_not_right_are_refused_with_their_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"city\.yml.*{words}"):
        read_config(write_config(tmp_path, text))


def test_a_municipality_that_takes_over_leaves_the_shared_states_alone(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an update of the project would meet a change of its own file."""
    tree.write("en", "kontakt", "Contact")
    for code, title in (("de", "Rufbus"), ("en", "Bus")):
        write_own(tree, code, "rufbus", title)
    monkeypatch.setattr("core.project.keeps_shared_pages", lambda: False)
    content = read_content(tree.docs, LANGUAGES)
    write_lock(tree.docs, update_lock(tree.docs, content, LANGUAGES, load_lock(tree.docs), DAY))
    assert not (tree.docs / LOCK_FILENAME).exists()
    assert list(load_lock(tree.docs).entries) == [("rufbus", "en")]
