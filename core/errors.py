"""Errors for the person who called a command."""


class UserError(Exception):
    """A command cannot do the requested work; the message names the reason and the remedy."""
