// Read a page aloud with a voice of the device, and share its address. Loaded when one of the buttons is pressed.
"use strict";

const BLOCKS = "h1, h2, h3, h4, p, li, dt, dd, th, td, caption, summary, blockquote";
const SKIPPED = "[aria-hidden=true], .kim-visually-hidden, .kim-place, script, template";
const MAX_CHARS = 200; // browsers stop in the middle of longer texts
const speech = globalThis.speechSynthesis;

/**
 * Return the voice of the device for a language, the browser's favourite first; no voice that sends the text elsewhere.
 * @param {string} lang
 */
const voiceFor = (lang) => {
  const own = speech.getVoices().filter((voice) =>
    voice.localService && voice.lang.toLowerCase().split(/[-_]/)[0] === lang.split("-")[0]
  );
  return own.find((voice) => voice.default) ?? own[0];
};

/**
 * Return a block's own words, without those of blocks inside it, as pieces of one language each.
 * @param {Element} block
 */
const piecesOf = (block) => {
  /** @type {{ lang: string, text: string }[]} */
  const pieces = [];
  const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!parent || parent.closest(BLOCKS) !== block || parent.closest(SKIPPED)) continue;
    const lang = (/** @type {HTMLElement | null} */ (parent.closest("[lang]")))?.lang ?? "";
    const last = pieces.at(-1);
    if (last?.lang === lang) last.text += texts.currentNode.textContent;
    else pieces.push({ lang, text: texts.currentNode.textContent ?? "" });
  }
  return pieces.filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
};

/**
 * Return a text in parts that a browser reads to the end, cut after sentences where it can be.
 * @param {string} text
 */
const split = (text) => {
  const parts = [""];
  for (const word of text.trim().split(/\s+/u)) {
    const last = parts.length - 1;
    const full = parts[last].length + word.length > MAX_CHARS;
    const ended = parts[last].length > MAX_CHARS / 2 && /[.!?؟…:]["”»)]*$/u.test(parts[last]);
    if (parts[last] && (full || ended)) parts.push(word);
    else parts[last] += (parts[last] && " ") + word;
  }
  return parts;
};

/** @type {Reader | undefined} */
let reader;

class Reader {
  /** @param {HTMLElement} tools */
  constructor(tools) {
    this.tools = tools;
    this.button = /** @type {HTMLElement} */ (tools.querySelector("[data-action=read]"));
    const content = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-kim-content]")]);
    this.blocks = content.flatMap((part) => [...part.querySelectorAll(BLOCKS)]).filter((block) =>
      !block.closest(SKIPPED) && block.checkVisibility() && piecesOf(block).length
    );
    this.place = -1;
    this.paused = false;
    this.turn = 0;
    this.bar = this.makeBar();
    this.onKey = (/** @type {KeyboardEvent} */ { key }) => key === "Escape" && this.stop();
    document.addEventListener("keydown", this.onKey);
    addEventListener("pagehide", () => speech.cancel(), { once: true });
  }

  makeBar() {
    const bar = document.createElement("div");
    bar.className = "kim-reader";
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", this.tools.dataset.reader ?? "");
    for (
      const [name, act] of /** @type {[string, () => void][]} */ ([
        ["pause", () => this.toggle()],
        ["next", () => this.read(this.place + 1)],
        ["stop", () => this.stop()],
      ])
    ) {
      const button = document.createElement("button");
      button.className = "kim-icon-button";
      button.type = "button";
      button.dataset.reader = name;
      button.textContent = this.tools.dataset[name] ?? "";
      button.addEventListener("click", act);
      bar.append(button);
    }
    document.body.append(bar);
    return bar;
  }

  /** @param {number} place */
  read(place) {
    const turn = ++this.turn; // what was queued before does not go on
    speech.cancel();
    this.blocks[this.place]?.classList.remove("kim-reading");
    this.place = place;
    const block = this.blocks[place];
    if (!block) return this.stop();
    this.pause(false);
    block.classList.add("kim-reading");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    block.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    const queue = piecesOf(block).flatMap(({ lang, text }) => split(text).map((part) => ({ lang, part })));
    const next = () => {
      if (turn !== this.turn) return;
      const piece = queue.shift();
      if (!piece) return this.read(place + 1);
      const utterance = new SpeechSynthesisUtterance(piece.part);
      const voice = voiceFor(piece.lang) ?? voiceFor(document.documentElement.lang);
      if (voice) utterance.voice = voice;
      utterance.lang = voice?.lang ?? piece.lang;
      utterance.onend = next;
      utterance.onerror = ({ error }) => {
        if (turn !== this.turn || error === "canceled" || error === "interrupted") return;
        this.stop();
        say(this.tools, this.tools.dataset.failed);
      };
      speech.speak(utterance);
    };
    next();
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.paused = paused;
    if (paused) speech.pause();
    else speech.resume();
    const { pause, resume } = this.tools.dataset;
    /** @type {HTMLElement} */ (this.bar.querySelector("[data-reader=pause]")).textContent =
      (paused ? resume : pause) ?? "";
  }

  toggle() {
    this.pause(!this.paused);
  }

  stop() {
    this.turn++;
    speech.cancel();
    speech.resume(); // else the next reading begins paused
    this.blocks[this.place]?.classList.remove("kim-reading");
    document.removeEventListener("keydown", this.onKey);
    const inside = this.bar.contains(document.activeElement);
    this.bar.remove();
    reader = undefined;
    if (inside) this.button.focus();
  }
}

/**
 * Say something to everybody, screen readers included.
 * @param {HTMLElement} tools
 * @param {string} [words]
 */
const say = (tools, words = "") => {
  const status = /** @type {HTMLElement} */ (tools.querySelector("[role=status]"));
  status.textContent = "";
  requestAnimationFrame(() => status.textContent = words);
};

/** @param {HTMLElement} tools */
export const read = async (tools) => {
  if (reader) return reader.stop();
  if (!document.querySelector("link[data-kim-reader]")) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = tools.dataset.style ?? "";
    link.dataset.kimReader = "";
    const loaded = new Promise((done) => link.onload = link.onerror = done);
    document.head.append(link);
    await loaded;
  }
  reader = new Reader(tools);
  reader.read(0);
  /** @type {HTMLElement} */ (reader?.bar.querySelector("[data-reader=pause]"))?.focus({ preventScroll: true });
};

/** @param {HTMLElement} tools */
export const share = async (tools) => {
  const url = location.href.split("#")[0];
  if (navigator.share) {
    try {
      return await navigator.share({ title: document.title, url });
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") return; // closed without a choice
    }
  }
  try {
    await navigator.clipboard.writeText(url);
    say(tools, tools.dataset.copied);
  } catch { // not allowed, or no secure address
    say(tools, url);
  }
};
