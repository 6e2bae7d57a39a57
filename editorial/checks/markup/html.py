"""HTML in a page: none is typed, and what Markdown makes of the text keeps to :mod:`editorial.content.markup.html_policy`.

Python-Markdown passes HTML on as it is, and lists of attributes, references and autolinks reach the page as well. So
the rendered text is checked, here for ``kim check`` and in :func:`editorial.render.page.postprocess_html` for every page of a build.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Collection, Iterable, Iterator

from core.findings import Finding
from core.text.characters import shorten_value
from editorial.checks.markup.parsed_page import converter
from editorial.checks.text_lines import prose_lines
from editorial.content.data.facts import Facts
from editorial.content.markup import markdown
from editorial.content.markup.html_policy import (
    ADMONITION_CLASSES,
    COMMENT_HINT,
    ONLY_MARKDOWN_HINT,
    TEMPLATE_PREFIXES,
    PolicyViolation,
    check_html,
    template_ids,
)
from editorial.content.markup.markdown import find_raw_html
from editorial.content.markup.shortcodes import BLOCK_SHORTCODES, UnknownShortcodeError, expand_shortcodes, fact_urls
from editorial.content.pages import PageText

MAX_LOCATED = 20
# Markdown whose HTML keeps to the policy in any case. A page that holds nothing else is not rendered for the check.
_HARMLESS_LINE = re.compile(
    r"\{\{ ?[a-z_]+\.[A-Za-z0-9_-]+ ?\}\}"
    r"|\]\((?:\.\.?/)*[\w-][\w./-]*(?:\#[\w-]+)?\)(?:\{ \.button \})?"
    r"|^\#{1,6} (?=[^\n]*\{ \#[a-z][a-z0-9-]* \}$)|\{ \#[a-z][a-z0-9-]* \}$"
    rf'|^!!! (?:{"|".join(sorted(ADMONITION_CLASSES))}) (?=")',
    re.MULTILINE,
)
_NAMED = re.compile(r"\{ #([a-z][a-z0-9-]*) \}$", re.MULTILINE)
# A heading without an id of its own gets one from its words, which may be one of the template's.
_SIGNS = re.compile(r"[<{}&\\#\x00-\x08\x0b-\x1f]|\]\(|\]\s*[\[:]|```|~~~|!!!|!\[|://|^\W*[=-]+\s*$", re.MULTILINE)


def check_raw_html(text: PageText) -> Iterator[Finding]:
    """Pages hold no HTML; a comment would be published."""
    if "<" not in text.body:
        return
    lines = dict(prose_lines(text))
    last = max(lines, default=0)
    body = "\n".join(lines.get(number, "") for number in range(text.body_line, last + 1))
    named = 0
    for match in find_raw_html(body):
        line = text.body_line + body.count("\n", 0, match.start())
        if line == named:
            continue
        named = line
        if match[0].startswith("<!--"):
            yield Finding(text.file, line, "Ein Kommentar in HTML steht im Text.", COMMENT_HINT, code="html")
        else:
            yield Finding(text.file, line, f"HTML steht im Text („{shorten_value(match[0])}“).",
                          f"{ONLY_MARKDOWN_HINT} Nach einem Kleiner-Zeichen steht ein Leerzeichen.", code="html")  # fmt: skip


def check_rendered_html(
    text: PageText, facts: Facts, language: str, form: str | None, addresses: Collection[str]
) -> list[Finding]:
    """Return what the build would refuse in the HTML of a page.

    :param form: the key of the form that the page holds.
    :param addresses: those that a page may link to, see :func:`fact_urls`.
    """
    if is_harmless(text.body, template_ids(form)):
        return []
    faults = check_html(render_body(text.body, facts, language), addresses, template_ids(form))
    return locate_violations(text, faults, facts, language, form) if faults else []


def is_harmless(body: str, taken: Collection[str]) -> bool:
    """Return whether a text holds only Markdown that cannot violate the policy.

    :param taken: ids that the template uses.
    """
    ids = _NAMED.findall(body)
    return (
        not _SIGNS.search(_HARMLESS_LINE.sub("", body))
        and len(ids) == len(set(ids))
        and not any(one in taken or one.startswith(TEMPLATE_PREFIXES) for one in ids)
    )


def locate_violations(
    text: PageText, faults: Iterable[PolicyViolation], facts: Facts, language: str, form: str | None = None
) -> list[Finding]:
    """Return findings with the line of each fault: the last line of the shortest beginning of the text that has it.

    A reference is resolved by a line that may be far below; the line that defines it is the one to mend.
    Of many faults the first :data:`MAX_LOCATED` are named, because each is looked for by rendering parts of the page.
    """
    lines, addresses = text.body.split("\n"), fact_urls(facts)

    @functools.cache
    def known(count: int) -> frozenset[PolicyViolation]:
        beginning = render_body("\n".join(lines[:count]), facts, language)
        return frozenset(check_html(beginning, addresses, template_ids(form)))

    def line(fault: PolicyViolation) -> int:
        low, high = 0, len(lines)  # the fault is in the first ``high`` lines, and not in the first ``low``
        if fault not in known(high):
            return text.body_line
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fault in known(middle) else (middle, high)
        return text.body_line + high - 1

    return [
        Finding(text.file, line(fault), fault.message, fault.hint, code="html")
        for fault in sorted(faults)[:MAX_LOCATED]
    ]


def render_body(body: str, facts: Facts, language: str) -> str:
    """Return the HTML of a page's text; block shortcodes become empty."""
    empty = dict.fromkeys(BLOCK_SHORTCODES, lambda: "")
    with contextlib.suppress(UnknownShortcodeError):  # check_inserts says so, with its line
        body = expand_shortcodes(body, facts, language, empty)
    return markdown.wrap_tables(markdown.mark_tasks(converter("```" in body or "~~~" in body).reset().convert(body)))
