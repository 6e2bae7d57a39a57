"""Small repairs on the HTML that Markdown gives, so that it fits our pages and a strict CSP."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

_ALIGNED = re.compile(r'<(t[hd]) style="text-align: (left|right|center);">')
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)
_SECTION = re.compile(r'(?=<h2 id="([^"]+)")')
_PAGE_LINK = re.compile(r'<a href="(https?://[^"]+)"')
_BUTTON = re.compile(r'<p>(<a class="button"[^>]*>[^<]*(?:<(?!/a>)[^>]*>[^<]*)*</a>)</p>')
ALIGN = {"left": "start", "right": "end", "center": "center"}
WAYS = ("neu", "betrieb", "helfen")


def repair(html: str, label_of: Callable[[int], str]) -> str:
    """Make tables scroll inside a named region and say alignment by class instead of a style attribute.

    ``label_of`` gives the name of the first, second, … table of the page; regions need different names.
    """
    numbers = itertools.count(1)
    html = _ALIGNED.sub(lambda m: f'<{m[1]} class="kim-{ALIGN[m[2]]}">', html)
    return _TABLE.sub(
        lambda m: (
            f'<div class="kim-table" role="region" tabindex="0" aria-label="{label_of(next(numbers))}"><table>{m[1]}</table></div>'
        ),
        html,
    )


def wrap_home(html: str) -> str:
    """Wrap each h2 section of the home page in a ``section`` and the three ways on in one box."""
    head, *rest = _SECTION.split(html)
    out = [f'<div class="kim-hero__text">{head}</div>' if head.strip() else ""]
    open_ways = False
    for name, part in zip(rest[::2], rest[1::2], strict=True):
        if name in WAYS and not open_ways:
            out.append('<div class="kim-ways">')
            open_ways = True
        elif name not in WAYS and open_ways:
            out.append("</div>")
            open_ways = False
        out.append(f'<section class="kim-section kim-section--{name}" aria-labelledby="{name}">{part}</section>')
    if open_ways:
        out.append("</div>")
    return "".join(out)
