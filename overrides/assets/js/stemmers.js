// Stemmers for queries. Pagefind finds words that begin with the query, and stems some languages only. A rule here turns
// one form of a word into the beginning of others. The rules are fewer than those of a full stemmer, because a search by
// beginnings needs no exact stem; the source above each list describes the affixes and alternations that it covers.
// tests/browser/stemmers.yml is the table of tests.

/** @typedef {[RegExp, string | ((found: string, ...groups: string[]) => string)]} Rule */

/**
 * Rules by language; the first one removes affixes, the others change the stem.
 * @type {Record<string, Rule[]>}
 */
const RULES = {
  // Participles (ge-…-t, ge-…-en), then endings of declension: J. Caumanns, A Fast and Simple Stemming Algorithm for
  // German Words, FU Berlin 1999.
  de: [[/^(?:an|auf|aus|ein|vor|mit|um)?ge(.{3,}?)(?:e?t|en)$/, "$1"], [
    /^(.{3,}?)(?:e?te?[nr]?|e[mnrs]?|[ns])$/,
    "$1",
  ]],
  // Plural and possessive s: D. Harman, How Effective Is Suffixing?, JASIS 42 (1991). Pagefind itself stems English by
  // Snowball; the second rule is for plurals in -ren (children).
  en: [[/^(.{3,}?)(?:'s|s)$/, "$1"], [/^(.{2,})i?ren$/, "$1"]],
  // Endings and the alternation of і and о, after the tables of S. Pugh and I. Press, Ukrainian: A Comprehensive Grammar,
  // Routledge 1999; there is no Snowball stemmer.
  uk: [
    [
      /^(.{3,}?)(?:[ую]ва(?:ти|нн?ь?[яюі]?м?и?х?|в|ла|ло|ли)|[ую](?:ю|є|ємо|єте|єш|ють)|н(?:ь|ня|ню|ням|нями|нях|ні)|ьми|[іо]ст(?:ь|і|ю|ей|ям|ями|ях)|ь?(?:ого|ому|ої|ою)|[иі](?:й|м|х|ми|ма)|[аяие](?:ти|ть|в|ла|ло|ли|мо|те|ш)|[ую]ть|[ая](?:м|ми|х)|[ое]м|[еє]ю|[оеє]ві|[ії]в|ей|є[юм]|єм|дю|[аяуюоеєиіїйь])$/,
      "$1",
    ],
    [/^(.+)ец(?:ь)?$/, "$1ц"],
    [/^(.+)і([бвгґджзйклмнпрстфхцчшщ]{1,2})ь?$/, "$1о$2"],
    [/^(.+)о([бвгґджзйклмнпрстфхцчшщ]{1,2})(?:[уиіаю]|ів|ом|ам|ами|ах)?$/, "$1і$2"],
  ],
  // Endings of nouns and adjectives as in Snowball's Russian stemmer, shorter, and nouns in -ёнок (ребёнок).
  ru: [[
    /^(.{3,}?)(?:[аяоеёиы]?[йм]|[оеё]го|[оеё]му|[иы]ми|[иы]х|[аяеои]ми|ами|ями|[аяие]х|[оеё]в|ией|ью|ию|ия|ии|ие|ью|[аеиоуыьюяё])$/,
    "$1",
  ], [/^(.+)[оеё]н(?:ок|к.{0,2})$/, "$1ён"]],
  // Endings and alternations (ó, ą, ę; -ek, -k; ł, l; t, ć), after the tables of O. Swan, A Grammar of Contemporary Polish,
  // Slavica 2002; there is no Snowball stemmer.
  pl: [
    [
      /^(.{3,}?)(?:ami|ach|iom|om|owi|owie|ów|iem|em|ie|[iy]ch|[iy]mi?|ego|emu|ej|uj[eą]|owa[ćłl].*|ą|ę|y|i|a|o|e|u)$/,
      "$1",
    ],
    [/^(.+)[óąę]([^aąeęioóuy]{1,2})$/, (_found, beginning) => beginning],
    [/^(.+)ek$/, "$1k"],
    [/^(.+[^aąeęioóuy])k$/, "$1ek"],
    [/^(.+?)(?:dzie?|k)$/, "$1"],
    [/^(.+)(?:ł|l)$/, "$1"],
    [/^(.+)cie?$/, "$1t"],
  ],
  // Plural, possessive and case as in Snowball's Turkish stemmer (G. Eryiğit and E. Adalı, An Affix Stripping Morphological
  // Analyzer for Turkish, 2004), then softened consonants and vowels that come and go (kitap, kitabı; şehir, şehri).
  tr: [
    [
      /^(.{2,}?)(?:l[ae]r)?(?:[ıiuü][mn][ıiuü]z|l[ae]r[ıi]|s?[ıiuü]|[ıiuü][mn]|m|n)?(?:[ny]?(?:[dt][ae]n?|[ıiuü]n?|[ae]|l[ae]))?$/,
      "$1",
    ],
    [/(.)\1$/, "$1"],
    [/[dt]$/, (x) => (x === "d" ? "t" : "d")],
    [/[bp]$/, (x) => (x === "b" ? "p" : "b")],
    [/[ğk]$/, (x) => (x === "k" ? "ğ" : "k")],
    [/[cç]$/, (x) => (x === "c" ? "ç" : "c")],
    [/([aıou][^aeıioöuü]?)([^aeıioöuü])$/, "$1ı$2"],
    [/([eiöü]?[^aeıioöuü])([^aeıioöuü])$/, "$1i$2"],
    [/[ıiuü]([^aeıioöuü])$/, "$1"],
  ],
  // Prefixes and suffixes as in light10: L. Larkey, L. Ballesteros and M. Connell, Light Stemming for Arabic Information
  // Retrieval, 2007.
  ar: [[/^(?:[وف](?=.{4}))?(?:بال|كال|لل|ال|[بلك](?=.{4}))?(.{2,}?)(?:كم|هم|ها|نا|ات|ين|ون|ية|[ةهي]|اً|ًا|ا)?$/, "$1"]],
  // Plural, possessive and indefinite suffixes as in Lucene's PersianStemmer, with or without a zero-width non-joiner.
  fa: [[/^(.{3,}?)\u200c?(?:های|هایی|ها|ای|ات|ان|ی)$/, "$1"]],
};

/**
 * Arabic broken plurals change the inside of a word: the common patterns, in both directions (A. Goweder, M. Poesio,
 * A. De Roeck and J. Reynolds, Identifying Broken Plurals in Unvowelised Arabic Text, EMNLP 2004).
 * @type {Rule[]}
 */
const BROKEN_PLURALS = [
  [/^(.)(.)(.)$/, "$1$2و$3"],
  [/^(.)(.)(.)$/, "أ$1$2ا$3"],
  [/^(.)(.)و(.)$/, "$1$2$3"],
  [/^أ(.)(.)ا(.)$/, "$1$2$3"],
  [/^(.)(.)ي(.)$/, "$1$2ائ$3"],
  [/^(.)(.)ائ(.)$/, "$1$2ي$3"],
  [/^(.)(.)(.)(.)$/, "$1$2ا$3$4"],
  [/^(.)(.)ا(.)(.)$/, "$1$2$3$4"],
  [/^(.)(.)(.)ي(.)$/, "$1$2ا$3ي$4"],
  [/^(.)(.)ا(.)ي(.)$/, "$1$2$3ي$4"],
  [/^(.)ق$/, "$1قوق"],
];

/** Vowel and consonant rules apply to these many forms at most. */
const MAX_STEMS = 3;

/**
 * Return a word and the beginnings that its other forms may have, the likeliest first.
 * @param {string} word in lower case, in Unicode normalization form C
 * @param {string} lang
 * @returns {string[]}
 */
export function stems(word, lang) {
  let plain = word;
  if (lang === "fa") plain = plain.replace(/[يى]/g, "ی").replace(/ك/g, "ک");
  if (lang === "uk") plain = plain.replace(/(..)(?:ся|сь)$/, "$1");
  const found = [plain];
  const [affixes, ...others] = RULES[lang] ?? [];
  /** @type {(stem: string, rule: Rule) => string} */
  const apply = (stem, [pattern, replacement]) => stem.replace(pattern, /** @type {string} */ (replacement));
  if (affixes) found.push(apply(plain, affixes));
  for (const rule of lang === "ar" ? BROKEN_PLURALS : others) {
    for (const stem of found.slice(lang === "ar" || found.length < 2 ? 0 : 1, MAX_STEMS)) found.push(apply(stem, rule));
  }
  return found;
}
