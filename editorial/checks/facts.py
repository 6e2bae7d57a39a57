"""Facts: keys that exist, nothing typed into prose that is in ``docs/data/``, and facts that can be shown."""

import datetime
import re
from collections.abc import Collection, Iterable, Iterator
from html import unescape

from core.findings import Finding, closest_match
from core.languages import Language, default_language
from core.project import all_language_codes
from editorial.checks.links.internal_links import EXTERNAL
from editorial.checks.text_lines import prose_lines
from editorial.content.data.events import occurrences, skips_hour
from editorial.content.data.facts import Facts
from editorial.content.markup.shortcodes import (
    BLOCK_SHORTCODES,
    SHORTCODE,
    SHORTCODE_LIKE,
    TOPIC_ICONS,
    UNITS,
    find_fact,
)
from editorial.content.pages import Page, PageText
from editorial.content.place_names import GROUP, unknown_form
from editorial.content.structure import CALENDAR_FEED

EVENT_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_EVENT_LENGTH = datetime.timedelta(days=31)

# Most pages hold none of these, so that no pattern is compiled for them. All are matched without regard to case.
PHONE = r"(?<![\w§/-])(?<!\d\.)(?:\+\d[ \d/(]|0\d)[\d\t /()-]{4,}\d|(?<!\d)(?:116[ -]?(?:117|016|111))(?!\d)"
EMAIL = r"[\w.+-]+(?: ?@ ?| ?[(\[]at[)\]] ?)[\w-]+(?:\.|[(\[](?:punkt|dot)[)\]])[\w.-]+"
_EURO = r"(?:euros?|eur|avro|евро|євро|يورو|یورو)"
MONEY = rf"\d[\d.,]*(?:,?-+)? *(?:€|{_EURO}\b|cent\b)|(?:€|\b{_EURO}\b) *\d[\d.,]*"
ADDRESS = rf"{EXTERNAL.pattern}|(?<![\w@./-])(?:[\w-]+\.)+(?:com|de|eu|gov|info|net|nrw|org|ruhr)(?:/\S*|(?![\w.-]*\w))"

# Facts that prose must not contain: pattern, signs of which it holds at least one, name, replacement.
HARDCODED_FACTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        PHONE, ("+", "116", *(f"0{digit}" for digit in range(10))), "Eine Telefonnummer",
        "city/data/contacts.yml oder numbers.yml und {{ contact.… }} oder {{ tel.… }}",
    ),
    (EMAIL, ("@", "(at)", "[at]"), "Eine E-Mail-Adresse", "city/data/contacts.yml und {{ contact.… }}"),
    (MONEY, ("€", "eur", "cent", "avro", "евро", "євро", "يورو", "یورو"), "Ein Geldbetrag", "docs/data/amounts.yml und {{ amount.… }}"),
    (
        ADDRESS, ("://", "www.", *(f".{end}" for end in ("com", "de", "eu", "gov", "info", "net", "nrw", "org", "ruhr"))),
        "Eine fremde Internetadresse", "docs/data/links.yml und {{ link.… }}",
    ),
)  # fmt: skip

# Characters that look like a blank, a hyphen or a digit, and invisible ones.
_DISPLAYED = str.maketrans({
    **dict.fromkeys(map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
    **{ord(digit): str(number % 10) for number, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９")},
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]),
    ord("＠"): "@", ord("．"): ".", ord("＋"): "+",
})  # fmt: skip
_NORMALIZED_SIGNS = re.compile(f"[{re.escape(''.join(map(chr, _DISPLAYED)))}]")


def as_displayed(text: str) -> str:
    """Return a text as readers see it: every blank, hyphen and digit in its plain form, and no invisible signs."""
    text = unescape(text) if "&" in text else text
    return text.translate(_DISPLAYED) if _NORMALIZED_SIGNS.search(text) else text


def check_references(
    page: Page, facts: Facts, forms: Collection[str], languages: tuple[Language, ...]
) -> Iterator[Finding]:
    """The keys in a header name facts, forms and languages that exist."""
    header, text = page.front_matter, next(iter(page.texts.values()))
    wanted: list[tuple[str, Iterable[str], Collection[str], str]] = [
        ("contact", [header.contact] if header.contact else [], facts.contacts, "city/data/contacts.yml"),
        ("law", header.law, facts.laws, "docs/data/laws.yml"),
        ("links", header.links, facts.links, "docs/data/links.yml"),
        ("source", header.source, facts.sources, "docs/data/sources.yml"),
        ("phrases", header.phrases or [], facts.phrases, "docs/data/phrases.yml"),
        ("form", [header.form] if header.form else [], forms, "form_handler/forms"),
        ("languages", header.languages or [], [row.code for row in languages], "mkdocs.yml"),
    ]
    for name, keys, known, where in wanted:
        for key in keys:
            if key not in known:
                yield Finding(text.file, text.lines.get(name, 1), f"{name}: „{key}“ gibt es nicht.",
                              did_you_mean(key, known) + f"Bekannt ist, was in {where} steht.", code="key-unknown")  # fmt: skip


def check_tiles(page: Page, pages: Collection[str]) -> Iterator[Finding]:
    """The tiles of the home page name pages that exist."""
    text = next(iter(page.texts.values()))
    for key in page.front_matter.tiles:
        if key not in pages:
            yield Finding(text.file, text.lines.get("tiles", 1), f"tiles: Die Seite „{key}“ gibt es nicht.",
                          did_you_mean(key, pages) + "Schreiben Sie den Ort der Datei ohne .md, zum Beispiel ankommen/wohnen.",
                          code="key-unknown")  # fmt: skip


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "Meinten Sie „…“? " for the most similar known word, or nothing."""
    close = closest_match(word, known)
    return f"Meinten Sie „{close}“? " if close else ""


def check_shortcodes(text: PageText, facts: Facts, code: str) -> Iterator[Finding]:
    """Every ``{{ … }}`` names a fact that exists, or a form of the place's name in the language of the text."""
    for number, line in prose_lines(text) if SHORTCODE_LIKE.search(text.body) else ():
        for braces in SHORTCODE_LIKE.finditer(line):
            match = SHORTCODE.fullmatch(braces[0])
            if match is None:
                yield Finding(text.file, number, f"„{braces[0]}“ ist kein Einschub.",
                              "Richtig ist zum Beispiel {{ tel.fire }}.", code="insert-unknown")  # fmt: skip
            elif match[1] == GROUP:
                if facts.place.form(code, match[2]) is None:
                    yield unknown_form(text.file, number, match[2], facts.place, code)
            elif f"{match[1]}.{match[2]}" not in BLOCK_SHORTCODES and find_fact(facts, match[1], match[2]) is None:
                yield Finding(text.file, number, f"Den Einschub {{{{ {match[1]}.{match[2]} }}}} gibt es nicht.",
                              did_you_mean(f"{match[1]}.{match[2]}", shortcode_names(facts))
                              + "Prüfen Sie den Schlüssel oder ergänzen Sie ihn in docs/data/.",
                              code="insert-unknown")  # fmt: skip


def shortcode_names(facts: Facts) -> list[str]:
    """Return everything that may be between double braces."""
    groups = {"tel": facts.numbers, "law": facts.laws, "link": facts.links, "amount": facts.amounts,
              "contact": facts.contacts, "icon": TOPIC_ICONS}  # fmt: skip
    return [*BLOCK_SHORTCODES, *(f"{group}.{key}" for group, rows in groups.items() for key in rows)]


def check_hardcoded_facts(text: PageText) -> Iterator[Finding]:
    """Numbers to call, mail addresses, sums and outside addresses are in ``docs/data/``, not in prose."""
    # Most pages hold none of these: one search of the whole page comes before reading every line.
    header = text.front_matter
    heads = [(text.lines.get(name, 1), value) for name in ("title", "nav_title", "description")
             if (value := getattr(header, name))]  # fmt: skip
    whole = as_displayed(SHORTCODE.sub("", "\n".join([text.body, *(value for _line, value in heads)]))).casefold()
    kinds = [row for row in HARDCODED_FACTS if any(sign in whole for sign in row[1])]
    for number, line in [*heads, *prose_lines(text)] if kinds else ():
        bare = as_displayed(SHORTCODE.sub("", line))
        small = bare.casefold()
        for pattern, signs, name, remedy in kinds:
            match = any(sign in small for sign in signs) and re.search(pattern, bare, re.IGNORECASE)
            if match:
                yield Finding(text.file, number, f"{name} steht im Text („{match[0].strip()}“).",
                              f"Nehmen Sie dafür {remedy}.", code="typed-fact")  # fmt: skip


def check_phrases(facts: Facts, languages: tuple[Language, ...]) -> Iterator[Finding]:
    """Each sentence to show is there in every language of the site; a site with fewer languages may keep the others."""
    codes = [row.code for row in languages]
    others = sorted(
        {code for phrase in facts.phrases.values() for code in phrase.words} - {*codes, *all_language_codes()}
    )
    for code in others:
        key = next(key for key, phrase in facts.phrases.items() if code in phrase.words)
        yield Finding(facts.file("phrases", key), facts.line("phrases", key), f"„{key}“: Die Sprache {code} gibt es auf dieser Website nicht.",
                      did_you_mean(code, codes) + "Die Zeile wird nicht gezeigt.", "notice", "phrase")  # fmt: skip
    begun = {code for phrase in facts.phrases.values() for code, words in phrase.words.items() if words.strip()}
    for code in [code for code in codes if facts.phrases and code not in begun]:
        key = next(iter(facts.phrases))
        yield Finding(facts.file("phrases", key), 0, f"In der Sprache {code} gibt es noch keinen Satz.",
                      f"Ergänzen Sie {code}: unter words:; bis dahin steht dort nur der deutsche.", "notice", "phrase")  # fmt: skip
    for key, phrase in facts.phrases.items():
        file, line = facts.file("phrases", key), facts.line("phrases", key)
        if missing := [code for code in codes if code in begun and not phrase.words.get(code, "").strip()]:
            yield Finding(file, line, f"„{key}“: Der Satz fehlt in {', '.join(missing)}.",
                          "Ergänzen Sie ihn unter words:; sonst steht dort nur der deutsche.", code="phrase")  # fmt: skip
        holders = {code: "{language}" in words for code, words in phrase.words.items() if words.strip()}
        if len(set(holders.values())) > 1 or any(re.search(r"[{}]", words.replace("{language}", "")) for words in phrase.words.values()):  # fmt: skip
            yield Finding(file, line, f"„{key}“: {{language}} steht nicht in jeder Sprache, oder es steht etwas anderes in Klammern.",
                          "Schreiben Sie {language} in jeder Sprache oder in keiner; dort steht später der Name der Sprache.", code="phrase")  # fmt: skip


def check_events(facts: Facts, languages: tuple[Language, ...], today: datetime.date) -> Iterator[Finding]:
    """Events name contacts and languages that exist, a time that exists, and a title in German; past ones are a notice."""
    from babel import Locale  # late: most sites have few events

    known = Locale.parse(default_language().code).languages
    codes = [row.code for row in languages]
    for key, event in facts.events.items():
        file, line = facts.file("events", key), facts.line("events", key)
        found: list[tuple[str, str]] = []
        if not EVENT_KEY.fullmatch(key) or f"{key}.ics" == CALENDAR_FEED:
            found.append((f"Der Schlüssel „{key[:40]}“ passt nicht in eine Adresse.", "Nehmen Sie Kleinbuchstaben, Ziffern und Striche, zum Beispiel sprachcafe-januar."))  # fmt: skip
        if event.contact and event.contact not in facts.contacts:
            found.append((f"Den Kontakt „{event.contact}“ gibt es nicht.", did_you_mean(event.contact, facts.contacts) + "Ergänzen Sie ihn in city/data/contacts.yml."))  # fmt: skip
        for text in (event.title, event.text):
            if isinstance(text, dict):
                if default_language().code not in text:
                    found.append(("Der Text fehlt auf Deutsch.", "Ergänzen Sie die Zeile de:."))
                found += [
                    (f"Die Sprache {code} gibt es auf dieser Website nicht.", did_you_mean(code, codes) + "Löschen Sie die Zeile.")
                    for code in text if code not in {*codes, *all_language_codes()}
                ]  # fmt: skip
        for code in (*event.languages, *filter(None, [event.lang])):
            if code not in known:
                found.append((f"Die Sprache „{code}“ ist unbekannt.", "Nehmen Sie ein Kürzel nach ISO 639 wie de, ar, uk, ckb."))  # fmt: skip
        for moment in (event.start, event.end):
            if moment and skips_hour(moment):
                found.append((f"Die Uhrzeit {moment:%H:%M} gibt es am {moment:%d.%m.%Y} nicht, weil die Uhren vorgestellt werden.", "Prüfen Sie Tag und Uhrzeit."))  # fmt: skip
        if event.end and event.end - event.start > MAX_EVENT_LENGTH:
            found.append(("Zwischen start: und end: liegt mehr als ein Monat.", "Ein Kurs an vielen Tagen hat repeat: weekly und until:."))  # fmt: skip
        for what, remedy in found:
            yield Finding(file, line, f"„{key}“: {what}", remedy, code="event")
        if not any(one.last_day >= today for one in occurrences(key, event)):
            yield Finding(file, line, f"„{key}“ ist vorbei und steht auf keiner Seite mehr.",
                          "Löschen Sie den Eintrag.", level="notice", code="event")  # fmt: skip


def check_facts(facts: Facts) -> Iterator[Finding]:
    """Shared facts name known sources, known units and secure addresses; unconfirmed ones name who confirms them."""
    groups = {
        "contacts": facts.contacts, "companies": facts.companies, "laws": facts.laws,
        "links": facts.links, "numbers": facts.numbers, "amounts": facts.amounts, "events": facts.events,
    }  # fmt: skip
    for name, rows in groups.items():
        for key, fact in rows.items():
            file, line = facts.file(name, key), facts.line(name, key)
            for source in fact.source:
                if source not in facts.sources:
                    yield Finding(file, line, f"„{key}“: Die Quelle {source} gibt es nicht.",
                                  did_you_mean(source, facts.sources) + "Ergänzen Sie sie in docs/data/sources.yml.",
                                  code="fact-source")  # fmt: skip
            if not fact.confirmed and not fact.confirm and name in {"contacts", "companies", "events"}:
                yield Finding(file, line, f"„{key}“ ist nicht bestätigt, aber es steht nicht da, wer bestätigt.",
                              "Ergänzen Sie confirm:.", code="fact-confirm")  # fmt: skip
            for url in filter(None, (getattr(fact, "url", None), getattr(fact, "appointment", None))):
                if url.startswith("https://"):
                    continue
                yield Finding(file, line, f"„{key}“: Die Adresse beginnt nicht mit https://.", "Ergänzen Sie sie.",
                              code="fact-value")  # fmt: skip
    for key, amount in facts.amounts.items():
        if amount.unit not in UNITS:
            yield Finding(facts.file("amounts", key), facts.line("amounts", key),
                          f"„{key}“: Die Einheit {amount.unit} ist unbekannt.",
                          f"Bekannt sind: {', '.join(sorted(u for u in UNITS if u))}.", code="fact-value")  # fmt: skip
