"""The structure of the site: well-known pages, sections, topics and audiences.

Code and templates name a page by a name of this module, never by its key. A form's page comes from its definition
(:mod:`form_handler.forms`), that of the privacy notice from :mod:`form_handler`, the toolkit's section from :mod:`form_handler.toolkit.recommend`.
"""

import functools
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from core.findings import Finding
from core.gettext import lazy_gettext as _l
from form_handler import PRIVACY_PATH
from form_handler.toolkit.recommend import TOOLKIT_PATH

Audience = Literal["newcomers", "employers", "helpers", "everyone"]
Topic = Literal[
    "kim", "residence", "work", "training", "language", "recognition", "school", "childcare", "health",
    "housing", "money", "advice", "rights", "emergency", "participation", "companies", "alliance",
    "legal", "accessibility", "arrival", "family", "contracts", "mobility",
]  # fmt: skip
TOPIC_LABELS: Mapping[str, Any] = {
    "kim": _l("KIM"),
    "residence": _l("Immigration status"),
    "work": _l("Work"),
    "training": _l("Vocational training (Ausbildung)"),
    "language": _l("Learning German"),
    "recognition": _l("Recognition of qualifications"),
    "school": _l("School"),
    "childcare": _l("Childcare"),
    "health": _l("Health"),
    "housing": _l("Housing and living"),
    "money": _l("Money"),
    "advice": _l("Advice"),
    "rights": _l("Rights"),
    "emergency": _l("Emergency"),
    "participation": _l("Taking part"),
    "companies": _l("Companies"),
    "alliance": _l("Business Alliance"),
    "legal": _l("Law"),
    "accessibility": _l("Accessibility"),
    "arrival": _l("First steps"),
    "family": _l("Family"),
    "contracts": _l("Contracts and insurance"),
    "mobility": _l("Transport"),
}
AUDIENCE_LABELS: Mapping[str, Any] = {
    "newcomers": _l("People who are new here"),
    "employers": _l("Employers"),
    "helpers": _l("Helpers"),
}

# Files below a language's root, or the site's.
SUGGESTIONS = "suggestions.json"
OFFLINE_FALLBACK = "offline-fallback.html"
# Sent by the proxy where the service does not answer.
UNAVAILABLE = "unavailable.html"
OFFLINE_LIST = "offline.json"
SURVEY_CSV = "ergebnisse.csv"
CALENDAR_FEED = "termine.ics"  # beside the page of events

# Sections: folders below a language; the page of a section is its index.
ARRIVING = "ankommen"
OFFERS = "angebote"
EMPLOYERS = "arbeitgeber"
TOOLKIT = TOOLKIT_PATH.rstrip("/")
COMPANIES = "betriebe"
PROGRAMME = "kim"
ALLIANCE = "allianz"
EASY_LANGUAGE = "leichte-sprache"
SECTIONS = (ARRIVING, OFFERS, EMPLOYERS, TOOLKIT, COMPANIES, PROGRAMME, ALLIANCE, EASY_LANGUAGE)

# Pages, by their keys.
HOME = "index"
EMERGENCY = f"{ARRIVING}/notfall"
PHRASES = f"{ARRIVING}/saetze"
EVENTS = f"{OFFERS}/termine"
CONTACT = "kontakt"
SITEMAP = "inhalt"
OFFLINE = "offline"
PRIVACY = PRIVACY_PATH.rstrip("/")
IMPRINT = "impressum"
ACCESSIBILITY = "barrierefreiheit"
# The numbers on the home page, by their keys in docs/data/numbers.yml, with their purpose.
EMERGENCY_NUMBERS: Mapping[str, Any] = {"fire": _l("Fire, ambulance"), "police": _l("Police")}


def index_of(section: str) -> str:
    """Return the key of a section's page."""
    return f"{section}/{HOME}"


# Sections that navigation, breadcrumbs and lists show below another one than that of their address.
SECTION_PARENTS = {index_of(COMPANIES): index_of(EMPLOYERS), index_of(ALLIANCE): index_of(PROGRAMME)}

# Topics of a section: a municipality without the section does not offer them in filters.
TOPIC_SECTIONS: Mapping[str, str] = {"alliance": ALLIANCE}

# The pages of the navigation, and the pages that the browser offers without a network, in their order.
NAVIGATION = (*map(index_of, (ARRIVING, OFFERS, EMPLOYERS)), CONTACT, EMERGENCY)
OFFLINE_PAGES = (HOME, EMERGENCY, *map(index_of, (ARRIVING, OFFERS, EMPLOYERS, PROGRAMME)), CONTACT, SITEMAP)


def parent_key(key: str) -> str | None:
    """Return the key of the page above a page: the index of its folder, unless its section is shown elsewhere; None for home."""
    if key == HOME:
        return None
    if key in SECTION_PARENTS:
        return SECTION_PARENTS[key]
    parts = key.split("/")
    if parts[-1] == HOME:
        parts.pop()
    return "/".join([*parts[:-1], HOME])


def is_below(key: str, above: str) -> bool:
    """Return whether a page is below another one, at any depth."""
    parent = parent_key(key)
    return parent is not None and (parent == above or is_below(parent, above))


@functools.cache
def linked_pages() -> dict[str, str]:
    """Return the pages that header, footer and search link to, by the names that templates use (``kim.linked_pages``)."""
    from form_handler.forms import FORMS  # late: WTForms is loaded where forms or their addresses are needed

    return {
        "privacy": PRIVACY,
        "imprint": IMPRINT,
        "accessibility": ACCESSIBILITY,
        "report": FORMS["barrier"].slug.rstrip("/"),
        "contact": CONTACT,
        "home": HOME,
        "easy_language": index_of(EASY_LANGUAGE),
        "take_part": FORMS["participation"].slug.rstrip("/"),
        "emergency": EMERGENCY,
        "sitemap": SITEMAP,
        "feedback": FORMS["feedback"].slug.rstrip("/"),
        "callback": FORMS["callback"].slug.rstrip("/"),
        "offline": OFFLINE,
        "programme": index_of(PROGRAMME),
    }


def well_known_pages() -> tuple[str, ...]:
    """Return the keys of all pages that code and templates rely on."""
    from form_handler.forms import FORMS

    forms = (definition.slug.rstrip("/") for definition in FORMS.values())
    return tuple(dict.fromkeys((*map(index_of, SECTIONS), *linked_pages().values(), *forms, *OFFLINE_PAGES)))


def is_in_easy_language(key: str) -> bool:
    """Return whether a page is written in Leichte Sprache (DIN SPEC 33429)."""
    return key.startswith(f"{EASY_LANGUAGE}/")


def check_structure(keys: Collection[str], source: str, parts: Collection[str] = ()) -> Iterator[Finding]:
    """Yield a finding for each well-known page that is missing.

    :param keys: the pages that exist.
    :param source: the code of the language in which pages are written first.
    :param parts: pages and sections that the municipality leaves out.
    """
    for key in well_known_pages():
        if key not in keys and not any(key == part or key.startswith(f"{part}/") for part in parts):
            yield Finding(
                f"docs/{source}/{key}.md", 0, "Diese Seite fehlt; Navigation, Fußzeile oder Formulare führen zu ihr.",
                "Holen Sie sie aus der Versionsgeschichte zurück oder legen Sie sie neu an. Heißt sie jetzt anders? "
                "Dann ändern Sie ihren Namen in editorial/content/structure.py.", code="structure",
            )  # fmt: skip
