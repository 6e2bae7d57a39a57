"""A municipality that takes shared pages over changes them in the browser: in ``city/``, and updates are not lost unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.languages import load_languages
from editing.publication import store, worker
from editorial.checks.wording.scope import check_local_versions
from editorial.content.pages import read_content
from editorial.translations.state import translation_states
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import PAGE, Editor
from tests.editing.test_publication import ask, builds, checkout, commit_all, git  # noqa: F401

OWN = "city/docs/de/seite-1.md"
SHARED = "docs/de/seite-1.md"


@pytest.fixture(autouse=True)
def takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others keep the shared pages: ``city.yml`` has no ``shared: true``."""
    monkeypatch.setattr("core.project.keeps_shared_pages", lambda: False)


@pytest.fixture
def publish(editor: Editor, database: Database, editing_settings: Settings, builds: list[str]) -> Callable[..., store.Publication]:  # noqa: F811  # fmt: skip
    """Change a paragraph, publish the page, and run the worker once."""

    def run(words: str, place: str = "a.1", page: str = PAGE) -> store.Publication:
        assert editor.change(place, words, page).status_code == 303
        ask(editor, page)
        worker.run_once(database, editing_settings)
        return store.list_publications(database)[0]

    return run


def shared_tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (folder / "docs").rglob("*") if path.is_file()}


def change_shared(folder: Path, before: str, after: str) -> None:
    path = folder / SHARED
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    commit_all(folder, "Update")


def test_a_changed_shared_page_is_published_in_the_folder_of_the_municipality(
    publish: Callable[..., store.Publication], checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    before = shared_tree(checkout)
    one = publish("Bei uns ist es anders.")
    assert one.state == "done", one.problem
    assert shared_tree(checkout) == before
    assert "Bei uns ist es anders." in (checkout / OWN).read_text("utf-8")
    changed = git(checkout, "show", "--name-only", "--format=", "HEAD").splitlines()
    assert changed == [OWN, "city/translations.lock.yml"]
    assert git(checkout, "status", "--porcelain") == ""


def test_only_the_translations_of_the_changed_paragraph_are_outdated(
    publish: Callable[..., store.Publication], checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    publish("Bei uns ist es anders.")
    content = read_content(checkout / "docs", load_languages())
    page = content.pages["seite-1"]
    assert page.texts["en"].file == "docs/en/seite-1.md", "the shared translation still serves"
    states = translation_states(checkout / "docs", content, load_languages())
    assert len(states["seite-1", "en"].changed) == 1
    assert not states["seite-2", "en"].is_stale


def test_a_shared_translation_is_changed_in_the_folder_of_the_municipality(
    publish: Callable[..., store.Publication], checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    before = shared_tree(checkout)
    assert publish("A better sentence.", page="en/seite-1").state == "done"
    assert shared_tree(checkout) == before
    assert "A better sentence." in (checkout / "city/docs/en/seite-1.md").read_text("utf-8")


def test_taking_a_publication_back_shows_the_shared_page_again(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
    database: Database, editing_settings: Settings,
) -> None:  # fmt: skip
    one = publish("Bei uns ist es anders.")
    editor.post(f"seiten/rueckgaengig/{one.id}/", editor.fields(f"seiten/rueckgaengig/{one.id}/", "rueckgaengig/"))
    worker.run_once(database, editing_settings)
    assert not (checkout / OWN).exists()
    assert "Der erste Satz." in editor.get(f"seiten/{PAGE}/").text


def test_the_history_holds_the_shared_texts_as_well(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    publish("Bei uns ist es anders.")
    assert "Stand" in editor.get(f"seiten/verlauf/{PAGE}/").text
    assert editor.get(f"seiten/verlauf/{PAGE}/").text.count("?stand=") == 2


def test_an_update_of_the_shared_page_is_shown_in_the_overview_on_the_page_and_by_the_check(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    publish("Bei uns ist es anders.")
    assert "gemeinsame Seite seither geändert" not in editor.get("seiten/?what=version").text.partition("<table")[2]
    change_shared(checkout, "## Mehr", "## Viel mehr")
    row = editor.get("seiten/?what=upstream").text.partition("<table")[2]
    assert "seiten/vorlage/de/seite-1/" in row
    assert "Die gemeinsame Seite hat sich geändert" in editor.get(f"seiten/{PAGE}/").text
    found = list(check_local_versions(checkout / "docs", read_content(checkout / "docs", load_languages())))
    assert [one.file for one in found] == [OWN]
    shown = editor.get(f"seiten/vorlage/{PAGE}/").text
    assert "Viel" in shown
    assert "anders." in shown, "and what the own version says otherwise"


def assert_holds_both(folder: Path) -> None:
    """Check that the municipality's version holds its own change and the shared page's, and that no check asks for more."""
    text = (folder / OWN).read_text("utf-8")
    assert "Bei uns ist es anders." in text
    assert "## Viel mehr" in text
    assert not list(check_local_versions(folder / "docs", read_content(folder / "docs", load_languages())))


def test_the_changes_of_the_shared_page_are_taken_over_and_what_is_own_stays(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
    database: Database, editing_settings: Settings,
) -> None:  # fmt: skip
    publish("Bei uns ist es anders.")
    change_shared(checkout, "## Mehr", "## Viel mehr")
    address = f"seiten/vorlage/{PAGE}/"
    fields = {**editor.fields(address, "vorlage/"), "action": "take"}
    assert editor.post(address, fields).status_code == 303
    ask(editor)
    worker.run_once(database, editing_settings)
    assert_holds_both(checkout)


def test_where_both_changed_one_place_somebody_chooses(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
) -> None:  # fmt: skip
    publish("Bei uns ist es anders.")
    change_shared(checkout, "Der erste Satz.", "Der berichtigte Satz.")
    address = f"seiten/vorlage/{PAGE}/"
    assert "Der berichtigte Satz." in editor.get(address).text
    fields = {**editor.fields(address, "vorlage/"), "action": "take"}
    assert editor.post(address, fields).status_code == 422, "nothing is chosen for anybody"
    assert editor.post(address, {**fields, "_take_0": "theirs"}).status_code == 303
    assert "Der berichtigte Satz." in editor.get(f"seiten/{PAGE}/").text


def test_an_update_between_draft_and_publication_is_merged_into_the_new_version(
    editor: Editor, checkout: Path, database: Database, editing_settings: Settings, builds: list[str],  # noqa: F811
) -> None:  # fmt: skip
    editor.change("a.1", "Bei uns ist es anders.")
    change_shared(checkout, "## Mehr", "## Viel mehr")
    ask(editor)
    worker.run_once(database, editing_settings)
    assert_holds_both(checkout)


def test_a_shared_page_is_not_removed_but_its_own_version_is_given_up(
    publish: Callable[..., store.Publication], editor: Editor, checkout: Path,  # noqa: F811
    database: Database, editing_settings: Settings,
) -> None:  # fmt: skip
    assert "city/city.yml unter without:" in editor.get(f"seiten/entfernen/{PAGE}/").text
    publish("Bei uns ist es anders.")
    address = f"seiten/vorlage/{PAGE}/"
    fields = {**editor.fields(address, "vorlage/"), "action": "drop"}
    assert editor.post(address, fields).status_code == 303
    ask(editor)
    worker.run_once(database, editing_settings)
    assert not (checkout / OWN).exists()
    assert (checkout / SHARED).exists()


def test_an_unchanged_form_makes_no_version(editor: Editor, checkout: Path) -> None:  # noqa: F811
    editor.change("a.1", "Der erste Satz.")
    assert "Nothing" not in editor.get(f"seiten/{PAGE}/").text
    assert editor.get(f"seiten/veroeffentlichen/{PAGE}/").status_code == 303, "there is no draft"


def test_words_of_a_shared_catalog_are_changed_where_it_is_kept(editor: Editor, checkout: Path) -> None:  # noqa: F811
    assert editor.get("uebersetzen/woerter/uk/").status_code == 404


def test_without_git_the_shared_page_is_compared_as_it_is_now(
    publish: Callable[..., store.Publication], editor: Editor, content: Path
) -> None:
    publish("Bei uns ist es anders.")
    path = content / SHARED
    path.write_text(path.read_text("utf-8").replace("## Mehr", "## Viel mehr"), "utf-8")
    shown = editor.get(f"seiten/vorlage/{PAGE}/")
    assert shown.status_code == 200
    assert "steht nicht mehr im Verlauf" in shown.text
