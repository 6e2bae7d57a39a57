"""Errors for the person who called a command."""


class UserError(Exception):
    """A command cannot do the requested work; the message names the reason and the remedy."""


class KindError(UserError):
    """A :class:`UserError` of several kinds.

    :ivar kind: the kind, for a sentence in another language.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
