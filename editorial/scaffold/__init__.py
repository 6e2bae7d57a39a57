"""Beginning something new for ``kim new``: a page, a language, a municipality."""
