// Search dialog: loaded when it opens for the first time, with the search engine. No page needs it before.
import { candidates, meaningfulWords, prepare, similarWords, TEXT } from "./js/candidates.js";
import { comparable, fold, indexed, normalizeCase, unfold } from "./js/folding.js";
import { likeness, respell, term, wordForms, wordsOf } from "./js/matching.js";

export { fold, indexed, prepare, unfold, wordForms, wordsOf };

/**
 * @typedef {{ url: string, excerpt: string, meta: { title: string } }} Fragment one page of Pagefind's index
 * @typedef {{ id: string, data: () => Promise<Fragment> }} Result
 * @typedef {{ search: (query: string) => Promise<{ results: Result[] }>, preload: (word: string) => Promise<void> }} Engine
 * @typedef {import("./js/candidates.js").DialogData} DialogData
 * @typedef {import("./js/candidates.js").Known} Known
 * @typedef {import("./js/candidates.js").KnownPage} KnownPage
 * @typedef {{ page: KnownPage | undefined, result: Result | undefined }} Row a page of the list, with its place in the index
 * @typedef {{ hits: Row[], similar: Row[] }} Answer
 */

const MAX_CHARS = 100; // of a query; who pastes a letter gets an answer to its beginning
const MAX_WORDS = 8;
const MAX_SIMILAR = 5;

/**
 * Return shorter and shorter queries for when nothing is found: the longest word alone, then beginnings of words.
 * @param {string[]} words
 * @param {string} lang
 */
function fallbackQueries(words, lang) {
  const all = words.map((word) => wordForms(word, lang)[1] ?? word);
  const longest = [...all].sort((a, b) => b.length - a.length)[0];
  /** @type {(word: string, share: number) => string} */
  const cut = (word, share) => word.slice(0, Math.max(word.length > 6 ? 4 : 3, Math.ceil(word.length * share)));
  const tries = [0.8, 0.6, 0.45].flatMap((
    share,
  ) => [all.map((word) => cut(word, share)).join(" "), cut(longest, share)]);
  return [...new Set([longest, ...tries])];
}

/**
 * Return the words that Pagefind has marked in an excerpt.
 * @param {string} excerpt
 * @param {string} lang
 */
const markedWords = (excerpt, lang) =>
  [...excerpt.matchAll(/<mark>(.*?)<\/mark>/g)].map((match) =>
    unfold(match[1], lang).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")
  );

/**
 * Return whether a marked word begins like one of the query: Pagefind falls back to very short beginnings.
 * @param {string[]} words
 * @param {string} excerpt
 * @param {string} lang
 */
function isClose(words, excerpt, lang) {
  const marked = markedWords(excerpt, lang).map((word) => comparable(word, lang));
  const beginning = (
    /** @type {string} */ word,
  ) => (/\d/.test(word) ? word : word.slice(0, Math.ceil(Math.min(word.length, 12) * 0.5)));
  return words.map((word) => comparable(word, lang)).some((word) =>
    marked.some((mark) => mark.includes(beginning(word)))
  );
}

/**
 * Return a score: 3 for each word that an excerpt holds as typed, 2 for its folded form, 1 for a word that begins with it.
 * @param {string[]} words
 * @param {string} excerpt
 * @param {string} lang
 */
function score(words, excerpt, lang) {
  const marked = markedWords(excerpt, lang);
  /** @type {(word: string, mark: string) => number} */
  const level = (word, mark) => {
    if (normalizeCase(word, lang) === normalizeCase(mark, lang)) return 3;
    const [one, other] = [comparable(word, lang), comparable(mark, lang)];
    return one === other ? 2 : Number(other.startsWith(one));
  };
  return words.reduce((sum, word) => sum + Math.max(0, ...marked.map((mark) => level(word, mark))), 0);
}

const MAX_SCORED = 6; // first results whose excerpts are read; most are on the screen anyway

/**
 * Return results with the word itself before those that only begin alike; Pagefind prefers short pages.
 * @param {Result[]} results
 * @param {string[]} words
 * @param {string} lang
 */
async function rank(results, words, lang) {
  /** @type {Map<Result, number>} */
  const levels = new Map();
  const level = (/** @type {Result} */ result) => levels.get(result) ?? 0;
  const weigh = (/** @type {Result} */ result) =>
    result.data().then(({ excerpt }) => score(words, excerpt, lang), () => 0).then((found) => {
      levels.set(result, found);
    });
  if (results.length) await weigh(results[0]);
  if (results.length < 2 || level(results[0]) >= 2 * words.length) return results;
  await Promise.all(results.slice(1, MAX_SCORED).map(weigh));
  return [...results.slice(0, MAX_SCORED).sort((a, b) => level(b) - level(a)), ...results.slice(MAX_SCORED)];
}

/**
 * Return whether an excerpt marks a word that is like the one typed: if no word of the index begins with a query,
 * Pagefind returns pages with the longest word that the query begins with ("Fahrt" for "Fahrrad").
 * @param {string} word
 * @param {string} excerpt
 * @param {string} lang
 */
function isFound(word, excerpt, lang) {
  const typed = term(word, lang);
  return markedWords(excerpt, lang)
    .flatMap((mark) => [mark, respell(mark), mark.replaceAll("-", ""), ...mark.split(/[-/]/)])
    .some((mark) => mark && likeness(typed, term(mark, lang), lang) > 0);
}

/**
 * Yield ever more pages that hold all words, best first: as typed, then in other forms; and at last, as `far`, what
 * Pagefind found by beginnings that are not those of the words.
 * @param {Engine} engine
 * @param {string[]} words
 * @param {string} lang
 * @param {boolean} isRanked whether excerpts are read to put the word as typed first; each costs a request
 * @returns {AsyncGenerator<{ near: Result[], far: Result[] }>}
 */
async function* textResults(engine, words, lang, isRanked = true) {
  /** @type {Map<string, Result>} */
  const near = new Map();
  /** @type {Map<string, Result>} */
  const far = new Map();
  /** @type {Map<string, Promise<boolean>>} */
  const known = new Map();
  /** @type {(word: string, results: Result[]) => Promise<boolean>} */
  const isReal = async (word, [first]) => first !== undefined && isFound(word, (await first.data()).excerpt, lang);
  for (const spelling of new Set([words.join(" "), words.map(respell).join(" ")])) {
    if (near.size) break;
    const typed = wordsOf(spelling, lang);
    const forms = typed.map((word) => wordForms(word, lang));
    for (let number = 0; number < Math.max(...forms.map(({ length }) => length)); number += 1) {
      const row = forms.map((all) => all[Math.min(number, all.length - 1)]);
      let { results } = await engine.search(row.join(" "));
      if (isRanked && !near.size) results = await rank(results, typed, lang);
      const real = await Promise.all(row.map((form, place) => {
        const key = `${typed[place]} ${form}`;
        const asked = known.get(key) ??
          (row.length < 2
            ? isReal(typed[place], results)
            : engine.search(form).then((alone) => isReal(typed[place], alone.results)));
        known.set(key, asked);
        return asked;
      }));
      for (const result of results) {
        if (!near.has(result.id)) (real.every(Boolean) ? near : far).set(result.id, result);
      }
      yield { near: [...near.values()], far: [...far.values()].filter(({ id }) => !near.has(id)) };
    }
  }
}

/**
 * Yield ever more pages of the index that hold all words.
 * @param {Engine} engine
 * @param {string[]} words
 * @param {string} lang
 * @returns {AsyncGenerator<Result[]>}
 */
export async function* find(engine, words, lang) {
  for await (const { near } of textResults(engine, words, lang)) yield near;
}

/**
 * Return pages for a query that no page answers: with a word that is like the one typed, or with some of the words.
 * @param {Engine} engine
 * @param {string[]} words
 * @param {Known} known
 * @param {Map<KnownPage, number>} partly
 * @param {Result[]} far
 * @param {string} lang
 * @returns {Promise<Row[]>}
 */
async function similarRows(engine, words, known, partly, far, lang) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const byId = new Map(known.pages.map((page) => [page.id, page]));
  const add = (/** @type {Row} */ row) => {
    const key = row.page?.url ?? row.result?.id ?? "";
    if (!rows.has(key)) rows.set(key, row);
  };
  const addText = (/** @type {Result[]} */ results) =>
    results.slice(0, MAX_SIMILAR).forEach((result) => add({ page: byId.get(result.id), result }));
  const best = (/** @type {Map<KnownPage, number>} */ found) =>
    [...found].sort((a, b) => b[1] - a[1]).forEach(([page]) => add({ page, result: undefined }));
  best(partly);
  for (const word of words) {
    for (const other of similarWords(word, known, lang)) best(candidates([other], known, lang).found);
  }
  const longest = words.filter(({ length }) => length > 2).sort((a, b) => b.length - a.length);
  for (const word of words.length > 1 ? longest : []) {
    if (rows.size >= MAX_SIMILAR) break;
    best(candidates([word], known, lang).found);
    for await (const { near } of textResults(engine, [word], lang)) {
      if (near.length) {
        addText(near);
        break;
      }
    }
  }
  if (rows.size < MAX_SIMILAR && far.length && isClose(words, (await far[0].data()).excerpt, lang)) addText(far);
  for (const shorter of rows.size ? [] : fallbackQueries(words, lang)) {
    const { results } = await engine.search(shorter);
    if (results.length && isClose(words, (await results[0].data()).excerpt, lang)) {
      addText(results);
      break;
    }
  }
  return [...rows.values()].slice(0, MAX_SIMILAR);
}

/**
 * Yield ever more of an answer: pages that search words lead to, pages with the words in their titles, pages with the
 * words in their texts. Rows that were yielded keep their places. Only if there is no page at all, similar ones follow.
 * @param {Engine} engine
 * @param {string} query
 * @param {Known} known
 * @param {string} lang
 * @returns {AsyncGenerator<Answer>}
 */
export async function* answer(engine, query, known, lang) {
  const typed = wordsOf(query.slice(0, MAX_CHARS), lang).slice(0, MAX_WORDS);
  const words = meaningfulWords(typed, known, lang);
  if (words.join("").length < 2) {
    yield { hits: [], similar: [] };
    return;
  }
  const { found, partly } = candidates(words, known, lang);
  const byId = new Map(known.pages.filter(({ id }) => id).map((page) => [page.id, page]));
  /** @type {Map<string, Row>} */
  const hits = new Map();
  /** @type {Result[]} */
  let others = [];
  for await (const { near, far } of textResults(engine, words, lang, !found.size)) {
    others = far;
    const results = new Map(near.map((result) => [result.id, result]));
    const points = new Map(near.map(({ id }, place) => [id, TEXT - place / 1000]));
    for (const [page, value] of found) points.set(page.id || page.url, value);
    for (const [page, value] of partly) {
      if (results.has(page.id) && !found.has(page)) points.set(page.id, value);
    }
    const pages = new Map([...found.keys()].map((page) => [page.id || page.url, page]));
    for (const [id] of [...points].filter(([id]) => !hits.has(id)).sort((a, b) => b[1] - a[1])) {
      hits.set(id, { page: pages.get(id) ?? byId.get(id), result: results.get(id) });
    }
    yield { hits: [...hits.values()], similar: [] };
  }
  if (!hits.size) yield { hits: [], similar: await similarRows(engine, words, known, partly, others, lang) };
}

const PAGE_SIZE = 10; // results shown at a time
const EAGER_EXCERPTS = 3; // so many are loaded at once, the others when they come into view; each costs a request
const PAUSE_MS = 120; // without a key until the search begins
const SETTLED_MS = 2000; // without a key until a search without a hit counts
const MISS_URL = "/suche/ohne-treffer";
const MAX_SHOWN_CHARS = 60; // of a query in a sentence

/**
 * Return an element with a class and a text.
 * @param {string} name
 * @param {string} className
 * @param {string} [text]
 */
function createElement(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** @type {Set<string>} */
const reported = new Set();

/**
 * Report a search without a hit (form_handler/search_misses.py), unless the browser requests not to be tracked.
 * Only what can be words of a dictionary leaves the browser.
 * @param {string} words
 * @param {string} language
 */
function reportMiss(words, language) {
  const { globalPrivacyControl, doNotTrack } = /** @type {any} */ (navigator);
  const isWords = /^[\p{L}\p{M}\u200c'’-]{2,}(?: [\p{L}\p{M}\u200c'’-]{2,}){0,2}$/u.test(words) && words.length <= 40;
  if (globalPrivacyControl || doNotTrack === "1" || !isWords || reported.has(words)) return;
  reported.add(words);
  navigator.sendBeacon(MISS_URL, new URLSearchParams({ language, words }));
}

/**
 * Start the search in its dialog: load the engine at once, its index with the first letters.
 * @param {HTMLDialogElement} dialog
 * @param {string} lang
 */
export async function start(dialog, lang) {
  const { bundle = "", loading = "", found = "", failed = "" } = dialog.dataset;
  const query = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (dialog.querySelector(selector));
  const input = /** @type {HTMLInputElement} */ (query("input"));
  const [status, list, help, more] = ["[role=status]", ".kim-search__results", ".kim-search__none", "[data-kim-more]"]
    .map(query);
  const [engine, response] = await Promise.all([
    import(`${bundle}pagefind.js`),
    fetch(`${bundle}titles.${lang}.json`, { cache: "no-cache" }),
  ]);
  await engine.options({ noWorker: true }); // a second copy of the engine in a worker would cost 12 kB
  // Pagefind reads the language of the document, which browsers change when they translate a page.
  const { lang: shown } = document.documentElement;
  document.documentElement.lang = lang;
  engine.init();
  document.documentElement.lang = shown;
  /** @type {DialogData} */
  const data = response.ok ? await response.json() : { pages: [], words: [], ignored: [], audiences: [], labels: {} };
  const known = prepare(data, lang);
  const similarHead = createElement("h3", "kim-search__similar", data.labels.similar);
  similarHead.hidden = true;
  list.before(similarHead);
  let latestRequest = 0;
  /** @type {number | undefined} */
  let timer;
  /** @type {Row[]} */
  let hits = [];
  /** @type {Map<Element, () => Promise<void>>} */
  const pending = new Map();

  // Fill in the words around the match once the row can be seen.
  const excerpts = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      excerpts.unobserve(target);
      pending.get(target)?.().catch(() => {}); // without a network there is only the title
    }
  }, { root: dialog });

  /** @type {(row: Row, number: number) => Promise<HTMLElement>} */
  const createRow = async ({ page, result }, number) => {
    const item = document.createElement("li");
    const link = item.appendChild(document.createElement("a"));
    if (page) {
      link.href = page.url;
      link.textContent = page.title;
      if (!page.id) { // a page that is not translated yet is not in the index of the language
        link.lang = link.hreflang = "de";
        link.dir = "ltr";
      }
      const audience = [...page.audience, ...(page.id ? [] : [data.labels.german])].join(" · ");
      item.append(createElement("p", "kim-search__audience", audience));
    } else if (result) {
      const { url, meta } = await result.data();
      link.href = url;
      link.textContent = unfold(meta.title, lang);
    }
    const text = item.appendChild(createElement("p", "kim-search__excerpt"));
    if (!result) return item;
    const fill = async () => {
      text.innerHTML = unfold((await result.data()).excerpt, lang); // escaped by Pagefind, but for its <mark>
    };
    if (number < EAGER_EXCERPTS) {
      await fill();
    } else {
      pending.set(item, fill);
      excerpts.observe(item);
    }
    return item;
  };

  /**
   * Show the rows up to a number; those that are there already stay as they are.
   * @type {(requestId: number, rows: Row[], number: number) => Promise<void>}
   */
  const render = async (requestId, rows, number) => {
    const begin = list.children.length;
    const items = await Promise.all(rows.slice(begin, number).map((row, place) => createRow(row, begin + place)));
    if (requestId === latestRequest && begin === list.children.length) list.append(...items);
  };

  /**
   * Find pages; show the first ones as soon as they are known. Return similar ones if there are none.
   * @type {(requestId: number, words: string) => Promise<Row[]>}
   */
  const search = async (requestId, words) => {
    /** @type {Row[]} */
    let similar = [];
    for await (const one of answer(engine, words, known, lang)) {
      if (requestId !== latestRequest) return [];
      hits = one.hits;
      similar = one.similar;
      if (hits.length >= EAGER_EXCERPTS && !list.children.length) await render(requestId, hits, PAGE_SIZE);
    }
    return similar;
  };

  const show = async () => {
    const requestId = ++latestRequest;
    const words = input.value.normalize("NFC").trim();
    hits = [];
    list.replaceChildren();
    help.hidden = more.hidden = similarHead.hidden = true;
    // Half of all Arabic words begin with the article; alone it is no beginning of a word.
    const letters = words.replace(/^ال/, "").match(/[\p{L}\p{N}]/gu) ?? [];
    if (letters.length < 2) {
      status.textContent = words ? data.labels.empty : "";
      return;
    }
    status.textContent = loading;
    try {
      const similar = await search(requestId, words);
      await render(requestId, hits.length ? hits : similar, PAGE_SIZE);
      if (requestId !== latestRequest) return; // somebody has typed on
      const quoted = words.length > MAX_SHOWN_CHARS ? `${words.slice(0, MAX_SHOWN_CHARS)}…` : words;
      status.textContent = hits.length
        ? found.replace("{number}", String(hits.length))
        : (data.labels.none ?? "").replace("{words}", () => quoted);
      similarHead.hidden = !similar.length;
      help.hidden = hits.length > 0;
      if (!hits.length) timer = setTimeout(() => reportMiss(words, lang), SETTLED_MS);
      more.hidden = hits.length <= PAGE_SIZE;
    } catch {
      if (requestId !== latestRequest) return;
      status.textContent = failed;
      help.hidden = false;
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
    const word = indexed(wordsOf(input.value.slice(0, MAX_CHARS), lang).pop() ?? "", lang);
    if (word.length > 2) engine.preload(word).catch(() => {}); // the part of the index that the word will be looked up in
  });
  query("form").addEventListener("submit", () => {
    clearTimeout(timer);
    show();
  });
  more.addEventListener("click", async () => {
    const before = list.children.length;
    await render(latestRequest, hits, before + PAGE_SIZE);
    more.hidden = hits.length <= list.children.length;
    list.children[before]?.querySelector("a")?.focus();
  });
  if (input.value.trim()) show();
}
