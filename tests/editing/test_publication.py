"""Publication: exactly once, never forced, nobody's files overwritten; what goes wrong waits with a sentence."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import utc_now
from core.languages import load_languages
from editing import drafts
from editing.publication import publisher, store, worker
from editing.publication.git import Repository
from editing.publication.publisher import Publisher
from editing.views import register
from editorial.build.build import BuildError
from editorial.content.pages import read_content
from editorial.translations.state import translation_states
from form_handler.app import create_app
from form_handler.server.worker_process import AnotherWorkerError, worker_lock
from form_handler.settings import Settings
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.worker.purge import purge
from tests.editing.conftest import NOW, PAGE, Editor

pytestmark = pytest.mark.slow

LEAD = "a.1"
FILE = f"{PAGE}.md"


def git(folder: Path, *words: str) -> str:
    """Run git as a developer does."""
    names = ["-c", "user.name=Entwicklung", "-c", "user.email=entwicklung@example.org", "-c", "commit.gpgSign=false"]
    return subprocess.run(
        ["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit_all(folder: Path, message: str = "Stand") -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(content: Path) -> Path:
    """The folder of pages as a git checkout."""
    git(content, "init", "-q", "-b", "main")
    commit_all(content)
    return content


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The builds that the worker asked for; a real one is tested in test_live.py."""
    asked: list[str] = []
    monkeypatch.setattr(Publisher, "build", lambda self: asked.append("build"))
    return asked


@pytest.fixture
def publish(
    editor: Editor, database: Database, editing_settings: Settings, builds: list[str]
) -> Callable[..., store.Publication]:
    """Change a paragraph, publish the page as the editor does, and run the worker once."""

    def run(words: str = "Der neue Satz.", place: str = LEAD, page: str = PAGE, **more: str) -> store.Publication:
        assert editor.change(place, words, page, **more).status_code == 303
        ask(editor, page)
        worker.run_once(database, editing_settings)
        return store.list_publications(database)[0]

    return run


def ask(editor: Editor, page: str = PAGE, action: str = "now", **more: str) -> Any:
    """Send the form that publishes a page."""
    fields = editor.fields(f"seiten/veroeffentlichen/{page}/", "veroeffentlichen/")
    return editor.post(f"seiten/veroeffentlichen/{page}/", {**fields, "action": action, **more})


def text_of(content: Path, path: str = FILE) -> str:
    return (content / "docs" / path).read_bytes().decode()


def publications_in(checkout: Path) -> int:
    return git(checkout, "log", "--format=%B").count("KIM-Publication:")


def states(content: Path, key: str = "seite-1") -> dict[str, int]:
    """Return how many paragraphs of each translation are stale."""
    docs, languages = content / "docs", load_languages()
    found = translation_states(docs, read_content(docs, languages), languages)
    return {
        code: len(state.changed) for (name, code), state in found.items() if name == key and state.state != "missing"
    }


# --- the way of one change --------------------------------------------------------------------------------------------


def test_a_publication_is_one_commit_without_a_name_of_the_staff(
    publish: Any, checkout: Path, database: Database
) -> None:
    before = text_of(checkout)
    one = publish()
    assert one.state == "done", one.problem
    assert text_of(checkout) == before.replace("Der erste Satz.", "Der neue Satz.")
    assert git(checkout, "status", "--porcelain") == ""
    assert publications_in(checkout) == 1
    log = git(checkout, "log", "-1", "--format=%an <%ae> %cn%n%B")
    assert log.startswith("Redaktion KIM <kim@example.org> Redaktion KIM\n")
    assert "eva" not in log
    assert git(checkout, "show", "--name-only", "--format=").split() == [
        "docs/de/seite-1.md",
        "docs/translations.lock.yml",
    ]
    assert drafts.find_draft(database, FILE) is None


def test_without_git_it_works_as_well_and_the_history_is_in_the_database(
    publish: Any, content: Path, editor: Editor
) -> None:
    before = text_of(content)
    assert publish().state == "done"
    assert publish("Der dritte Satz.").state == "done"
    page = editor.get(f"seiten/verlauf/{PAGE}/").text
    stands = [part.partition('"')[0] for part in page.split("?stand=")[1:]]
    assert len(stands) == 3
    assert "erste" in editor.get(f"seiten/verlauf/{PAGE}/?stand={stands[-1]}").text
    fields = editor.fields(f"seiten/verlauf/{PAGE}/?stand={stands[-1]}", "zurueckholen/")
    assert editor.post(f"seiten/zurueckholen/{PAGE}/", fields).status_code == 303
    assert "Der erste Satz." in editor.get(f"seiten/{PAGE}/").text
    assert text_of(content) != before


def test_a_page_comes_back_from_the_history_of_git(
    publish: Any, checkout: Path, editor: Editor, database: Database
) -> None:
    before = text_of(checkout)
    publish()
    first = git(checkout, "rev-list", "--max-parents=0", "HEAD")
    page = editor.get(f"seiten/verlauf/{PAGE}/?stand={first}")
    assert "Der" in page.text
    editor.post(f"seiten/zurueckholen/{PAGE}/", editor.fields(f"seiten/verlauf/{PAGE}/?stand={first}", "zurueckholen/"))
    found = drafts.find_draft(database, FILE)
    assert found is not None
    assert found.text == before
    assert editor.get(f"seiten/verlauf/{PAGE}/?stand={'0' * 40}").status_code == 404


def test_one_german_paragraph_is_stale_in_every_translation_and_in_nothing_else(publish: Any, content: Path) -> None:
    assert states(content) == {"en": 0, "ar": 0}
    publish()
    assert states(content) == {"en": 1, "ar": 1}
    publish("Der erste Satz.")
    assert states(content) == {"en": 0, "ar": 0}


def test_spelling_only_leaves_every_translation_as_it_was(publish: Any, content: Path) -> None:
    publish("Noch mehr", "mehr.0")
    assert states(content) == {"en": 1, "ar": 1}
    publish("Der erste  Satz!", spelling="1")
    assert states(content) == {"en": 1, "ar": 1}
    publish("Mehr", "mehr.0")
    assert states(content) == {"en": 0, "ar": 0}


def test_a_file_keeps_its_line_ends_and_its_byte_order_mark(publish: Any, content: Path) -> None:
    file = content / "docs" / FILE
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    before = file.read_bytes()
    assert publish("Zwei\r\nZeilen.").state == "done"
    assert file.read_bytes() == before.replace(b"Der erste Satz.", b"Zwei\r\nZeilen.")


def test_a_publication_is_taken_back_in_two_clicks_and_what_came_later_stays(
    publish: Any, content: Path, editor: Editor, database: Database, editing_settings: Settings
) -> None:
    one = publish()
    publish("Noch mehr", "mehr.0")
    fields = editor.fields(f"seiten/rueckgaengig/{one.id}/", "rueckgaengig/")
    for _ in range(2):  # sent twice is once
        assert editor.post(f"seiten/rueckgaengig/{one.id}/", fields).status_code == 303
    assert worker.run_once(database, editing_settings) == 1
    assert "Der erste Satz." in text_of(content)
    assert "## Noch mehr {" in text_of(content)


def test_a_worker_that_runs_once_reports_the_phases_of_its_build(
    editor: Editor, database: Database, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editing.publication.publisher.build_site", lambda *_args, report, **_options: report("Seiten"))
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    phases: list[str] = []
    assert worker.run_once(database, editing_settings, report=phases.append) == 1
    assert phases == ["Seiten"]


def test_a_page_with_errors_is_not_published(editor: Editor, database: Database) -> None:
    editor.change(LEAD, "Mehr [dazu](nirgends.md).")
    assert "nicht veröffentlicht" in editor.get(f"seiten/veroeffentlichen/{PAGE}/").text
    assert ask(editor).status_code == 422
    assert store.list_publications(database) == []


def test_a_publication_for_later_waits_and_can_be_withdrawn(
    editor: Editor, database: Database, editing_settings: Settings, content: Path, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    assert ask(editor, action="at", at="2020-01-01T10:00").status_code == 422
    tomorrow = (utc_now() + datetime.timedelta(days=1)).astimezone(editing_settings.time_zone)
    assert ask(editor, action="at", at=f"{tomorrow:%Y-%m-%dT%H:%M}").status_code == 303
    assert worker.run_once(database, editing_settings) == 0
    (one,) = store.list_publications(database)
    fields = editor.fields("seiten/veroeffentlichungen/", "zurueckziehen/")
    editor.post(f"seiten/zurueckziehen/{one.id}/", fields)
    assert store.list_publications(database)[0].state == "withdrawn"
    ask(editor, action="at", at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    assert worker.run_once(database, editing_settings, utc_now() + datetime.timedelta(days=2)) == 1
    assert "Der neue Satz." in text_of(content)


def test_with_four_eyes_somebody_else_must_approve_this_very_version(
    editing_settings: Settings, database: Database, content: Path
) -> None:
    app = create_app(replace(editing_settings, four_eyes=True), database, register)
    from form_handler.staff.auth import accounts
    from tests.editing.conftest import PASSWORD

    people = []
    for name in ("eva", "ida"):
        accounts.add_account(database, name, PASSWORD, NOW, ("edit", "publish"))
        people.append(Editor(app, name))
        people[-1].log_in()
    eva, ida = people
    eva.change(LEAD, "Der neue Satz.")
    assert ask(eva).status_code == 422
    assert ask(eva, action="ask").status_code == 303
    assert ask(eva, action="approve").status_code == 303  # an author's approval does not count
    assert ask(eva).status_code == 422
    assert ask(ida, action="approve").status_code == 303
    eva.change("mehr.0", "Noch mehr")
    assert ask(ida).status_code == 422
    assert ask(ida, action="object", note="").status_code == 422
    assert ask(ida, action="approve").status_code == 303
    assert ask(ida).status_code == 303


# --- others at work ---------------------------------------------------------------------------------------------------


def test_a_developers_commit_in_between_is_kept(
    publish: Any, checkout: Path, editor: Editor, database: Database, editing_settings: Settings
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    file = checkout / "docs" / FILE
    file.write_text(text_of(checkout).replace("{{ tel.fire }}", "{{ tel.police }}"), "utf-8")
    commit_all(checkout, "Nummer")
    assert worker.run_once(database, editing_settings) == 1
    assert "{{ tel.police }}" in text_of(checkout)
    assert "Der neue Satz." in text_of(checkout)


def test_a_developers_commit_at_the_same_place_is_asked_about_and_no_text_is_lost(
    checkout: Path, editor: Editor, database: Database, editing_settings: Settings, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    file = checkout / "docs" / FILE
    file.write_text(text_of(checkout).replace("Der erste Satz.", "Ein anderer Satz."), "utf-8")
    commit_all(checkout)
    assert worker.run_once(database, editing_settings) == 0
    assert "Ein anderer Satz." in text_of(checkout)
    (one,) = store.list_publications(database)
    assert one.state == "refused"
    page = editor.get(f"seiten/{PAGE}/")
    assert page.status_code == 409
    assert "Der neue Satz." in page.text
    assert "Ein anderer Satz." in page.text


def test_a_file_changed_by_hand_makes_the_publication_wait_and_is_not_touched(
    checkout: Path, editor: Editor, database: Database, editing_settings: Settings, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    by_hand = text_of(checkout).replace("## Mehr {", "## Von Hand {")
    (checkout / "docs" / FILE).write_text(by_hand, "utf-8")
    assert worker.run_once(database, editing_settings) == 0
    (one,) = store.list_publications(database)
    assert one.state == "waiting"
    assert "von Hand geändert" in one.problem
    assert text_of(checkout) == by_hand
    assert publications_in(checkout) == 0
    commit_all(checkout)
    assert worker.run_once(database, editing_settings) == 1
    assert "Der neue Satz." in text_of(checkout)
    assert "## Von Hand {" in text_of(checkout)


def test_other_files_that_somebody_is_changing_do_not_matter_and_stay(publish: Any, checkout: Path) -> None:
    other = checkout / "docs/de/seite-2.md"
    by_hand = other.read_text("utf-8") + "\nVon Hand.\n"
    other.write_text(by_hand, "utf-8")
    git(checkout, "add", "docs/de/seite-2.md")
    assert publish().state == "done"
    assert other.read_text("utf-8") == by_hand
    assert git(checkout, "diff", "--cached", "--name-only") == "docs/de/seite-2.md"
    assert "Von Hand." not in git(checkout, "show", "HEAD:docs/de/seite-2.md")


def test_a_stale_lock_of_somebodys_git_does_not_matter(publish: Any, checkout: Path) -> None:
    (checkout / ".git/index.lock").touch()
    assert publish().state == "done"
    assert publications_in(checkout) == 1


@pytest.mark.parametrize("name", ["refs/heads/main", "HEAD", "packed-refs"])
def test_a_lock_that_a_power_cut_has_left_is_removed_and_one_in_use_is_not(
    editor: Editor, database: Database, editing_settings: Settings, builds: list[str], checkout: Path, name: str
) -> None:
    lock = checkout / ".git" / f"{name}.lock"
    lock.touch()
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    done = worker.run_once(database, editing_settings)
    assert lock.exists(), "somebody's git may be at work"
    os.utime(lock, times=(0, 0))
    assert done + worker.run_once(database, editing_settings) == 1
    assert done or not lock.exists()
    assert publications_in(checkout) == 1


def test_a_commit_that_is_checked_out_instead_of_a_branch_makes_it_wait(publish: Any, checkout: Path) -> None:
    git(checkout, "checkout", "-q", "--detach")
    assert publish().state == "waiting"


def test_a_page_that_was_removed_meanwhile_keeps_the_text_in_the_draft(
    checkout: Path, editor: Editor, database: Database, editing_settings: Settings, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.", "de/seite-3")
    ask(editor, "de/seite-3")
    for path in checkout.glob("docs/*/seite-3.md"):
        path.unlink()
    commit_all(checkout)
    assert worker.run_once(database, editing_settings) == 0
    found = drafts.find_draft(database, "de/seite-3.md")
    assert found is not None
    assert "gibt es nicht mehr" in found.problem
    assert "Der neue Satz." in (found.text or "")


def test_a_page_that_is_a_link_to_another_file_is_never_written(publish: Any, content: Path, tmp_path: Path) -> None:
    secret = tmp_path / "geheim.md"
    file = content / "docs" / FILE
    secret.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(secret)
    assert publish().state == "waiting"
    assert "Der erste Satz." in secret.read_text("utf-8")


def test_two_workers_at_once_publish_once(
    editor: Editor, database: Database, editing_settings: Settings, checkout: Path, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    with worker_lock(editing_settings.data_dir / worker.LOCK_FILENAME), pytest.raises(AnotherWorkerError):
        worker.run_once(database, editing_settings)
    assert worker.run_once(database, editing_settings) == 1
    assert worker.run_once(database, editing_settings) == 0
    assert publications_in(checkout) == 1


def test_what_is_changed_while_a_page_is_published_stays_a_draft_on_top(
    editor: Editor, database: Database, editing_settings: Settings, content: Path, builds: list[str]
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    editor.change(LEAD, "Der neueste Satz.")
    assert worker.run_once(database, editing_settings) == 1
    assert "Der neue Satz." in text_of(content)
    found = drafts.find_draft(database, FILE)
    assert found is not None
    assert "Der neueste Satz." in (found.text or "")
    assert found.base_text == text_of(content)


def test_who_goes_on_writing_while_the_site_is_built_is_asked_nothing(
    editor: Editor, database: Database, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []

    def build(_self: Publisher) -> None:
        pages.append(editor.get(f"seiten/{PAGE}/").status_code)
        pages.append(editor.change(LEAD, "Der neueste Satz.").status_code)

    monkeypatch.setattr(Publisher, "build", build)
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    assert worker.run_once(database, editing_settings) == 1
    assert pages == [200, 303]
    found = drafts.find_draft(database, FILE)
    assert found is not None
    assert "Der neueste Satz." in (found.text or "")


def test_a_page_that_is_opened_between_writing_and_settling_asks_nothing(
    editor: Editor, database: Database, editing_settings: Settings, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    editor.change(LEAD, "Der neueste Satz.")
    real, seen = Publisher.settle_drafts, []

    def settle(self: Publisher, one: Any) -> None:
        seen.append(editor.get(f"seiten/{PAGE}/").status_code)
        real(self, one)

    monkeypatch.setattr(Publisher, "settle_drafts", settle)
    assert worker.run_once(database, editing_settings) == 1
    assert seen == [200]


def test_a_new_draft_is_not_taken_for_one_that_was_thrown_away(
    editor: Editor, database: Database, editing_settings: Settings, builds: list[str]
) -> None:
    editor.change(LEAD, "Für morgen.")
    ask(editor, action="at", at="2099-01-01T08:00")
    first = drafts.find_draft(database, FILE)
    assert first is not None
    drafts.discard_draft(database, FILE, first.version)
    editor.change(LEAD, "Für heute.")
    ask(editor)
    assert worker.run_once(database, editing_settings) == 1
    assert [one.state for one in store.list_publications(database)] == ["waiting", "done"]
    assert "Für heute." in text_of(editing_settings.content_dir or Path())


# --- killed, full, broken ---------------------------------------------------------------------------------------------


STEPS: list[tuple[Any, str, bool]] = [
    (publisher, "prepare_files", False), (Repository, "write_commit", False), (Repository, "advance", False), (Repository, "advance", True),
    (store, "note_committed", False), (store, "note_committed", True), (publisher, "write_files", False),
    (publisher, "write_files", True), (Repository, "refresh_index", False), (Publisher, "build", False), (Publisher, "build", True),
    (store, "note_done", True), (drafts, "discard_draft", False),
]  # fmt: skip


# Without git only these steps differ.
WITHOUT_GIT = {("note_committed", True), ("write_files", False), ("write_files", True)}
KILLS = [(*step, True) for step in STEPS] + [(*step, False) for step in STEPS if step[1:] in WITHOUT_GIT]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("owner", "name", "after", "with_git"),
    KILLS,
    ids=[f"{'git' if git else 'folder'}-{'after' if after else 'before'}-{name}" for _owner, name, after, git in KILLS],
)
def test_killed_at_any_step_it_is_published_exactly_once(
    request: pytest.FixtureRequest, editor: Editor, database: Database, editing_settings: Settings, content: Path, builds: list[str],
    owner: Any, name: str, after: bool, with_git: bool,
) -> None:  # fmt: skip
    if with_git:
        request.getfixturevalue("checkout")
    before = text_of(content)
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    database.engine.dispose()
    child = multiprocessing.get_context("fork").Process(target=run_and_die, args=(editing_settings, owner, name, after))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    worker.run_once(database, editing_settings)
    (one,) = store.list_publications(database)
    assert one.state == "done", one.problem
    assert text_of(content) == before.replace("Der erste Satz.", "Der neue Satz.")
    if with_git:
        assert publications_in(content) == 1
        assert git(content, "fsck", "--no-dangling", "--strict") == ""
        assert git(content, "show", f"HEAD:docs/{FILE}") + "\n" == text_of(content)


def run_and_die(settings: Settings, owner: Any, name: str, after: bool) -> None:
    """Run the worker in this process, which kills itself at one step."""
    real = getattr(owner, name)

    def step(*args: Any, **options: Any) -> Any:
        if after:
            real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, step)
    worker.run_once(Database(settings), settings)


def test_a_full_disk_leaves_everything_as_it_was_and_is_tried_again(
    editor: Editor,
    database: Database,
    editing_settings: Settings,
    content: Path,
    builds: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_files: Any) -> None:
        raise OSError(28, "No space left on device")

    before = text_of(content)
    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    with monkeypatch.context() as patch:
        patch.setattr(publisher, "write_files", full)
        assert worker.run_once(database, editing_settings) == 0
    assert text_of(content) == before
    assert "No space left" in store.list_publications(database)[0].problem
    assert worker.run_once(database, editing_settings) == 1


def test_a_build_that_fails_is_told_and_tried_again(
    editor: Editor, database: Database, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Publisher) -> None:
        raise BuildError("Die Platte ist voll.")

    editor.change(LEAD, "Der neue Satz.")
    ask(editor)
    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "build", broken)
        assert worker.run_once(database, editing_settings) == 0
    assert "Die Platte ist voll." in editor.get("seiten/veroeffentlichungen/").text
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    assert worker.run_once(database, editing_settings) == 1


# --- remote -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(checkout: Path, tmp_path: Path) -> Iterator[Path]:
    """A remote repository and a developer's clone of it."""
    bare = tmp_path / "fern.git"
    git(tmp_path, "clone", "-q", "--bare", str(checkout), str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    git(tmp_path, "clone", "-q", str(bare), "entwicklung")
    return tmp_path / "entwicklung"


def push_by_developer(clone: Path, old: str, new: str) -> str:
    file = clone / "docs" / FILE
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    made = commit_all(clone, "Entwicklung")
    git(clone, "push", "-q", "origin", "main")
    return made


def test_what_is_published_is_pushed_and_a_developers_push_is_merged(
    publish: Any,
    remote: Path,
    checkout: Path,
    database: Database,
    editing_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = push_by_developer(remote, "{{ tel.fire }}", "{{ tel.police }}")
    publish()
    with worker_lock(editing_settings.data_dir / worker.LOCK_FILENAME):
        Publisher(database, replace(editing_settings, content_remote="origin")).push()
    assert "{{ tel.police }}" in text_of(checkout)
    assert "Der neue Satz." in text_of(checkout)
    git(remote, "pull", "-q", "origin", "main")
    assert git(remote, "merge-base", "--is-ancestor", theirs, "HEAD") == ""
    assert "Der neue Satz." in (remote / "docs" / FILE).read_text("utf-8")
    assert git(checkout, "status", "--porcelain") == ""
    assert not store.has_unpushed(database)


def test_a_push_to_the_same_place_is_never_forced_but_put_aside(
    publish: Any, remote: Path, checkout: Path, database: Database, editing_settings: Settings
) -> None:
    theirs = push_by_developer(remote, "Der erste Satz.", "Ein anderer Satz.")
    publish()
    Publisher(database, replace(editing_settings, content_remote="origin")).push()
    heads = git(remote, "ls-remote", "origin")
    assert f"{theirs}\trefs/heads/main" in heads
    assert "refs/heads/redaktion/" in heads
    assert store.has_unpushed(database)
    assert "Der neue Satz." in text_of(checkout)


def test_a_remote_that_is_gone_keeps_nobody_from_publishing(
    publish: Any, checkout: Path, database: Database, editing_settings: Settings
) -> None:
    assert publish().state == "done"
    Publisher(database, replace(editing_settings, content_remote="/nirgends")).push()
    assert publish("Der dritte Satz.").state == "done"
    assert store.has_unpushed(database)


# --- kept, restored and forgotten -------------------------------------------------------------------------------------


def test_drafts_publications_and_what_was_typed_are_in_the_backup(
    publish: Any, editor: Editor, database: Database, editing_settings: Settings, tmp_path: Path
) -> None:
    publish()
    editor.change("mehr.0", "Noch mehr")
    editor.store(editor.open(LEAD), "Getippt.", action="check")
    write_backup(database, tmp_path / "kim.zip")
    other = Database(
        replace(editing_settings, data_dir=tmp_path / "neu", database_url=f"sqlite:///{tmp_path}/neu/kim.sqlite3")
    )
    restore_backup(other, tmp_path / "kim.zip")
    assert [one.path for one in drafts.list_drafts(other)] == [FILE]
    assert [one.state for one in store.list_publications(other)] == ["done"]
    assert [one.text for one in drafts.list_scratches(other, 1)] == ["Getippt."]
    other.engine.dispose()


def test_the_purge_forgets_who_published_and_what_was_never_stored_but_no_text(
    publish: Any, editor: Editor, database: Database, editing_settings: Settings
) -> None:
    publish()
    editor.store(editor.open("mehr.0"), "Getippt.", action="check")
    purge(database, editing_settings, utc_now() + datetime.timedelta(days=800), confirmed=0)
    (one,) = store.list_publications(database)
    assert one.actor == ""
    assert "Der neue Satz." in (one.files[0].after or "")
    assert drafts.list_scratches(database, 1) == []
