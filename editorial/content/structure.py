"""The well-known pages and files of the site, by their keys and names; one place for all of them."""

from __future__ import annotations

# Files below a language's root, or the site's.
SUGGESTIONS = "suggestions.json"
NOT_KEPT = "not-kept.html"
OFFLINE_LIST = "offline.json"

LEGAL = {
    "privacy": "datenschutz",
    "imprint": "impressum",
    "accessibility": "barrierefreiheit",
    "report": "barriere-melden",
    "contact": "kontakt",
    "home": "index",
    "easy_language": "leichte-sprache/index",
    "take_part": "arbeitgeber/mitmachen",
    "emergency": "ankommen/notfall",
    "sitemap": "inhalt",
    "feedback": "rueckmeldung",
    "offline": "offline",
}
KEPT = (
    "index",
    "ankommen/notfall",
    "ankommen/index",
    "angebote/index",
    "arbeitgeber/index",
    "kim/index",
    "kontakt",
    "inhalt",
)
MAIN = ("ankommen/index", "angebote/index", "arbeitgeber/index", "betriebe/index", "kim/index", "allianz/index")
