"""Facts in the editor: lists, entries, confirmations."""
