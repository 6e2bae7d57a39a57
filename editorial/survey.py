"""The survey's results on the site: what was published, or that it has begun."""

from __future__ import annotations

from markupsafe import Markup

from editorial.words import gettext as _


def results_now() -> str:
    """Return the results as HTML in the current language; before the first publication, an invitation."""
    return str(
        Markup("<p>{}</p>").format(
            _(
                "The survey has begun. There are no results yet: we show them once at least five companies have answered."
            )
        )
    )
