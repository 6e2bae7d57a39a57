"""The search takes for one another what people take for one another: digits, letters with and without marks, apostrophes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page

from bench.static_server import static
from core.folding import fold_html
from editorial.build.pagefind import run_pagefind
from editorial.build.search import ENTRY_FILENAME
from editorial.render.assets import asset_content
from tests.conftest import ROOT

TABLE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("search_spellings.yml").read_text("utf-8"))
SHELL = '<!doctype html><html lang="{0}"><title>{1}</title><article data-pagefind-body><h1>{1}</h1><p>{2}</p></article></html>'

# Asks all queries of one language, each as a search of its own, and returns what each finds, best first.
ASK = """async ([queries, lang]) => {
  const { find, wordsOf, unfold } = await import("/search.js"), engine = await import("/pagefind/pagefind.js");
  await engine.options({ noWorker: true });
  const answers = [];
  for (const query of queries) {
    let all = [];
    for await (const more of find(engine, wordsOf(query, lang), lang)) all = more;
    const found = await Promise.all(all.map((one) => one.data()));
    answers.push(found.map(({ url, excerpt }) => [url, unfold(excerpt, lang).replace(/<.?mark>/g, "")]));
  }
  return answers;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small site in every language of the table, with its index."""
    folder = tmp_path_factory.mktemp("spellings")
    (folder / "search.js").write_bytes(asset_content(ROOT / "overrides" / "assets" / "search.js"))
    entries: dict[str, Any] = {}
    for code, table in TABLE.items():
        texts = [*(row[0] for row in table["rows"]), *table["others"]]
        (folder / f"{code}.html").write_text(SHELL.format(code, code, ""), "utf-8")
        pages = {
            f"{code}/{number}/index.html": fold_html(SHELL.format(code, f"Seite {number}", text), code)
            for number, text in enumerate(texts)
        }
        files = run_pagefind(pages)
        entry = json.loads(files[ENTRY_FILENAME])
        for name, data in files.items():
            (folder / "pagefind" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "pagefind" / name).write_bytes(data)
        entries = {**entry, "languages": {**entries.get("languages", {}), **entry["languages"]}}
    (folder / "pagefind" / ENTRY_FILENAME).write_text(json.dumps(entries))
    with static(folder) as (address, _sent):
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One tab."""
    tab = browser.new_page()
    yield tab
    tab.close()


@pytest.mark.parametrize("code", TABLE)
def test_every_spelling_finds_the_word_first(site: str, page: Page, code: str) -> None:
    page.goto(f"{site}/{code}.html")
    asked = [(number, row[0], query) for number, row in enumerate(TABLE[code]["rows"]) for query in row[1]]
    answers = page.evaluate(ASK, [[query for _number, _text, query in asked], code])
    wrong = [
        (query, text, [url for url, _excerpt in found[:3]])
        for (number, text, query), found in zip(asked, answers, strict=True)
        if not found or found[0][0] != f"/{code}/{number}/"
    ]
    assert wrong == []
