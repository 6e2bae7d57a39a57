"""The languages that `make test` looks at where their number is not the point; `make test-all` looks at all."""

from __future__ import annotations

from core.languages import load_languages

LANGUAGES = load_languages()
# The source language, the language with the longest words and plural forms of its own, and one that is written from
# right to left.
SAMPLE_CODES = ("de", "uk", "ar")
SAMPLE_LANGUAGES = tuple(language for language in LANGUAGES if language.code in SAMPLE_CODES)
