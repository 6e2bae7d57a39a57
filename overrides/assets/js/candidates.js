import { comparable } from "./folding.js";
import { BEGINNING, END, FORM, isOneLetterOff, likeness, respell, SAME, term, wordsOf } from "./matching.js";

/** @typedef {import("./matching.js").Term} Term */

/**
 * What the build writes for the dialog (editorial/build/search.py); a page is its id in the index, address, title
 * and the numbers of its audiences.
 * @typedef {object} DialogData
 * @property {[string, string, string, number[]][]} pages
 * @property {[string[], number[]][]} words search words with the numbers of their pages
 * @property {string[]} ignored
 * @property {string[]} audiences
 * @property {Record<string, string>} labels
 */

/**
 * @typedef {{ id: string, url: string, title: string, audience: string[], terms: Term[] }} KnownPage
 * @typedef {{ phrases: Term[][], pages: KnownPage[] }} Entry
 * @typedef {{ pages: KnownPage[], entries: Entry[], ignored: Set<string> }} Known
 */

// Position of a page in the list: the higher, the earlier. Places of search words and of the index are subtracted.
const WHOLE_TITLE = 600;
export const SEARCH_WORD = 500;
/** @type {Record<number, number>} */
const TITLE = { [SAME]: 400, [FORM]: 350, [BEGINNING]: 300, [END]: 250 };
const SEARCH_WORD_BEGINNING = 200;
export const TEXT = 100;
const MIN_TYPED = 4; // letters of a search word that is still being typed

/**
 * Return the data of the build, prepared for comparing.
 * @param {DialogData} data
 * @param {string} lang
 * @returns {Known}
 */
export function prepare(data, lang) {
  const terms = (/** @type {string} */ words) => wordsOf(words, lang).map((word) => term(word, lang));
  const ignored = new Set(data.ignored.map((word) => comparable(word, lang)));
  // Words that a query loses are not asked for. A hyphen joins words that others write apart, or as one.
  const phrases = (/** @type {string} */ words) =>
    [...new Set([words, words.replaceAll("-", " "), words.replaceAll("-", "")])].map((spelling) => {
      const all = terms(spelling), left = all.filter(({ text }) => !ignored.has(text));
      return left.length ? left : all;
    });
  const pages = data.pages.map(([id, url, title, audience]) => ({
    id,
    url,
    title,
    audience: audience.map((number) => data.audiences[number]),
    // A hyphen joins words that are also looked for one by one.
    terms: terms(`${title} ${title.includes("-") ? title.replaceAll("-", " ") : ""}`),
  }));
  return {
    pages,
    entries: data.words.map(([words, places]) => ({
      phrases: words.flatMap(phrases),
      pages: places.map((place) => pages[place]),
    })),
    ignored,
  };
}

/**
 * Return the words of a query without function words; all of them if no other is there.
 * @param {string[]} words
 * @param {Known} known
 * @param {string} lang
 */
export function meaningfulWords(words, known, lang) {
  const left = words.filter((word) => !known.ignored.has(comparable(word, lang)));
  return left.length ? left : words;
}

/**
 * Return how well the best spelling of a word is like one of these terms.
 * @param {Term[]} spellings
 * @param {Term[]} terms
 * @param {string} lang
 */
const best = (spellings, terms, lang) =>
  Math.max(0, ...terms.flatMap((one) => spellings.map((spelling) => likeness(spelling, one, lang))));

/**
 * Return pages that search words or titles lead to, with their points; what a search word leads to in part is apart.
 * @param {string[]} words
 * @param {Known} known
 * @param {string} lang
 */
export function candidates(words, known, lang) {
  const spellings = (/** @type {string} */ word) => [...new Set([word, respell(word), word.replaceAll("-", "")])];
  const asked = words.map((word) => spellings(word).map((one) => term(one, lang)));
  /** @type {Map<KnownPage, number>} */
  const found = new Map();
  /** @type {Map<KnownPage, number>} */
  const partly = new Map();
  const add = (/** @type {Map<KnownPage, number>} */ to, /** @type {KnownPage} */ page, /** @type {number} */ points) =>
    to.set(page, Math.max(points, to.get(page) ?? 0));
  for (const page of known.pages) {
    const least = Math.min(...asked.map((spellings) => best(spellings, page.terms, lang)));
    // Of two titles with the word, the shorter one is more about it.
    if (least) add(found, page, TITLE[least] - Math.min(page.terms.length, 20));
    const isWhole = least >= FORM && page.terms.every((one) => asked.some((all) => best(all, [one], lang) >= FORM));
    if (isWhole) add(found, page, WHOLE_TITLE);
  }
  for (const { phrases, pages } of known.entries) {
    const whole = phrases.filter((phrase) =>
      phrase.every((one) => asked.some((spellings) => best(spellings, [one], lang) >= FORM))
    );
    // Several words of one entry may be in a query: "ev kirası" for "ev" and "kira".
    const isAnswer = whole.length && asked.every((spellings) => best(spellings, whole.flat(), lang) >= FORM);
    const isBeginning = asked.length === 1 && asked[0][0].text.length >= MIN_TYPED &&
      phrases.some(([first]) => first?.text.startsWith(asked[0][0].text));
    pages.forEach((page, place) => {
      if (isAnswer) add(found, page, SEARCH_WORD - place);
      else if (isBeginning) add(found, page, SEARCH_WORD_BEGINNING - place);
      else if (whole.length) add(partly, page, SEARCH_WORD - place);
    });
  }
  return { found, partly };
}

/**
 * Return words of titles and search words that are like the one typed: one letter off, or the part of a compound.
 * @param {string} word
 * @param {Known} known
 * @param {string} lang
 */
export function similarWords(word, known, lang) {
  const typed = comparable(word, lang);
  const all = [...known.entries.flatMap(({ phrases }) => phrases.flat()), ...known.pages.flatMap(({ terms }) => terms)];
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const { text } of all) {
    if (text.length > 3 && typed.length > 3 && isOneLetterOff(typed, text)) found.set(text, 100);
    else if (text.length > 4 && (typed.startsWith(text) || typed.endsWith(text))) found.set(text, text.length);
  }
  return [...found].sort((a, b) => b[1] - a[1]).map(([text]) => text).slice(0, 3);
}
