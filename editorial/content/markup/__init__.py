"""Markdown of a page to HTML: shortcodes, the rules for Markdown, the allowlist of HTML."""
