"""A booklet printed for real: tagged, with outlines, and with words that can be searched in Arabic and Persian."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from core.languages import find_language, load_languages
from core.project import load_site_settings
from editorial.build.pdf import page_count, page_numbers, print_pdf, render_booklet
from editorial.content.booklets import BOOKLETS
from editorial.content.pages import read_content
from editorial.render.assets import stylesheet
from tests.browser.conftest import find_chromium
from tests.browser.test_print import words_of
from tests.conftest import ROOT
from tests.server import Server

PERSIAN = "می‌خواهم در بوتروپ زبان آلمانی یاد بگیرم و کار کنم."


def test_the_arabic_guide_is_tagged_has_outlines_and_can_be_searched(server: Server, tmp_path: Path) -> None:
    guide = BOOKLETS[0]
    arabic = find_language("ar")
    assert arabic is not None
    content = read_content(ROOT / "docs", load_languages())
    pages, missing = guide.chapters(content, arabic)
    pages = [page for page in pages if page.key in {"ankommen/index", "ankommen/notfall"}]
    pdf = tmp_path / "guide.pdf"
    print_pdf(
        find_chromium(), render_booklet(ROOT / "site", guide, pages, missing, arabic, load_site_settings(), {}), pdf
    )
    text = words_of(pdf)
    for words in ("المساعدة عند الطوارئ", "الإطفاء والإسعاف", "والشارع ورقم البيت", "من دون أن تتكلموا"):
        assert words in text, words
    about = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in about
    data = pdf.read_bytes()
    assert b"/Type /Outlines" in data
    assert b"/Lang (ar)" in data
    numbers = page_numbers(pdf)
    assert (numbers["ankommen"], numbers["ankommen"] < numbers["ankommen-notfall"] <= page_count(pdf)) == (3, True)


def test_persian_words_are_found_as_they_are_written(server: Server, tmp_path: Path) -> None:
    css = stylesheet(ROOT / "overrides" / "assets" / "kim.css")
    pdf = tmp_path / "persian.pdf"
    html = f'<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8"><style>{css}</style><body class="kim"><p>{PERSIAN}</p>'
    print_pdf(find_chromium(), html, pdf)
    assert PERSIAN.replace("\u200c", "") in words_of(pdf).replace("\u200c", "")


HOSTILE = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>T</title>
<meta http-equiv="refresh" content="0;url={file}"><meta http-equiv="refresh" content="0;url={other}">
<link rel="stylesheet" href="{css}"><base href="{folder}">
<style>@import url("{css}"); #seen {{ background: url("{other}"); }}</style>
</head><body><p>Vorher.</p>
<svg/onload="document.body.append('SCRIPTRAN')"><script>document.body.append("SCRIPTRAN")</script></svg>
<script>document.body.append("SCRIPTRAN"); fetch("{file}").then(a => a.text()).then(a => document.body.append(a))</script>
<img src=x onerror="document.body.append('SCRIPTRAN')"><details open ontoggle="document.body.append('SCRIPTRAN')">.</details>
<iframe
src="{file}"></iframe><iframe src="{other}"></iframe><iframe srcdoc="<script>parent.document.body.append('SCRIPTRAN')</script>"></iframe>
<iframe src="javascript:'SCRIPTRAN'"></iframe><iframe src="data:text/html,FRAMEDRAWN"></iframe>
<object data="{file}" type="text/plain"></object><object/data="{other}"></object><embed/src="{file}" type="text/plain">
<img src="{file}"><picture><source srcset="{other}"><img src="{other}"></picture><video src="{file}" autoplay></video>
<a id="go" href="{file}" ping="{other}">Link</a><form action="{file}" id="f"><input autofocus onfocus="f.submit()"></form>
<script src="data:text/javascript,document.body.append('SCRIPTRAN')"></script><script src="{js}"></script>
<p id="seen">Nachher.</p></body></html>"""


def test_a_document_from_nowhere_runs_no_script_and_prints_no_local_file_and_asks_nobody(tmp_path: Path) -> None:
    """The list of what pages may hold is left out here: whatever comes as far as the printing must still do nothing."""
    secret, style, script = tmp_path / "secret.txt", tmp_path / "secret.css", tmp_path / "secret.js"
    secret.write_text("LOCALFILE\n")
    style.write_text("p::after { content: 'LOCALSTYLE' }")
    script.write_text("document.body.append('SCRIPTRAN')")
    asked = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"OTHERSERVER")

        do_POST = do_GET

        def log_message(self, *_args: object) -> None:
            pass

    pdf, hostname = tmp_path / "hostile.pdf", Path("/etc/hostname").read_text().strip()
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for file in (secret.as_uri(), "file:///etc/hostname"):
            html = HOSTILE.format(
                file=file, css=style.as_uri(), js=script.as_uri(), folder=f"{tmp_path.as_uri()}/",
                other=f"http://127.0.0.1:{server.server_port}/",
            )  # fmt: skip
            print_pdf(find_chromium(), html, pdf)
            text = words_of(pdf)
            assert text.startswith("Vorher.")
            assert "Nachher." in text
            for word in ("SCRIPTRAN", "FRAMEDRAWN", "LOCALFILE", "LOCALSTYLE", "OTHERSERVER", hostname):
                assert word not in text, word
        server.shutdown()
    assert asked == []
