"""What is looked at on one page: rules, widths, keyboard, languages of words, cookies, requests, script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.test_accessibility import violations
from tests.browser.test_reading import COVERED

LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]
MOST_TABS = 400

# How far the page is wider than the screen, and what of its text lies outside or is cut off by its own box.
LOST = """() => {
  const root = document.documentElement, wide = root.scrollWidth - root.clientWidth, lost = [];
  if (wide > 0) lost.push(`the page is ${wide} px too wide`);
  for (const box of document.querySelectorAll('main p, main li, main h1, main h2, main h3, main a, main label, main button, header a, footer a')) {
    const at = box.getBoundingClientRect(), style = getComputedStyle(box);
    if (!at.width || style.visibility === 'hidden' || style.clipPath !== 'none' || style.position === 'absolute') continue;
    if (box.closest('.kim-visually-hidden, .kim-skip-link, table, [tabindex="0"], pre, details:not([open])')) continue;
    if (at.left < -1 || at.right > root.clientWidth + 1) lost.push('outside the screen: ' + box.textContent.trim().slice(0, 60));
    if (style.overflow === 'hidden' && box.scrollWidth > box.clientWidth + 1) lost.push('cut off: ' + box.textContent.trim().slice(0, 60));
  }
  return lost;
}"""

# What has the focus: a mark of the element, and whether it can be seen and told apart from its unfocused self.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  window.kimSeen = window.kimSeen || [];
  let number = window.kimSeen.indexOf(one);
  if (number < 0) number = window.kimSeen.push(one) - 1; else return {again: true};
  const at = one.getBoundingClientRect(), style = getComputedStyle(one);
  const drawn = (parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== 'none') || style.boxShadow !== 'none';
  const near = one.matches('input') && one.labels && [...one.labels].some(l => getComputedStyle(l).outlineStyle !== 'none');
  return {again: false, name: one.outerHTML.slice(0, 100), drawn: drawn || !!near,
          inside: at.bottom > 0 && at.top < innerHeight && at.right > 0 && at.left < innerWidth};
}"""

# Everything the keyboard should come to. Of a group of radio buttons it comes to one.
REACHABLE = """() => {
  const groups = new Set();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter(e => {
    if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || !e.checkVisibility({visibilityProperty: true})) return false;
    if (e.closest('details:not([open])') && !e.matches('summary')) return false;
    if (e.type === 'radio') { if (groups.has(e.name)) return false; groups.add(e.name); }
    return true;
  }).length;
}"""

# Distances of text that a reader may set (WCAG 2.2, 1.4.12). A constructed stylesheet is not subject to the CSP.
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }");
  document.adoptedStyleSheets.push(sheet);
}"""

# Words in Latin letters on a page in another script that no element marks as another language (WCAG 2.2, 3.1.2). Names,
# abbreviations and addresses belong to no language.
UNMARKED = r"""() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const one = node.parentElement, lang = one.closest("[lang]")?.lang;
    if (!["ar", "fa", "ru", "uk"].includes(lang) || one.closest("script, style, code, template, noscript")) continue;
    found.push(...(node.data.match(/[A-Za-zÄÖÜäöüß][A-Za-zÄÖÜäöüß-]*( +[A-Za-zÄÖÜäöüß-]+)+/g) ?? []));
  }
  const site = document.querySelector('[property="og:site_name"]')?.content;
  return [...new Set(found)].filter((words) =>
    words !== site && words.split(" ").some((word) => word.length > 2 && word !== word.toUpperCase())
  );
}"""

LINKS = "() => [...document.querySelectorAll('a[href]')].map(a => a.href)"
IDS = "() => [...document.querySelectorAll('[id]')].map(e => e.id)"
# What can be read and filled in: words of the main part, and fields by name. Keeping for offline needs script and says so itself;
# a status reports what a script did.
SUBSTANCE = """() => {
  const main = document.querySelector('main');
  const open = main.cloneNode(true);
  open.querySelectorAll('[data-kim-offline], [role=status], [hidden], noscript, script').forEach(e => e.remove());
  return {words: open.textContent.split(/\\s+/).filter(Boolean),
          fields: [...main.querySelectorAll('input, select, textarea, button')].map(e => e.name).filter(Boolean)};
}"""


@dataclass
class Seen:
    """What one page showed.

    :ivar rules: broken rules with the element, by look.
    :ivar faults: everything else that must not be, each one sentence.
    :ivar links: absolute addresses that the page links to.
    :ivar ids: what can be jumped to on the page.
    """

    path: str
    rules: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


class PageAuditor:
    """Open pages one after the other, as a reader with and one without script."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 360, "height": 740},
            reduced_motion="reduce",  # else colours are measured on their way
        )
        self.plain: BrowserContext = browser.new_context(java_script_enabled=False)
        self.noted: list[str] = []

    def look(self, path: str, status: int = 200) -> Seen:
        """Look at one page in every way; faults are collected, never raised."""
        seen = Seen(path)
        self.noted = []
        page = self.context.new_page()
        page.on("request", lambda request: self._foreign(request.url))
        page.on("console", lambda message: message.type == "error" and self.noted.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.noted.append(f"script: {error}"))
        answer = page.goto(self.url + path, wait_until="load")
        if answer is None or answer.status != status:
            seen.faults.append(f"answered {answer and answer.status} instead of {status}")
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            seen.rules += [f"{width} px, {scheme}: {fault}" for fault in violations(page)]
        seen.links, seen.ids = page.evaluate(LINKS), page.evaluate(IDS)
        with_script = page.evaluate(SUBSTANCE)
        seen.faults += [f"words of no language: {words}" for words in page.evaluate(UNMARKED)]
        seen.faults += self.keyboard(page)
        seen.faults += self.narrow(page)
        seen.faults += [note for note in self.noted if not (status != 200 and str(status) in note)]
        seen.faults += self.kept(page)
        page.close()
        seen.faults += self.without_script(path, with_script)
        return seen

    def keyboard(self, page: Page) -> Iterator[str]:
        """Walk through the page on a small screen with the tab key alone (WCAG 2.1.1, 2.1.2, 2.4.7, 2.4.11)."""
        page.set_viewport_size({"width": 320, "height": 568})
        page.evaluate("() => { scrollTo(0, 0); document.activeElement.blur(); window.kimSeen = [] }")
        wanted, reached = page.evaluate(REACHABLE), 0
        for _step in range(MOST_TABS):
            page.keyboard.press("Tab")
            at = page.evaluate(FOCUSED)
            if at is None or at["again"]:
                break
            reached += 1
            if not at["drawn"]:
                yield f"no visible focus on {at['name']}"
            if not at["inside"]:
                yield f"focus outside the screen on {at['name']}"
            if covered := page.evaluate(COVERED):
                yield f"focus covered: {covered}"
        else:
            yield f"the keyboard does not get out after {MOST_TABS} steps"
        if reached < wanted:
            yield f"the keyboard reaches {reached} of {wanted} places"

    def narrow(self, page: Page) -> Iterator[str]:
        """Read at 320 px (WCAG 1.4.10), with text twice as large (1.4.4) and with more space in it (1.4.12)."""
        page.set_viewport_size({"width": 320, "height": 640})
        yield from (f"320 px: {lost}" for lost in page.evaluate(LOST))
        page.set_viewport_size({"width": 360, "height": 740})
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        yield from (f"200 % text: {lost}" for lost in page.evaluate(LOST))
        page.evaluate("document.documentElement.style.removeProperty('font-size')")
        page.evaluate(SPACING)
        yield from (f"text spacing: {lost}" for lost in page.evaluate(LOST))

    def kept(self, page: Page) -> Iterator[str]:
        """Nothing is left behind on the reader's device."""
        if cookies := self.context.cookies():
            yield f"cookies: {[one.get('name') for one in cookies]}"
        if any(page.evaluate("[localStorage.length, sessionStorage.length]")):
            yield "something is stored in the browser"

    def without_script(self, path: str, with_script: dict[str, list[str]]) -> Iterator[str]:
        """A reader without script gets every word and every field."""
        page = self.plain.new_page()
        page.goto(self.url + path, wait_until="load")
        plain = page.evaluate(SUBSTANCE)
        page.close()
        for what in ("words", "fields"):
            missing = set(with_script[what]) - set(plain[what])
            if missing:
                yield f"without script these {what} are missing: {sorted(missing)[:8]}"

    def _foreign(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.noted.append(f"asks a stranger: {url}")
