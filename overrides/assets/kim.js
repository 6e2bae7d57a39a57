// Colour scheme, menus, search, page feedback and the language hint. Every page can be read and used without this file.
"use strict";

{
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const store = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch { /* storage is switched off: the choice holds for this page */ }
  };

  /* ---- Colour scheme: stored on a click only, and not at all while it is the system's ------------------------- */

  const system = matchMedia("(prefers-color-scheme: dark)");
  const schemeButton = one("[data-kim-scheme]");
  schemeButton.hidden = !CSS.supports("color", "light-dark(#000, #fff)");
  const isDark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches);
  const showScheme = () => {
    schemeButton.setAttribute("aria-pressed", isDark());
    const paper = getComputedStyle(document.body).backgroundColor;
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) meta.content = paper;
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

  for (const drop of document.querySelectorAll("[data-kim-drop]")) {
    drop.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !drop.contains(relatedTarget)) drop.open = false;
    });
    document.addEventListener("click", ({ target }) => {
      if (!drop.contains(target)) drop.open = false;
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !drop.open) return;
      const inside = drop.contains(document.activeElement);
      drop.open = false;
      if (inside) one("summary", drop).focus();
    });
  }

  /* ---- Search: nothing of it is loaded before the dialog opens ------------------------------------------------ */

  const dialog = one("#kim-search");
  if (dialog) {
    let begun;
    one("[data-kim-search]").addEventListener("click", () => {
      dialog.showModal();
      begun ??= import(dialog.dataset.script).then(({ start }) => start(dialog, root.dataset.lang)).catch(() => {
        begun = undefined; // the next opening tries again
        one("[role=status]", dialog).textContent = dialog.dataset.failed;
        one(".kim-search__none", dialog).hidden = false;
      });
    });
    one("form", dialog).addEventListener("submit", (event) => event.preventDefault());
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || target.closest("[data-kim-close]")) dialog.close();
    });
  }

  /* ---- Filters: the stylesheet chooses; here the count is said and the address keeps the choice ------------------ */

  const filter = one("[data-kim-filter]");
  if (filter) {
    const cards = [...document.querySelectorAll("[data-tags]")];
    const status = one("[role=status]", filter);
    const count = () => {
      const number = cards.filter((card) => card.checkVisibility()).length;
      status.textContent = number ? filter.dataset.found.replace("{number}", number) : filter.dataset.none;
    };
    for (const [name, value] of new URLSearchParams(location.search)) {
      const choice = [...filter.elements].find((input) => input.name === name && input.value === value);
      if (choice) choice.checked = true;
    }
    const changed = () => {
      const chosen = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value));
      history.replaceState(history.state, "", chosen.size ? `?${chosen}` : location.pathname);
      count();
    };
    filter.addEventListener("change", changed);
    filter.addEventListener("reset", () => setTimeout(changed));
    addEventListener("pageshow", count); // also when the browser has kept the choice
    count();
  }

  /* ---- Paper says when it was printed ---------------------------------------------------------------------------- */

  addEventListener("beforeprint", () => {
    const date = new Intl.DateTimeFormat(`${root.dataset.lang}-u-ca-gregory-nu-latn`, { dateStyle: "long" }).format();
    for (const line of document.querySelectorAll("[data-kim-printed]")) {
      line.textContent = line.dataset.kimPrinted.replace("{date}", date);
    }
  });

  /* ---- Page feedback: the link that led here names the page; the reader sees it in the field ------------------- */

  const about = one(".kim-form input[name=page]");
  const from = new URLSearchParams(location.search).get("page") ?? "";
  if (about && !about.value && /^\/(?!\/)[\p{L}\p{M}\p{N}_/ .~-]{0,200}$/u.test(from)) about.value = from;

  /* ---- A hint, never a redirect, for people whose browser prefers another of our languages -------------------- */

  const suggest = async () => {
    const links = [...document.querySelectorAll(".kim-languages a")];
    const codes = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
    const link = codes.map((code) => links.find(({ lang }) => lang === code)).find(Boolean);
    const fromHere = document.referrer.startsWith(location.origin + "/");
    if (
      !link || link.hasAttribute("aria-current") || link.nextElementSibling || fromHere || store("kim-hint") === "off"
    ) return;
    const all = await (await fetch(one("[data-suggestions]").dataset.suggestions)).json();
    const { dir, label, text, read, no } = all[link.lang];
    const make = (name, words, marks) => {
      const element = Object.assign(document.createElement(name), { textContent: words });
      for (const [mark, value] of Object.entries(marks)) element.setAttribute(mark, value);
      return element;
    };
    const bar = make("div", "", {
      class: "kim-language-hint",
      role: "region",
      "aria-label": label,
      lang: link.lang,
      dir,
    });
    const dismiss = make("button", no, { class: "kim-icon-button", type: "button" });
    bar.append(
      make("p", text, {}),
      make("a", read, { class: "kim-button", href: link.href, hreflang: link.lang }),
      dismiss,
    );
    dismiss.addEventListener("click", () => {
      store("kim-hint", "off");
      bar.remove();
    });
    one(".kim-skip-link").after(bar);
  };
  suggest().catch(() => {});

  /* ---- What was pressed before this file was here ---------------------------------------------------------------- */

  globalThis.kimPressed?.click();
}
