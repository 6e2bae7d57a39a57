// Search dialog: loaded when it opens for the first time, with the search engine. No page needs it before.
import FOLDING from "./js/folding.json" with { type: "json" };
import { stems } from "./js/stemmers.js";

// How letters are folded, for index and query alike; core/folding.py reads js/folding.json for the index.
// Pagefind itself folds letters that Unicode takes apart (é, ü, ї) and drops what Unicode calls a mark.
// "letters": what is typed for each of the letters behind it, in every language; "languages": the same for one language;
// "dropped": what is left out of words. In the index a folded letter carries a variation selector that says which one it
// was, by its place in the row (U+FE00 …): so a page with the letter that was typed comes first, and excerpts are shown
// as they were written. What is dropped leaves such a mark, too (from U+FE06 on).
const SELECTOR = 0xfe00;
const DROPPED = 0xfe06;

/** Return each folded letter of a language with its folded form and the form in the index. */
function folds(lang) {
  const rows = { ...FOLDING.letters, ...FOLDING.languages[lang] };
  const letters = Object.entries(rows).flatMap(([base, all]) =>
    [...all].map((letter, place) => [letter, base, base[0] + String.fromCharCode(SELECTOR + place) + base.slice(1)])
  );
  const dropped = [...FOLDING.dropped[""] + (FOLDING.dropped[lang] ?? "")];
  return [...letters, ...dropped.map((sign, place) => [sign, "", String.fromCharCode(DROPPED + place)])];
}

/** Return a function that replaces one column of the table by another one. */
function replacing(lang, from, to) {
  const table = new Map(folds(lang).map((row) => [row[from], row[to]]));
  const pattern = new RegExp([...table.keys()].sort((a, b) => b.length - a.length).join("|"), "gu");
  return (text) => text.replace(pattern, (found) => table.get(found));
}

const made = new Map();
const replacer = (lang, from, to) => {
  const key = `${lang} ${from} ${to}`;
  if (!made.has(key)) made.set(key, replacing(lang, from, to));
  return made.get(key);
};

/** Return a word in small letters, in one of the ways in which Unicode writes it, without signs that nobody sees. */
const small = (word, lang) =>
  word.normalize("NFC").replace(/[０-９Ａ-Ｚａ-ｚ]/g, (sign) => sign.normalize("NFKC"))
    .replace(/[\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]/g, "").toLocaleLowerCase(lang);

/** Return a word as it is looked up: Pagefind knows no other letters. */
export const fold = (word, lang) => replacer(lang, 0, 1)(small(word, lang));

/** Return a word as a page that holds just this spelling has it in the index; such a page comes first. */
export const normalise = (word, lang) =>
  replacer(lang, 0, 2)(small(word, lang === "tr" ? "en" : lang).replaceAll("i\u0307", "i"));

/** Return a text of the index as it was written. */
export const unfold = (text, lang) => replacer(lang, 2, 0)(text);

/** Return what to search for, for one word: itself, then the beginnings that its other forms may have. */
export function forms(word, lang) {
  const plain = small(word, lang).replace(/[’ʼ`‘]/g, "'");
  const all = [...new Set(stems(plain, lang).map((stem) => fold(stem, lang)))];
  return [
    normalise(word, lang),
    ...all.filter((one, place) => (place ? one.length > 2 : one !== normalise(word, lang))),
  ];
}

/** Return a word with its umlauts written out, or the other way round: "Müller" and "Mueller" are one name. */
function respelled(word) {
  const pairs = { ä: "ae", ö: "oe", ü: "ue", ae: "a", oe: "o", ue: "u" };
  return word.normalize("NFC").replace(/[äöü]|[ao]e|(?<![aeq])ue/gi, (found) => pairs[found.toLowerCase()]);
}

/** Return the words of a query; in Persian, endings and beginnings that stand apart belong to their word. */
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

/** Return ever shorter searches for when nothing is found: the longest word alone, then beginnings of words. */
function shorter(words, lang) {
  const all = words.map((word) => forms(word, lang)[1] ?? word);
  const longest = [...all].sort((a, b) => b.length - a.length)[0];
  const cut = (word, share) => word.slice(0, Math.max(word.length > 6 ? 4 : 3, Math.ceil(word.length * share)));
  const tries = [0.8, 0.6, 0.45].flatMap((
    share,
  ) => [all.map((word) => cut(word, share)).join(" "), cut(longest, share)]);
  return [...new Set([longest, ...tries])];
}

/** Return the words that an excerpt marks, and a word that was typed, as they are compared. */
const bare = (word, lang) => fold(word, lang).normalize("NFD").replace(/[\p{M}\u200c]/gu, "");
const markedIn = (excerpt, lang) =>
  [...excerpt.matchAll(/<mark>(.*?)<\/mark>/g)].map((match) =>
    unfold(match[1], lang).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")
  );

/** Tell whether a marked word begins like one that was typed: Pagefind falls back to very short beginnings. */
function isClose(words, excerpt, lang) {
  const marked = markedIn(excerpt, lang).map((word) => bare(word, lang));
  const beginning = (word) => (/\d/.test(word) ? word : word.slice(0, Math.ceil(Math.min(word.length, 12) * 0.5)));
  return words.map((word) => bare(word, lang)).some((word) => marked.some((mark) => mark.includes(beginning(word))));
}

/** Return how well an excerpt holds the words: 3 for each as it was typed, 2 for its folded form, 1 for a word that begins with it. */
function agreement(words, excerpt, lang) {
  const marked = markedIn(excerpt, lang);
  const level = (word, mark) => {
    if (small(word, lang) === small(mark, lang)) return 3;
    const [one, other] = [bare(word, lang), bare(mark, lang)];
    return one === other ? 2 : Number(other.startsWith(one));
  };
  return words.reduce((sum, word) => sum + Math.max(0, ...marked.map((mark) => level(word, mark))), 0);
}

const WEIGHED = 6; // first results whose excerpts are read; most are on the screen anyway

/** Return results with the word itself before those that only begin alike, whatever Pagefind thinks of their length. */
async function weighed(results, words, lang) {
  const levels = new Map();
  const weigh = (result) =>
    result.data().then(({ excerpt }) => agreement(words, excerpt, lang), () => 0).then((level) =>
      levels.set(result, level)
    );
  if (results.length) await weigh(results[0]);
  if (results.length < 2 || levels.get(results[0]) >= 2 * words.length) return results;
  await Promise.all(results.slice(1, WEIGHED).map(weigh));
  return [...results.slice(0, WEIGHED).sort((a, b) => levels.get(b) - levels.get(a)), ...results.slice(WEIGHED)];
}

/**
 * Yield ever more results, best first: pages with the words as typed, then pages with other forms of them, at last what
 * Pagefind found by very short beginnings.
 */
export async function* find(engine, words, lang) {
  const near = new Map();
  const far = new Map();
  for (const spelling of new Set([words.join(" "), words.map(respelled).join(" ")])) {
    if (near.size) break;
    const typed = wordsOf(spelling, lang);
    const ways = typed.map((word) => forms(word, lang));
    for (let way = 0; way < Math.max(...ways.map((one) => one.length)); way += 1) {
      const query = ways.map((one) => one[Math.min(way, one.length - 1)]).join(" ");
      let { results } = await engine.search(query);
      if (!near.size) results = await weighed(results, typed, lang);
      const isNear = near.size || (results.length && isClose(typed, (await results[0].data()).excerpt, lang));
      for (const result of results) {
        if (!near.has(result.id)) (isNear ? near : far).set(result.id, result);
      }
      yield [...near.values(), ...[...far.values()].filter(({ id }) => !near.has(id))];
    }
  }
}

const SHOWN = 10; // pages shown at a time
const EXCERPTS = 3; // so many get their excerpt at once, the others when they come into view; each costs a request
const PAUSE = 120; // milliseconds without a key until the search begins

/** Bring the search dialog to life; the search engine is loaded at once, its index with the first letters. */
export async function start(dialog, lang) {
  const { bundle, loading, found, none, failed } = dialog.dataset;
  const one = (selector) => dialog.querySelector(selector);
  const [input, status, list, help, more] = [
    "input",
    "[role=status]",
    ".kim-search__results",
    ".kim-search__none",
    "[data-kim-more]",
  ].map(one);
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
  const titles = answer.ok ? answer.json() : {};
  let asked = 0;
  let timer;
  let results = [];

  /** Fill in the words around what was found, once the row can be seen. */
  const excerpts = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      excerpts.unobserve(target);
      target.fill().catch(() => {}); // without a network the title has to do
    }
  }, { root: dialog });

  const item = async (result, number) => {
    const [url, title] = (await titles)[result.id] ??
      await result.data().then(({ url, meta }) => [url, unfold(meta.title, lang)]);
    const row = document.createElement("li");
    const link = row.appendChild(document.createElement("a"));
    const text = row.appendChild(document.createElement("p"));
    link.href = url;
    link.textContent = title;
    row.fill = async () => {
      text.innerHTML = unfold((await result.data()).excerpt, lang); // escaped by Pagefind, but for its <mark>
    };
    if (number < EXCERPTS) await row.fill();
    else excerpts.observe(row);
    return row;
  };

  /** Show the results up to a number; those that are there already stay as they are. */
  const draw = async (turn, number) => {
    const begin = list.children.length;
    const rows = await Promise.all(results.slice(begin, number).map((result, place) => item(result, begin + place)));
    if (turn === asked && begin === list.children.length) list.append(...rows);
  };

  /** Find pages; show the first ones as soon as they are known. */
  const ask = async (turn, words) => {
    results = [];
    for await (const all of find(engine, words, lang)) {
      if (turn !== asked) return;
      results = all;
      if (results.length && !list.children.length && isClose(words, (await results[0].data()).excerpt, lang)) {
        await draw(turn, SHOWN);
      }
    }
    if (list.children.length || turn !== asked) return;
    for (const query of shorter(words, lang)) {
      const { results: near } = await engine.search(query);
      if (turn !== asked) return;
      if (!near.length) continue;
      if (isClose(words, (await near[0].data()).excerpt, lang)) {
        results = near;
        return;
      }
      if (!results.length) results = near;
    }
  };

  const show = async () => {
    const turn = ++asked;
    const words = wordsOf(input.value, lang);
    list.replaceChildren();
    help.hidden = more.hidden = true;
    if (words.join("").length < 2) {
      status.textContent = "";
      return;
    }
    status.textContent = loading;
    try {
      await ask(turn, words);
      await draw(turn, SHOWN);
      if (turn !== asked) return; // somebody has typed on
      status.textContent = results.length ? found.replace("{number}", results.length) : none;
      help.hidden = results.length > 0;
      more.hidden = results.length <= SHOWN;
    } catch {
      if (turn !== asked) return;
      status.textContent = failed;
      help.hidden = false;
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
    const word = normalise(input.value.trim().split(/\s+/).pop(), lang);
    if (word.length > 2) engine.preload(word).catch(() => {}); // the part of the index that the word will be looked up in
  });
  one("form").addEventListener("submit", () => {
    clearTimeout(timer);
    show();
  });
  more.addEventListener("click", async () => {
    const before = list.children.length;
    await draw(asked, before + SHOWN);
    more.hidden = results.length <= list.children.length;
    list.children[before]?.querySelector("a").focus();
  });
  if (input.value.trim()) show();
}
