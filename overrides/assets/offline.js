// Pages on the device: only a click on "keep" stores anything, and "remove" leaves nothing behind.
"use strict";

/** @typedef {{ version: string, pages: number, sent: number, stored: number, files: string[] }} FileList */

{
  /**
   * Return an element of the section on the page offline/.
   * @param {string} selector
   */
  const query = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
  const lang = document.documentElement.dataset.lang ?? "";
  const messages = query("[data-kim-offline]").dataset;
  const status = query("[data-offline=status]");
  const bar = /** @type {HTMLProgressElement} */ (query("[data-offline=bar]"));
  const [download, update, remove] = ["download", "update", "remove"].map((
    name,
  ) => /** @type {HTMLButtonElement} */ (query(`[data-action=${name}]`)));
  const ALL = "kim-";
  const cachePrefix = `${ALL}${lang}-`;

  /** @param {string} prefix */
  const cacheNames = async (prefix) => (await caches.keys()).filter((name) => name.startsWith(prefix));

  /**
   * @param {number} value
   * @param {Intl.NumberFormatOptions} [options]
   */
  const formatNumber = (value, options) =>
    new Intl.NumberFormat(lang, { numberingSystem: "latn", maximumFractionDigits: 1, ...options }).format(value);

  /** @param {number} bytes */
  const formatSize = (bytes) => formatNumber(Math.max(bytes / 1e6, 0.1), { style: "unit", unit: "megabyte" });

  /**
   * Show a message with its placeholders filled in.
   * @param {string} [message]
   * @param {Record<string, string>} values
   */
  const setStatus = (message = "", values = {}) => {
    status.textContent = message.replace(/\{(\w+)\}/g, (_placeholder, name) => values[name]);
  };

  /** @param {HTMLButtonElement[]} buttons those that are of use now */
  const showButtons = (...buttons) => {
    for (const button of [download, update, remove]) button.hidden = !buttons.includes(button);
    bar.hidden = true;
  };

  /** @returns {Promise<FileList>} */
  const loadList = async () => {
    const response = await fetch(messages.list ?? "", { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    return await response.json();
  };

  const showState = async () => {
    const [name] = await cacheNames(cachePrefix);
    const anyLanguage = (await cacheNames(ALL)).length > 0;
    const list = await loadList().catch(() => null);
    /** @type {Record<string, string>} */
    const values = list
      ? { pages: formatNumber(list.pages), sent: formatSize(list.sent), stored: formatSize(list.stored) }
      : {};
    if (name && (!list || name === cachePrefix + list.version)) {
      setStatus(messages.done);
      showButtons(remove);
    } else if (name) {
      setStatus(messages.stale, values);
      showButtons(update, remove);
    } else if (list) {
      setStatus(messages.absent, values);
      showButtons(...(anyLanguage ? [download, remove] : [download]));
    } else {
      setStatus(messages.failed);
      showButtons(...(anyLanguage ? [remove] : []));
    }
  };

  /**
   * Fetch all files, four at a time, into a cache of their own.
   * @param {FileList} list
   * @throws {Error} if a file cannot be fetched, or the site was built anew meanwhile
   */
  const fillCache = async (list) => {
    const cache = await caches.open(cachePrefix + list.version);
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
    if ((await loadList()).version !== list.version) throw new Error("the site was built anew meanwhile");
  };

  const downloadAll = async () => {
    const before = await cacheNames(cachePrefix);
    setStatus(messages.busy);
    showButtons();
    bar.value = 0;
    bar.hidden = false;
    try {
      const list = await loadList();
      const name = cachePrefix + list.version;
      await navigator.serviceWorker.register("/sw.js", { scope: "/" });
      try {
        await fillCache(list);
      } catch (error) {
        if (!before.includes(name)) await caches.delete(name);
        throw error;
      }
      await navigator.serviceWorker.ready;
      for (const old of before) if (old !== name) await caches.delete(old);
      await showState();
      remove.focus();
    } catch {
      if (!(await cacheNames(ALL)).length) await removeAll();
      await showState().catch(() => {});
      setStatus(messages.failed);
      [download, update].find((button) => !button.hidden)?.focus();
    }
  };

  const removeAll = async () => {
    for (const name of await cacheNames(ALL)) await caches.delete(name);
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  };

  download.addEventListener("click", downloadAll);
  update.addEventListener("click", downloadAll);
  remove.addEventListener("click", async () => {
    await removeAll();
    await showState();
    setStatus(messages.removed);
    download.focus();
  });

  if ("serviceWorker" in navigator && "caches" in globalThis) showState().catch(() => setStatus(messages.failed));
  else setStatus(messages.unable);
}
