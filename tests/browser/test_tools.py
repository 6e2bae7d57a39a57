"""A page is read aloud with a voice of the device and shared; nothing of it is loaded before a button is pressed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import BrowserSession

NewSession = Callable[..., BrowserSession]
# Chromium without a desktop has no voices: this stands in for those of a device. It ends an utterance when told to.
VOICES = """(voices) => {
  const speech = new EventTarget();
  Object.assign(speech, {
    said: [], state: "idle",
    getVoices: () => voices,
    speak(utterance) { this.said.push([utterance.lang, utterance.text]); this.now = utterance; this.state = "speaking"; },
    cancel() { this.now = undefined; this.state = "idle"; },
    pause() { this.state = "paused"; },
    resume() { if (this.state === "paused") this.state = "speaking"; },
    finish() { const { now } = this; this.now = undefined; now?.onend?.(); },
  });
  Object.defineProperty(window, "speechSynthesis", { value: speech });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
}"""
GERMAN = {"lang": "de-DE", "localService": True, "default": True}
ARABIC = {"lang": "ar_EG", "localService": True, "default": False}
REMOTE = {"lang": "de-DE", "localService": False, "default": True}


def with_voices(context: BrowserContext, *voices: dict[str, object]) -> None:
    import json

    context.add_init_script(f"({VOICES})({json.dumps(voices)})")


def said(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("speechSynthesis.said")
    return found


@pytest.mark.parametrize(
    ("path", "voices", "shown"),
    [
        ("/ankommen/wohnen/", [GERMAN], True),
        ("/ankommen/wohnen/", [ARABIC], False),
        ("/ankommen/wohnen/", [REMOTE], False),
        ("/ar/ankommen/wohnen/", [GERMAN, ARABIC], True),
        ("/leichte-sprache/arbeit/", [GERMAN], True),
        ("/ankommen/wohnen/", [], False),
    ],
)
def test_reading_is_offered_only_with_a_voice_of_the_device_for_the_language(
    new_session: NewSession, path: str, voices: list[dict[str, object]], shown: bool
) -> None:
    seen = new_session()
    with_voices(seen.context, *voices)
    page = seen.open(path)
    expect(page.locator("[data-action=share]")).to_be_visible()
    expect(page.locator("[data-action=read]")).to_be_visible(visible=shown)


def test_a_page_is_read_paragraph_by_paragraph_and_german_words_by_the_german_voice(new_session: NewSession) -> None:
    seen = new_session()
    with_voices(seen.context, GERMAN, ARABIC)
    page = seen.context.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(seen.url + "/ar/ankommen/wohnen/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in loaded if "tools.js" in url or "reader.css" in url], "nothing before it is pressed"
    page.locator("[data-action=read]").click()
    reading = page.locator(".kim-reading")
    expect(reading).to_have_count(1)
    expect(page.locator("h1.kim-reading")).to_be_visible()
    expect(page.locator("[data-reader=pause]")).to_be_focused()
    heading = page.locator("h1").inner_text()
    assert " ".join(text for _lang, text in said(page)) in heading
    for _step in range(60):
        page.evaluate("speechSynthesis.finish()")
    spoken = said(page)
    assert {lang for lang, _text in spoken} == {"ar_EG", "de-DE"}
    assert all(len(text) <= 260 for _lang, text in spoken)
    assert not [text for _lang, text in spoken if "قراءة بصوت عالٍ" in text], "buttons are no text"
    expect(reading).to_have_count(1)
    page.locator("[data-reader=pause]").click()
    assert page.evaluate("speechSynthesis.state") == "paused"
    page.locator("[data-reader=pause]").click()
    assert page.evaluate("speechSynthesis.state") == "speaking"
    page.keyboard.press("Escape")
    expect(reading).to_have_count(0)
    expect(page.locator(".kim-reader")).to_have_count(0)
    expect(page.locator("[data-action=read]")).to_be_focused()


def test_reading_goes_on_to_the_end_and_then_leaves_the_page_as_it_was(new_session: NewSession) -> None:
    seen = new_session()
    with_voices(seen.context, GERMAN)
    page = seen.open("/kim/fuer-wen/")
    page.locator("[data-action=read]").click()
    expect(page.locator(".kim-reader")).to_be_visible()
    page.evaluate("() => { for (let i = 0; i < 2000 && speechSynthesis.now; i++) speechSynthesis.finish() }")
    expect(page.locator(".kim-reader, .kim-reading")).to_have_count(0)
    words = " ".join(text for _lang, text in said(page))
    paragraphs = page.locator("article p").all_inner_texts()
    assert all(" ".join(text.split())[:40] in words for text in paragraphs if text and "Vorlesen" not in text)


def test_the_address_is_copied_and_said_where_nothing_can_be_shared(new_session: NewSession) -> None:
    seen = new_session()
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seen.context.add_init_script("delete Navigator.prototype.share")
    page = seen.open("/ankommen/wohnen/#probleme")
    page.locator("[data-action=share]").click()
    expect(page.locator(".kim-tools [role=status]")).to_have_text("Die Adresse dieser Seite ist kopiert.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{seen.url}/ankommen/wohnen/"


def test_sharing_uses_the_device_and_closing_its_window_is_no_error(new_session: NewSession) -> None:
    seen = new_session()
    seen.context.add_init_script(
        "navigator.share = (what) => { window.shared = what; return Promise.reject(new DOMException('', 'AbortError')) }"
    )
    page = seen.open("/ar/ankommen/wohnen/")
    page.locator("[data-action=share]").click()
    page.wait_for_function("window.shared")
    assert page.evaluate("window.shared.url") == f"{seen.url}/ar/ankommen/wohnen/"
    expect(page.locator(".kim-tools [role=status]")).to_have_text("")


def test_where_nothing_may_be_copied_the_address_itself_is_shown(new_session: NewSession) -> None:
    seen = new_session()
    seen.context.add_init_script(
        "delete Navigator.prototype.share; Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    page = seen.open("/kim/")
    page.locator("[data-action=share]").click()
    expect(page.locator(".kim-tools [role=status]")).to_have_text(f"{seen.url}/kim/")
