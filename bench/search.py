"""How good, how heavy and how quick the search is: found inflected words, loaded bytes, time to the first result.

``kim bench search`` measures the site that is built; ``--site`` names another one. The words stand in
``word_forms.yml``: for each form asked, the pages that hold *another* form of the word should be found.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from bench.needs import DEFAULT_SITE, built_site, chromium
from bench.report import Bar, write_part
from bench.static_server import static
from core.languages import Language, load_languages
from core.project import ROOT
from editorial.content.pages import Content, read_content

FORMS = Path(__file__).parent / "word_forms.yml"
ENDS_HARD = {"ar": 0.8, "fa": 0.8, "tr": 0.8, "pl": 0.8}  # the bar for inflected words; 0.9 for the others
MOST_BYTES = 140_000
MOST_MS = 300
ASKED = 5  # words of each language, each as the first search of a visit
SLOWER = 4
_WORDS = re.compile(r"[\w'\u200c]+")
_BODY = re.compile(r"<(\w+)[^>]* data-pagefind-body[^>]*>(.*?)</main>", re.DOTALL)
_SKIPPED = re.compile(r"<span[^>]* data-pagefind-ignore>[^<]*</span>|<(?:section|nav|aside)\b.*", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")

# All results for some words, as the dialog finds them.
ASK = """async ([words, lang, script]) => {
  const { find } = await import(script), engine = await import("/pagefind/pagefind.js");
  await engine.options({ noWorker: true });
  let all = [];
  for await (const more of find(engine, words.split(/\\s+/), lang)) all = more;
  return (await Promise.all(all.map((one) => one.data()))).map(({ url }) => url);
}"""

# Notes when the last key was pressed and when the first result stood there after it.
WATCH = """() => {
  window.kimLast = window.kimFirst = 0;
  const input = document.querySelector("dialog input"), list = document.querySelector(".kim-search__results");
  input.addEventListener("input", () => { kimLast = performance.now(); kimFirst = 0; }, true);
  new MutationObserver(() => { if (list.children.length && !kimFirst) kimFirst = performance.now(); }).observe(list, { childList: true });
}"""


@dataclass(frozen=True)
class Recall:
    """How many of the pages with another form of a word are found, as shares between 0 and 1.

    :ivar base: asked with the base form; ``inflected``: with every other form.
    :ivar asked: how many forms could be asked, because a page holds another one.
    :ivar first: which share of the first five results holds any form of the word.
    """

    base: float
    inflected: float
    asked: int
    first: float


def families() -> dict[str, list[list[str]]]:
    """Return the forms of words by language, the base form first."""
    data: dict[str, list[list[str]]] = yaml.safe_load(FORMS.read_text("utf-8"))
    return data


def plain(text: str) -> str:
    """Return a text as it is compared: small letters, one kind of apostrophe."""
    return re.sub("[’ʼ]", "'", unicodedata.normalize("NFC", text)).lower()


def indexed_words(site: Path, content: Content, language: Language) -> dict[str, set[str]]:
    """Return the words of each page that the search should know, by its address."""
    found = {}
    for page in content.pages.values():
        if page.is_translated(language):
            url = page.url(language)
            body = _BODY.search((site / url.lstrip("/") / "index.html").read_text("utf-8"))
            if body:
                text = re.split(r"<!-- /kim:text -->", body[2])[0]
                found[url] = set(_WORDS.findall(plain(_TAG.sub(" ", _SKIPPED.sub("", text)))))
    return found


def recall(page: Page, code: str, words: Mapping[str, set[str]], rows: list[list[str]]) -> Recall:
    """Ask every form of every word on a page of a language."""
    script = page.locator("#kim-search").get_attribute("data-script")
    shares: dict[bool, list[float]] = {True: [], False: []}
    good = []
    for row in rows:
        forms = [plain(form) for form in row]
        holders = {form: {url for url, known in words.items() if form in known} for form in forms}
        for number, form in enumerate(forms):
            wanted = set().union(*(holders[other] for other in forms if other != form))
            if wanted:
                found: list[str] = page.evaluate(ASK, [form, code, script])
                shares[number == 0].append(len(wanted & set(found)) / len(wanted))
                any_form = wanted | holders[form]
                good += [url in any_form for url in found[:5]]
    asked = len(shares[True]) + len(shares[False])
    base, inflected = (statistics.fmean(shares[which] or [0.0]) for which in (True, False))
    return Recall(base, inflected, asked, statistics.fmean(good or [False]))


def type_words(page: Page, words: str) -> None:
    """Open the dialog and type."""
    page.locator("[data-kim-search]").first.click()
    page.locator("dialog input[type=search]").press_sequentially(words, delay=90)


def first_search(browser: Browser, base: str, root: str, words: str, sent: list[tuple[str, int]]) -> tuple[int, float]:
    """Return what the first search of a visit loads, in bytes, and the time from the last key to the first result, in ms."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + root)
    page.wait_for_load_state("networkidle")
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.evaluate(WATCH)
    sent.clear()
    type_words(page, words)
    page.wait_for_function("kimFirst > 0")
    took = page.evaluate("kimFirst - kimLast")
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(size for _address, size in sent), took


def measure(site: Path, docs: Path = ROOT / "docs") -> list[Bar]:
    """Return what was measured in every language, beside the bars."""
    content, bars = read_content(docs, load_languages()), list[Bar]()
    with static(site) as (base, sent), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        rows: dict[str, Any] = families()
        for language in load_languages():
            words = indexed_words(site, content, language)
            if language.code not in rows or not words:
                print(f"Search: {language.name} has no word forms or no pages and is not measured.")
                continue
            print(f"Search: {language.name} …", flush=True)
            page = browser.new_page()
            page.goto(base + language.root)
            got = recall(page, language.code, words, rows[language.code])
            page.close()
            name = f"{language.code}, {len(words)} pages"
            bars.append(
                Bar(
                    f"{name}: inflected words found, {got.asked} forms asked",
                    got.inflected,
                    ENDS_HARD.get(language.code, 0.9),
                    most=False,
                )
            )
            bars.append(Bar(f"{name}: base forms found", got.base, 0.8, most=False))
            bars.append(Bar(f"{name}: right ones among the first five", got.first, 0.8, most=False))
            known = [row[1] for row in rows[language.code] if any(plain(row[1]) in one for one in words.values())][
                :ASKED
            ]
            each = [first_search(browser, base, language.root, word, sent) for word in known]
            bars.append(
                Bar(f"{name}: first search, kB", max(size for size, _took in each) / 1000, MOST_BYTES / 1000, most=True)
            )
            times = [took for _size, took in each]
            bars.append(
                Bar(
                    f"{name}: last key to first result, {SLOWER} × slower, ms, median of {len(times)} (worst: {max(times):.0f})",
                    statistics.median(times),
                    MOST_MS,
                    most=True,
                )
            )
        browser.close()
    return bars


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=DEFAULT_SITE, help="a built site (default: site/)")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="the pages it was built from")
    options = parser.parse_args(arguments)
    chromium()
    bars = measure(built_site(options.site), options.docs)
    write_part("search", "Search", "Words and forms: `bench/word_forms.yml`.", bars)
    return 0


if __name__ == "__main__":
    sys.exit(main())
