// The staff area: who else is at an entry, drafts, shortcuts. Everything works without this file.
"use strict";

{
  const PRESENCE_MS = 15_000;
  const DRAFT_MS = 3_000;
  // Nobody touched the page for so long: it stops reporting somebody.
  const IDLE_MS = 300_000;

  /**
   * Return an element that not every page has.
   * @param {string} selector
   */
  const find = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));

  let touched = Date.now();
  let typed = 0;
  for (const type of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(type, () => touched = Date.now(), { passive: true });
  }
  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLTextAreaElement) typed = Date.now();
  });

  /**
   * Send fields with the token of the page; answer nothing if that fails, because all of this is comfort.
   * @param {string} address
   * @param {Record<string, string>} fields
   */
  const send = async (address, fields) => {
    const token = /** @type {HTMLInputElement | null} */ (find("input[name=csrf_token]"));
    const body = new URLSearchParams({ ...fields, csrf_token: token?.value ?? "" });
    try {
      const answer = await fetch(address, { method: "POST", body, redirect: "error" });
      return answer.ok ? answer : null;
    } catch {
      return null;
    }
  };

  /* ---- Who else is here ---------------------------------------------------------------------------------------- */

  const presence = find("[data-presence]");
  if (presence) {
    const { presence: address = "", version = "", reload = "" } = presence.dataset;
    /** @param {string[]} lines */
    const show = (lines) => {
      const words = lines.filter(Boolean);
      if (presence.textContent?.trim() === words.join("")) return; // screen readers hear what is new only
      presence.replaceChildren(...words.map((line) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      }));
    };
    const report = async () => {
      if (document.hidden || Date.now() - touched > IDLE_MS) return;
      const writing = typed && Date.now() - typed < 60_000 ? "1" : "0";
      const answer = await send(address, { version, writing });
      if (!answer) return;
      const { people, changed } = await answer.json();
      show([people, changed]);
      if (changed) {
        const link = document.createElement("a");
        link.href = location.href;
        link.textContent = reload;
        presence.lastElementChild?.append(" ", link);
      }
    };
    setInterval(report, PRESENCE_MS);
    document.addEventListener("visibilitychange", report);
    document.addEventListener("focusin", ({ target }) => {
      if (target instanceof HTMLTextAreaElement && !typed) {
        typed = Date.now();
        report();
      }
    });
  }

  /* ---- Drafts of answers ---------------------------------------------------------------------------------------- */

  const draft = /** @type {HTMLFormElement | null} */ (find("form[data-draft]"));
  if (draft) {
    const state = find("[data-draft-state]");
    let timer = 0;
    const keep = async () => {
      const fields = /** @type {Record<string, string>} */ (Object.fromEntries(
        [...new FormData(draft)].filter(([name]) => ["subject", "body", "language", "_page"].includes(name)),
      ));
      const kept = await send(draft.dataset.draft ?? "", fields);
      if (kept && state) state.textContent = draft.dataset.kept ?? "";
    };
    draft.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(keep, DRAFT_MS);
    });
    draft.addEventListener("submit", () => clearTimeout(timer));
  }

  /* ---- A second click sends nothing; the server stores an answer once in any case -------------------------------- */

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-once]"))) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
  });

  /* ---- Shortcuts (WCAG 2.1.4): only where the account has switched them on, never while somebody types ------------ */

  if ("shortcuts" in document.body.dataset) {
    document.addEventListener("keydown", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-line]")]);
      if (lines.length && (event.key === "j" || event.key === "k")) {
        const here = lines.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        const next = event.key === "j" ? here + 1 : Math.max(here - 1, 0);
        lines[Math.min(next, lines.length - 1)].focus();
        event.preventDefault();
        return;
      }
      const wanted = find(`[data-key="${CSS.escape(event.key)}"]`);
      if (!wanted) return;
      event.preventDefault();
      if (wanted instanceof HTMLAnchorElement) wanted.click();
      else wanted.focus();
    });
  }
}
