"""Checks of Markdown, HTML and SVG."""
