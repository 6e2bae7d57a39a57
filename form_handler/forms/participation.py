"""The participation form of employers; "interested, nothing concrete yet" is an answer."""

from wtforms import Form

from core.gettext import lazy_gettext as _l
from form_handler.forms.definition import FormDefinition
from form_handler.forms.fields import (
    MAX_NAME_CHARS,
    ChoiceField,
    ConsentField,
    EmailField,
    LineField,
    MultiChoiceField,
    MultilineField,
    PhoneField,
    RadioChoiceField,
    required,
)

TRADES = (
    ("crafts", _l("Crafts")),
    ("construction", _l("Construction")),
    ("retail", _l("Retail")),
    ("hospitality", _l("Hotels and restaurants")),
    ("care", _l("Care and health")),
    ("industry", _l("Industry and production")),
    ("logistics", _l("Transport and logistics")),
    ("cleaning", _l("Cleaning and facility services")),
    ("it", _l("IT and media")),
    ("education", _l("Education and social work")),
    ("office", _l("Office and administration")),
    ("green", _l("Gardening and agriculture")),
    ("other", _l("Another sector")),
)
SIZES = (
    ("1-9", _l("1 to 9")),
    ("10-49", _l("10 to 49")),
    ("50-249", _l("50 to 249")),
    ("250+", _l("250 and more")),
)
PARTICIPATION_TYPES = (
    ("interested", _l("Interested, nothing concrete yet")),
    ("talk", _l("A conversation first")),
    ("shape_kim", _l("Help to shape KIM")),
    ("share_experience", _l("Share experience with other companies")),
    ("internship", _l("Offer an internship")),
    ("entry_qualification", _l("Offer introductory training (EQ)")),
    ("training", _l("Offer a training place")),
    ("job", _l("Offer a job")),
    ("mentor", _l("Be a buddy")),
)
EXPERIENCE = (
    ("none", _l("No experience yet")),
    ("internship", _l("We have had refugees as interns")),
    ("training", _l("We have trained refugees")),
    ("job", _l("We have employed refugees")),
    ("language", _l("German at work")),
    ("paperwork", _l("Work permits and applications")),
    ("recognition", _l("Recognition of foreign qualifications")),
)
CONTACT_PREFERENCES = (
    ("email", _l("By e-mail")),
    ("phone", _l("By phone")),
    ("either", _l("Either is fine")),
)


class ParticipationForm(Form):
    """Questions to a company that offers to take part; two answers are required."""

    company = LineField(
        _l("Company"), required(_l("Enter the name of your company.")),
        description=_l("So that we know who is writing to us."),
        render_kw={"autocomplete": "organization"},
        limit=MAX_NAME_CHARS,
    )  # fmt: skip
    contact_name = LineField(
        _l("Contact person"),
        description=_l("So that we know who to ask for."),
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        _l("E-mail address"), required(_l("Enter an e-mail address, so that we can answer you.")),
        description=_l("We send our answer and a confirmation of receipt to this address."),
    )  # fmt: skip
    phone = PhoneField(
        _l("Phone number"),
        description=_l("Enter a phone number if you would like us to call you."),
    )
    trade = ChoiceField(_l("Sector"), TRADES, description=_l("So that the right colleague answers you."))
    employees = RadioChoiceField(
        _l("Number of employees"), SIZES, description=_l("Some kinds of support depend on the size of a company.")
    )
    district = LineField(
        _l("Part of town or place"),
        description=_l("So that we can find people near your company who are looking for work."),
        render_kw={"autocomplete": "address-level2"},
    )
    ways = MultiChoiceField(
        _l("How would you like to take part?"), PARTICIPATION_TYPES,
        description=_l("Tick all that apply. This is without obligation."),
    )  # fmt: skip
    experience = MultiChoiceField(
        _l("What do you have experience with?"), EXPERIENCE,
        description=_l("So that companies can learn from each other."),
    )  # fmt: skip
    languages = LineField(
        _l("Languages spoken in the company"),
        description=_l("For example German, Turkish or Polish. This helps in the first weeks."),
    )
    message = MultilineField(
        _l("Your message"),
        description=_l("Please do not send documents or details about other people."),
    )
    reach_how = RadioChoiceField(
        _l("How may we reach you?"), CONTACT_PREFERENCES, description=_l("We will contact you in the way you prefer.")
    )
    reach_when = LineField(
        _l("When can you be reached?"), description=_l("For example mornings, or Tuesday from 2 p.m.")
    )
    consent_partner = ConsentField(
        _l("I agree that you may name our company on this website as a partner of KIM."),
        description=_l("This is voluntary. You can withdraw it at any time, and your enquiry does not depend on it."),
    )


PARTICIPATION = FormDefinition(
    key="participation",
    slug="arbeitgeber/mitmachen/",
    form_class=ParticipationForm,
    title=_l("Taking part as a company"),
    purpose=_l("We use your answers to answer you and to arrange how your company takes part in KIM."),
    retention_months=24,
    answer_within_days=7,
    sender_field="email",
    consents=("consent_partner",),
    name_fields=("company", "contact_name"),
    prefill=("ways", "employees"),
    link_names=("want", "size", "measure"),
    sections=(
        (_l("Your company"), ("company", "trade", "employees", "district", "languages")),
        (_l("Taking part"), ("ways", "experience", "message")),
        (_l("How we can reach you"), ("contact_name", "email", "phone", "reach_how", "reach_when")),
        (_l("Be named as a partner company"), ("consent_partner",)),
    ),
)
