"""The forms, each defined once.

The build renders the static page from a definition, the service validates with it; review page,
mails, lists and privacy notice are rendered from it as well.
"""

from core.project import is_left_out, parts_left_out
from form_handler.forms.barrier import BARRIER
from form_handler.forms.callback import CALLBACK
from form_handler.forms.definition import FormDefinition
from form_handler.forms.feedback import FEEDBACK
from form_handler.forms.participation import PARTICIPATION
from form_handler.forms.survey import SURVEY

FORMS: dict[str, FormDefinition] = {
    definition.key: definition for definition in (PARTICIPATION, SURVEY, CALLBACK, BARRIER, FEEDBACK)
}


def offered_forms() -> list[FormDefinition]:
    """Return the forms whose page the site has: a municipality may leave a page out (``without:`` in ``city/city.yml``)."""
    parts = parts_left_out()
    return [one for one in FORMS.values() if not is_left_out(one.slug.rstrip("/"), parts)]


__all__ = ["FORMS", "FormDefinition", "offered_forms"]
