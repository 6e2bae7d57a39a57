// The chooser without a round trip: the same rules as form_handler/toolkit/recommend.py, on the data the build wrote.
const form = document.querySelector("[data-chooser]");
const questions = ["want", "obstacle", "document", "size"];

function answersOf(form) {
  const given = new FormData(form);
  return Object.fromEntries(questions.map((question) => [question, given.getAll(question).filter(Boolean)]));
}

function fits(measure, answers) {
  return ["want", "document", "size"].every(
    (question) => !answers[question].length || answers[question].some((key) => measure[question].includes(key)),
  );
}

export function choose(data, answers) {
  const found = new Map();
  data.rules.forEach((rule, place) => {
    const when = Object.entries(rule.when);
    if (!when.every(([question, key]) => answers[question].includes(key))) return;
    rule.show.forEach((key, rank) => {
      if (!fits(data.measures[key], answers)) return;
      if (!found.has(key)) found.set(key, { key, first: false, why: [], points: 0, place: place * 100 + rank });
      const entry = found.get(key);
      entry.first ||= rule.first;
      entry.points += when.length;
      for (const [question, answer] of when) {
        const reason = `${question}:${answer}`;
        if (!entry.why.includes(reason)) entry.why.push(reason);
      }
    });
  });
  const best = [...found.values()].sort((a, b) => b.first - a.first || b.points - a.points || a.place - b.place);
  const kept = best.filter((one) => one.key !== data.always).slice(0, data.most);
  return [...kept, { key: data.always, first: kept.length === 0, why: ["always"] }];
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function show(data, answers) {
  const live = document.getElementById("choose-live");
  const query = new URLSearchParams(questions.flatMap((question) => answers[question].map((key) => [question, key])));
  if (!query.size) {
    live.replaceChildren();
    return;
  }
  const items = choose(data, answers).map((one) => {
    const measure = data.measures[one.key];
    const spoken = { lang: measure.lang, dir: measure.lang && "ltr" };
    const link = element("a", { href: measure.url, hreflang: measure.lang, ...spoken }, measure.title);
    return element(
      "li",
      { class: `kim-result${one.first ? " kim-result--first" : ""}`, "data-key": one.key },
      ...(one.first ? [element("p", { class: "kim-result__first" }, data.words.first)] : []),
      element("h3", { class: "kim-result__title" }, link),
      element("p", spoken, measure.text),
      element("p", { class: "kim-result__why" }, one.why.map((reason) => data.reasons[reason]).join(" · ")),
    );
  });
  live.replaceChildren(
    element(
      "section",
      { class: "kim-chooser__result", "aria-labelledby": "choose-result" },
      element("h2", { id: "choose-result", tabindex: "-1" }, data.words.title),
      element("ol", { class: "kim-results" }, ...items),
      element(
        "p",
        { class: "kim-chooser__share" },
        element("a", { href: `${form.action}?${query}` }, data.words.share),
        ` ${data.words.nothing}`,
      ),
    ),
  );
}

if (form) {
  const response = await fetch(form.dataset.chooser);
  if (response.ok) {
    const data = await response.json();
    const update = () => show(data, answersOf(form));
    form.addEventListener("change", update);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      update();
      document.getElementById("choose-result")?.focus();
    });
    // The handler's list stays until something is changed; a form that the browser filled in again is answered at once.
    if (!document.querySelector("[data-chooser-static]")) update();
  }
}
