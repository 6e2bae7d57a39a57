// Colour scheme, menus, search, page feedback and the language hint. Every page can be read and used without this file.
"use strict";

{
  const root = document.documentElement;

  /**
   * Return an element that the templates hold.
   * @param {string} selector
   * @param {ParentNode} within
   */
  const query = (selector, within = document) => /** @type {HTMLElement} */ (within.querySelector(selector));

  /**
   * Return an element that not every page has.
   * @param {string} selector
   */
  const find = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));

  /**
   * Return what is stored under a key; with a value, store it; with null, remove it.
   * @param {string} key
   * @param {string | null} [value]
   */
  const store = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch { /* storage is switched off: the choice holds for this page */ }
  };

  /* ---- Colour scheme: stored on a click only, and not at all while it is the system's ------------------------- */

  const system = matchMedia("(prefers-color-scheme: dark)");
  const schemeButton = query("[data-kim-scheme]");
  schemeButton.hidden = !CSS.supports("color", "light-dark(#000, #fff)");
  const isDark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches);
  const showScheme = () => {
    schemeButton.setAttribute("aria-pressed", String(isDark()));
    const { backgroundColor } = getComputedStyle(document.body);
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
      meta.setAttribute("content", backgroundColor);
    }
  };
  schemeButton.addEventListener("click", () => {
    const dark = !isDark();
    if (dark === system.matches) delete root.dataset.scheme;
    else root.dataset.scheme = dark ? "dark" : "light";
    store("kim-scheme", root.dataset.scheme ?? null);
    showScheme();
  });
  system.addEventListener("change", showScheme);
  showScheme();

  /* ---- Menus: native <details>, closed by Esc, by leaving and by a click beside them -------------------------- */

  for (const drop of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("[data-kim-drop]"))) {
    drop.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !drop.contains(/** @type {Node} */ (relatedTarget))) drop.open = false;
    });
    document.addEventListener("click", ({ target }) => {
      if (!drop.contains(/** @type {Node} */ (target))) drop.open = false;
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !drop.open) return;
      const inside = drop.contains(document.activeElement);
      drop.open = false;
      if (inside) query("summary", drop).focus();
    });
  }

  /* ---- Search: nothing of it is loaded before the dialog opens ------------------------------------------------ */

  const dialog = /** @type {HTMLDialogElement | null} */ (find("#kim-search"));
  if (dialog) {
    /** @type {Promise<void> | undefined} */
    let begun;
    const input = /** @type {HTMLInputElement} */ (query("input", dialog));
    /** @param {string} [words] what to look for at once */
    const openSearch = (words) => {
      if (words) input.value = words;
      dialog.showModal();
      begun ??= import(dialog.dataset.script ?? "").then(({ start }) => start(dialog, root.dataset.lang)).catch(() => {
        begun = undefined; // the next opening tries again
        query("[role=status]", dialog).textContent = dialog.dataset.failed ?? "";
        query(".kim-search__none", dialog).hidden = false;
      });
      if (words) input.dispatchEvent(new Event("input")); // a search that begins reads the field itself
    };
    query("[data-kim-search]").addEventListener("click", () => openSearch());
    const asked = new URLSearchParams(location.search).get("q");
    if (asked?.trim()) openSearch(asked);
    for (const finder of document.querySelectorAll("[data-kim-finder]")) {
      finder.addEventListener("submit", (event) => {
        event.preventDefault();
        openSearch(/** @type {HTMLInputElement} */ (finder.querySelector("input")).value);
      });
    }
    query("form", dialog).addEventListener("submit", (event) => event.preventDefault());
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || /** @type {Element} */ (target).closest("[data-kim-close]")) dialog.close();
    });
  }

  /* ---- Filters: the stylesheet chooses; here the count is said and the address keeps the choice ------------------ */

  const filter = /** @type {HTMLFormElement | null} */ (find("[data-kim-filter]"));
  if (filter) {
    const cards = [...document.querySelectorAll("[data-tags]")];
    const status = query("[role=status]", filter);
    const drop = /** @type {HTMLDetailsElement} */ (filter.closest("details"));
    const count = () => {
      if ([...new FormData(filter).values()].some(Boolean)) drop.open = true; // a choice can be seen
      const number = cards.filter((card) => card.checkVisibility()).length;
      const { found = "", none = "" } = filter.dataset;
      status.textContent = number ? found.replace("{number}", String(number)) : none;
    };
    for (const [name, value] of new URLSearchParams(location.search)) {
      const inputs = /** @type {HTMLInputElement[]} */ ([...filter.elements]);
      const choice = inputs.find((input) => input.name === name && input.value === value);
      if (choice) choice.checked = true;
    }
    const changed = () => {
      const chosen = new URLSearchParams(
        /** @type {[string, string][]} */ ([...new FormData(filter)].filter(([, value]) => value)),
      );
      history.replaceState(history.state, "", chosen.size ? `?${chosen}` : location.pathname);
      count();
    };
    filter.addEventListener("change", changed);
    filter.addEventListener("reset", () => setTimeout(changed));
    addEventListener("pageshow", count); // also when the browser has kept the choice
    count();
  }

  /* ---- Chooser: its script and data are loaded when a question is answered, or an answer is there already --------- */

  const chooser = /** @type {HTMLFormElement | null} */ (find("[data-chooser]"));
  if (chooser) {
    const load = () => void import(find("#choose-template")?.dataset.script ?? "").catch(() => {}); // then the form is sent
    for (const event of ["focusin", "pointerdown", "change"]) chooser.addEventListener(event, load);
    addEventListener("pageshow", () => { // the browser may have kept the answers
      if ([...new FormData(chooser).values()].some(Boolean)) load();
    });
  }

  /* ---- An anchor inside something folded opens it; paper shows it (browsers that do neither by themselves) -------- */

  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target?.closest("details");
    if (!target || !folded || folded.open) return;
    folded.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  /** @type {HTMLDetailsElement[]} */
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [.../** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll(".kim-more:not([open])"))];
    for (const details of unfolded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
  });

  /* ---- Date of printing on paper -------------------------------------------------------------------------------- */

  addEventListener("beforeprint", () => {
    const date = new Intl.DateTimeFormat(`${root.dataset.lang}-u-ca-gregory-nu-latn`, { dateStyle: "long" }).format();
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-kim-printed]"))) {
      line.textContent = (line.dataset.kimPrinted ?? "").replace("{date}", date);
    }
  });

  /* ---- Page feedback: answered in place; without script, or if that fails, the form page takes the answer -------- */

  const feedback = /** @type {HTMLFormElement | null} */ (find("[data-kim-feedback]"));
  feedback?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = new FormData(feedback, event.submitter);
    answer.set("_number", crypto.randomUUID?.() ?? "");
    const body = new URLSearchParams(/** @type {any} */ (answer));
    const sent = await fetch(`${feedback.action}kurz/`, { method: "POST", body }).catch(() => null);
    body.delete("_number");
    if (!sent?.ok) {
      location.href = `${feedback.action}?${body}`;
      return;
    }
    for (const button of feedback.querySelectorAll("button")) button.hidden = true;
    const status = query("[role=status]", feedback);
    status.textContent = feedback.dataset.kimFeedback ?? "";
    status.focus();
    /** @type {HTMLAnchorElement} */ (query("a", feedback)).search = String(body);
  });

  /* ---- Links to forms name the current page ---------------------------------------------------------------------- */

  for (
    const report of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(
      ".kim-footer__report a, .kim-menu__report a",
    ))
  ) {
    if (report.pathname !== location.pathname) report.search = `page=${location.pathname}`;
  }
  const carrying = /** @type {HTMLAnchorElement | null} */ (find("[data-kim-carry]"));
  if (carrying) {
    const given = new URLSearchParams(carrying.search);
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name === "want" || name === "size") given.set(name, value);
    }
    carrying.search = String(given);
  }

  /* ---- A filled-in form goes along into another language ----------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const clicked = /** @type {HTMLElement} */ (event.target);
    const link = /** @type {HTMLAnchorElement | null} */ (clicked.closest(
      ".kim-languages a, .kim-footer__languages a",
    ));
    const button = /** @type {HTMLButtonElement | null} */ (link && find(`[data-kim-language=${link.hreflang}]`));
    const entries = button?.form ? [...new FormData(button.form)] : [];
    if (!entries.some(([name, value]) => value && !name.startsWith("_"))) return;
    event.preventDefault();
    button?.click();
  });

  /* ---- Read aloud and share: loaded when pressed; reading only with a voice that the device itself has ------------ */

  const tools = find("[data-kim-tools]");
  if (tools) {
    const lang = find("[data-kim-content]")?.lang.split("-")[0] ?? "";
    const showRead = () => {
      query("[data-action=read]", tools).hidden = !globalThis.speechSynthesis?.getVoices().some((voice) =>
        voice.localService && voice.lang.toLowerCase().split(/[-_]/)[0] === lang
      );
    };
    globalThis.speechSynthesis?.addEventListener?.("voiceschanged", showRead);
    showRead();
    tools.addEventListener("click", ({ target }) => {
      const { action } = /** @type {Element} */ (target).closest("button")?.dataset ?? {};
      if (!action) return;
      import(tools.dataset.kimTools ?? "").then((module) => module[action](tools)).catch(() => {
        query("[role=status]", tools).textContent = tools.dataset.failed ?? "";
      });
    });
  }

  /* ---- A hint, never a redirect, for people whose browser prefers another of our languages -------------------- */

  const showLanguageHint = async () => {
    const { offer } = root.dataset; // found by the early script
    const link = /** @type {HTMLAnchorElement | null} */ (offer ? find(`.kim-languages a[lang="${offer}"]`) : null);
    if (!link) return;
    const all = await (await fetch(query("[data-suggestions]").dataset.suggestions ?? "")).json();
    const { dir, label, text, read, no } = all[link.lang];
    /**
     * @param {string} name
     * @param {string} text
     * @param {Record<string, string>} attributes
     */
    const createElement = (name, text, attributes) => {
      const element = document.createElement(name);
      element.textContent = text;
      for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
      return element;
    };
    const bar = createElement("div", "", {
      class: "kim-language-hint",
      role: "region",
      "aria-label": label,
      lang: link.lang,
      dir,
    });
    const dismiss = createElement("button", "", { class: "kim-icon-button", type: "button", "aria-label": no });
    dismiss.append(createElement("span", "", { class: "kim-icon kim-icon--close", "aria-hidden": "true" }));
    bar.append(
      createElement("p", text, {}),
      createElement("a", read, { href: link.href, hreflang: link.lang }),
      dismiss,
    );
    dismiss.addEventListener("click", () => {
      store("kim-hint", "off");
      bar.remove();
    });
    query(".kim-skip-link").after(bar); // in place of the room that was kept for it
  };
  showLanguageHint().catch(() => {}).finally(() => delete root.dataset.offer);

  /* ---- What was pressed before this file was here ---------------------------------------------------------------- */

  /** @type {{ kimPendingClick?: HTMLElement }} */ (globalThis).kimPendingClick?.click();
}
