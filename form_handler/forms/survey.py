"""The experience survey: success factors and obstacles of companies. Anonymous unless the company names itself.

The same obstacles and supports are in the chooser's rules and in the published results, so their keys are
those of the content model (``editorial.content.front_matter.Obstacle``).
"""

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
    RadioChoiceField,
    RatingField,
    required,
)
from form_handler.forms.participation import SIZES, TRADES

EXPERIENCE_KINDS = (
    ("none", _l("No, not yet")),
    ("internship", _l("Yes, as interns")),
    ("training", _l("Yes, as trainees")),
    ("job", _l("Yes, as employees")),
)
COUNT_BANDS = (
    ("0", _l("None")),
    ("1", _l("1 person")),
    ("2-5", _l("2 to 5 people")),
    ("6+", _l("6 people or more")),
)
SUCCESS_FACTORS = (
    ("motivation", _l("Motivation and reliability")),
    ("skills", _l("People's skills and experience")),
    ("team", _l("Working together in the team")),
    ("learning", _l("Learning German at work")),
    ("support", _l("Support from public offices and advice centres")),
    ("staying", _l("People stayed with us")),
)
OBSTACLES = (
    ("language", _l("German")),
    ("paperwork", _l("Applications and immigration status")),
    ("qualification", _l("Qualifications and certificates")),
    ("housing", _l("Housing")),
    ("childcare", _l("Childcare")),
    ("mobility", _l("The journey to work")),
    ("culture", _l("Different habits at work")),
    ("candidates", _l("Finding the right people")),
)
SEVERITY = (
    ("0", _l("not difficult")),
    ("1", _l("a little difficult")),
    ("2", _l("very difficult")),
)
SUPPORTS = (
    ("employer_service", _l("Employer service of the employment agency or Jobcenter")),
    ("chamber", _l("Chamber of commerce and industry or chamber of crafts")),
    ("city", _l("The local administration, including KIM")),
    ("language_course", _l("German course for work")),
    ("subsidy", _l("Subsidy for wages or training")),
    ("volunteers", _l("Buddies and volunteers")),
)
USEFULNESS = (
    ("unused", _l("not used")),
    ("0", _l("did not help")),
    ("1", _l("helped a little")),
    ("2", _l("helped a lot")),
)
WANTED_SUPPORT = (
    ("contact", _l("One person to ask for everything")),
    ("permits", _l("Help with work permits and applications")),
    ("german", _l("German courses that fit working hours")),
    ("matching", _l("Meeting people who look for work")),
    ("recognition", _l("Help with foreign certificates")),
    ("mentoring", _l("Buddies for the first months")),
    ("housing", _l("Help with housing, childcare and the journey to work")),
    ("exchange", _l("Exchange with other companies")),
)
WOULD_REPEAT = (
    ("yes", _l("Yes")),
    ("rather_yes", _l("Probably yes")),
    ("rather_no", _l("Probably not")),
    ("no", _l("No")),
    ("unsure", _l("I do not know")),
)


class SurveyForm(Form):
    """Questions to companies about their experience; one answer is required, and none about a person."""

    done = MultiChoiceField(
        _l("Have you employed or trained refugees, or had refugees as interns?"), EXPERIENCE_KINDS,
        required(_l("Tell us whether you have any experience yet. “No, not yet” is an answer too.")),
        description=_l("Tick all that apply. You can also take part if you have no experience yet."),
    )  # fmt: skip
    how_many = RadioChoiceField(
        _l("How many people altogether?"),
        COUNT_BANDS,
        description=_l("So that we know whether you have a lot of experience or only a little."),
    )
    trade = ChoiceField(_l("Sector"), TRADES, description=_l("So that we see what differs from sector to sector."))
    employees = RadioChoiceField(
        _l("Number of employees"), SIZES, description=_l("Some kinds of support depend on the size of a company.")
    )
    worked = MultiChoiceField(
        _l("What worked well?"), SUCCESS_FACTORS, description=_l("So that other companies can learn from it.")
    )
    worked_text = MultilineField(
        _l("Please tell us what helped"),
        description=_l("Please do not write names or anything else by which a person can be recognised."),
        limit=2000,
    )
    hindered_text = MultilineField(
        _l("Please tell us what was difficult"),
        description=_l("Please do not write names or anything else by which a person can be recognised."),
        limit=2000,
    )
    wanted = MultiChoiceField(
        _l("What support do you need?"), WANTED_SUPPORT, description=_l("So that we know what to offer.")
    )
    again = RadioChoiceField(
        _l("Would you employ or train refugees again, or for the first time?"), WOULD_REPEAT,
        description=_l("So that we see whether the experience was good overall."),
    )  # fmt: skip
    company = LineField(
        _l("Company"),
        description=_l("Name your company only if you would like to. Otherwise your answers stay anonymous."),
        render_kw={"autocomplete": "organization"},
        limit=MAX_NAME_CHARS,
    )
    email = EmailField(
        _l("E-mail address"),
        description=_l(
            "Enter an e-mail address only if you would like a confirmation or an answer. It is not part of the results."
        ),
    )
    consent_quote = ConsentField(
        _l("I agree that you may publish my sentences as a quotation without a name."),
        description=_l("This is voluntary. You can withdraw it at any time. A colleague reads each sentence first."),
    )
    consent_named = ConsentField(
        _l("I agree that you may name our company beside the quotation."),
        description=_l("This is voluntary. You can withdraw it at any time."),
    )


for _key, _label in OBSTACLES:
    setattr(SurveyForm, f"obstacle_{_key}", RatingField(_label, SEVERITY))
for _key, _label in SUPPORTS:
    setattr(SurveyForm, f"support_{_key}", RatingField(_label, USEFULNESS))


SURVEY = FormDefinition(
    key="survey",
    slug="arbeitgeber/erfahrungen/",
    form_class=SurveyForm,
    title=_l("Sharing experience"),
    purpose=_l(
        "We count the answers of all companies so that we can help companies better. We show the results in such a way "
        "that nobody can recognise an individual company."
    ),
    retention_months=24,
    answer_within_days=None,
    sender_field="email",
    consents=("consent_quote", "consent_named"),
    name_fields=("company",),
    sections=(
        (_l("Your experience"), ("done", "how_many", "worked")),
        (_l("What you need"), ("wanted", "again")),
        (
            _l("What was difficult, and how difficult was it?"),
            tuple(f"obstacle_{key}" for key, _label in OBSTACLES),
        ),
        (
            _l("What support did you use, and did it help?"),
            tuple(f"support_{key}" for key, _label in SUPPORTS),
        ),
        (_l("In your own words"), ("worked_text", "hindered_text")),
        (_l("Your company"), ("trade", "employees")),
        (_l("Only if you would like to be named"), ("company", "email", "consent_quote", "consent_named")),
    ),
    folded_sections=5,
)
