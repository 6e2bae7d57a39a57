/* The editor's pages: the form opens in the paragraph's place, what is typed is kept, findings come while writing.
   Without this script each step is a link or a form of its own. */
// @ts-check

/** @type {HTMLElement | null} */
const bar = document.querySelector("[data-editing]");
/** @type {Map<HTMLFormElement, {timer: number, busy: boolean, dirty: boolean}>} */
const forms = new Map();
let ends = Date.now() + Number(bar?.dataset.session) * 1000;
let typed = false;
/** @type {HTMLFormElement | undefined} */
let last;
let ended = false;

/** @param {HTMLFormElement} form */
const field = (form) => /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("words"));

/** @param {HTMLFormElement} form */
const keyOf = (form) => `kim ${bar?.dataset.account} ${form.closest("[data-edit]")?.getAttribute("data-edit")}`;

/** @param {string} url @param {URLSearchParams} [body] */
async function ask(url, body) {
  const answer = await fetch(url, body && { method: "POST", body });
  if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(String(answer.status));
  ends = Date.now() + Number(answer.headers.get("X-Session-Seconds") || 3600) * 1000;
  return answer.text();
}

/** @param {HTMLFormElement} form @param {string} words */
function say(form, words) {
  const place = form.querySelector("[data-saved]");
  if (place) place.textContent = words;
}

/** Keep what is typed on the server and show findings; one request at a time. @param {HTMLFormElement} form */
async function keep(form) {
  const state = forms.get(form);
  if (!state || state.busy || ended) return;
  const text = field(form).value;
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  body.set("action", "check");
  body.set("teil", "1");
  state.busy = true;
  try {
    const html = await ask(form.dataset.check ?? "", body); // form.action is the button of that name
    const checked = form.querySelector("[data-checked]");
    if (checked && checked.innerHTML !== html) checked.innerHTML = html;
    if (field(form).value === text) {
      state.dirty = false;
      localStorage.removeItem(keyOf(form));
    }
    say(
      form,
      (field(form).dataset.state ?? "").replace("{}", new Date().toLocaleTimeString(bar?.lang, { timeStyle: "short" })),
    );
  } catch (error) {
    ended = /^(200|403)$/.test(/** @type {Error} */ (error).message);
    say(form, field(form).dataset.offline ?? "");
  }
  state.busy = false;
  if (state.dirty && !ended) state.timer = setTimeout(() => keep(form), 2000);
}

/** @param {HTMLTextAreaElement} area @param {string} words */
function insert(area, words) {
  area.focus();
  if (!document.execCommand("insertText", false, words)) {
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
  }
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLTextAreaElement} area @param {DOMStringMap} what */
function format(area, what) {
  const chosen = area.value.slice(area.selectionStart, area.selectionEnd);
  if (what.around) insert(area, what.around + chosen + what.around);
  else if (what.line) insert(area, chosen ? chosen.replace(/^/gm, what.line) : `\n${what.line}`);
  else if (what.box) insert(area, `\n${what.box}\n    ${chosen.replace(/\n/g, "\n    ")}`);
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const area = field(form);
  if (!area || forms.has(form)) return;
  forms.set(form, { timer: 0, busy: false, dirty: false });
  const kept = localStorage.getItem(keyOf(form));
  if (kept && kept !== area.value) {
    const quote = document.createElement("blockquote");
    quote.dir = "auto";
    quote.textContent = kept;
    area.after(quote);
  }
  form.addEventListener("input", () => {
    const state = forms.get(form);
    if (!state) return;
    typed = state.dirty = true;
    last = form;
    try {
      localStorage.setItem(keyOf(form), area.value);
    } catch {
      // the browser's store is full or closed; the server keeps the text
    }
    clearTimeout(state.timer);
    state.timer = setTimeout(() => keep(form), 800);
  });
  form.addEventListener("submit", () => forms.delete(form));
  const tools = /** @type {HTMLElement | null} */ (form.querySelector("[role=toolbar]"));
  const buttons = [...(tools?.querySelectorAll("button") ?? [])];
  if (tools) tools.hidden = false;
  buttons.forEach((button, at) => {
    button.tabIndex = at ? -1 : 0;
    button.addEventListener("click", () => format(area, button.dataset));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = buttons[(at + (document.dir === "rtl" ? -step : step) + buttons.length) % buttons.length];
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
  form.querySelector("[data-insert]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const list = /** @type {HTMLSelectElement} */ (form.elements.namedItem("insert"));
    if (list.value) insert(area, list.value);
  });
}

/** Open the form in the place of its link. @param {HTMLAnchorElement} link */
async function open(link) {
  try {
    const html = await ask(link.href.replace("#", "&teil=1#"));
    const box = document.createElement("div");
    box.innerHTML = html;
    const section = box.querySelector("section");
    if (!section) throw new Error("form");
    link.replaceWith(section);
    const form = section.querySelector("form");
    if (!form) return;
    prepare(form);
    field(form).focus();
    section.querySelector("[data-close]")?.addEventListener("click", (event) => {
      if (forms.get(form)?.dirty) return;
      event.preventDefault();
      forms.delete(form);
      section.replaceWith(link);
      link.focus();
    });
  } catch {
    location.href = link.href;
  }
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a.kim-edit"));
  if (link && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    open(link);
  } else if (
    !target.closest("a, button, input, textarea, select, label, summary, section.kim-edit-form, .kim-edit-bar") &&
    !String(getSelection())
  ) {
    const block = target.closest("main p, main h1, main h2, main h3, main h4, main dd, main li, main td, main th");
    const next = block?.nextElementSibling;
    const own = next?.matches("a.kim-edit")
      ? next
      : block?.querySelector(":scope > a.kim-edit") ?? block?.closest("tr")?.querySelector("a.kim-edit");
    if (own) open(/** @type {HTMLAnchorElement} */ (own));
  }
});

addEventListener("beforeunload", (event) => {
  if ([...forms.values()].some((state) => state.dirty)) event.preventDefault();
});

/** Tell the server that somebody is still here, and learn how long the session lasts. */
async function ping() {
  const form = last ?? [...forms.keys()][0];
  const where = form?.closest("[data-edit]")?.getAttribute("data-edit") ?? `${bar?.dataset.path} `;
  const [path, place] = where.split(/ (?=\S*$)/);
  typed = false;
  await ask(bar?.dataset.alive ?? "", new URLSearchParams({ csrf_token: bar?.dataset.token ?? "", path, place })).catch(
    () => {},
  );
}

if (bar) {
  for (const form of document.querySelectorAll("form[data-check]")) prepare(/** @type {HTMLFormElement} */ (form));
  setInterval(() => {
    if (typed && forms.size) ping();
  }, 30000);
  setInterval(() => {
    const shown = document.querySelector(".kim-edit-session");
    if (ends - Date.now() > 120000) {
      shown?.remove();
    } else if (!shown) {
      const box = document.createElement("div");
      box.className = "kim-edit-session";
      box.setAttribute("role", "alert");
      box.textContent = `${bar.dataset.warning} `;
      const button = document.createElement("button");
      button.textContent = bar.dataset.extend ?? "";
      button.addEventListener("click", ping);
      box.append(button);
      document.body.append(box);
    }
  }, 1000);
}
