"""The call-back form: a request to be called or written to about one topic; it asks for a name and a way to reach the sender."""

from wtforms import Field, Form
from wtforms.validators import StopValidation

from core.gettext import gettext as _
from core.gettext import lazy_gettext as _l
from form_handler.forms.definition import FormDefinition
from form_handler.forms.fields import ChoiceField, EmailField, LineField, MultilineField, PhoneField, required

TOPICS = (
    ("work", _l("Work and training")),
    ("residence", _l("Immigration status and documents")),
    ("language", _l("Learning German")),
    ("school", _l("School and childcare")),
    ("housing", _l("Housing")),
    ("health", _l("Health")),
    ("company", _l("I have a company and want to employ or train people")),
    ("helping", _l("I want to help")),
    ("other", _l("Something else")),
)

# The choice that fits a page on a topic (editorial.content.structure.Topic); pages on other topics preselect none.
TOPIC_OF_PAGE = {
    "work": "work", "training": "work", "recognition": "work", "residence": "residence", "language": "language", "school": "school",
    "childcare": "school", "housing": "housing", "health": "health", "companies": "company", "participation": "helping",
}  # fmt: skip


def require_phone_or_email(form: Form, field: Field) -> None:
    """Require a phone number or an e-mail address.

    :raises StopValidation: if both are empty.
    """
    if not (form["phone"].data or form["email"].data):
        raise StopValidation(_("Enter a phone number or an e-mail address, so that we can reach you."))


class CallbackForm(Form):
    """Questions to a person who requests a call; no details are required."""

    name = LineField(
        _l("Your name"), required(_l("Enter your name so that we know who to ask for.")),
        description=_l("So that we know who to ask for."),
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    phone = PhoneField(
        _l("Phone number"), require_phone_or_email,
        description=_l("Enter a phone number or an e-mail address. One of them is enough."),
    )  # fmt: skip
    email = EmailField(
        _l("E-mail address"),
        description=_l(
            "Enter an e-mail address if you would like us to write to you. We will also send the confirmation that your answers have arrived to this address."
        ),
    )
    topic = ChoiceField(
        _l("What is this about?"), TOPICS, required(_l("Choose a topic so that the right colleague can call you.")),
        description=_l("So that the right colleague calls you."),
    )  # fmt: skip
    page = LineField(
        _l("Which page is it about?"),
        description=_l("The title or the address of the page. You may leave this empty."),
        limit=500,
    )
    when = LineField(_l("When can you be reached?"), description=_l("For example mornings, or Tuesday from 2 p.m."))
    spoken = LineField(
        _l("Which languages do you speak?"),
        description=_l("So that we can ask for help with the language."),
    )
    message = MultilineField(
        _l("Your question in one or two sentences"),
        description=_l(
            "Please do not send any documents. Do not write anything about your immigration status or about other people."
        ),
        limit=1000,
    )


CALLBACK = FormDefinition(
    key="callback",
    slug="rueckruf/",
    form_class=CallbackForm,
    title=_l("Call-back request"),
    purpose=_l("We use your answers to call or write to you about your question."),
    retention_months=6,
    answer_within_days=7,
    sender_field="email",
    name_fields=("name",),
    prefill=("topic", "page"),
    sections=(
        (_l("How we can reach you"), ("name", "phone", "email", "when", "spoken")),
        (_l("Your question"), ("topic", "message", "page")),
    ),
)
