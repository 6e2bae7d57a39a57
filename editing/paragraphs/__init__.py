"""Paragraphs of a page: read with their positions, replaced byte for byte, added, removed and moved."""
