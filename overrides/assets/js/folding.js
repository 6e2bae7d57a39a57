import FOLDING from "./folding.json" with { type: "json" };

// How letters are folded, for index and query alike; core/folding.py reads js/folding.json for the index.
// Pagefind itself folds letters that Unicode takes apart (é, ü, ї) and drops what Unicode calls a mark.
// "letters": what is typed for each of the letters behind it, in every language; "languages": the same for one language;
// "dropped": what is left out of words. In the index a folded letter has a variation selector that names which one it
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
export const normalizeCase = (word, lang) =>
  word.normalize("NFC").replace(/[０-９Ａ-Ｚａ-ｚ]/g, (sign) => sign.normalize("NFKC"))
    .replace(/[\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]/g, "").toLocaleLowerCase(lang);

/**
 * Return a word as it is looked up: Pagefind has no other letters.
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
 * Return a word as words of query, title and excerpt are compared: without marks, as Pagefind compares.
 * @param {string} word
 * @param {string} lang
 */
export const comparable = (word, lang) => fold(word, lang).normalize("NFD").replace(/[\p{M}\u200c]/gu, "");
