// Preview only: load the page again as soon as it was drawn anew.
(() => {
  const me = document.currentScript;
  let known = Number(me.dataset.version);
  const ask = async () => {
    try {
      const answer = await fetch(`/kim-preview/wait?path=${encodeURIComponent(location.pathname)}&version=${known}`);
      const now = (await answer.json()).version;
      if (now > known) { location.reload(); return; }
    } catch { /* the server is starting again */ }
    setTimeout(ask, 150);
  };
  ask();
})();
