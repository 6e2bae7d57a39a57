"""How long an editor waits: opening a page, saving a paragraph, and from publishing to the live site.

``kim bench edit`` runs it on a synthetic site of 8 × 100 pages in a git checkout, with the production server and its
publication worker. A publication is live when the page is in the folder of the site and the search has been built.
"""

from __future__ import annotations

import argparse
import html
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Bar, write_part
from bench.staff_client import PASSWORD, StaffClient, production_command
from bench.synthetic import languages, write_ours
from core.clock import utc_now
from form_handler.settings import read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from kim.progress import steps
from tests.server import Server, wait_until

LANGUAGES, PAGES = 8, 100
KEY = "bereich-0/seite-1"
PAGE = f"seiten/de/{KEY}/"
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def main(arguments: list[str] | None = None) -> int:
    """Make the site, measure and write it into bench/results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="pages of each of the eight languages")
    parser.add_argument("--rounds", type=int, default=20, help="pages opened and paragraphs saved")
    parser.add_argument("--publications", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as name:
        project = Path(name) / "project"
        print(f"Building {LANGUAGES} × {options.pages} synthetic pages …", flush=True)
        write_ours(project, languages(LANGUAGES), options.pages)
        prepare(project)
        opened, checked, saved, live = measure(project, options.rounds, options.publications)
    note = f"{LANGUAGES} × {options.pages} synthetic pages in a git checkout, one client, production server."
    bars = [
        Bar(f"page opened in the editor, ms, median of {len(opened)}", statistics.median(opened) * 1000, 250, most=True),
        Bar("the same, slowest", max(opened) * 1000),
        Bar(f"paragraph looked at while writing: findings and effects, ms, median of {len(checked)}", statistics.median(checked) * 1000, 150, most=True),
        Bar("the same, slowest", max(checked) * 1000),
        Bar(f"paragraph saved, ms, median of {len(saved)}", statistics.median(saved) * 1000, 150, most=True),
        Bar("the same, slowest", max(saved) * 1000),
        Bar(f"from publishing to live, search included, s, median of {len(live)}", statistics.median(live), 5, most=True),
        Bar("the same, slowest", max(live)),
    ]  # fmt: skip
    write_part("edit", "Editing", note, bars)
    return 0


def prepare(project: Path) -> None:
    """Put the project under version control, write down its translations and build its site."""
    for command in (
        [sys.executable, "-m", "kim", "translations", "update"],
        ["git", "init", "-q"],
        ["git", "add", "docs", "city"],
        ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "commit", "-qm", "pages"],
        [sys.executable, "-m", "kim", "build", "--no-pdf"],
    ):
        subprocess.run(command, cwd=project, check=True, capture_output=True)


def measure(project: Path, rounds: int, publications: int) -> tuple[list[float], ...]:
    """Return the seconds of opening a page, of checking and of saving a paragraph, and until a publication is live."""
    given = {
        "KIM_CONTENT_DIR": str(project),
        "KIM_SITE_DIR": str(project / "site"),
        "KIM_SECRET_KEY": secrets.token_hex(32),
    }
    settings = read_settings({**given, "KIM_DATA_DIR": str(project / "var")})
    database = Database(settings)
    upgrade(database)
    accounts.add_account(database, "probe", PASSWORD, utc_now(), ("edit", "publish"))
    database.engine.dispose()
    server = Server(project / "var", folder=project, **given)
    server.command = production_command()
    server.start()
    opened, checked, saved, live = [], [], [], []
    try:
        editor = StaffClient(server.port)
        editor.get(PAGE)
        with steps("Pages opened and paragraphs saved", rounds) as step:
            for number in range(rounds):
                step(str(number + 1))
                began = time.perf_counter()
                editor.get(f"{PAGE}?absatz=teil-1.1")
                opened.append(time.perf_counter() - began)
                checked.append(
                    change(editor, f"Geschrieben{number}. Ein Satz für die Messung.", action="check", teil="1")
                )
                saved.append(change(editor, f"Gespeichert{number}. Ein Satz für die Messung."))
        with steps("Publications", publications) as step:
            for number in range(publications):
                step(str(number + 1))
                word = f"Lebendig{secrets.token_hex(4)}"
                change(editor, f"{word}. Ein Satz für die Messung.")
                live.append(publish(editor, project / "site", word))
    finally:
        server.stop()
    return opened, checked, saved, live


def change(editor: StaffClient, words: str, action: str = "save", **more: str) -> float:
    """Send the form of the paragraph; return the seconds that the answer took."""
    fields = hidden_fields(editor.get(f"{PAGE}?absatz=teil-1.1"), "absatz/")
    began = time.perf_counter()
    form = {**fields, "words": words, "action": action, **more}
    editor.post(f"seiten/absatz/de/{KEY}/", form, 200 if action == "check" else 303)
    return time.perf_counter() - began


def publish(editor: StaffClient, site: Path, word: str) -> float:
    """Publish the page; return the seconds until it is in the site, with its search."""
    address = f"seiten/veroeffentlichen/de/{KEY}/"
    fields = hidden_fields(editor.get(address), "veroeffentlichen/")
    page, search = site / KEY / "index.html", site / "pagefind"
    before = search.stat().st_mtime_ns if search.exists() else 0
    began = time.perf_counter()
    editor.post(address, {**fields, "action": "now"})
    wait_until(lambda: word in page.read_text("utf-8") and search.stat().st_mtime_ns != before, 120, "the publication")
    return time.perf_counter() - began


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form on a page that has this in its address.

    :raises RuntimeError: if there is none.
    """
    for part in page.split("<form ")[1:]:
        form = part.partition("</form>")[0]
        if action in form.partition(">")[0]:
            return {name: html.unescape(value) for name, value in FIELD.findall(form)}
    raise RuntimeError(f"no form {action} on the page")
