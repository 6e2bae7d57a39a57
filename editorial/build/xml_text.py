"""Words inside XML. The standard library's own module for it loads an HTTP client, which takes a build 10 ms."""

from __future__ import annotations

import html


def escape(text: str) -> str:
    """Return text as it stands between tags."""
    return html.escape(text, quote=False)


def quoteattr(text: str) -> str:
    """Return text as the value of an attribute, in quotation marks."""
    return f'"{html.escape(text)}"'
