// Steps to tick: the ticks stay in this browser, by page and id, so that they hold in every language. Without this file they are a list.
"use strict";

const STORE = "kim-tasks";
const BLOCKS = new Set(["UL", "OL", "P", "DIV"]);
const tools = /** @type {HTMLElement} */ (document.querySelector("[data-kim-tasks]"));
const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".kim-task")]);
const page = tools.dataset.kimTasks ?? "";

/** @type {Set<string>} */
let ticked = new Set();

/** Read the ticks of all pages; what is stored may be anything. */
const load = () => {
  try {
    const stored = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    ticked = new Set(Array.isArray(stored) ? stored.filter((key) => typeof key === "string") : []);
  } catch { /* storage is switched off or holds something else: the ticks hold for this page */ }
};

const save = () => {
  try {
    if (ticked.size) localStorage.setItem(STORE, JSON.stringify([...ticked].sort()));
    else localStorage.removeItem(STORE);
  } catch { /* storage is switched off or full */ }
};

/** @param {Element} item */
const keyOf = (item) => `${page}#${item.id}`;

/**
 * Put a box and a label around the words of a step; lists below it stay outside.
 * @param {HTMLElement} item
 */
const addBox = (item) => {
  const first = item.firstElementChild;
  const home = first?.tagName === "P" ? first : item;
  const label = document.createElement("label");
  const box = document.createElement("input");
  const words = document.createElement("span");
  label.className = "kim-task__label";
  box.type = "checkbox";
  words.append(...[...home.childNodes].filter((node) => !BLOCKS.has(node.nodeName)));
  label.append(box, words);
  home.prepend(label);
  return box;
};

const boxes = new Map(items.map((item) => [item, addBox(item)]));
const lists = new Map([...new Set(items.map((item) => item.parentElement))].map((list) => {
  const status = document.createElement("p");
  status.className = "kim-tasks__status";
  status.setAttribute("role", "status");
  list?.after(status);
  return [list, status];
}));

const show = () => {
  for (const [item, box] of boxes) box.checked = ticked.has(keyOf(item));
  for (const [list, status] of lists) {
    const own = items.filter((item) => item.parentElement === list);
    const done = own.filter((item) => ticked.has(keyOf(item))).length;
    const words = (tools.dataset.done ?? "").replace("{done}", String(done)).replace("{all}", String(own.length));
    if (status.textContent !== words) status.textContent = words;
  }
};

for (const [item, box] of boxes) {
  box.addEventListener("change", () => {
    load(); // another tab may have changed them
    if (box.checked) ticked.add(keyOf(item));
    else ticked.delete(keyOf(item));
    save();
    show();
  });
}
tools.querySelector("[data-action=clear]")?.addEventListener("click", () => {
  load();
  for (const item of items) ticked.delete(keyOf(item));
  save();
  show();
});
tools.querySelector("[data-action=print]")?.addEventListener("click", () => print());
addEventListener("storage", () => {
  load();
  show();
});
addEventListener("pageshow", () => {
  load();
  show();
});
document.documentElement.classList.add("kim-has-tasks");
load();
show();
