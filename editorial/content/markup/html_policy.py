"""The allowlist for the HTML of a page's text: elements, attributes, link targets.

The rules are applied to the tree that an HTML5 parser (lexbor, WHATWG algorithm) makes of the rendered text, because
browsers read that tree and not the source. The build refuses a page with a fault; nothing is removed silently.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from core.project import ROOT
from core.text.characters import DIRECTION_CHARACTERS, find_forbidden, shorten_value

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_SCHEME = re.compile(r"[^/?#:]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
IMAGE_TYPES = {
    ".avif": "image/avif", ".gif": "image/gif", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
    ".svg": "image/svg+xml", ".webp": "image/webp",
}  # fmt: skip
# A reference to anything but the five characters that Python and Markdown write by name.
_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|#39|#34);)#?\w+;?")
_OUTER_TAG = re.compile(r"</?(?:article|main|body|html)\b", re.IGNORECASE)


class PolicyViolation(Struct, frozen=True, order=True):
    """One violation of the policy.

    :ivar message: what was seen, as a German sentence.
    :ivar hint: what to write instead, as a German sentence.
    """

    message: str
    hint: str


Rule = Callable[[str], bool]


def _pattern(pattern: str) -> Rule:
    match = re.compile(pattern).fullmatch
    return lambda value: match(value) is not None


def _class_names(*allowed: str) -> Rule:
    known = frozenset(allowed)
    return lambda value: all(word in known for word in value.split())


def _anything(value: str) -> bool:
    return True


_LANG = _pattern(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_DIR = _pattern(r"ltr|rtl|auto")
_NUMBER = _pattern(r"[0-9]{1,4}")
_ID = _pattern(r"[a-z][a-z0-9_-]*")
# The kinds of box of Material, and the diagram of steps ("path").
ADMONITION_CLASSES = frozenset(
    (
        "abstract",
        "bug",
        "danger",
        "example",
        "failure",
        "info",
        "note",
        "path",
        "question",
        "quote",
        "success",
        "tip",
        "warning",
    )
)
_EVERYWHERE: Mapping[str, Rule] = {"id": _ID, "lang": _LANG, "dir": _DIR, "class": _class_names("kim-stale")}
_CELL: Mapping[str, Rule] = {"class": _class_names("kim-align-start", "kim-align-end", "kim-align-center", "kim-stale")}
# The address attributes are checked apart (:func:`_link_violation`, :func:`_image_violation`).
ALLOWED: Mapping[str, Mapping[str, Rule]] = {
    **{tag: {} for tag in (
        "h1", "h2", "h3", "h4", "h5", "h6", "ul", "dl", "dt", "dd", "strong", "em", "pre", "br", "hr", "blockquote",
        "footer", "bdi",
    )},
    "p": {"class": _class_names("admonition-title", "kim-stale")},
    "caption": {"class": _class_names("kim-visually-hidden")},
    "ol": {"start": _NUMBER},
    "table": {"role": _class_names("table")},
    **{tag: {"role": _class_names("rowgroup")} for tag in ("thead", "tbody")},
    "tr": {"role": _class_names("row")},
    "th": {**_CELL, "scope": _class_names("row", "col"), "role": _class_names("rowheader", "columnheader")},
    "td": {**_CELL, "role": _class_names("cell"), "data-label": _anything},
    "code": {"class": _pattern(r"language-[a-z0-9+-]+")},
    "li": {"class": _class_names("kim-task", "kim-stale")},
    "span": {
        "class": _pattern(r"kim-visually-hidden|kim-admonition-kind|kim-icon kim-icon--[a-z-]+"),
        "data-pagefind-ignore": _class_names(),
        "aria-hidden": _class_names("true"),
    },
    "a": {
        "href": _anything, "title": _anything, "class": _class_names("button", "kim-tel"), "hreflang": _LANG, "download": _class_names(),
    },
    "img": {"src": _anything, "alt": _anything, "title": _anything, "width": _NUMBER, "height": _NUMBER, "loading": _class_names("lazy")},
    "div": {
        "class": lambda value: value in {"kim-table", "kim-hero", "kim-entry-cards"} or _is_admonition_class(value),
        "role": _class_names("region", "note"), "tabindex": _class_names("0"), "aria-label": _anything,
    },
    "section": {"class": _pattern(r"kim-home__section|kim-entry-card kim-entry-card--[0-9]|kim-chart|kim-quotes"), "aria-labelledby": _ID},
    # The survey's charts (editorial/content/data/survey_results.py); no element of SVG that loads, links or runs anything.
    "svg": {
        "class": _class_names("kim-chart__bars"), "viewbox": _pattern(r"[0-9 ]+"), "width": _NUMBER, "height": _NUMBER,
        "direction": _class_names("ltr", "rtl"), "aria-hidden": _class_names("true"), "focusable": _class_names("false"),
    },
    "text": dict.fromkeys(("x", "y"), _pattern(r"[0-9.]+")) | {"class": _class_names("kim-bar__label", "kim-bar__number")},
    "rect": dict.fromkeys(("x", "y", "width", "height"), _pattern(r"[0-9.]+")) | {"class": _class_names("kim-bar")},
}  # fmt: skip
SVG_ELEMENTS = frozenset({"text", "rect"})
TEMPLATE_PREFIXES = ("kim-", "choose-", "stage-")  # of ids that templates make
WRAPPER_ELEMENTS, END_MARKER_ID = ("body", "main", "section", "div", "article"), "kim-align-end"
ONLY_MARKDOWN_HINT = "Schreiben Sie in Markdown, ohne HTML; REDAKTION.md zeigt, was es gibt."
COMMENT_HINT = "Löschen Sie ihn; er wäre für alle lesbar. Notizen gehören in die Beschreibung der Änderung."
ATTRIBUTE_HINT = "Löschen Sie die Angabe in den geschweiften Klammern; erlaubt sind { #kennung } und { .button }."
URL_HINT = (
    "Tragen Sie die Adresse in docs/data/links.yml ein und schreiben Sie den Einschub, zum Beispiel {{ link.… }}."
)


def _is_admonition_class(value: str) -> bool:
    kind, _space, name = value.removesuffix(" kim-stale").partition(" ")
    return kind == "admonition" and name in ADMONITION_CLASSES


def check_html(text: str, addresses: Collection[str], taken: Collection[str] = ()) -> list[PolicyViolation]:
    """Return every violation of the policy in the rendered text of one page.

    :param text: the HTML that goes into the template.
    :param addresses: the addresses of other hosts, numbers and mailboxes that links may lead to, as ``docs/data/``
        gives them (``https:``, ``tel:``, ``mailto:``).
    :param taken: ids that the template uses, so that the text may not.
    """
    return sorted(set(_violations(text, addresses, taken)))


def _violations(text: str, addresses: Collection[str], taken: Collection[str]) -> Iterator[PolicyViolation]:
    from selectolax.lexbor import LexborHTMLParser

    if "<!--" in text:
        yield PolicyViolation("Ein Kommentar in HTML steht im Text.", COMMENT_HINT)
    if outer := _OUTER_TAG.search(text):
        yield PolicyViolation(
            f"„{outer[0]}“ steht im Text und würde den Rahmen der Seite schließen.", ONLY_MARKDOWN_HINT
        )
    if "&" in text:
        yield from _reference_violations(text)
    # An element of our own stands where the text ends: anywhere else in the tree, the text has left something open, or
    # has closed an element of the template. The elements around it are those that a text could close.
    tree = LexborHTMLParser(
        f"<!doctype html>{''.join(f'<{tag}>' for tag in WRAPPER_ELEMENTS)}{text}<{END_MARKER_ID}></{END_MARKER_ID}>"
    )
    nodes = list(tree.root.traverse()) if tree.root is not None else []
    around, inside = nodes[: len(WRAPPER_ELEMENTS) + 2], nodes[len(WRAPPER_ELEMENTS) + 2 :]  # with "html" and "head"
    parents = [node.parent.mem_id for node in inside if node.tag == END_MARKER_ID and node.parent is not None]
    if parents != [around[-1].mem_id]:
        yield PolicyViolation("HTML im Text ist nicht geschlossen oder schließt zu viel.", ONLY_MARKDOWN_HINT)
    ids: set[str] = set()
    for node in inside:
        attributes = node.attributes  # made at each access
        if node.tag != END_MARKER_ID:
            yield from _element_violations(node, attributes, addresses)
        name = attributes.get("id")
        if name is not None:
            if name in ids:
                yield PolicyViolation(
                    f"Die Kennung #{name} steht zweimal auf der Seite.", "Geben Sie einer Stelle eine andere."
                )
            elif name in taken or name.startswith(TEMPLATE_PREFIXES):
                yield PolicyViolation(f"Die Kennung #{name} gehört zum Rahmen der Seite.", "Nehmen Sie eine andere.")
            ids.add(name)


def _reference_violations(text: str) -> Iterator[PolicyViolation]:
    for reference in sorted(set(_REFERENCE.findall(text))):
        char = html.unescape(reference)
        if (place := find_forbidden(char)) is not None or char in DIRECTION_CHARACTERS:
            name = DIRECTION_CHARACTERS.get(char, "ein unsichtbares Zeichen") if place is None else place.name
            yield PolicyViolation(f"„{reference}“ im Text ergibt {name}.", "Löschen Sie die Zeichenfolge.")


def _element_violations(
    node: LexborNode, attributes: Mapping[str, str | None], addresses: Collection[str]
) -> Iterator[PolicyViolation]:
    tag = node.tag
    rules = ALLOWED.get(tag or "")
    if rules is None or (tag in SVG_ELEMENTS) != (node.parent is not None and node.parent.tag == "svg"):
        if tag is None:
            yield PolicyViolation("Eine Anweisung für Programme (<? … ?>) steht im Text.", ONLY_MARKDOWN_HINT)
        elif tag == "-comment":
            yield PolicyViolation("Ein Kommentar in HTML steht im Text.", COMMENT_HINT)
        else:
            yield PolicyViolation(
                f"Das HTML-Element <{shorten_value(tag)}> ist in Texten nicht erlaubt.", ONLY_MARKDOWN_HINT
            )
        return
    for name, given in attributes.items():
        value = given or ""
        name = name.lower()  # the parser gives SVG its mixed case: viewBox
        rule = rules.get(name) or _EVERYWHERE.get(name)
        if rule is None:
            yield PolicyViolation(
                f"Die Angabe {shorten_value(name)} an <{tag}> ist in Texten nicht erlaubt.", ATTRIBUTE_HINT
            )
        elif not rule(value):
            yield PolicyViolation(
                f"Die Angabe {name}=„{shorten_value(value)}“ an <{tag}> ist in Texten nicht erlaubt.", ATTRIBUTE_HINT
            )
        elif name == "href":
            yield from _link_violation(value, addresses)
        elif name == "src":
            yield from _image_violation(value)
        if not value.isprintable() and (place := find_forbidden(value)) is not None:
            yield PolicyViolation(f"In der Angabe {name} an <{tag}> steht {place.name}.", "Löschen Sie das Zeichen.")


def _link_violation(target: str, addresses: Collection[str]) -> Iterator[PolicyViolation]:
    if target in addresses:
        return
    if hidden := _has_hidden_part(target):
        yield PolicyViolation(f"Im Ziel „{shorten_value(target)}“ eines Links {hidden}.", URL_HINT)
        return
    # A colon in the first part of a path is no part of a relative address (RFC 3986, 4.2), so it counts as a scheme.
    scheme = _SCHEME.match(target)
    if scheme is None and not target.startswith("//"):
        return
    kind = scheme[0].lower() if scheme else "//"
    if kind in {"https:", "//"}:
        yield PolicyViolation(
            f"Die fremde Internetadresse „{shorten_value(target)}“ steht nicht in docs/data/.", URL_HINT
        )
    elif kind == "http:":
        yield PolicyViolation(f"Die Adresse „{shorten_value(target)}“ ist unverschlüsselt.",
                    f"Nehmen Sie https://. {URL_HINT}")  # fmt: skip
    elif kind in {"tel:", "mailto:"}:
        yield PolicyViolation(f"Das Ziel „{shorten_value(target)}“ steht nicht in docs/data/.",
                    "Nehmen Sie den Einschub {{ tel.… }} oder {{ contact.… }}.")  # fmt: skip
    else:
        yield PolicyViolation(f"Ein Link führt zu „{shorten_value(target)}“; {kind} ist nicht erlaubt.",
                    "Links führen zu Seiten dieser Website (.md) oder über einen Einschub {{ link.… }} zu anderen.")  # fmt: skip


def _image_violation(source: str) -> Iterator[PolicyViolation]:
    if hidden := _has_hidden_part(source):
        yield PolicyViolation(
            f"In der Adresse „{shorten_value(source)}“ eines Bildes {hidden}.", "Legen Sie das Bild in docs/assets/ ab."
        )
    elif _SCHEME.match(source) or source.startswith("/"):
        yield PolicyViolation(f"Das Bild „{shorten_value(source)}“ liegt nicht in docs/.",
                    "Legen Sie es in docs/assets/ ab; Bilder von anderen Servern verraten ihnen die Lesenden.")  # fmt: skip
    elif PurePosixPath(source).suffix.lower() not in IMAGE_TYPES:
        yield PolicyViolation(
            f"„{shorten_value(source)}“ ist kein Bild.", "Nehmen Sie AVIF, GIF, JPEG, PNG, SVG oder WebP."
        )


def _has_hidden_part(address: str) -> str:
    """Return what makes browsers read an address otherwise than people, or nothing."""
    if address != address.strip():
        return "steht am Rand ein Leerzeichen"
    if _CONTROL.search(address) or _CONTROL.search(unquote(address)):
        return "steht ein Steuerzeichen oder ein umgekehrter Strich"
    return ""


@functools.lru_cache(maxsize=16)
def template_ids(form: str | None = None) -> frozenset[str]:
    """Return the ids that our templates use in the pages of the site and the form service.

    :param form: the key of the form that the page holds: then those of its fields as well.
    """
    folder = ROOT / "overrides"
    paths = (folder / "base.html", *folder.glob("layouts/*.html"), *folder.glob("partials/kim/*.html"))
    texts = (path.read_text("utf-8") for path in paths)
    fixed = {name for text in texts for name in re.findall(r'\bid="([A-Za-z_][\w-]*)"', text)}
    return frozenset(fixed | (_field_ids(form) if form else set()))


def _field_ids(key: str) -> set[str]:
    from form_handler.forms import FORMS  # late: most pages have no form

    definition = FORMS.get(key)
    fields = list(definition.form_class()) if definition else []
    ids = {field.id for field in fields} | {f"form-{number}" for number in range(1, len(fields) + 1)}
    for field in fields:
        choices = getattr(field, "choices", None) or ()
        ids |= {f"{field.id}-{end}" for end in ("hint", "error", *range(len(choices)))}
    return ids
