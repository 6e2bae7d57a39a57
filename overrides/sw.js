// Reading without a network. offline.js registers this on a click only; it fills no cache itself.
// The network comes first: a cached page is shown only where no answer comes.
"use strict";

const FALLBACK_PAGE = "offline-fallback.html";
const worker = /** @type {any} */ (self);

/**
 * Return the cached answer to a request, its exact address first; query and version do not count.
 * @param {Request} request
 */
const fromCache = async (request) =>
  (await caches.match(request)) ?? (await caches.match(request, { ignoreSearch: true }));

/**
 * Return the fallback page "not on this device": in the language of the address if it is cached, else in a cached one.
 * @param {string} url
 */
const fallbackPage = async (url) => {
  const language = new URL(url).pathname.split("/")[1];
  let page = (await caches.match(`/${language}/${FALLBACK_PAGE}`)) ?? (await caches.match(`/${FALLBACK_PAGE}`));
  for (const name of page ? [] : await caches.keys()) {
    page ??= await caches.match(`/${name.split("-")[1]}/${FALLBACK_PAGE}`);
  }
  return page ? new Response(page.body, { status: 503, headers: page.headers }) : Response.error();
};

/**
 * Return the answer of the network, else a cached one.
 * @param {Request} request
 */
const respond = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await fromCache(request)) ??
      (request.mode === "navigate" ? await fallbackPage(request.url) : Response.error());
  }
};

// The types of service workers cannot be loaded beside those of pages: `worker` and its events are untyped.
worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(location.origin + "/")) event.respondWith(respond(request));
});
