"""Checks of words: glossary, readability, translation traps, recurring lines, names of places."""
