"""Texts and values as people write them: characters, encodings, YAML with line numbers."""
