"""The barrier report: an electronic form for what does not work (Directive (EU) 2016/2102, Art. 7(1); in each state its own law)."""

from wtforms import Form

from core.gettext import lazy_gettext as _l
from form_handler.forms.definition import FormDefinition
from form_handler.forms.fields import EmailField, LineField, MultilineField, required


class BarrierForm(Form):
    """Questions about a barrier; one answer is required, and none about the person."""

    page = LineField(
        _l("Which page is it about?"),
        description=_l("The title or the address of the page. You may leave this empty."),
        limit=500,
    )
    problem = MultilineField(
        _l("What does not work?"),
        required(_l("Tell us what does not work.")),
        description=_l("A few words are enough."),
    )
    aids = LineField(
        _l("Which assistive technology do you use?"),
        description=_l("For example a screen reader, only the keyboard, or very large text."),
    )
    email = EmailField(
        _l("E-mail address"),
        description=_l(
            "Enter an e-mail address only if you would like an answer. We will also confirm by e-mail that your report has arrived."
        ),
    )


BARRIER = FormDefinition(
    key="barrier",
    slug="barriere-melden/",
    form_class=BarrierForm,
    title=_l("Report an accessibility problem"),
    purpose=_l("We use your report to fix the problem and, if you wish, to answer you."),
    provision="accessibility",
    retention_months=12,
    # After two and at the latest after six weeks, as § 5(2) BITVNRW has it; the page promises the same everywhere.
    answer_within_days=42,
    interim_within_days=14,
    prefill=("page",),
    sender_field="email",
    sections=(
        (_l("The problem"), ("page", "problem", "aids")),
        (_l("How we can reach you"), ("email",)),
    ),
    receipt_note=_l(
        "If you have not received an answer by then or are not satisfied with it, you can contact another office. "
        "You can find its name and address in the accessibility statement."
    ),
)
