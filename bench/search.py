"""How good, how honest, how heavy and how quick the search is.

``kim bench search`` measures the site that is built; ``--site`` names another one. The words are in
``word_forms.yml``: for each form asked, the pages that hold *another* form of the word should be found. Readers' questions
are in ``queries.yml``, each with the pages that answer it, and words that no page holds: for these the search must
say that it found nothing, and may show what is similar apart from that.
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
from editorial.build.search import strip_place
from editorial.content.pages import Content, read_content

FORMS = Path(__file__).parent / "word_forms.yml"
QUERIES = Path(__file__).parent / "queries.yml"
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

# The answers to some queries, as the dialog shows them: addresses of the first hits, number of hits, number of similar pages.
ANSWER = """async ([queries, lang, script]) => {
  const { answer, prepare } = await import(script), engine = await import("/pagefind/pagefind.js");
  await engine.options({ noWorker: true });
  const known = prepare(await (await fetch(`/pagefind/titles.${lang}.json`)).json(), lang);
  const address = async ({ page, result }) => page ? page.url : (await result.data()).url;
  const all = [];
  for (const query of queries) {
    let last = { hits: [], similar: [] };
    for await (const more of answer(engine, query, known, lang)) last = more;
    all.push([await Promise.all(last.hits.slice(0, 5).map(address)), last.hits.length, last.similar.length]);
  }
  return all;
}"""

# Notes when the last key was pressed and when the first result was there after it.
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


@dataclass(frozen=True)
class Judgement:
    """How the search answers judged queries of one language.

    :ivar first: queries whose first hit is a right page, as a share between 0 and 1; ``five``: among the first five.
    :ivar honest: words that no page holds and that the search does not claim to have found, as a share.
    :ivar wanted: how many queries with right pages; ``unknown``: how many words that no page holds.
    :ivar wrong: the queries whose first five hold no right page, and the words that were claimed to be found.
    """

    first: float
    five: float
    honest: float
    wanted: int
    unknown: int
    wrong: tuple[str, ...]


def queries() -> dict[str, dict[str, list[Any]]]:
    """Return the judged queries: ``wanted`` and ``unknown``, each by language."""
    data: dict[str, dict[str, list[Any]]] = yaml.safe_load(QUERIES.read_text("utf-8"))
    return data


def ask(page: Page, code: str, asked: list[str]) -> list[tuple[list[str], int, int]]:
    """Return for each query the addresses of the first five hits, the number of hits and that of similar pages."""
    script = page.locator("#kim-search").get_attribute("data-script")
    return [tuple(row) for row in page.evaluate(ANSWER, [asked, code, script])]


def judge(page: Page, language: Language, words: Mapping[str, set[str]]) -> Judgement:
    """Ask the judged queries of a language on one of its pages; words that have come onto a page are left out, and pages that are not there."""
    rows = queries()
    wanted, unknown = rows["wanted"].get(language.code, []), rows["unknown"].get(language.code, [])
    wanted = [row for row in wanted if any(f"{language.root}{key}/" in words for key in row["pages"])]
    unknown = [
        query
        for query in unknown
        if not any(known.issuperset(_WORDS.findall(plain(query))) for known in words.values())
    ]
    first, five, wrong = [], [], []
    for row, (found, _hits, _similar) in zip(
        wanted, ask(page, language.code, [row["ask"] for row in wanted]), strict=True
    ):
        right = {f"{language.root}{key}/" for key in row["pages"]}
        first.append(bool(found) and found[0] in right)
        five.append(bool(right.intersection(found)))
        wrong += [] if five[-1] else [row["ask"]]
    claimed = [
        query for query, (_found, hits, _s) in zip(unknown, ask(page, language.code, unknown), strict=True) if hits
    ]
    honest = 1 - len(claimed) / len(unknown) if unknown else 1.0
    return Judgement(
        statistics.fmean(first or [1]),
        statistics.fmean(five or [1]),
        honest,
        len(first),
        len(unknown),
        (*wrong, *claimed),
    )


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
                body_text = strip_place(body[2])
                text = re.split(r"<!-- /kim:text -->", body_text)[0]
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
            judged = judge(page, language, words)
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
            asked = f"{judged.wanted} judged queries"
            bars.append(Bar(f"{name}: {asked}, a right page first", judged.first, 0.8, most=False))
            bars.append(Bar(f"{name}: {asked}, a right page among the first five", judged.five, 0.9, most=False))
            bars.append(
                Bar(
                    f"{name}: {judged.unknown} words on no page, said to be found on none", judged.honest, 1, most=False
                )
            )
            if judged.wrong:
                print(f"Search: {language.name}: wrong: {', '.join(judged.wrong)}")
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
    write_part(
        "search", "Search", "Words and forms: `bench/word_forms.yml`; judged queries: `bench/queries.yml`.", bars
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
