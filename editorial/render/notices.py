"""The forms' part of the privacy notice (Art. 13 GDPR), rendered from the form definitions."""

from __future__ import annotations

from markupsafe import Markup

from core.gettext import gettext as _
from core.gettext import ngettext
from form_handler.forms import FORMS


def render_privacy_notice() -> str:
    """Return, for each form, what is asked and why, on which basis, and how long it is kept."""
    parts = [_render_form(definition) for definition in FORMS.values()]
    return "\n\n".join(parts)


def _render_form(definition: object) -> str:
    form = definition.form_class()  # type: ignore[attr-defined]
    rows = Markup("").join(
        Markup("<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>").format(
            field.label.text, _("required") if field.flags.required else _("optional"), field.description or "–"
        )
        for field in form
        if field.type not in {"HiddenField", "SubmitField"}
    )
    months = definition.retention_months  # type: ignore[attr-defined]
    return str(
        Markup(
            "<h3 id='formular-{}'>{}</h3><p>{}</p><p>{}</p><p>{}</p>"
            "<table><thead><tr><th scope='col'>{}</th><th scope='col'>{}</th><th scope='col'>{}</th></tr></thead>"
            "<tbody>{}</tbody></table>"
        ).format(
            definition.key,  # type: ignore[attr-defined]
            definition.title,  # type: ignore[attr-defined]
            definition.purpose,  # type: ignore[attr-defined]
            " ".join(definition.legal_bases()),  # type: ignore[attr-defined]
            ngettext(
                "We delete the answers %(num)s month after they came in.",
                "We delete the answers %(num)s months after they came in.",
                months,
            ),
            _("Question"),
            _("Required or optional"),
            _("Why we ask"),
            rows,
        )
    )
