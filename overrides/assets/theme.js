// Runs before the first paint: a scheme chosen by hand (stored on that click only) must not flash.
document.documentElement.classList.add("kim-js");
try {
  const scheme = localStorage.getItem("kim-scheme");
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.scheme = scheme;
} catch { /* storage is switched off: the system's scheme holds */ }
