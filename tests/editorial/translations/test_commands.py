"""What an editor types, and what they read."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from editorial.translations.lockfile import LOCK_FILENAME
from editorial.translations.machine import mask_placeholders, restore_placeholders, translate, truncate_to_limit
from kim.cli import main
from tests.editorial.translations.conftest import Desk

pytestmark = pytest.mark.slow

Kim = Callable[..., str]


@pytest.fixture
def kim(real: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kim:
    """Run `kim translations …` on a copy of the real pages; returns what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["translations", "--docs", str(real.docs), *words])
        assert result.exit_code == code, result.output
        return result.output

    return run


SENTENCE = "Fragen Sie, ob eine Kopie reicht."
PAGE = "angebote/anerkennung"


def test_from_a_changed_sentence_to_a_renewed_translation(real: Desk, kim: Kim) -> None:
    real.change(f"de/{PAGE}.md", SENTENCE, "Kopien reichen meist.")
    said = kim("status", "--lang", "uk")
    assert re.search(rf"^{PAGE} +veraltet 1$", said, re.MULTILINE)
    assert re.search(r"^Wörter der Oberfläche +(vollständig|fehlen \d+|zu viel \d+)$", said, re.MULTILINE)
    assert re.search(rf"docs/de/{PAGE}\.md:\d+ → docs/uk/{PAGE}\.md:\d+: Behalten Sie Ihre Originale", said)
    assert "noch aktuell am 23.11.2026" in said
    assert "veraltet" in kim("update")
    assert "bemerkt am" in kim("status")
    assert "1 Absätze" in kim("export", "--lang", "uk", "--only", "stale", "--out", "raus")
    path = Path("raus/kim-uk-stale.xlf")
    text = path.read_text("utf-8")
    target = re.search(r"<target[^>]*>([^<]+)", text)
    assert target
    path.write_text(text.replace(target[1], target[1] + " Зазвичай достатньо копій."), "utf-8")
    assert f"geschrieben: docs/uk/{PAGE}.md" in kim("import", str(path), "--reviewed-by", "Olha Example")
    assert "Зазвичай" in (real.docs / f"uk/{PAGE}.md").read_text("utf-8")
    states = real.states()
    assert states[PAGE, "uk"].state == "reviewed"
    assert states[PAGE, "uk"].reviewed_by == "Olha Example"
    assert states[PAGE, "ar"].is_stale
    assert "gilt als aktuell in en, " in kim("accept", f"docs/de/{PAGE}.md")
    assert real.stale() == {}


def test_the_same_as_data(real: Desk, kim: Kim) -> None:
    real.change(f"de/{PAGE}.md", SENTENCE, "Kopien reichen meist.")
    data = json.loads(kim("status", "--format", "json"))
    stale = [row for row in data["pages"] if row["state"] == "stale"]
    assert {row["page"] for row in stale} == {PAGE}
    assert len(stale) == data["sums"]["stale"] >= 3
    assert set(data["words"]) == {row.code for row in real.languages if not row.default}


def test_what_does_not_exist_is_said_in_a_sentence(kim: Kim) -> None:
    assert "Die Sprache „fr“ gibt es nicht. Bekannt sind: en, uk" in kim("status", "--lang", "fr", code=1)
    assert "Die Seite „angebote/x“ gibt es nicht" in kim("accept", "angebote/x", code=1)
    assert "KIM_TRANSLATE_URL" in kim("draft", "--lang", "tr", "angebote/anerkennung", code=1)


def test_a_broken_lock_ends_every_command_with_a_sentence(real: Desk, kim: Kim) -> None:
    (real.docs / LOCK_FILENAME).write_text("version: 1\npages: [\n")
    for words in (["status"], ["update"], ["accept", PAGE], ["export", "--lang", "uk"]):
        assert "translations.lock.yml:3" in kim(*words, code=1)
    assert (real.docs / LOCK_FILENAME).read_text() == "version: 1\npages: [\n"


def test_a_refused_import_changes_nothing(real: Desk, kim: Kim) -> None:
    kim("export", "--lang", "uk", PAGE)
    path = Path("uebersetzen/kim-uk.xlf")
    path.write_text(path.read_text("utf-8").replace("{{ link.anerkennung }}", "anerkennung"), "utf-8")
    before = {file: file.read_bytes() for file in real.docs.rglob("*") if file.is_file()}
    said = kim("import", str(path), code=1)
    assert said.startswith("Error: Nichts wurde geändert.")
    assert re.search(r"kim-uk\.xlf:\d+: Absatz angebote/anerkennung#so-gehen-sie-vor\.1 ", said)
    assert {file: file.read_bytes() for file in real.docs.rglob("*") if file.is_file()} == before


class Service(http.server.BaseHTTPRequestHandler):
    """A translation service that puts ``TR`` before each text and loses what it is told to lose."""

    asked: list[dict[str, Any]] = []  # noqa: RUF012 - one for each test, emptied by the fixture
    answer: Any = None

    def do_POST(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, **data})
        body = self.answer or {"translatedText": [self.words(text) for text in data["q"]]}
        status = 403 if body == "refuse" else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def words(self, text: str) -> str:
        return "TR " + (text.replace("[[1]]", "") if "Finder" in text else text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Service]]:
    """The service on this machine, named by the settings."""
    Service.asked, Service.answer = [], None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("KIM_TRANSLATE_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("KIM_TRANSLATE_KEY", "geheim")
    yield Service
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_machines_draft_keeps_inserts_links_and_ids_and_is_unreviewed(
    real: Desk, kim: Kim, service: type[Service]
) -> None:
    path = real.docs / f"fa/{PAGE}.md"
    path.unlink(missing_ok=True)
    assert "ungeprüft" in kim("draft", "--lang", "fa", PAGE)
    text, german = path.read_text("utf-8"), (real.docs / f"de/{PAGE}.md").read_text("utf-8")
    for pattern in (r"\{\{.*?\}\}", r"\]\([^)]*\)", r"\{ #.*? \}", r"\*\*"):
        assert re.findall(pattern, text) == re.findall(pattern, german.split("---\n", 2)[2])
    assert text.startswith("---\ntitle: TR Anerkennung von Abschlüssen\nnav_title: TR Anerkennung\n")
    assert real.states()[PAGE, "fa"].state == "unreviewed"
    assert service.asked[0]["api_key"] == "geheim"
    assert (service.asked[0]["path"], service.asked[0]["source"], service.asked[0]["target"]) == (
        "/translate",
        "de",
        "fa",
    )
    assert not any("{{" in text or "](" in text for row in service.asked for text in row["q"])


def test_a_draft_touches_only_what_is_stale_and_takes_the_reviewer_off(
    real: Desk, kim: Kim, service: type[Service]
) -> None:
    path = real.docs / f"uk/{PAGE}.md"
    before = path.read_text("utf-8")
    path.write_text(
        before.replace("\n---\n", "\nreviewed_by: Olha Example\nreviewed_at: 2026-11-20\n---\n", 1), "utf-8"
    )
    assert "aktuell" in kim("draft", "--lang", "uk", PAGE)
    assert service.asked == []
    real.change(f"de/{PAGE}.md", SENTENCE, "Kopien reichen meist.")
    kim("draft", "--lang", "uk", PAGE)
    changed = [(a, b) for a, b in zip(before.splitlines(), path.read_text("utf-8").splitlines(), strict=True) if a != b]
    assert [b for _, b in changed] == ["TR Behalten Sie Ihre Originale. Kopien reichen meist."]
    assert real.states()[PAGE, "uk"].state == "unreviewed"


@pytest.mark.parametrize(
    "answer", ["refuse", {"error": "x"}, {"translatedText": ["too", "few"]}, {"translatedText": "a"}]
)
def test_a_service_that_answers_badly_leaves_everything_as_it_was(
    real: Desk, kim: Kim, service: type[Service], answer: Any
) -> None:
    real.change(f"de/{PAGE}.md", SENTENCE, "Kopien reichen meist.")
    before = (real.docs / f"uk/{PAGE}.md").read_bytes()
    service.answer = answer
    assert "KIM_TRANSLATE_" in kim("draft", "--lang", "uk", PAGE, code=1)
    assert (real.docs / f"uk/{PAGE}.md").read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["Rufen Sie {{ tel.fire }} an.", "[Kontakt](../kontakt.md#weg){ .button }", "**a** und **b**", "A | `b` | C"],
)
def test_what_a_machine_must_not_touch_comes_through_a_machine_that_loses_it(text: str) -> None:
    hidden, kept = mask_placeholders(text)
    assert restore_placeholders(hidden, kept) == text
    assert restore_placeholders(hidden.replace("[[1]]", ""), kept) is None
    lost = translate(
        [text], lambda rows: [re.sub(r"\[\[\d+\]\]", "", row).replace("Kontakt", "Contact") for row in rows]
    )
    assert lost == [text.replace("[Kontakt]", "[Contact]")]


def test_a_draft_that_is_too_long_for_a_header_is_cut_at_a_word() -> None:
    assert truncate_to_limit("nav_title", "wort " * 20) == "wort wort wort wort wort wort wort…"
    assert truncate_to_limit("p", "wort " * 100) == "wort " * 100
