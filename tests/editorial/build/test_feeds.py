"""The feed of changed pages, and the day each was changed."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from editorial.build.listings.feeds import atom
from editorial.build.listings.well_known import security_txt
from editorial.content.history import last_change, read_last_changes
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

ATOM = "{http://www.w3.org/2005/Atom}"
GERMAN_LANGUAGE, ENGLISH, _ARABIC = LANGUAGES
DAY = datetime.datetime(2026, 11, 20, 8, 30, tzinfo=datetime.UTC)


def commit(folder: Path, when: str) -> None:
    env = {
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH": "/usr/bin:/bin",
    }
    for words in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=folder, env=env, check=True)


def test_a_page_was_changed_when_git_last_saw_a_change(tree: Tree) -> None:
    root = tree.docs.parent
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root, "2026-11-01T10:00:00+01:00")
    tree.write("de", "kontakt", "Anders")
    tree.write("de", "größe", "Größe")
    commit(root, "2026-11-20T09:30:00+01:00")
    known = read_last_changes(tree.docs)
    assert known["de/kontakt.md"] == known["de/größe.md"] == DAY
    assert known["de/index.md"] == datetime.datetime(2026, 11, 1, 9, tzinfo=datetime.UTC)


def history(tree: Tree) -> Path:
    """Three commits: everything, one page, another page."""
    root = tree.docs.parent
    tree.write("de", "kurse", "x", header=GERMAN.format(title="Kurse") + "as_of: 2026-02\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root, "2026-11-01T10:00:00+01:00")
    tree.write("de", "kontakt", "Anders")
    commit(root, "2026-11-10T10:00:00+01:00")
    tree.write("de", "index", "Anders")
    commit(root, "2026-11-20T09:30:00+01:00")
    return root


@pytest.mark.parametrize(
    ("depth", "known"),
    [(1, set()), (2, {"de/index.md"}), (4, {"de/index.md", "de/kontakt.md", "de/kurse.md"})],
)
def test_a_shallow_clone_dates_only_what_its_commits_changed(
    tree: Tree, tmp_path: Path, depth: int, known: set[str]
) -> None:
    """Its oldest commit seems to have written every page on its own day."""
    root, clone = history(tree), tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", str(depth), root.as_uri(), clone], check=True)
    found = read_last_changes(clone / "docs")
    assert set(found) == known
    assert all(found[name] == when for name, when in read_last_changes(tree.docs).items() if name in known)
    if depth == 1:
        feed = ElementTree.fromstring(atom(tree.read(), GERMAN_LANGUAGE, found, "KIM", "https://kim.example.org/"))
        stamps = [entry.findtext(ATOM + "updated") for entry in feed.findall(ATOM + "entry")]
        assert stamps == ["2026-02-01T00:00:00Z"], "only the page that says of when its facts are"


@pytest.mark.parametrize("how", ["replace", "graft"])
def test_a_history_that_was_cut_here_is_read_whole(tree: Tree, how: str) -> None:
    root = history(tree)
    whole = read_last_changes(tree.docs)
    if how == "replace":
        subprocess.run(["git", "replace", "--graft", "HEAD"], cwd=root, check=True)
    else:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True).stdout
        (root / ".git/info/grafts").write_bytes(head)
    assert read_last_changes(tree.docs) == whole


def test_a_commit_of_the_day_after_tomorrow_is_not_believed(tree: Tree) -> None:
    root = history(tree)
    tree.write("de", "kurse", "Morgen")
    commit(root, "2099-01-01T10:00:00+01:00")
    assert set(read_last_changes(tree.docs)) == {"de/index.md", "de/kontakt.md"}


def test_outside_a_checkout_the_month_of_the_facts_counts(tree: Tree) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="Kurse") + "as_of: 2026-02\n")
    assert read_last_changes(tree.docs) == {}
    page = tree.read().pages["kurse"]
    assert last_change(page, GERMAN_LANGUAGE, {}) == datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)


def test_the_feed_is_valid_and_lists_the_texts_of_its_own_language_newest_first(tree: Tree) -> None:
    """RFC 4287: what a feed and each entry must hold."""
    tree.write("en", "kontakt", "A & <b>", header="title: A &amp; B\ndescription: Ein ganzer Satz über diese Seite.\n")
    tree.write("en", "index", "Home", header="title: Home\ndescription: Ein ganzer Satz über diese Seite.\n")
    known = {"en/kontakt.md": DAY, "en/index.md": DAY - datetime.timedelta(days=3), "de/kontakt.md": DAY}
    feed = ElementTree.fromstring(atom(tree.read(), ENGLISH, known, "KIM & Co", "https://kim.example.org/"))
    assert feed.tag == ATOM + "feed"
    for name in ("title", "id", "updated", "author"):
        assert len(feed.findall(ATOM + name)) == 1, name
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "KIM & Co"
    links = {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")}
    assert links == {"self": "https://kim.example.org/en/feed.xml", "alternate": "https://kim.example.org/en/"}
    assert feed.findtext(ATOM + "updated") == "2026-11-20T08:30:00Z"
    entries = feed.findall(ATOM + "entry")
    assert [entry.findtext(ATOM + "id") for entry in entries] == [
        "tag:kim.example.org,2026:/en/kontakt/",
        "tag:kim.example.org,2026:/en/",
    ]
    for entry in entries:
        assert all(len(entry.findall(ATOM + name)) == 1 for name in ("title", "id", "updated", "link", "summary"))


def test_security_txt_leads_to_the_contact_page_and_ends_within_a_year() -> None:
    """RFC 9116, 2.5: Contact and Expires are required, the latter less than a year ahead."""
    today = datetime.date(2026, 11, 23)
    text = security_txt(LANGUAGES, "https://kim.example.org/", "/kontakt/", today)
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    assert fields["Contact"] == "https://kim.example.org/kontakt/"
    assert fields["Canonical"] == "https://kim.example.org/.well-known/security.txt"
    assert fields["Preferred-Languages"] == "de"
    expires = datetime.datetime.fromisoformat(fields["Expires"]).date()
    assert datetime.timedelta(days=300) < expires - today < datetime.timedelta(days=365)


def test_a_page_that_was_moved_unchanged_keeps_the_day_of_its_last_change(tree: Tree) -> None:
    """A municipality that makes a shared page its own has not changed it; a new page in its old place is new."""
    root = history(tree)
    own = root / "city" / "docs" / "de" / "kontakt.md"
    own.parent.mkdir(parents=True)
    (tree.docs / "de" / "kontakt.md").rename(own)
    commit(root, "2026-11-21T10:00:00+01:00")
    assert read_last_changes(tree.docs)["de/kontakt.md"] == datetime.datetime(2026, 11, 10, 9, tzinfo=datetime.UTC)
    own.write_text(own.read_text("utf-8") + "\nMehr.\n", "utf-8")
    commit(root, "2026-11-22T10:00:00+01:00")
    assert read_last_changes(tree.docs)["de/kontakt.md"] == datetime.datetime(2026, 11, 22, 9, tzinfo=datetime.UTC)
