// Reading without a network. Registered by offline.js, on a click only; it fills no cache itself.
// The network always comes first: a kept page is shown only where no answer comes.
"use strict";

const FALLBACK_PAGE = "offline-fallback.html";

/** Return what was kept for a request, the very address first; search words and marks of a version do not count. */
const kept = async (request) => (await caches.match(request)) ?? caches.match(request, { ignoreSearch: true });

/** Return the page that says "not kept": in the language of the address if that is kept, else in a kept one. */
const notKept = async (url) => {
  const own = new URL(url).pathname.split("/")[1];
  let page = (await caches.match(`/${own}/${FALLBACK_PAGE}`)) ?? (await caches.match(`/${FALLBACK_PAGE}`));
  for (const name of page ? [] : await caches.keys()) {
    page ??= await caches.match(`/${name.split("-")[1]}/${FALLBACK_PAGE}`);
  }
  return page ? new Response(page.body, { status: 503, headers: page.headers }) : Response.error();
};

const answer = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await kept(request)) ?? (request.mode === "navigate" ? notKept(request.url) : Response.error());
  }
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(self.location.origin + "/")) {
    event.respondWith(answer(request));
  }
});
