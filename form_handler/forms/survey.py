"""The experience survey: what helped and what hindered a company. Anonymous unless the company wants otherwise.

The same obstacles and supports are in the chooser's rules and in the published results, so their keys are
those of the content model (``editorial.content.front_matter.Obstacle``).
"""

from __future__ import annotations

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
    ("training", _l("Yes, as apprentices")),
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
    ("skills", _l("Skills and experience that people brought")),
    ("team", _l("Working together in the team")),
    ("learning", _l("Learning German at work")),
    ("support", _l("Support from offices and advice centres")),
    ("staying", _l("People stayed with us")),
)
OBSTACLES = (
    ("language", _l("German")),
    ("paperwork", _l("Paperwork and residence status")),
    ("qualification", _l("Qualifications and certificates")),
    ("housing", _l("Housing")),
    ("childcare", _l("Childcare")),
    ("mobility", _l("The journey to work")),
    ("culture", _l("Different habits at work")),
    ("candidates", _l("Finding the right people")),
)
SEVERITY = (
    ("0", _l("no obstacle")),
    ("1", _l("a small one")),
    ("2", _l("a big one")),
)
SUPPORTS = (
    ("employer_service", _l("Employer service of the employment agency or Jobcenter")),
    ("chamber", _l("Chamber of commerce or of crafts")),
    ("city", _l("The local administration, KIM included")),
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
    ("permits", _l("Help with permits and paperwork")),
    ("german", _l("German courses that fit working hours")),
    ("matching", _l("Meeting people who look for work")),
    ("recognition", _l("Help with foreign certificates")),
    ("mentoring", _l("Buddies for the first months")),
    ("housing", _l("Help with housing, childcare and the journey to work")),
    ("exchange", _l("Exchange with other companies")),
)
WOULD_REPEAT = (
    ("yes", _l("Yes")),
    ("rather_yes", _l("Rather yes")),
    ("rather_no", _l("Rather not")),
    ("no", _l("No")),
    ("unsure", _l("I do not know")),
)


class SurveyForm(Form):
    """Questions to companies about their experience; one answer is required, and none about a person."""

    done = MultiChoiceField(
        _l("Have you employed or trained people who fled to Germany, or had them as interns?"), EXPERIENCE_KINDS,
        required(_l("Tell us whether you have experience yet. “No, not yet” is an answer, too.")),
        description=_l("Tick whatever fits. We also want to hear from you if you have no experience yet."),
    )  # fmt: skip
    how_many = RadioChoiceField(
        _l("How many people altogether?"),
        COUNT_BANDS,
        description=_l("So that we can tell single cases from long practice."),
    )
    trade = ChoiceField(_l("Trade"), TRADES, description=_l("So that we see what is different from trade to trade."))
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
    obstacle_language = RatingField(OBSTACLES[0][1], SEVERITY)
    obstacle_paperwork = RatingField(OBSTACLES[1][1], SEVERITY)
    obstacle_qualification = RatingField(OBSTACLES[2][1], SEVERITY)
    obstacle_housing = RatingField(OBSTACLES[3][1], SEVERITY)
    obstacle_childcare = RatingField(OBSTACLES[4][1], SEVERITY)
    obstacle_mobility = RatingField(OBSTACLES[5][1], SEVERITY)
    obstacle_culture = RatingField(OBSTACLES[6][1], SEVERITY)
    obstacle_candidates = RatingField(OBSTACLES[7][1], SEVERITY)
    hindered_text = MultilineField(
        _l("Please tell us what got in your way"),
        description=_l("Please do not write names or anything else by which a person can be recognised."),
        limit=2000,
    )
    support_employer_service = RatingField(SUPPORTS[0][1], USEFULNESS)
    support_chamber = RatingField(SUPPORTS[1][1], USEFULNESS)
    support_city = RatingField(SUPPORTS[2][1], USEFULNESS)
    support_language_course = RatingField(SUPPORTS[3][1], USEFULNESS)
    support_subsidy = RatingField(SUPPORTS[4][1], USEFULNESS)
    support_volunteers = RatingField(SUPPORTS[5][1], USEFULNESS)
    wanted = MultiChoiceField(
        _l("Which support would you need?"), WANTED_SUPPORT, description=_l("So that we know what to offer.")
    )
    again = RadioChoiceField(
        _l("Would you do it again, or for the first time?"), WOULD_REPEAT,
        description=_l("So that we see whether the experience was good on the whole."),
    )  # fmt: skip
    company = LineField(
        _l("Company"),
        description=_l("Only if you want us to know. Without it, your answers stay anonymous."),
        render_kw={"autocomplete": "organization"},
        limit=MAX_NAME_CHARS,
    )
    email = EmailField(
        _l("E-mail address"),
        description=_l("Only if you want a confirmation or an answer. It is not part of the results."),
    )
    consent_quote = ConsentField(
        _l("You may publish my sentences as a quotation, without a name."),
        description=_l("This is voluntary. You can withdraw it at any time. A colleague reads each sentence first."),
    )
    consent_named = ConsentField(
        _l("You may name our company beside the quotation."),
        description=_l("This is voluntary. You can withdraw it at any time."),
    )


SURVEY = FormDefinition(
    key="survey",
    slug="arbeitgeber/erfahrungen/",
    form_class=SurveyForm,
    title=_l("Sharing experience"),
    purpose=_l(
        "We count the answers of all companies, so that the support fits better. The results are published in such a way "
        "that no company can be recognised."
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
            _l("What was difficult, and how difficult?"),
            tuple(f"obstacle_{key}" for key, _label in OBSTACLES),
        ),
        (
            _l("Which support did you use, and did it help?"),
            tuple(f"support_{key}" for key, _label in SUPPORTS),
        ),
        (_l("In your own words"), ("worked_text", "hindered_text")),
        (_l("Your company"), ("trade", "employees")),
        (_l("Only if you want to be known"), ("company", "email", "consent_quote", "consent_named")),
    ),
    folded_sections=5,
)
