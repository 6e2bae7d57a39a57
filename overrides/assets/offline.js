// Keeping a language on the device: only the click on "keep" stores anything, "remove" leaves nothing behind.
"use strict";

{
  const box = document.querySelector("[data-kim-offline]");
  const lang = document.documentElement.dataset.lang;
  const words = box.dataset;
  const part = (name) => box.querySelector(`[data-part=${name}]`);
  const [status, bar, keep, update, remove] = ["status", "bar", "keep", "update", "remove"].map(part);
  const mine = `kim-${lang}-`;
  const ours = async (start) => (await caches.keys()).filter((name) => name.startsWith(start));

  const number = (value, options) =>
    new Intl.NumberFormat(lang, { numberingSystem: "latn", maximumFractionDigits: 1, ...options }).format(value);
  const size = (bytes) => number(Math.max(bytes / 1e6, 0.1), { style: "unit", unit: "megabyte" });
  const say = (text, values = {}) => {
    status.textContent = text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
  const offer = (...buttons) => {
    for (const button of [keep, update, remove]) button.hidden = !buttons.includes(button);
    bar.hidden = true;
  };

  const readList = async () => {
    const response = await fetch(words.list, { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  };

  const show = async () => {
    const [name] = await ours(mine);
    const anything = (await ours("kim-")).length > 0;
    const list = await readList().catch(() => null);
    const facts = list && { pages: number(list.pages), sent: size(list.sent), stored: size(list.stored) };
    if (name && (!list || name === mine + list.version)) {
      say(words.done);
      offer(remove);
    } else if (name) {
      say(words.stale, facts);
      offer(update, remove);
    } else if (list) {
      say(words.absent, facts);
      offer(...(anything ? [keep, remove] : [keep]));
    } else {
      say(words.failed);
      offer(...(anything ? [remove] : []));
    }
  };

  /** Fetch all files, a few at a time, into a cache of their own; it counts only once it is whole. */
  const fill = async (list) => {
    const cache = await caches.open(mine + list.version);
    const waiting = [...list.files];
    let done = 0;
    const work = async () => {
      for (let url = waiting.shift(); url; url = waiting.shift()) {
        const response = await fetch(url, { cache: "reload" });
        if (!response.ok) throw new Error(url);
        await cache.put(url, response);
        bar.value = ++done / list.files.length;
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    if ((await readList()).version !== list.version) throw new Error("the site was built anew meanwhile");
  };

  const store = async () => {
    const before = await ours(mine);
    say(words.busy);
    offer();
    bar.value = 0;
    bar.hidden = false;
    try {
      const list = await readList();
      await navigator.serviceWorker.register("/sw.js", { scope: "/" });
      try {
        await fill(list);
      } catch (error) {
        if (!before.includes(mine + list.version)) await caches.delete(mine + list.version);
        throw error;
      }
      await navigator.serviceWorker.ready;
      for (const name of before) if (name !== mine + list.version) await caches.delete(name);
      await show();
      remove.focus();
    } catch {
      if (!(await ours("kim-")).length) await forget();
      await show().catch(() => {});
      say(words.failed);
      [keep, update].find((button) => !button.hidden)?.focus();
    }
  };

  const forget = async () => {
    for (const name of await ours("kim-")) await caches.delete(name);
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  };

  keep.addEventListener("click", store);
  update.addEventListener("click", store);
  remove.addEventListener("click", async () => {
    await forget();
    await show();
    say(words.removed);
    keep.focus();
  });

  if ("serviceWorker" in navigator && "caches" in window) show().catch(() => say(words.failed));
  else say(words.unable);
}
