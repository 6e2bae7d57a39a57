"""Errors for the person who called a command."""


class UserError(Exception):
    """A command cannot do what was asked for; the message names the reason and the remedy."""
