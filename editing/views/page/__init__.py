"""A page in the editor: its paragraphs, findings, conflicts, and the session of the person who types."""
