"""An editor saves a page and sees it at once, with what is wrong with it; a fault never takes the page away."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from editorial.preview.middleware import Preview, page_version, render_bar
from tests.municipality import language_like
from tests.project import copy_project
from tests.server import Server, wait_until
from tests.site.small_tree import write, write_small_tree
from tests.site.test_incremental_build import differences

CODE = language_like("tr")
PATH = f"docs/{CODE}/ankommen/erste-schritte.md"
ADDRESS = f"/{CODE}/ankommen/erste-schritte/"


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`kim serve` in a copy of the project with a small tree of pages in two languages, as an editor starts it."""
    project = copy_project(tmp_path_factory.mktemp("preview") / "project", ("de", CODE))
    shutil.rmtree(project / "docs")
    docs = write_small_tree(project / "docs")
    for code in {"en", "ar"} - {CODE}:
        shutil.rmtree(docs / code)
    for code, text in (("de", "Ein Satz."), (CODE, "Bir cümle.")):
        for key in ("ankommen/index", "ankommen/erste-schritte", "ankommen/wohnen"):
            path = write(docs, code, key, f"{code} {key}", text, "housing")
            head, link = f"nav_title: {code} {key[9:]}\ndescription: ", "(../kontakt.md)"
            path.write_text(
                path.read_text("utf-8").replace("description: ", head, 1).replace("(kontakt.md)", link), "utf-8"
            )
    server = Server(project / "var", project)
    server.command.remove("--no-watch")
    server.start()
    wait_until(lambda: (project / ".site.preview.json").exists(), what="the watcher")
    yield server
    server.kill()


@pytest.fixture
def page(browser: Browser, preview: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))
    page.goto(preview.url + ADDRESS)
    yield page
    assert faults == [], "the preview keeps the strict CSP"
    context.close()


def save(preview: Server, old: str, new: str, path: str = PATH) -> None:
    """Change a file as an editor's program does."""
    file = preview.folder / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_nothing_is_added_to_a_page_before_somebody_saves(page: Page) -> None:
    assert page.locator(".kim-preview").count() == 0
    assert page.locator("script[src*=kim-preview]").count() == 0


def test_a_saved_page_comes_by_itself_with_its_findings_in_a_bar(page: Page, preview: Server) -> None:
    save(preview, "## Mehr ", "Birinci satır.\n\n## Mehr ")
    wait_until(lambda: (page.reload(), page.locator(".kim-preview").count())[1] == 1, what="the bar")
    expect(page.locator("main")).to_contain_text("Birinci satır.")
    expect(page.locator(".kim-preview summary")).to_contain_text("Vorschau")
    # From now on the page comes by itself; the watcher may still be building in the background.
    save(preview, "Birinci satır.", "İkinci satır.")
    expect(page.locator("main")).to_contain_text("İkinci satır.")
    save(preview, "İkinci satır.", "Randevu 99. [burada](../kontakt.md)")
    expect(page.locator(".kim-preview--error")).to_contain_text("Der Link heißt nur „burada“")
    expect(page.locator(".kim-preview code").first).to_contain_text(f"{PATH}:")
    expect(page.locator("main")).to_contain_text("İkinci satır."), "the last good state stays"
    save(preview, "Randevu 99. [burada](../kontakt.md)", "Düzeltildi.")
    expect(page.locator("main")).to_contain_text("Düzeltildi.")
    expect(page.locator(".kim-preview--error")).to_have_count(0)


def test_a_broken_header_is_said_on_the_page_and_mended(page: Page, preview: Server) -> None:
    save(preview, "title: ", "titel: ")
    expect(page.locator(".kim-preview--error")).to_contain_text("Meinten Sie `title`?")
    save(preview, "titel: ", "title: ")
    expect(page.locator(".kim-preview--error")).to_have_count(0)


def test_a_new_title_reaches_the_navigation_of_other_pages(page: Page, preview: Server) -> None:
    save(preview, "nav_title: ", "nav_title: Yepyeni ")
    page.goto(preview.url + f"/{CODE}/ankommen/wohnen/")
    expect(page.locator("nav a", has_text="Yepyeni").first).to_be_attached()


def test_what_was_previewed_ends_as_a_build_would_have_made_it(page: Page, preview: Server) -> None:
    """Its words are found, and the compressed copies and lists for offline reading are new."""
    save(preview, "## Mehr ", "Zebra ispinozu.\n\n## Mehr ")
    expect(page.locator("main")).to_contain_text("Zebra ispinozu.")
    project, whole = preview.folder, preview.folder.parent / "whole"
    command = [sys.executable, "-m", "kim", "build", "--no-pdf", "--no-cache", "--site-dir", str(whole)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)

    def same() -> bool:
        try:
            return differences(project / "site", whole) == []
        except FileNotFoundError:  # the build in the background is changing it just now
            return False

    wait_until(same, what="the build in the background")


def test_the_bar_escapes_what_it_shows_and_names_the_files_of_its_page() -> None:
    row = {"file": "docs/ar/kontakt.md", "line": 3, "level": "error", "what": "<script>x</script>", "remedy": "&"}
    state = {"version": 2, "pages": {"/ar/kontakt/": 2}, "findings": {"docs/ar/kontakt.md": [row]}, "fault": ""}
    drawn = render_bar("/ar/kontakt/", state)
    assert "&lt;script&gt;x&lt;/script&gt;" in drawn
    assert "docs/ar/kontakt.md:3" in drawn
    assert "1 Fehler" in drawn
    assert "in Ordnung" in render_bar("/kontakt/", state)
    assert (page_version(state, "/ar/kontakt/"), page_version(state, "/kontakt/")) == (2, 0)


def test_only_its_own_files_are_handed_out(tmp_path: Path) -> None:
    preview = Preview(lambda _environ, _start: [b""], tmp_path)
    said: list[str] = []
    for path in ("/kim-preview/../preview.py", "/kim-preview/live.py", "/kim-preview/", "/kim-preview/x.js"):
        preview({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda status, headers: said.append(status))  # type: ignore[arg-type,misc]
    assert said == ["404 Not Found"] * 4
