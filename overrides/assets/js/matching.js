import { comparable, fold, indexed, normalizeCase } from "./folding.js";
import { stems } from "./stemmers.js";

// How alike two words are: the same, forms of one word, a beginning, or (in German compounds) an end.
export const SAME = 4;
export const FORM = 3;
export const BEGINNING = 2;
export const END = 1;

const MIN_BEGINNING = 3; // letters of a beginning that counts
const MIN_END = 4; // letters of an end that counts: "kurs" in "Integrationskurs"

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
export function respell(word) {
  /** @type {Record<string, string>} */
  const pairs = { ä: "ae", ö: "oe", ü: "ue", ae: "a", oe: "o", ue: "u" };
  return word.normalize("NFC").replace(/[äöü]|[ao]e|(?<![aeq])ue/gi, (found) => pairs[found.toLowerCase()]);
}

/**
 * Return the words of a text; in Persian, affixes that are written apart belong to their word.
 * @param {string} text
 * @param {string} lang
 */
export function wordsOf(text, lang) {
  let line = text.replace(/[^\p{L}\p{M}\p{N}\p{Cf}'’ʼ`‘.-]+/gu, " ").replace(/(^|\s)[^\p{L}\p{N}]+(?=\s|$)/gu, " ");
  if (lang === "fa") {
    line = line.replace(/\s+(?=(?:های|هایی|ها|تر|ترین|ام|ات|اش|ای|اند)(?:\s|$))/g, "\u200c").replace(
      /(^|\s)(ن?می)\s+/g,
      "$1$2\u200c",
    );
  }
  return line.split(/\s+/).map((word) => word.replace(/^[.'-]+|[.'-]+$/g, "")).filter(Boolean);
}

/**
 * A word prepared for comparing: its spelling and the stems of its forms.
 * @typedef {{ text: string, stems: string[] }} Term
 */

/**
 * Return what forms of an Arabic word have in common: its consonants without prefixes and suffixes. Broken plurals change
 * the vowels between them.
 * @param {string} word
 */
function arabicRoots(word) {
  const bare = word.replace(/^[وف]?(?:بال|كال|لل|ال|[بلك])?(?=.{3})/, "");
  const cut = bare.replace(/^(.{2,}?)(?:كم|هم|ها|نا|ات|ين|ون|ية|تك|[كهيةا])?$/, "$1").replace(/^(.{3,})ت$/, "$1");
  const roots = [bare, cut].map((part) => part.replace(/[اأإآىويئءؤ]/g, "").replace(/(.)\1+/g, "$1"));
  return roots.filter((root) => root.length > 1).map((root) => `${root}*`); // no stem ends like this
}

/**
 * Return a word prepared for comparing.
 * @param {string} word
 * @param {string} lang
 * @returns {Term}
 */
export function term(word, lang) {
  const plain = normalizeCase(word, lang).replace(/[’ʼ`‘]/g, "'");
  const all = stems(plain, lang).map((stem) => comparable(stem, lang)).filter((stem) => stem.length >= MIN_BEGINNING);
  // Pagefind stems a noun and its verb alike: Kündigung, kündigen.
  if (lang === "de") all.push(...all.map((stem) => stem.replace(/^(.{5,})ung$/, "$1")));
  // A vowel that comes and goes: wniosek and wniosku, садок and садка.
  if (["pl", "ru", "uk"].includes(lang)) {
    all.push(...all.map((stem) => stem.replace(/(.{2})[eоеёє]([kcкцн])$/, "$1$2")));
  }
  if (lang === "ar") all.push(...arabicRoots(plain));
  return { text: comparable(word, lang), stems: [...new Set(all)] };
}

/**
 * Return how many letters two words begin with alike.
 * @param {string} one
 * @param {string} other
 */
function commonBeginning(one, other) {
  let place = 0;
  while (place < one.length && one[place] === other[place]) place += 1;
  return place;
}

/**
 * Return how a word that was typed and a word of a page are alike; 0 if they are not.
 * @param {Term} typed
 * @param {Term} word
 * @param {string} lang
 */
export function likeness(typed, word, lang) {
  const [one, other] = [typed.text, word.text];
  if (one === other) return SAME;
  if (/\d/.test(one)) return other.startsWith(one) ? BEGINNING : 0;
  if (typed.stems.some((stem) => word.stems.includes(stem))) return FORM;
  if (
    lang === "de" && other.length > 4 && one.startsWith(other) && /^(?:e[mnrs]?|n|s)$/.test(one.slice(other.length))
  ) return FORM;
  if (one.length >= MIN_BEGINNING && other.startsWith(one)) return BEGINNING;
  const least = Math.max(4, Math.ceil(one.length * 0.6));
  if (typed.stems.some((stem) => stem.length >= least && other.startsWith(stem))) return BEGINNING;
  if (lang === "de") return one.length >= MIN_END && other.endsWith(one) ? END : 0;
  // Pagefind stems other languages further than our rules do.
  const alike = commonBeginning(one, other);
  const longer = Math.max(one.length, other.length);
  return alike >= Math.max(4, Math.ceil(longer * 0.6)) && longer - alike <= 3 ? FORM : 0;
}

/**
 * Return whether one word becomes the other by one letter: another one, one more, one less, or two exchanged.
 * @param {string} one
 * @param {string} other
 */
export function isOneLetterOff(one, other) {
  if (Math.abs(one.length - other.length) > 1 || one === other) return false;
  const begin = commonBeginning(one, other);
  const [rest, others] = [one.slice(begin), other.slice(begin)];
  return rest.slice(1) === others.slice(1) || rest.slice(1) === others || rest === others.slice(1) ||
    (rest[0] === others[1] && rest[1] === others[0] && rest.slice(2) === others.slice(2));
}
