// Colour scheme, menus, search, page feedback and the language hint. Every page can be read and used without this file.
"use strict";

/* ---- Search words -------------------------------------------------------------------------------------------- */

// Pagefind finds words that begin with what is typed. Ukrainian and Persian have no stemmer there, so the
// ending is cut here and the rest finds every form: "навчання" and "навчанням" both become "навча".
const ENDINGS = {
  uk: /^(.{3,}?)(?:[ую]ва(?:ти|нн?ь?[яюі]?м?и?х?|в|ла|ло|ли)|[ую](?:ю|є|ємо|єте|єш|ють)|н(?:ь|ня|ню|ням|нями|нях|ні)|ьми|[іо]ст(?:ь|і|ю|ей|ям|ями|ях)|ь?(?:ого|ому|ої|ою)|[иі](?:й|м|х|ми)|[аяие](?:ти|ть|в|ла|ло|ли|мо|те|ш)|[ую]ть|[ая](?:м|ми|х)|[ое]м|[еє]ю|[оеє]ві|[ії]в|ей|є[юм]|єм|[аяуюоеєиіїйь])$/,
  fa: /^(.{3,}?)\u200c?(?:های|هایی|ها|ای|ات|ان|ی)$/,
};

/** Return the words as the search engine takes them: inflectional endings cut where it cannot do so itself. */
function normaliseQuery(words, lang) {
  return words.normalize("NFC").trim().toLowerCase().split(/\s+/).map((word) => {
    if (lang === "fa") word = word.replace(/ي/g, "ی").replace(/ك/g, "ک");
    if (lang === "uk") word = word.replace(/[’ʼ`]/g, "'").replace(/(..)(?:ся|сь)$/, "$1");
    return ENDINGS[lang]?.exec(word)?.[1] ?? word;
  }).join(" ");
}

/** Tell whether a marked word begins like one that was typed: Pagefind falls back to very short beginnings. */
function isClose(words, excerpt) {
  const bare = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const marked = [...excerpt.matchAll(/<mark>(.*?)<\/mark>/g)].map((match) => bare(match[1]));
  return words.trim().split(/\s+/).map(bare).some((word) => marked.some((mark) => mark.includes(word.slice(0, Math.ceil(Math.min(word.length, 12) * 0.5)))));
}

/** Return ever shorter searches for when nothing is found: the longest word alone, then beginnings of words. */
function shorterQueries(words, lang) {
  const all = normaliseQuery(words, lang).split(" ");
  const longest = [...all].sort((a, b) => b.length - a.length)[0];
  const cut = (word, share) => word.slice(0, Math.max(word.length > 6 ? 4 : 3, Math.ceil(word.length * share)));
  const tries = [0.8, 0.6, 0.45].flatMap((share) => [all.map((word) => cut(word, share)).join(" "), cut(longest, share)]);
  return [...new Set([longest, ...tries])];
}

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
  const isDark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches);
  const showScheme = () => {
    schemeButton.setAttribute("aria-pressed", isDark());
    const paper = getComputedStyle(root).getPropertyValue("--kim-paper").trim();
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

  /* ---- Search: nothing is loaded before the dialog opens ------------------------------------------------------ */

  const dialog = one("#kim-search");
  if (dialog) {
    const { bundle, loading, found, none, failed } = dialog.dataset;
    const input = one("input", dialog);
    const status = one("[role=status]", dialog);
    const list = one(".kim-search__results", dialog);
    const help = one(".kim-search__none", dialog);
    let engine;
    let asked = 0;
    let timer;

    const load = () => (engine ??= import(`${bundle}pagefind.js`).catch((error) => {
      engine = undefined; // the next try loads again
      throw error;
    }));

    const ask = async (words) => {
      const { search } = await load();
      let found = [];
      for (const query of [normaliseQuery(words, root.lang), ...shorterQueries(words, root.lang)]) {
        const { results } = await search(query);
        if (!results.length) continue;
        const pages = await Promise.all(results.slice(0, 10).map((result) => result.data()));
        if (isClose(words, pages[0].excerpt)) return pages;
        if (!found.length) found = pages;
      }
      return found;
    };

    const item = ({ url, meta, excerpt }) => {
      const row = document.createElement("li");
      const link = row.appendChild(document.createElement("a"));
      const text = row.appendChild(document.createElement("p"));
      link.href = url;
      link.textContent = meta.title;
      text.innerHTML = excerpt; // escaped by Pagefind, but for its <mark>
      return row;
    };

    const show = async () => {
      const turn = ++asked;
      const words = input.value.trim();
      if (words.length < 2) {
        list.replaceChildren();
        status.textContent = "";
        help.hidden = true;
        return;
      }
      status.textContent = loading;
      try {
        const pages = await ask(words);
        if (turn !== asked) return; // somebody has typed on
        list.replaceChildren(...pages.map(item));
        status.textContent = pages.length ? found.replace("{number}", pages.length) : none;
        help.hidden = pages.length > 0;
      } catch {
        if (turn !== asked) return;
        list.replaceChildren();
        status.textContent = failed;
        help.hidden = false;
      }
    };

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, 250);
    });
    one("form", dialog).addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      show();
    });
    one("[data-kim-search]").addEventListener("click", () => {
      dialog.showModal();
      load().catch(() => {});
    });
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
  }

  /* ---- Paper says when it was printed ---------------------------------------------------------------------------- */

  addEventListener("beforeprint", () => {
    const date = new Intl.DateTimeFormat(`${root.lang}-u-ca-gregory-nu-latn`, { dateStyle: "long" }).format();
    for (const line of document.querySelectorAll("[data-kim-printed]")) line.textContent = line.dataset.kimPrinted.replace("{date}", date);
  });

  /* ---- Forms say so while there is no network ------------------------------------------------------------------ */

  const network = () => {
    for (const note of document.querySelectorAll("[data-kim-network]")) note.hidden = navigator.onLine;
  };
  addEventListener("online", network);
  addEventListener("offline", network);
  network();

  /* ---- Page feedback: the link that led here names the page; the reader sees it in the field ------------------- */

  const about = one(".kim-form input[name=page]");
  const from = new URLSearchParams(location.search).get("page") ?? "";
  if (about && !about.value && /^\/[\w/-]{0,200}$/.test(from)) about.value = from;

  /* ---- A hint, never a redirect, for people whose browser prefers another of our languages -------------------- */

  const suggest = async () => {
    const links = [...document.querySelectorAll(".kim-languages a")];
    const codes = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
    const link = codes.map((code) => links.find(({ lang }) => lang === code)).find(Boolean);
    const fromHere = document.referrer.startsWith(location.origin + "/");
    if (!link || link.hasAttribute("aria-current") || link.nextElementSibling || fromHere || store("kim-hint") === "off") return;
    // Its words stand in the other page, in that language.
    const other = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    const words = one("#kim-suggestion", other)?.content.firstElementChild;
    if (!words) return;
    const bar = document.importNode(words, true);
    one("[data-kim-dismiss]", bar).addEventListener("click", () => {
      store("kim-hint", "off");
      bar.remove();
    });
    one(".kim-skip").after(bar);
  };
  suggest().catch(() => {});

  root.classList.add("kim-ready");
}
