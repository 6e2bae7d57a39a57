"""What a link fills in, what is folded, how long it takes, and the "yes" or "no" that a page takes itself."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from form_handler.forms import FORMS
from form_handler.forms.definition import ANSWER_SECONDS, WORDS_PER_MINUTE
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail
from form_handler.toolkit.views import chooser_answers
from tests.form_handler.conftest import Browser

QUICK = "/rueckmeldung/kurz/"


def quick(browser: Browser, page: str = "/arbeitgeber/mitmachen/", answer: str = "yes", **more: str) -> int:
    data = {"page": page, "helpful": answer, "_number": str(uuid.uuid4()), **more}
    return browser.post(QUICK, data).status_code


def test_a_quick_answer_is_stored_as_done_without_mail_and_text(browser: Browser, database: Database) -> None:
    assert quick(browser, missing="Buy cheap things") == 204
    (stored,) = browser.stored()
    assert (stored.form, stored.state) == ("feedback", "closed")
    assert stored.answers == {"page": "/arbeitgeber/mitmachen/", "helpful": "yes", "missing": ""}
    with database.read_connection() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(outgoing_mail)).scalar_one() == 0


def test_a_visitor_answers_once_a_day_for_each_page(browser: Browser) -> None:
    assert [quick(browser), quick(browser, answer="no"), quick(browser, page="/rueckruf/")] == [204, 204, 204]
    assert sorted(row.answers["page"] for row in browser.stored()) == ["/arbeitgeber/mitmachen/", "/rueckruf/"]


@pytest.mark.parametrize(
    "data",
    [{"page": "https://other.example/"}, {"page": "//other.example"}, {"page": "/gibt-es-nicht/"}, {"page": ""}, {"helpful": "x"},
     {"_number": "1"}, {"_number": ""}],
)  # fmt: skip
def test_a_quick_answer_that_no_page_sends_is_refused(browser: Browser, data: dict[str, str]) -> None:
    whole = {"page": "/rueckruf/", "helpful": "no", "_number": str(uuid.uuid4()), **data}
    assert browser.post(QUICK, whole).status_code == 422
    assert browser.stored() == []


def test_another_site_answers_for_nobody(browser: Browser) -> None:
    data = {"page": "/rueckruf/", "helpful": "no", "_number": str(uuid.uuid4())}
    assert browser.post(QUICK, data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.stored() == []


def test_the_time_is_computed_from_the_questions() -> None:
    survey = FORMS["survey"]
    assert survey.question_count() == 5
    assert survey.question_count() + survey.question_count(folded=True) == len(survey.field_names())
    assert survey.estimated_minutes() == 4
    ratings = sum(name.startswith(("obstacle_", "support_")) for name in survey.field_names())
    answering = ratings * ANSWER_SECONDS["rating"] / 60
    assert answering < survey.estimated_minutes() < answering + 900 / WORDS_PER_MINUTE


def test_no_folded_question_is_required() -> None:
    for definition in FORMS.values():
        form = definition.form_class()
        folded = [name for _heading, names in definition.more_sections for name in names]
        assert not [name for name in folded if form[name].flags.required], definition.key


def test_what_a_company_did_once_is_not_what_it_wants_to_offer() -> None:
    answers = {"done": ["internship"], "obstacle_language": "2", "employees": "10-49"}
    found = chooser_answers("survey", answers)
    assert found["want"] == []
    assert found["obstacle"] == ["language"]
    assert found["size"] == ["small"]
    assert chooser_answers("participation", {"ways": ["internship"]})["want"] == ["internship"]


def test_a_link_fills_in_choices_and_pages_only() -> None:
    def is_page(path: str) -> bool:
        return path == "/kontakt/"

    given = MultiDict(
        [("ways", "job"), ("ways", "<b>"), ("ways", "training"), ("employees", "x"), ("company", "Fremd")]
    )
    form = FORMS["participation"].prefilled(given, is_page)
    assert form["ways"].data == ["training", "job"]
    assert not form["employees"].data
    assert not form["company"].data
    form = FORMS["feedback"].prefilled(MultiDict({"page": "/kontakt/", "helpful": "no", "missing": "Fremd"}), is_page)
    assert (form["page"].data, form["helpful"].data, form["missing"].data) == ("/kontakt/", "no", "")
    assert not FORMS["barrier"].prefilled(MultiDict({"page": "//other.example"}), is_page)["page"].data


def test_the_address_of_the_form_takes_the_choices_of_the_chooser(browser: Browser, settings: Settings) -> None:
    data = Path(settings.site_dir) / "arbeitgeber" / "werkzeugkasten" / "massnahmen.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps({"measures": {"praktikum": {"title": "Praktikum im Betrieb"}}}), "utf-8")
    text = browser.get("/arbeitgeber/mitmachen/?want=job&size=large&measure=praktikum").text
    assert 'value="job" checked' in text
    assert 'value="250+" checked' in text
    assert "Es geht um: Praktikum im Betrieb" in text
    text = browser.get("/arbeitgeber/mitmachen/?want=x&size=small&measure=../x").text
    assert " checked" not in text
    assert "Es geht um" not in text


def test_the_review_shows_given_answers_and_how_many_are_open(browser: Browser) -> None:
    page = browser.post(data={"company": "Beispielbetrieb", "email": "a@example.org"}).text
    assert page.count('class="kim-review__row"') == 2
    assert "12 Fragen haben Sie offen gelassen." in page


def test_a_filled_in_form_in_another_language_is_no_error(browser: Browser) -> None:
    answer = browser.post("/tr/arbeitgeber/mitmachen/", {"company": "Beispiel", "_change": "language"})
    assert answer.status_code == 200
    assert 'value="Beispiel"' in answer.text
    assert "kim-summary" not in answer.text
