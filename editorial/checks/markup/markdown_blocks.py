"""What the writer typed, compared with what Markdown makes of it.

Each page goes through the block parser that the build uses, with the same extensions. What was meant as a list, a box,
a table or a heading and comes out as running text is named with its line. Only texts that hold more than plain words and
ordinary links also go through the inline parser; it finds links and marks that are left over as signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from core.findings import Finding, Level
from editorial.checks.markup.parsed_page import Link, ParsedPage, TextPiece, map_lines, parse_page
from editorial.checks.text_lines import HEADING, HEADING_ID, LINK
from editorial.content.markup.markdown import TASK_ID, TASK_MARK
from editorial.content.markup.shortcodes import SHORTCODE
from editorial.content.pages import PageText
from editorial.translations.segments import is_table_separator

LIST_HINT = "Beginnen Sie jeden Punkt mit „- “ am Anfang einer Zeile, jeden Schritt mit „1. “; vor der Liste steht eine leere Zeile."

_BULLET = re.compile(r"\s*(?:[•·∙‧⦁▪▫◦‣⁃●○■□◾◼◆❖►▶➢➤★☐☑✓✔✗\uf000-\uf0ff]\s*|o[ ]{2,})(?=\S)")
_HYPHEN = re.compile(r"\s*[-*+]\s+\S")
_TIGHT = re.compile(r"[-*+][^\W\d_]")
_DASH = re.compile(r"\s*[–—−‐‑‒―]\s*[^\W_]")
_STEP = re.compile(r"\s*\(?(?:(\d{1,3})[.)]|([a-z])[.)])(?:\s+\S|[^\W\d_]{2})", re.IGNORECASE)
_HASHES = re.compile(r"\s*#{1,6}\s")
_ADMONITION = re.compile(r"\s*(?:!!!|\?\?\?)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_DEFINITION = re.compile(r"\s*:\s+\S")
_LOST_BREAK = re.compile(r"[^\\]\\$|\S(?:\s*[\u00a0\u202f]\s+|\s+[\u00a0\u202f]\s*|[\u00a0\u202f]{2,})$")
_SHORT, _ENDS, _POSTCODE = (
    re.compile(r"[„“\"»(]?[A-ZÄÖÜ\d].{0,38}"),
    re.compile(r"[.,;:!?)…–-]\s*$"),
    re.compile(r"\s*\d{5} "),
)
_MARKER = re.compile(r"( *)(?:([-*+])|(\d+)\.) +(\S.*)")
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_COLUMNS = re.compile(r"\S[ ]*\t[ \t]*\S")

_ORDINARY = re.compile(r"\*\*[^*\s](?:[^*]*[^*\s])?\*\*|(?<=\]\))\{ ?\.[\w-]+ ?\}")
_SUSPICIOUS = re.compile(r"[\[\]{}`<]|\*\*|__|~~|==")
_HEAD_ATTRIBUTES = re.compile(r"[ ]+\{[^{}]*\}[ ]*$")
_CURLY_QUOTES = re.compile(r"\{[^{}]*[„“”‚‘’«»‹›][^{}]*\}")

# What is left in the text that readers see: its pattern, what was seen, and the remedy.
_LEFTOVER_MARKS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"\[\^[^\]\n]+\]"), "Fußnoten gibt es auf diesen Seiten nicht",
     "Schreiben Sie den Hinweis in den Satz oder in einen Kasten."),
    (re.compile(r"\]\(|\]\s+\((?:[^()\s]*\.md|#)"), "Ein Link wird nicht erkannt",
     "Richtig ist [Text](../seite.md), ohne Leerzeichen zwischen den Klammern und mit allen Klammern."),
    (re.compile(r"\]\[|!\["), "Ein Link führt ins Leere",
     "Richtig ist [Text](../seite.md); die Schreibweise mit zwei eckigen Klammern braucht eine Zeile [Kürzel]: ../seite.md."),
    (re.compile(r"(?m)^\s*\[[^\]\n]+\]:\s"), "Das Ziel eines Links wird nicht erkannt", "Richtig ist [Text](../seite.md)."),
    (re.compile(r"(?m)^\s*\[[ xX]?\]\s"), "Das Kästchen zum Abhaken wird nicht erkannt",
     "Es steht am Anfang eines Punktes und hat am Ende eine Kennung, in allen Sprachen dieselbe: - [ ] Adresse anmelden { #anmelden }"),
    (re.compile(r"\{[^{}\n]*\}|\{\s*[.#:]"), "Eine geschweifte Klammer steht im Text",
     "Sie gilt nur direkt hinter einem Link oder, nach einem Leerzeichen, am Ende einer Überschrift, mit geraden Anführungszeichen."),
    (re.compile(r"\*\*|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)"), "Die Zeichen für fetten Text werden nicht erkannt",
     "Schreiben Sie **Wort** ohne Leerzeichen innen, und schließen Sie, was Sie öffnen."),
    (re.compile(r"~~\S|==\w"), "Die Zeichen für gestrichenen oder markierten Text werden nicht erkannt", "Löschen Sie sie."),
    (re.compile(r"`"), "Ein Zeichen ` steht allein", "Löschen Sie es, oder nehmen Sie ein Anführungszeichen."),
)  # fmt: skip


def check_markup(text: PageText) -> tuple[list[Finding], list[Link]]:
    """Return where readers see something else than the writer meant, and the links that only the renderer finds."""
    try:
        page = parse_page(text)
    except RecursionError:
        return [
            Finding(text.file, text.body_line, "Die Seite ist zu tief verschachtelt.",
                    "Nehmen Sie Zeichen wie > und Listen in Listen heraus.", code="markup")
        ], []  # fmt: skip
    found = [
        *_running_text(text, page), *_steps(text, page), *_nesting(text, page), *_headings(text, page),
        *_joined_lines(text, page), *_admonitions(text, page), *_code(text, page), *_columns(text, page),
    ]  # fmt: skip
    left, links = _inline(text, page)
    first: dict[int, Finding] = {}
    for one in [*found, *left]:
        first.setdefault(one.line, one)
    return list(first.values()), links


def _finding(text: PageText, line: int, what: str, remedy: str, level: Level = "error") -> Finding:
    return Finding(text.file, line or text.body_line, what, remedy, level, "markup")


def _quote(line: str) -> str:
    words = " ".join(line.split())
    return words if len(words) <= 60 else f"{words[:60]}…"


def _running_text(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Marks at the beginning of a line, or at its end, that mean nothing to Markdown at their place."""
    for piece in page.pieces:
        if piece.tag in {"td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "code"}:
            continue
        lines = piece.text.split("\n")
        dashes = sum(bool(_DASH.match(line)) for line in lines)
        tight = sum(bool(_TIGHT.match(line)) for line in lines)
        reported = set[str]()
        for index, line in enumerate(lines):
            before = lines[index - 1].rstrip() if index else ""
            after = lines[index + 1] if index + 1 < len(lines) else ""
            what, remedy, level = "", LIST_HINT, "error"
            if (
                _BULLET.match(line)
                or _HYPHEN.match(line)
                or (_DASH.match(line) and (dashes > 1 or before.endswith(":")))
            ):
                what = "Die Aufzählung wird nicht erkannt"
            elif _DASH.match(line) and not index and piece.tag == "p" and re.match(r"\s*\S\s", line):
                what, level = "Steht hier ein Punkt einer Liste?", "notice"
            elif _TIGHT.match(line) and (tight > 1 or before.endswith(":")):
                what = "Die Aufzählung wird nicht erkannt"
            elif _ADMONITION.match(line):
                what = "Der Kasten wird nicht erkannt"
                remedy = 'Er beginnt am Anfang einer Zeile nach einer leeren: !!! note "Titel"; sein Text ist mit vier Leerzeichen eingerückt.'  # fmt: skip
            elif _HASHES.match(line):
                what, remedy = "Die Überschrift wird nicht erkannt", "Das # steht ganz am Anfang der Zeile."
            elif _FENCE.match(line):
                what, remedy = "Ein Block aus ``` wird nicht geschlossen", "Löschen Sie die Zeile."
            elif line.lstrip().startswith("|") or ("|" in before + after and "|" in line and is_table_separator(line)):
                what = "Die Tabelle wird nicht erkannt"
                remedy = (
                    "Vor der Tabelle steht eine leere Zeile, unter ihrer Kopfzeile |---|---| mit ebenso vielen Spalten."
                )
            elif _DEFINITION.match(line):
                what = "Die Erklärung wird nicht erkannt"
                remedy = "Der Begriff steht allein in einer Zeile, darunter „:   Erklärung“."
            elif after and _LOST_BREAK.search(line):
                what = "Der Zeilenumbruch geht verloren"
                remedy = "Eine neue Zeile beginnt, wo die alte mit zwei einfachen Leerzeichen endet."
            if what and what not in reported:
                reported.add(what)
                map_lines(page)
                end = "" if what.endswith("?") else ":"
                yield _finding(text, piece.lines[index], f"{what}{end} „{_quote(line)}“.", remedy, level)  # type: ignore[arg-type]


def _joined_lines(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Short lines below each other, such as an address, which the page shows in one."""
    for piece in page.pieces:
        lines = piece.text.split("\n")
        if piece.tag not in {"p", "li", "tail"} or len(lines) < 2 or any(line.endswith("  ") for line in lines):
            continue
        if not all(_SHORT.fullmatch(line) for line in lines) or any(_ENDS.search(line) for line in lines[:-1]):
            continue
        if len(lines) > 2 or any(_POSTCODE.match(line) for line in lines):
            map_lines(page)
            yield _finding(text, piece.lines[0], f"Diese Zeilen laufen auf der Seite zusammen: „{_quote(piece.text)}“.",
                           "Sollen sie untereinander stehen? Dann endet jede mit zwei Leerzeichen.", "notice")  # fmt: skip


def _steps(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Steps such as ``1)`` or ``a)``, and ``1.`` where no list begins: named if several follow each other."""
    seen: list[tuple[TextPiece, int, int, bool, str]] = []
    for piece in page.pieces:
        if piece.tag in {"td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "code"}:
            continue
        lines = piece.text.split("\n")
        for index, line in enumerate(lines):
            if match := _STEP.match(line):
                value = int(match[1]) if match[1] else ord(match[2].lower()) - 96
                before = lines[index - 1].rstrip() if index else ""
                bracket = ")" in match[0]
                sure = (before.endswith(":") and (bracket or bool(match[1]))) or (not index and bracket and value == 1)
                seen.append((piece, index, value, sure, line))
    for at, (piece, index, value, sure, line) in enumerate(seen):
        neighbours = [seen[place][2] for place in (at - 1, at + 1) if 0 <= place < len(seen)]
        if sure or (value - 1 in neighbours[:1] and at) or value + 1 in neighbours[-1:]:
            map_lines(page)
            yield _finding(text, piece.lines[index], f"Die Schritte werden nicht erkannt: „{_quote(line)}“.", LIST_HINT)


def _nesting(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Items that stand deeper than the page shows them, and steps that get other numbers."""
    items = [piece for piece in page.pieces if piece.number]
    if not items:
        return
    markers = [(number, match) for number, line in page.source
               if (match := _MARKER.match(line.expandtabs(4)))]  # fmt: skip
    if len(markers) == len(items) and all(
        not match[1] and piece.depth == 1 and piece.ordered == bool(match[3]) and match[3] in {None, "1", str(piece.number)}
        for piece, (_number, match) in zip(items, markers, strict=True)
    ):  # fmt: skip
        return  # every item is at the margin and comes out as it was typed
    typed = iter(markers)
    before: tuple[int, TextPiece] | None = None
    for piece in items:
        wanted = "".join(piece.text.split("\n")[0].split())
        for number, match in typed:  # noqa: B007 - the marker that the item came from
            if "".join(match[4].split()) == wanted:
                break
        else:
            return
        indent, value = len(match[1]), match[3]
        if before and piece.number > 1 and piece.depth == before[1].depth and indent > before[0] + 1:
            yield _finding(text, number, f"Der Punkt steht nicht unter dem davor: „{_quote(match[0])}“.",
                           "Rücken Sie ihn mit genau vier Leerzeichen je Stufe ein.")  # fmt: skip
        elif piece.ordered != bool(value):
            yield _finding(text, number, f"Punkte und Schritte stehen in einer Liste: „{_quote(match[0])}“.",
                           "Trennen Sie die beiden Listen mit einem Satz, oder rücken Sie die innere mit vier Leerzeichen ein.")  # fmt: skip
        elif value and int(value) not in {1, piece.number}:
            yield _finding(text, number, f"Auf der Seite steht {piece.number}. statt {value}.: „{_quote(match[0])}“.",
                           "Rücken Sie Absätze zwischen zwei Schritten mit vier Leerzeichen ein; ein Satz beginnt nicht mit Zahl und Punkt.")  # fmt: skip
        before = (indent, piece)


def _headings(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Headings that the other checks do not see, and ids that Markdown reads in another way."""
    shown = [(int(one.tag[1]), one.text or "") for one in page.tree.iter() if one.tag in _HEADINGS]
    typed = [(number, line, match) for number, line in page.source
             if line.startswith("#") and (match := HEADING.match(line))]  # fmt: skip
    rest = iter(typed)
    for level, words in shown:
        wanted = "".join(words.split())
        for number, line, match in rest:
            if len(match[1]) == level and "".join(match[2].rstrip("#").split()) == wanted.rstrip("#"):
                named = HEADING_ID.search(line)
                if named and _id_of(words) != named[1]:
                    yield Finding(text.file, number, f"Die Kennung der Überschrift wird nicht erkannt: „{_quote(line)}“.",
                                  "Schreiben Sie sie so ans Ende, nach einem Leerzeichen: ## Termine { #termine }", code="heading-id")  # fmt: skip
                break
        else:
            number = next((number for number, line in page.source if wanted and wanted in "".join(line.split())), 0)
            yield _finding(text, number, f"Die Überschrift „{_quote(words)}“ steht nicht am Anfang einer Zeile mit # und Leerzeichen.",
                           "Schreiben Sie zum Beispiel: ## Termine { #termine }. In Kästen und Listen steht keine.")  # fmt: skip
            rest = iter(typed)


def _id_of(words: str) -> str | None:
    from markdown.extensions.attr_list import AttrListTreeprocessor, get_attrs_and_remainder

    match = AttrListTreeprocessor.HEADER_RE.search(words)
    if match is None:
        return None
    attributes, rest = get_attrs_and_remainder(match[1])
    return dict(attributes).get("id") if not rest else None


def _admonitions(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Boxes whose text stands outside of them."""
    inside, before, blank = 0, 0, True
    for number, line in page.source:
        if not line.strip():
            blank = True
            continue
        line = line.expandtabs(4)
        indent = len(line) - len(line.lstrip(" "))
        if line.startswith("!!!"):
            inside, before = number, 4
        elif inside and indent < 4:
            if indent or (not blank and before >= 4 and number > inside + 1):
                yield _finding(text, number, f"Die Zeile steht nicht mehr im Kasten: „{_quote(line)}“.",
                               "Rücken Sie jede Zeile des Kastens mit vier Leerzeichen ein; nach ihm steht eine leere Zeile.")  # fmt: skip
            inside = inside if indent else 0
        elif not inside and blank and 0 < indent < 4 and before and not _MARKER.match(line):
            yield _finding(text, number, f"Der Absatz gehört nicht mehr zum Punkt davor: „{_quote(line)}“.",
                           "Rücken Sie ihn mit vier Leerzeichen ein, oder beginnen Sie ihn am Anfang der Zeile.")  # fmt: skip
        if not inside:
            before = 1 if indent or _MARKER.match(line) else 0
        blank = False
    empty = [one for one in page.tree.iter("div") if "admonition" in one.get("class", "") and len(one) < 2 and not (one.text or "").strip()]  # fmt: skip
    for box in empty:
        title = (box[0].text or "") if len(box) else ""
        number = next((number for number, line in page.source if line.startswith("!!!") and title in line), 0)
        yield _finding(text, number, f"Der Kasten „{_quote(title)}“ ist leer.",
                       "Rücken Sie seinen Text mit genau vier Leerzeichen ein, nach einer leeren Zeile.")  # fmt: skip


def _code(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Text that is in so far that it comes out as code."""
    for one in page.tree.iter("pre"):
        words = "".join(one.itertext()).strip().split("\n")[0]
        wanted = "".join(words.split())
        number = next((number for number, line in page.source
                       if line[:1] in {" ", "\t"} and "".join(line.split()) == wanted), 0)  # fmt: skip
        yield _finding(text, number, f"Der Text erscheint als Programmcode: „{_quote(words)}“.",
                       "Er ist zu weit eingerückt; löschen Sie vier Leerzeichen am Anfang der Zeilen.")  # fmt: skip


def _columns(text: PageText, page: ParsedPage) -> Iterator[Finding]:
    """Tables copied with tabs between their columns."""
    if "\t" not in text.body:
        return
    for number, line in page.source:
        rest = _MARKER.sub(r"\4", line.lstrip(), count=1) if line.lstrip()[:1] in "-*+0123456789" else line.strip()
        if _COLUMNS.search(rest) and not line.lstrip().startswith("|") and not _BULLET.match(line.expandtabs(4)):
            yield _finding(text, number, f"Hier stehen Tabulatoren im Text: „{_quote(line)}“.",
                           "Eine Tabelle schreiben Sie mit | zwischen den Spalten; sonst nehmen Sie ein Leerzeichen.")  # fmt: skip


def _inline(text: PageText, page: ParsedPage) -> tuple[list[Finding], list[Link]]:
    """Signs that are left in what readers see, and links that a look at single lines does not find."""
    doubtful = [piece for piece in page.pieces if piece.tag != "code" and _has_markdown_marks(piece)]
    if not doubtful:
        return [], []
    map_lines(page)
    root = Element("div")
    for piece in doubtful:
        element = SubElement(root, "p" if piece.tag == "tail" else piece.tag)
        element.text = SHORTCODE.sub("…", _without_task_signs(piece))
    page.md.treeprocessors["inline"].run(root)
    page.md.treeprocessors["attr_list"].run(root)
    found: list[Finding] = []
    links: list[Link] = []
    for piece, element in zip(doubtful, root, strict=True):
        known = {
            (bool(image), target) for line in piece.text.split("\n") for image, _label, target in LINK.findall(line)
        }
        seen = _visible(element)
        for pattern, what, remedy in _LEFTOVER_MARKS:
            if match := pattern.search(seen):
                line = _line_of(piece, seen, match)
                found.append(_finding(text, line, f"{what}: „{_quote(seen[max(0, match.start() - 20) : match.end() + 20])}“.", remedy))  # fmt: skip
                break
        if match := _CURLY_QUOTES.search(SHORTCODE.sub("", piece.text)):
            found.append(_finding(text, _line_of(piece, piece.text, match), f"Typografische Anführungszeichen in „{match[0]}“.",
                                  'Zwischen geschweiften Klammern stehen gerade: { title="…" }'))  # fmt: skip
        for one in element.iter():
            image = one.tag == "img"
            target = one.get("src" if image else "href") if one.tag in {"a", "img"} else None
            if target is not None and (image, target) not in known:
                label = one.get("alt", "") if image else "".join(one.itertext())
                if label.startswith("^"):
                    found.append(
                        _finding(
                            text,
                            _line_with(piece, f"[{label}]", label),
                            f"{_LEFTOVER_MARKS[0][1]}: „[{label}]“.",
                            _LEFTOVER_MARKS[0][2],
                        )
                    )
                    continue
                links.append(Link(_line_with(piece, target, label), image, label, target))
    return found, links


def _without_task_signs(piece: TextPiece) -> str:
    """Return a text; that of a task without its box and its id."""
    mark = TASK_MARK.match(piece.text) if piece.number else None
    named = TASK_ID.search(piece.text) if mark else None
    return piece.text[mark.end() : named.start()] if mark and named else piece.text


def _has_markdown_marks(piece: TextPiece) -> bool:
    text = _without_task_signs(piece)
    if not _SUSPICIOUS.search(text):
        return False
    text = SHORTCODE.sub("", text)
    if piece.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        text = _HEAD_ATTRIBUTES.sub("", text)
    for line in _ORDINARY.sub("", text).split("\n"):
        if _SUSPICIOUS.search(LINK.sub(lambda match: match[2], line)):
            return True
    return False


def _visible(element: Element) -> str:
    parts = [element.text or ""] if element.tag != "code" else []
    for child in element:
        parts += [_visible(child), child.tail or ""]
    return "".join(parts)


def _line_of(piece: TextPiece, text: str, match: re.Match[str]) -> int:
    return _line_number(piece, text.count("\n", 0, match.start()))


def _line_with(piece: TextPiece, target: str, label: str) -> int:
    lines = piece.text.split("\n")
    words = label.split("\n")[0].split()
    for wanted in (target, label, words[0] if words else ""):
        for index, line in enumerate(lines):
            if wanted and wanted in line:
                return _line_number(piece, index)
    return _line_number(piece, 0)


def _line_number(piece: TextPiece, index: int) -> int:
    """Return the number of a line, or of the nearest one before it that is known."""
    return next((number for number in reversed(piece.lines[: index + 1]) if number), next(filter(None, piece.lines), 0))
