"""Page feedback: did a page help, and which information is missing. No personal data is asked for, and no answer is promised."""

from wtforms import Form

from core.gettext import lazy_gettext as _l
from form_handler.forms.definition import FormDefinition
from form_handler.forms.fields import LineField, MultilineField, RadioChoiceField, required

HELPFUL = (
    ("yes", _l("Yes, it helped")),
    ("partly", _l("Partly")),
    ("no", _l("No, it did not help")),
)


class FeedbackForm(Form):
    """Questions to a reader about a page."""

    page = LineField(
        _l("Which page is it about?"),
        description=_l("The title or the address of the page. You may leave this empty."),
        limit=500,
    )
    helpful = RadioChoiceField(
        _l("Did the page help you?"), HELPFUL, required(_l("Choose whether the page helped you.")),
        description=_l("So that we see which pages need work first."),
    )  # fmt: skip
    missing = MultilineField(
        _l("What is missing or wrong?"),
        description=_l("Please do not write names, numbers or addresses. We cannot answer you here."),
        limit=2000,
    )


FEEDBACK = FormDefinition(
    key="feedback",
    slug="rueckmeldung/",
    form_class=FeedbackForm,
    title=_l("Feedback on a page"),
    purpose=_l("We use your answers to make this page better. We do not ask who you are."),
    retention_months=12,
    answer_within_days=None,
    prefill=("page", "helpful"),
    sender_field=None,
    sections=((_l("The page"), ("page", "helpful", "missing")),),
)
