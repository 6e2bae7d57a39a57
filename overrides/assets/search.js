// Search dialog: loaded when it opens for the first time, with the search engine. No page needs it before.
import FOLDING from "./js/folding.json" with { type: "json" };
import { stems } from "./js/stemmers.js";

/**
 * @typedef {{ url: string, excerpt: string, meta: { title: string } }} Fragment one page of Pagefind's index
 * @typedef {{ id: string, data: () => Promise<Fragment> }} Result
 * @typedef {{ search: (query: string) => Promise<{ results: Result[] }>, preload: (word: string) => Promise<void> }} Engine
 */

// How letters are folded, for index and query alike; core/folding.py reads js/folding.json for the index.
// Pagefind itself folds letters that Unicode takes apart (é, ü, ї) and drops what Unicode calls a mark.
// "letters": what is typed for each of the letters behind it, in every language; "languages": the same for one language;
// "dropped": what is left out of words. In the index a folded letter carries a variation selector that says which one it
// was, by its place in the row (U+FE00 …): so a page with the letter that was typed comes first, and excerpts are shown
// as they were written. What is dropped leaves such a mark, too (from U+FE06 on).
const SELECTOR = 0xfe00;
const DROPPED = 0xfe06;

/** @type {{ letters: Record<string, string>, languages: Record<string, Record<string, string>>, dropped: Record<string, string> }} */
const TABLE = FOLDING;

/**
 * Return each folded letter of a language with its folded form and the form in the index.
 * @param {string} lang
 */
function foldedLetters(lang) {
  const rows = { ...TABLE.letters, ...TABLE.languages[lang] };
  const letters = Object.entries(rows).flatMap(([base, all]) =>
    [...all].map((letter, place) => [letter, base, base[0] + String.fromCharCode(SELECTOR + place) + base.slice(1)])
  );
  const dropped = [...TABLE.dropped[""] + (TABLE.dropped[lang] ?? "")];
  return [...letters, ...dropped.map((sign, place) => [sign, "", String.fromCharCode(DROPPED + place)])];
}

/**
 * Return a function that replaces one column of the table by another one.
 * @param {string} lang
 * @param {number} from
 * @param {number} to
 */
function createReplacer(lang, from, to) {
  const table = new Map(foldedLetters(lang).map((row) => [row[from], row[to]]));
  const pattern = new RegExp([...table.keys()].sort((a, b) => b.length - a.length).join("|"), "gu");
  return (/** @type {string} */ text) => text.replace(pattern, (found) => table.get(found) ?? found);
}

/** @type {Map<string, ReturnType<typeof createReplacer>>} */
const replacers = new Map();

/**
 * Return the replacer for two columns of the table, made once.
 * @param {string} lang
 * @param {number} from
 * @param {number} to
 */
function replacer(lang, from, to) {
  const key = `${lang} ${from} ${to}`;
  const replace = replacers.get(key) ?? createReplacer(lang, from, to);
  replacers.set(key, replace);
  return replace;
}

/**
 * Return a word in lower case, in normalization form C, without invisible characters.
 * @param {string} word
 * @param {string} lang
 */
const normalizeCase = (word, lang) =>
  word.normalize("NFC").replace(/[０-９Ａ-Ｚａ-ｚ]/g, (sign) => sign.normalize("NFKC"))
    .replace(/[\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]/g, "").toLocaleLowerCase(lang);

/**
 * Return a word as it is looked up: Pagefind knows no other letters.
 * @param {string} word
 * @param {string} lang
 */
export const fold = (word, lang) => replacer(lang, 0, 1)(normalizeCase(word, lang));

/**
 * Return a word as a page that holds exactly this spelling has it in the index; such a page comes first.
 * @param {string} word
 * @param {string} lang
 */
export const indexed = (word, lang) =>
  replacer(lang, 0, 2)(normalizeCase(word, lang === "tr" ? "en" : lang).replaceAll("i\u0307", "i"));

/**
 * Return a text of the index as it was written.
 * @param {string} text
 * @param {string} lang
 */
export const unfold = (text, lang) => replacer(lang, 2, 0)(text);

/**
 * Return the queries for one word: the word, then the beginnings that its other forms may have.
 * @param {string} word
 * @param {string} lang
 */
export function wordForms(word, lang) {
  const plain = normalizeCase(word, lang).replace(/[’ʼ`‘]/g, "'");
  const all = [...new Set(stems(plain, lang).map((stem) => fold(stem, lang)))];
  return [
    indexed(word, lang),
    ...all.filter((form, place) => (place ? form.length > 2 : form !== indexed(word, lang))),
  ];
}

/**
 * Return a word with its umlauts written out, or the other way round: "Müller" and "Mueller" are one name.
 * @param {string} word
 */
function respell(word) {
  /** @type {Record<string, string>} */
  const pairs = { ä: "ae", ö: "oe", ü: "ue", ae: "a", oe: "o", ue: "u" };
  return word.normalize("NFC").replace(/[äöü]|[ao]e|(?<![aeq])ue/gi, (found) => pairs[found.toLowerCase()]);
}

/**
 * Return the words of a query; in Persian, affixes that are written apart belong to their word.
 * @param {string} query
 * @param {string} lang
 */
export function wordsOf(query, lang) {
  let text = query.trim();
  if (lang === "fa") {
    text = text.replace(/\s+(?=(?:های|هایی|ها|تر|ترین|ام|ات|اش|ای|اند)(?:\s|$))/g, "\u200c").replace(
      /(^|\s)(ن?می)\s+/g,
      "$1$2\u200c",
    );
  }
  return text.split(/\s+/);
}

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
 * Return a word as words of query and excerpt are compared.
 * @param {string} word
 * @param {string} lang
 */
const comparable = (word, lang) => fold(word, lang).normalize("NFD").replace(/[\p{M}\u200c]/gu, "");

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
 * Yield ever more results, best first: pages with the words as typed, then pages with other forms of them, at last what
 * Pagefind found by very short beginnings.
 * @param {Engine} engine
 * @param {string[]} words
 * @param {string} lang
 * @returns {AsyncGenerator<Result[]>}
 */
export async function* find(engine, words, lang) {
  /** @type {Map<string, Result>} */
  const near = new Map();
  /** @type {Map<string, Result>} */
  const far = new Map();
  for (const spelling of new Set([words.join(" "), words.map(respell).join(" ")])) {
    if (near.size) break;
    const typed = wordsOf(spelling, lang);
    const forms = typed.map((word) => wordForms(word, lang));
    for (let number = 0; number < Math.max(...forms.map(({ length }) => length)); number += 1) {
      const query = forms.map((all) => all[Math.min(number, all.length - 1)]).join(" ");
      let { results } = await engine.search(query);
      if (!near.size) results = await rank(results, typed, lang);
      const isNear = near.size || (results.length && isClose(typed, (await results[0].data()).excerpt, lang));
      for (const result of results) {
        if (!near.has(result.id)) (isNear ? near : far).set(result.id, result);
      }
      yield [...near.values(), ...[...far.values()].filter(({ id }) => !near.has(id))];
    }
  }
}

const PAGE_SIZE = 10; // results shown at a time
const EAGER_EXCERPTS = 3; // so many are loaded at once, the others when they come into view; each costs a request
const PAUSE_MS = 120; // without a key until the search begins

/**
 * Start the search in its dialog: load the engine at once, its index with the first letters.
 * @param {HTMLDialogElement} dialog
 * @param {string} lang
 */
export async function start(dialog, lang) {
  const { bundle = "", loading = "", found = "", none = "", failed = "" } = dialog.dataset;
  const query = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (dialog.querySelector(selector));
  const input = /** @type {HTMLInputElement} */ (query("input"));
  const [status, list, help, more] = ["[role=status]", ".kim-search__results", ".kim-search__none", "[data-kim-more]"]
    .map(query);
  const [engine, answer] = await Promise.all([
    import(`${bundle}pagefind.js`),
    fetch(`${bundle}titles.${lang}.json`, { cache: "no-cache" }),
  ]);
  await engine.options({ noWorker: true }); // a second copy of the engine in a worker would cost 12 kB
  // Pagefind asks the document for its language, which browsers change when they translate a page.
  const { lang: shown } = document.documentElement;
  document.documentElement.lang = lang;
  engine.init();
  document.documentElement.lang = shown;
  /** @type {Promise<Record<string, [string, string]>>} */
  const titles = answer.ok ? answer.json() : Promise.resolve({});
  let latestRequest = 0;
  /** @type {number | undefined} */
  let timer;
  /** @type {Result[]} */
  let results = [];
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

  /** @type {(result: Result, number: number) => Promise<HTMLElement>} */
  const createRow = async (result, number) => {
    const [url, title] = (await titles)[result.id] ??
      await result.data().then(({ url, meta }) => [url, unfold(meta.title, lang)]);
    const row = document.createElement("li");
    const link = row.appendChild(document.createElement("a"));
    const text = row.appendChild(document.createElement("p"));
    link.href = url;
    link.textContent = title;
    const fill = async () => {
      text.innerHTML = unfold((await result.data()).excerpt, lang); // escaped by Pagefind, but for its <mark>
    };
    if (number < EAGER_EXCERPTS) {
      await fill();
    } else {
      pending.set(row, fill);
      excerpts.observe(row);
    }
    return row;
  };

  /**
   * Show the results up to a number; those that are there already stay as they are.
   * @type {(requestId: number, number: number) => Promise<void>}
   */
  const render = async (requestId, number) => {
    const begin = list.children.length;
    const rows = await Promise.all(
      results.slice(begin, number).map((result, place) => createRow(result, begin + place)),
    );
    if (requestId === latestRequest && begin === list.children.length) list.append(...rows);
  };

  /**
   * Find pages; show the first ones as soon as they are known.
   * @type {(requestId: number, words: string[]) => Promise<void>}
   */
  const search = async (requestId, words) => {
    results = [];
    for await (const all of find(engine, words, lang)) {
      if (requestId !== latestRequest) return;
      results = all;
      if (results.length && !list.children.length && isClose(words, (await results[0].data()).excerpt, lang)) {
        await render(requestId, PAGE_SIZE);
      }
    }
    if (list.children.length || requestId !== latestRequest) return;
    for (const shorter of fallbackQueries(words, lang)) {
      const { results: near } = await engine.search(shorter);
      if (requestId !== latestRequest) return;
      if (!near.length) continue;
      if (isClose(words, (await near[0].data()).excerpt, lang)) {
        results = near;
        return;
      }
      if (!results.length) results = near;
    }
  };

  const show = async () => {
    const requestId = ++latestRequest;
    const words = wordsOf(input.value, lang);
    list.replaceChildren();
    help.hidden = more.hidden = true;
    if (words.join("").length < 2) {
      status.textContent = "";
      return;
    }
    status.textContent = loading;
    try {
      await search(requestId, words);
      await render(requestId, PAGE_SIZE);
      if (requestId !== latestRequest) return; // somebody has typed on
      status.textContent = results.length ? found.replace("{number}", String(results.length)) : none;
      help.hidden = results.length > 0;
      more.hidden = results.length <= PAGE_SIZE;
    } catch {
      if (requestId !== latestRequest) return;
      status.textContent = failed;
      help.hidden = false;
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
    const word = indexed(input.value.trim().split(/\s+/).pop() ?? "", lang);
    if (word.length > 2) engine.preload(word).catch(() => {}); // the part of the index that the word will be looked up in
  });
  query("form").addEventListener("submit", () => {
    clearTimeout(timer);
    show();
  });
  more.addEventListener("click", async () => {
    const before = list.children.length;
    await render(latestRequest, before + PAGE_SIZE);
    more.hidden = results.length <= list.children.length;
    list.children[before]?.querySelector("a")?.focus();
  });
  if (input.value.trim()) show();
}
