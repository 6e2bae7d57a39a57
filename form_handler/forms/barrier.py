"""The barrier report: an electronic form for what does not work (§ 10b(2) No. 2 BGG NRW, § 5(1) BITVNRW)."""

from __future__ import annotations

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
        _l("Which aids do you use?"),
        description=_l("For example a screen reader, the keyboard only, very large text."),
    )
    email = EmailField(
        _l("E-mail address"),
        description=_l("Only if you want an answer. We also confirm by e-mail that your report has arrived."),
    )


BARRIER = FormDefinition(
    key="barrier",
    slug="barriere-melden/",
    form_class=BarrierForm,
    title=_l("Report an accessibility problem"),
    purpose=_l("We use your report to fix the problem and, if you wish, to answer you."),
    provision="accessibility",
    retention_months=12,
    # § 5(2) BITVNRW: after two and at the latest after six weeks.
    answer_within_days=42,
    interim_within_days=14,
    prefill=("page",),
    sender_field="email",
    sections=(
        (_l("The problem"), ("page", "problem", "aids")),
        (_l("How we reach you"), ("email",)),
    ),
    receipt_note=_l(
        "If you get no answer by then or are not content with it, you can turn to the ombuds office for accessible "
        "information technology. Its address is in the accessibility statement."
    ),
)
