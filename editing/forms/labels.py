"""Labels of the fields and words of the declared shapes, in the current language; a field without a name here shows its key."""

from collections.abc import Sequence
from typing import Any

from core.gettext import gettext as _
from core.text import values
from editorial.content.structure import AUDIENCE_LABELS, TOPIC_LABELS

Way = Sequence[str | int]


def field_label(way: Way, model: str) -> str:
    """Return the name of a field.

    :param model: the name of the shape that it belongs to.
    """
    key = next(str(step) for step in reversed(way) if isinstance(step, str))
    special = {
        ("Company", "name"): _("Name of the company"), ("Contact", "unit"): _("Department"), ("Company", "role"): _("What it took part in"), ("Law", "label"): _("Short name, such as § 4a AufenthG"),
        ("Link", "name"): _("Name of the page, as it is shown"), ("Number", "label"): _("Who answers"), ("Amount", "label"): _("What the amount is"),
        ("Event", "text"): _("A few words about it"), ("Event", "place"): _("Where it is"), ("Event", "languages"): _("Languages spoken there"),
        ("Event", "lang"): _("Language of title and text"), ("Offer", "languages"): _("Languages in which it is held"), ("Source", "address"): _("Where it was found"),
        ("PageFrontMatter", "languages"): _("Only in these languages"), ("PageFrontMatter", "lang"): _("Language of the text"),
        ("SpecialHours", "hours"): _("Hours on these days"), ("PageFrontMatter", "phrases"): _("Sentences to show"), ("Link", "languages"): _("Languages of the page"),
        ("PageFrontMatter", "scope"): _("Where the page is true"), ("Contact", "scope"): _("Where the office is responsible"),
    }  # fmt: skip
    if (model, key) in special:
        return special[model, key]
    names = {
        "title": _("Title"), "nav_title": _("Short title"), "description": _("Sentence for search and cards"), "name": _("Name"), "unit": _("Unit"),
        "address": _("Address"), "phone": _("Telephone"), "email": _("E-mail"), "appointment": _("Web address for appointments"), "url": _("Web address"),
        "monday": _("Monday"), "tuesday": _("Tuesday"), "wednesday": _("Wednesday"), "thursday": _("Thursday"), "friday": _("Friday"),
        "saturday": _("Saturday"), "sunday": _("Sunday"), "from": _("First day"), "to": _("Last day"), "source": _("Where it comes from"),
        "as_of": _("As of (month)"), "review_by": _("To be checked again by"), "confirmed": _("Confirmed"), "confirm": _("What has to be confirmed, and by whom"),
        "confirmed_by": _("Confirmed by (office or function)"), "confirmed_on": _("Confirmed on"), "state": _("Federal state, if it holds in one only"), "consent": _("Consent of the company"),
        "page": _("Page of its own"), "number": _("Number"), "free": _("Free of charge"), "value": _("Amount"), "valid_from": _("Valid from"),
        "valid_to": _("Valid until"), "topics": _("Topics"), "audience": _("Who is it for?"), "start": _("Begins"), "end": _("Ends"),
        "repeat": _("Repeated"), "until": _("Last day"), "pauses": _("Not on these days"), "cost": _("Cost"), "contact": _("Contact"),
        "cancelled": _("Cancelled"), "seen": _("When it was seen"), "law": _("Laws"), "links": _("Links to other sites"), "order": _("Position among the pages of its section"),
        "layout": _("Kind of page"), "form": _("Form"), "faq": _("Questions and answers only"), "tiles": _("Tiles of the home page"),
        "redirect_from": _("Earlier addresses"), "wants": _("What the company wants"), "stages": _("At which stage"), "obstacles": _("Which obstacle"),
        "documents": _("Which residence document"), "sizes": _("Size of the company"), "pays": _("Who pays"), "text": _("Text"),
        "reviewed_by": _("Reviewed by"), "reviewed_at": _("Reviewed on"),
    }  # fmt: skip
    return names.get(key, key)


def group_label(way: Way) -> str:
    """Return the name of a field's block; empty for a field of the entry itself."""
    if len(way) < 2:
        return ""
    if len(way) > 3 and way[1] == "exceptions" and isinstance(way[2], int):
        return _("Exception %(number)s", number=way[2] + 1)
    names = {
        "hours": _("Opening hours"), "offer": _("Offer"), "measure": _("Measure of the toolkit"), "words": _("The sentence in each language"),
        "title": _("Title"), "text": _("A few words about it"),
    }  # fmt: skip
    return names.get(str(way[0]), str(way[0]))


def field_help(way: Way, model: str, limit: int, kind: Any) -> str:
    """Return the help text of a field; empty for none."""
    key = next(str(step) for step in reversed(way) if isinstance(step, str))
    special = {
        ("Contact", "phone"): _("One number with its area code; leave it empty if nobody has told you. A second number is a contact of its own."),
        ("Contact", "email"): _("The mailbox of the office, not of a person."),
        ("Contact", "name"): _("No names of persons: offices and functions stay, persons change."),
        ("PageFrontMatter", "order"): _("10, 20, 30 …"), ("Amount", "value"): _("1200, 1.200 or 12,50"),
        ("PageFrontMatter", "languages"): _("Nothing chosen: in all languages."),
        ("PageFrontMatter", "redirect_from"): _("One address a line, without the language: angebote/wohnen"),
        ("Event", "languages"): _("Codes such as de, ar, uk, one a line."), ("Event", "pauses"): _("One day a line, such as 2027-02-16."),
        ("Offer", "languages"): _("Codes such as de, ar, uk, one a line."), ("Link", "languages"): _("Codes such as de, ar, uk, one a line."),
        ("Event", "cost"): _("In euros; 0 is free of charge, empty: not known."),
        ("PageFrontMatter", "scope"): _("nation: everywhere in Germany; state:nw: in one federal state; operator: each operator writes it anew; local: only here."),
        ("Event", "lang"): _("Empty: German."), ("PageFrontMatter", "tiles"): _("One page a line: ankommen/wohnen"),
    }  # fmt: skip
    if (model, key) in special:
        return special[model, key]
    if key in ("confirmed_by", "reviewed_by") and key == "confirmed_by":
        return _("No names of persons; this stands in the published files.")
    if kind is values.DayHours and (key == "monday" or 0 in way):  # once is enough for the whole week
        return _("8:00–12:30, 13:30–16:00 or: nach Vereinbarung. Empty: closed.")
    if kind is values.Quantity:
        return _("1200, 1.200 or 12,50")
    return _("At most %(limit)s characters.", limit=limit) if limit and kind is str else ""


def option_label(key: str, value: str) -> str:
    """Return a word that a field may hold, in words."""
    if key in ("topics",) and value in TOPIC_LABELS:
        return str(TOPIC_LABELS[value])
    if key == "audience":
        return str(AUDIENCE_LABELS.get(value, _("everyone")))
    names = {
        ("consent", "unknown"): _("not asked yet"), ("consent", "given"): _("given in writing"), ("consent", "refused"): _("refused"),
        ("scope", "local"): _("only here"), ("scope", "state"): _("in the federal state"), ("scope", "nation"): _("everywhere in Germany"),
        ("cost", "free"): _("free of charge"), ("cost", "partly"): _("partly free of charge"), ("cost", "varies"): _("differs"),
        ("repeat", "weekly"): _("every week"), ("layout", "page"): _("page of text"), ("layout", "home"): _("home page"), ("layout", "directory"): _("list of its pages"),
        ("layout", "form"): _("page with a form"), ("layout", "overview"): _("list of all pages"), ("layout", "chooser"): _("four questions of the toolkit"),
        ("layout", "offline"): _("pages without network"), ("layout", "phrases"): _("sentences to show"), ("layout", "events"): _("events"),
        ("wants", "internship"): _("internship"), ("wants", "training"): _("job training"), ("wants", "job"): _("job"),
        ("stages", "meet"): _("getting to know each other"), ("stages", "start"): _("beginning"), ("stages", "train"): _("training"), ("stages", "keep"): _("staying"),
        ("sizes", "small"): _("small"), ("sizes", "medium"): _("medium-sized"), ("sizes", "large"): _("large"),
        ("pays", "company"): _("the company"), ("pays", "agency"): _("the agency"), ("pays", "shared"): _("both"), ("pays", "nobody"): _("nobody"),
        ("obstacles", "language"): _("language"), ("obstacles", "paperwork"): _("paperwork"), ("obstacles", "qualification"): _("qualification"),
        ("obstacles", "housing"): _("housing"), ("obstacles", "childcare"): _("childcare"), ("obstacles", "mobility"): _("getting there"),
        ("obstacles", "culture"): _("working culture"), ("obstacles", "candidates"): _("finding people"),
        ("documents", "eu"): _("citizen of the EU"), ("documents", "settlement"): _("settlement permit"), ("documents", "residence"): _("residence permit"),
        ("documents", "section24"): _("residence permit under § 24 (Ukraine)"), ("documents", "gestattung"): _("Aufenthaltsgestattung (asylum procedure)"),
        ("documents", "duldung"): _("Duldung (toleration)"), ("documents", "abroad"): _("still abroad"), ("documents", "unknown"): _("not known"),
    }  # fmt: skip
    return names.get((key, value), value)
