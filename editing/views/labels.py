"""Labels of the editor, in the current language."""

from core.gettext import gettext as _


def kind_label(kind: str) -> str:
    """Return the label of a kind of paragraph."""
    names = {
        "title": _("Title of the page"), "nav_title": _("Short title"), "description": _("Sentence for search and cards"),
        "p": _("Paragraph"), "ul": _("Item of a list"), "ol": _("Step of a list"), "row": _("Row of a table"),
        "dd": _("Explanation"), "quote": _("Quotation"), "code": _("Example"), "words": _("Sentence"),
    }  # fmt: skip
    return names.get(kind, _("Title of a box") if kind.startswith("box") else _("Heading"))


def page_state_label(state: str) -> str:
    """Return the state of a translation in words."""
    return {
        "missing": _("missing"), "stale": _("outdated"), "unreviewed": _("not reviewed"), "reviewed": _("reviewed"), "fresh": _("up to date"),
    }.get(state, state)  # fmt: skip


def publication_label(state: str) -> str:
    """Return the state of a publication in words."""
    return {
        "waiting": _("waiting"), "committed": _("being built"), "done": _("public"), "refused": _("not published"), "withdrawn": _("withdrawn"),
    }[state]  # fmt: skip


def facts_label(kind: str) -> str:
    """Return the label of a kind of facts."""
    return {
        "contacts": _("Contacts and opening hours"), "events": _("Events and courses"), "amounts": _("Amounts"), "numbers": _("Telephone numbers"),
        "companies": _("Companies and their consent"), "links": _("Links to other sites"), "laws": _("Laws"), "phrases": _("Sentences to show"),
        "sources": _("Sources"),
    }[kind]  # fmt: skip
