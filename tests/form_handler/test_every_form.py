"""Every form, in every language, goes the same way: fault, review, one submission, receipt; nothing typed is changed."""

from __future__ import annotations

import datetime
import html
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from editorial.languages import load_languages
from editorial.words import use_language
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import AnyOf, Consent, labels_of
from form_handler.mails import write_mail
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.schema import outgoing_mail
from tests.form_handler.conftest import Browser

LEAST: dict[str, dict[str, Any]] = {
    "participation": {"company": "Beispielbetrieb", "email": "beispiel@example.org"},
    "survey": {"done": ["none"]},
    "callback": {"name": "Beispiel Person", "phone": "0000", "topic": "work"},
    "barrier": {"problem": "Das Beispiel geht nicht."},
    "feedback": {"helpful": "yes"},
}
ALL = pytest.mark.parametrize("definition", FORMS.values(), ids=lambda d: d.key)
LANGUAGES = [language.code for language in load_languages()]


def slug(definition: FormDefinition, code: str = "de") -> str:
    """Return the address of a form in a language."""
    return ("" if code == "de" else f"/{code}") + "/" + definition.slug


@ALL
def test_an_empty_form_names_every_required_question(browser: Browser, definition: FormDefinition) -> None:
    response = browser.post(slug(definition), {definition.field_names()[0]: ""})
    assert response.status_code == 422
    for name in definition.field_names():
        if definition.form_class()[name].flags.required:
            assert f'href="#{name}"' in response.text, name
    assert browser.stored() == []


@pytest.mark.parametrize("code", LANGUAGES)
@ALL
def test_the_least_answers_are_enough_in_every_language(
    browser: Browser, definition: FormDefinition, code: str
) -> None:
    path = slug(definition, code)
    receipt = browser.send(browser.review(LEAST[definition.key], path), path)
    assert receipt.status_code == 303
    (stored,) = browser.stored()
    assert (stored.form, stored.language, stored.held) == (definition.key, code, False)
    page = browser.get(receipt.location)
    assert page.status_code == 200
    assert stored.reference in page.text


@ALL
def test_the_notice_names_the_basis_of_each_consent_and_of_no_other(definition: FormDefinition) -> None:
    form = definition.form_class()
    ticked = {name for name in definition.field_names() if isinstance(form[name], Consent)}
    assert ticked == set(definition.consents)
    with use_language("de"):
        bases = definition.basis()
    assert len(bases) == 1 + len(ticked)
    assert all("Einwilligung" in base for base in bases[1:])
    assert "Einwilligung" not in bases[0]


def test_a_call_back_takes_a_phone_number_or_an_address_but_not_neither(browser: Browser) -> None:
    path = "/rueckruf/"
    neither = browser.post(path, {"name": "Beispiel", "topic": "work"})
    assert neither.status_code == 422
    assert 'href="#phone"' in neither.text
    by_mail = {"name": "Beispiel", "topic": "work", "email": "beispiel@example.org"}
    assert browser.send(browser.review(by_mail, path), path).status_code == 303


def test_the_survey_and_the_feedback_ask_for_nobody() -> None:
    for key in ("survey", "feedback"):
        form = FORMS[key].form_class()
        required = [field.name for field in form if field.flags.required]
        assert not {"name", "company", "email", "phone", "contact_name"} & set(required)
    assert not {"name", "email", "phone"} & set(FORMS["feedback"].field_names())


def test_a_barrier_report_says_six_weeks_and_the_ombuds_office(browser: Browser) -> None:
    path = "/barriere-melden/"
    answers = {"problem": "Beispiel", "email": "beispiel@example.org"}
    receipt = browser.get(browser.send(browser.review(answers, path), path).location)
    assert "42 Tagen" in receipt.text
    assert "Ombudsstelle" in receipt.text


def some_answers(definition: FormDefinition) -> st.SearchStrategy[dict[str, Any]]:
    """Return answers that a person or a program might send: any text, any choice, known or not."""
    form = definition.form_class()
    answers: dict[str, st.SearchStrategy[Any]] = {}
    for name in definition.field_names():
        field = form[name]
        labels = [key for key in labels_of(field) if key]
        if isinstance(field, AnyOf):
            answers[name] = st.lists(st.sampled_from(labels), max_size=3)
        elif labels:
            answers[name] = st.sampled_from(["", *labels])
        elif isinstance(field, Consent):
            answers[name] = st.sampled_from(["", "yes"])
        elif field.type == "Email":
            answers[name] = st.sampled_from(["", "a@example.org", "Ä@example.org", "x", "a@b@c.example"])
        else:
            answers[name] = st.text(max_size=60) | st.sampled_from(
                ["=1+1", "\t@x", "＝cmd", "<b>&amp;", "مرحبا", "a\r\nb", "x" * 5000, "\u202e", "\x00", "' OR 1=1 --"]
            )
    return st.fixed_dictionaries(answers)


@ALL
@tried(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_answer_comes_back_unchanged_or_is_stored_and_exported_unchanged(
    browser: Browser, definition: FormDefinition, data: st.DataObject
) -> None:
    answers = {**data.draw(some_answers(definition))}
    assume(all(c < "\ud800" or c > "\udfff" for v in answers.values() if isinstance(v, str) for c in v))
    path = slug(definition)
    response = browser.post(path, answers)
    assert response.status_code in (200, 422), "never a crash"
    if response.status_code == 422:
        for name, value in answers.items():
            if isinstance(value, str) and value.strip() and definition.form_class()[name].type in {"Line", "Text"}:
                assert shown(value) in normal(html.unescape(response.text)), f"{name} was lost"
        return
    before = {row.number for row in browser.stored()}
    hidden = browser.review(answers, path)
    if browser.send(hidden, path).status_code != 303:
        raise AssertionError("a reviewed form was not stored")
    new = [row for row in browser.stored() if row.number not in before]
    if not new:
        return  # the same answers from the same browser a moment ago: one submission
    form = definition.fill(_pairs(answers))
    assert new[0].answers == json.loads(json.dumps(definition.answers(form)))


def _pairs(answers: dict[str, Any]) -> Any:
    from werkzeug.datastructures import MultiDict

    flat = [(k, v) for k, values in answers.items() for v in (values if isinstance(values, list) else [values])]
    return MultiDict(flat)


def normal(text: str) -> str:
    """Return text as a form field shows it: NFC, LF."""
    import unicodedata

    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def shown(value: str) -> str:
    """Return what of an answer must be seen again."""
    return normal(value).strip(" \t\u00a0\r\n").strip("\n")


def test_a_filled_trap_is_kept_apart_with_its_mails_and_the_sender_sees_a_receipt(
    browser: Browser, database: Database
) -> None:
    hidden = browser.review({**LEAST["participation"], "_website": "http://spam.example"})
    assert ("_website", "http://spam.example") in hidden
    assert browser.send(hidden).status_code == 303
    (stored,) = browser.stored()
    assert stored.held
    assert "trap" in stored.suspicion
    with database.reading() as connection:
        states = [row.state for row in connection.execute(outgoing_mail.select())]
    assert states == ["held", "held"], "nothing goes out before the office has looked"


@pytest.mark.parametrize(("message", "held"), [("Mehr: https://example.org", False), ("https://a.example " * 9, True)])
def test_one_link_passes_and_many_are_held(browser: Browser, message: str, held: bool, later: None) -> None:
    assert browser.send(browser.review({**LEAST["participation"], "message": message})).status_code == 303
    assert browser.stored()[0].held is held


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a person have looked at the review page for a while."""
    monkeypatch.setattr("form_handler.views.seconds_on_review", lambda *_: 30.0)


def test_a_fast_hand_alone_is_not_held_but_noted(browser: Browser) -> None:
    browser.send(browser.review(LEAST["participation"]))
    (stored,) = browser.stored()
    assert (stored.held, stored.suspicion) == (False, "fast")


def limited(settings: Settings, limit: int) -> Settings:
    """Return settings with a rate limit."""
    import dataclasses

    return dataclasses.replace(settings, rate_limit=limit)


def test_more_than_the_limit_is_held_and_far_more_refused_with_all_answers(
    settings: Settings, database: Database
) -> None:
    from form_handler.app import create_app

    app = create_app(limited(settings, 2), database)
    for number in range(20):
        one = Browser(app.test_client(), database)
        answers = {**LEAST["participation"], "company": f"Beispiel {number}"}
        assert one.send(one.review(answers)).status_code == 303
    one = Browser(app.test_client(), database)
    refused = one.send(one.review({**LEAST["participation"], "company": "Bleibt hier"}))
    assert refused.status_code == 429
    assert "Bleibt hier" in refused.text
    assert "tel:" in refused.text
    assert sorted(row.held for row in one.stored()) == [False] * 2 + [True] * 18


def test_no_address_is_kept_and_the_key_changes_daily(database: Database) -> None:
    from form_handler import rates
    from form_handler.storage.schema import day_key, rate

    monday = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
    seen = []
    for now in (monday, monday + datetime.timedelta(days=1)):
        with database.writing() as connection:
            assert rates.count(connection, "send", "192.0.2.7", now) == 1
            assert rates.count(connection, "send", "192.0.2.7", now) == 2
            seen += connection.execute(rate.select()).all()
            assert len(connection.execute(day_key.select()).all()) == 1, "yesterday's key is gone"
    assert len({row.who for row in seen}) == 2, "two days cannot be linked"
    assert not any("192.0.2.7" in str(row) for row in seen)


def test_two_tabs_of_one_browser_with_the_same_answers_make_one_submission(browser: Browser) -> None:
    first, second = browser.review(), browser.review()
    assert dict(first)["_number"] != dict(second)["_number"]
    one, two = browser.send(first), browser.send(second)
    assert one.location == two.location
    assert len(browser.stored()) == 1


def test_the_same_anonymous_answers_from_two_browsers_are_two(app: Any, database: Database) -> None:
    for _ in range(2):
        one = Browser(app.test_client(), database)
        path = "/arbeitgeber/erfahrungen/"
        one.send(one.review(LEAST["survey"], path), path)
    assert len(one.stored()) == 2


def test_an_address_is_confirmed_by_a_click_and_never_by_a_link_alone(settings: Settings, database: Database) -> None:
    import dataclasses
    import re

    from form_handler.app import create_app

    asked = dataclasses.replace(settings, confirm_email=True, public_url="http://127.0.0.1/")
    one = Browser(create_app(asked, database).test_client(), database)
    one.send(one.review())
    (stored,) = one.stored()
    body = write_mail(asked, stored, "copy", "beispiel@example.org").get_content()
    link = re.search(r"http://127\.0\.0\.1(/adresse-bestaetigen/\?nr=\S+)", body)
    assert link is not None
    page = one.get(link[1])
    assert page.status_code == 200
    assert one.stored()[0].confirmed_at is None, "a scanner that follows links confirms nothing"
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    assert one.post(link[1], {"csrf_token": token[1]}).status_code == 200
    assert one.stored()[0].confirmed_at is not None
    assert one.get(link[1][:-4] + "AAAA").status_code == 410
