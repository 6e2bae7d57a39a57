// The chooser without a request for each choice: the rules of form_handler/toolkit/recommend.py, on the data of the build.

/**
 * @typedef {"want" | "obstacle" | "document" | "size"} Question
 * @typedef {Record<Question, string[]>} Answers
 * @typedef {{ title: string, text: string, url: string, lang: string | null, want: string[], document: string[], size: string[] }} Measure
 * @typedef {{ when: Partial<Record<Question, string>>, show: string[], first: boolean }} ChoiceRule
 * @typedef {{ rules: ChoiceRule[], always: string, most: number, measures: Record<string, Measure>, take_part: string, reasons: Record<string, string> }} Toolkit
 * @typedef {{ key: string, first: boolean, why: string[] }} Recommendation
 */

/** @type {Question[]} */
const QUESTIONS = ["want", "obstacle", "document", "size"];
/** @type {("want" | "document" | "size")[]} */
const CONDITIONS = ["want", "document", "size"];

/**
 * Return whether a measure is open to these answers; a question without answer excludes nothing.
 * @param {Measure} measure
 * @param {Answers} answers
 */
function isOpenTo(measure, answers) {
  return CONDITIONS.every(
    (question) => !answers[question].length || answers[question].some((key) => measure[question].includes(key)),
  );
}

/**
 * Return the recommended measures, best first.
 * @param {Toolkit} data
 * @param {Answers} answers
 * @returns {Recommendation[]}
 */
export function choose(data, answers) {
  /** @type {Map<string, Recommendation & { points: number, place: number }>} */
  const found = new Map();
  data.rules.forEach((rule, place) => {
    const when = /** @type {[Question, string][]} */ (Object.entries(rule.when));
    if (!when.every(([question, key]) => answers[question].includes(key))) return;
    rule.show.forEach((key, rank) => {
      if (!isOpenTo(data.measures[key], answers)) return;
      const entry = found.get(key) ?? { key, first: false, why: [], points: 0, place: place * 100 + rank };
      found.set(key, entry);
      entry.first ||= rule.first;
      entry.points += when.length;
      for (const [question, answer] of when) {
        const reason = `${question}:${answer}`;
        if (!entry.why.includes(reason)) entry.why.push(reason);
      }
    });
  });
  const best = [...found.values()].sort((a, b) =>
    Number(b.first) - Number(a.first) || b.points - a.points || a.place - b.place
  );
  const shown = best.filter(({ key }) => key !== data.always).slice(0, data.most);
  return [...shown, { key: data.always, first: shown.length === 0, why: ["always"] }];
}

/**
 * Return the element for a selector, which the templates of the chooser hold.
 * @param {ParentNode} within
 * @param {string} selector
 */
const query = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

/**
 * Say in which language an element is, if it is not that of the page.
 * @param {HTMLElement} element
 * @param {string | null} lang
 */
function setLanguage(element, lang) {
  if (lang) Object.assign(element, { lang, dir: "ltr" });
}

/**
 * Fill in a copy of the list item of the template.
 * @param {HTMLElement} item
 * @param {Recommendation} recommendation
 * @param {Toolkit} data
 * @param {string} carried
 */
function fillItem(item, { key, first, why }, data, carried) {
  const { url, title, text, lang } = data.measures[key];
  item.dataset.key = key;
  item.classList.toggle("kim-result--first", first);
  if (!first) query(item, ".kim-result__first").remove();
  const link = /** @type {HTMLAnchorElement} */ (query(item, "a"));
  Object.assign(link, { href: url + carried, textContent: title });
  if (lang) link.hreflang = lang;
  setLanguage(link, lang);
  const description = query(item, ".kim-result__text");
  description.textContent = text;
  setLanguage(description, lang);
  query(item, ".kim-result__why").textContent = why.map((reason) => data.reasons[reason]).join(" · ");
  return item;
}

/**
 * Show the result for the answers, or nothing without answers.
 * @param {HTMLFormElement} form
 * @param {Toolkit} data
 */
function show(form, data) {
  const given = new FormData(form);
  const answers = /** @type {Answers} */ (Object.fromEntries(
    QUESTIONS.map((question) => [question, given.getAll(question).filter(Boolean)]),
  ));
  const live = query(document, "#choose-live");
  const search = new URLSearchParams(QUESTIONS.flatMap((question) => answers[question].map((key) => [question, key])));
  if (!search.size) {
    live.replaceChildren();
    return;
  }
  // What goes with the reader to the pages of the measures and to the form.
  const some = new URLSearchParams([...search].filter(([name]) => name === "want" || name === "size"));
  const carried = some.size ? `?${some}` : "";
  const template = /** @type {HTMLTemplateElement} */ (query(document, "#choose-template"));
  const result = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const item = query(result, ".kim-result");
  item.replaceWith(
    ...choose(data, answers).map((row) =>
      fillItem(/** @type {HTMLElement} */ (item.cloneNode(true)), row, data, carried)
    ),
  );
  /** @type {HTMLAnchorElement | null} */
  const takePart = result.querySelector(".kim-chooser__take-part a"); // a municipality may do without the form
  if (takePart) {
    takePart.href = data.take_part + carried;
  }
  /** @type {HTMLAnchorElement} */ (query(result, ".kim-chooser__share a")).href = `${
    form.action.split("#")[0]
  }?${search}`;
  live.replaceChildren(result);
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-chooser]"));
if (form) {
  const response = await fetch(form.dataset.chooser ?? "");
  if (response.ok) {
    /** @type {Toolkit} */
    const data = await response.json();
    form.addEventListener("change", () => show(form, data));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      show(form, data);
      const heading = document.getElementById("choose-result");
      heading?.focus({ preventScroll: true });
      heading?.scrollIntoView();
    });
    // The list of the form service stays until something changes; a form that the browser filled in again is answered at once.
    if (!document.querySelector("[data-chooser-static]")) show(form, data);
  }
}
