"""Every form, in every language, goes the same way: fault, review, one submission, receipt; nothing typed is changed."""

from __future__ import annotations

import datetime
import html
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from core.gettext import use_language
from core.languages import load_languages
from editorial.render.fragments import render_privacy_notice
from form_handler.forms import FORMS, FormDefinition, offered_forms
from form_handler.forms.cleaning import clean_line, clean_text
from form_handler.forms.contact_details import clean_phone
from form_handler.forms.fields import ConsentField, MultiChoiceField, choice_labels
from form_handler.layout import missing_pages
from form_handler.mail.compose import compose_mail
from form_handler.settings import Settings
from form_handler.staff.inbox import corrections
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail
from form_handler.views.forms import make_blueprint
from tests.form_handler.conftest import Browser
from tests.municipality import HAS_PHONE

MINIMAL_ANSWERS: dict[str, dict[str, Any]] = {
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
    receipt = browser.send(browser.review(MINIMAL_ANSWERS[definition.key], path), path)
    assert receipt.status_code == 303
    (stored,) = browser.stored()
    assert (stored.form, stored.language, stored.held) == (definition.key, code, False)
    page = browser.get(receipt.location)
    assert page.status_code == 200
    assert stored.reference in page.text


@ALL
def test_the_notice_names_the_basis_of_each_consent_and_of_no_other(definition: FormDefinition) -> None:
    form = definition.form_class()
    ticked = {name for name in definition.field_names() if isinstance(form[name], ConsentField)}
    assert ticked == set(definition.consents)
    with use_language("de"):
        bases = definition.legal_bases()
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


def test_a_barrier_report_says_six_weeks_and_where_to_complain_and_names_no_office_of_one_state(
    browser: Browser,
) -> None:
    path = "/barriere-melden/"
    answers = {"problem": "Beispiel", "email": "beispiel@example.org"}
    receipt = browser.get(browser.send(browser.review(answers, path), path).location)
    assert "42 Tagen" in receipt.text
    assert "Erklärung zur Barrierefreiheit" in receipt.text
    assert "Ombudsstelle" not in receipt.text


def test_a_form_whose_page_a_municipality_leaves_out_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing waits for its page, no address takes it, and the privacy notice does not tell of it; what came in is still shown."""
    survey = FORMS["survey"]
    monkeypatch.setattr("form_handler.forms.parts_left_out", lambda: (survey.slug.rstrip("/"),))
    assert survey not in offered_forms()
    assert len(offered_forms()) == len(FORMS) - 1
    assert not any(survey.slug in path for path in missing_pages(tmp_path))
    app = Flask(__name__)
    app.register_blueprint(make_blueprint())
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    assert "/rueckruf/" in paths
    assert not any(survey.slug in path for path in paths)
    assert "/arbeitgeber/werkzeugkasten/auswahl/" in paths
    monkeypatch.setattr("form_handler.toolkit.recommend.parts_left_out", lambda: ("arbeitgeber",))
    app = Flask(__name__)
    app.register_blueprint(make_blueprint())
    assert "/arbeitgeber/werkzeugkasten/auswahl/" not in {rule.rule for rule in app.url_map.iter_rules()}
    notice = render_privacy_notice()
    assert str(FORMS["callback"].purpose) in notice
    assert str(survey.purpose) not in notice


def some_answers(definition: FormDefinition) -> st.SearchStrategy[dict[str, Any]]:
    """Return answers that a person or a program might send: any text, any choice, known or not."""
    form = definition.form_class()
    answers: dict[str, st.SearchStrategy[Any]] = {}
    for name in definition.field_names():
        field = form[name]
        labels = [key for key in choice_labels(field) if key]
        if isinstance(field, MultiChoiceField):
            answers[name] = st.lists(st.sampled_from(labels), max_size=3)
        elif labels:
            answers[name] = st.sampled_from(["", *labels])
        elif isinstance(field, ConsentField):
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
            if isinstance(value, str) and definition.form_class()[name].type in CLEANERS:
                cleaned = CLEANERS[definition.form_class()[name].type](value)
                assert shown(cleaned) in normal(html.unescape(response.text)), f"{name} was lost"
        return
    before = {row.number for row in browser.stored()}
    hidden = browser.review(answers, path)
    if browser.send(hidden, path).status_code != 303:
        raise AssertionError("a reviewed form was not stored")
    new = [row for row in browser.stored() if row.number not in before]
    if not new:
        return  # the same answers from the same browser a moment ago: one submission
    form = definition.bind(_pairs(answers))
    assert new[0].answers == json.loads(json.dumps(definition.answers(form)))


def _pairs(answers: dict[str, Any]) -> Any:
    from werkzeug.datastructures import MultiDict

    flat = [(k, v) for k, values in answers.items() for v in (values if isinstance(values, list) else [values])]
    return MultiDict(flat)


CLEANERS = {"LineField": clean_line, "MultilineField": clean_text, "PhoneField": clean_phone}


def normal(text: str) -> str:
    """Return text as a form field shows it, with LF as line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(value: str) -> str:
    """Return what of an answer must be seen again."""
    return normal(value).strip(" \t\u00a0\r\n").strip("\n")


def test_a_filled_trap_is_kept_apart_with_its_mails_and_the_sender_sees_a_receipt(
    browser: Browser, database: Database
) -> None:
    hidden = browser.review({**MINIMAL_ANSWERS["participation"], "_website": "http://spam.example"})
    assert ("_website", "http://spam.example") in hidden
    assert browser.send(hidden).status_code == 303
    (stored,) = browser.stored()
    assert stored.held
    assert "trap" in stored.suspicion
    with database.read_connection() as connection:
        states = [row.state for row in connection.execute(outgoing_mail.select())]
    assert states == ["held", "held"], "nothing goes out before the office has looked"


@pytest.mark.parametrize(("message", "held"), [("Mehr: https://example.org", False), ("https://a.example " * 9, True)])
def test_one_link_passes_and_many_are_held(browser: Browser, message: str, held: bool, later: None) -> None:
    assert browser.send(browser.review({**MINIMAL_ANSWERS["participation"], "message": message})).status_code == 303
    assert browser.stored()[0].held is held


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a person have looked at the review page for a while."""
    monkeypatch.setattr("form_handler.views.forms.review_age", lambda *_: 30.0)


def test_a_fast_hand_alone_is_not_held_but_noted(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("form_handler.views.forms.review_age", lambda *_: 1.0)
    browser.send(browser.review(MINIMAL_ANSWERS["participation"]))
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
        answers = {**MINIMAL_ANSWERS["participation"], "company": f"Beispiel {number}"}
        assert one.send(one.review(answers)).status_code == 303
    one = Browser(app.test_client(), database)
    refused = one.send(one.review({**MINIMAL_ANSWERS["participation"], "company": "Bleibt hier"}))
    assert refused.status_code == 429
    assert "Bleibt hier" in refused.text
    assert ("tel:" in refused.text) == HAS_PHONE
    assert sorted(row.held for row in one.stored()) == [False] * 2 + [True] * 18


def test_no_address_is_kept_and_the_key_changes_daily(database: Database) -> None:
    from form_handler import rate_limit
    from form_handler.storage.tables import daily_key, rate

    monday = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
    seen = []
    for now in (monday, monday + datetime.timedelta(days=1)):
        with database.transaction() as connection:
            assert rate_limit.increment(connection, "send", "192.0.2.7", now) == 1
            assert rate_limit.increment(connection, "send", "192.0.2.7", now) == 2
            seen += connection.execute(rate.select()).all()
            assert len(connection.execute(daily_key.select()).all()) == 1, "yesterday's key is gone"
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
        one.send(one.review(MINIMAL_ANSWERS["survey"], path), path)
    assert len(one.stored()) == 2


def test_an_address_is_confirmed_by_a_click_and_never_by_a_link_alone(settings: Settings, database: Database) -> None:
    import dataclasses
    import re

    from form_handler.app import create_app

    asked = dataclasses.replace(settings, confirm_email=True, public_url="http://127.0.0.1/")
    one = Browser(create_app(asked, database).test_client(), database)
    one.send(one.review())
    (stored,) = one.stored()
    body = compose_mail(asked, stored, "copy", "beispiel@example.org").get_content()
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


def test_who_confirms_the_address_gets_the_copy_once(settings: Settings, database: Database) -> None:
    import dataclasses
    import re

    from form_handler.app import create_app

    asked = dataclasses.replace(settings, public_url="http://127.0.0.1/")
    one = Browser(create_app(asked, database).test_client(), database)
    one.send(one.review({**MINIMAL_ANSWERS["participation"], "message": "Eine Frage"}))
    (stored,) = one.stored()
    assert asked.confirm_email, "this is how it is without a setting"
    body = compose_mail(asked, stored, "copy", "beispiel@example.org").get_content()
    assert "Eine Frage" not in body
    link = re.findall(r"http://127[.]0[.]0[.]1(/adresse-bestaetigen/[?]nr=[^ \n]+)", body)[0]
    token = re.findall(r'name="csrf_token" value="([^"]+)"', one.get(link).text)[0]
    for _ in range(2):
        assert one.post(link, {"csrf_token": token}).status_code == 200
    with database.read_connection() as connection:
        rows = connection.execute(outgoing_mail.select().order_by(outgoing_mail.c.id)).all()
    assert [(row.kind, row.state, row.recipient) for row in rows[2:]] == [
        ("full-copy", "waiting", "beispiel@example.org")
    ]
    (confirmed,) = one.stored()
    assert "Eine Frage" in compose_mail(asked, confirmed, "full-copy", "beispiel@example.org").get_content()


def test_a_link_to_an_address_that_the_office_has_corrected_confirms_nothing(
    settings: Settings, database: Database
) -> None:
    import dataclasses
    import re

    from form_handler.app import create_app

    asked = dataclasses.replace(settings, public_url="http://127.0.0.1/")
    one = Browser(create_app(asked, database).test_client(), database)
    one.send(one.review())
    (stored,) = one.stored()
    body = compose_mail(asked, stored, "copy", "beispiel@example.org").get_content()
    link = re.findall(r"http://127[.]0[.]0[.]1(/adresse-bestaetigen/[?]nr=[^ \n]+)", body)[0]
    corrections.update_answers(
        database, stored, {**stored.answers, "email": "richtig@example.org"}, "probe", stored.received_at
    )
    assert one.get(link).status_code == 410


def test_a_held_form_promises_no_mail_until_it_is_released(browser: Browser, database: Database) -> None:
    from core.gettext import gettext
    from form_handler.staff.inbox import actions

    address = browser.send(browser.review({**MINIMAL_ANSWERS["participation"], "_website": "x"})).location
    with use_language("de"):
        promise = gettext("You get a confirmation by e-mail in your language.")
    assert promise not in browser.get(address).text
    (stored,) = browser.stored()
    actions.accept_held(database, stored, "probe", stored.received_at)
    assert promise in browser.get(address).text


@ALL
def test_the_address_of_a_receipt_tells_nothing_of_the_answers(browser: Browser, definition: FormDefinition) -> None:
    import base64
    from urllib.parse import parse_qs, urlsplit

    form = definition.form_class()
    answers = {
        name: keys if isinstance(form[name], MultiChoiceField) else keys[0]
        for name in definition.field_names()
        if (keys := [key for key in choice_labels(form[name]) if key])
    }
    path = slug(definition)
    marks = []
    for more in ({}, {"email": "beispiel@example.org"} if definition.sender_field else {}):
        address = browser.send(
            browser.review({**MINIMAL_ANSWERS[definition.key], **answers, **more}, path), path
        ).location
        query = parse_qs(urlsplit(address).query)
        assert set(query) == {"nr"}
        payload = query["nr"][0].split(".")[0]
        marks.append(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        assert browser.get(address).status_code == 200
    assert {mark[0] for mark in marks} == {definition.key}
    assert {mark[1] for mark in marks} <= {row.reference for row in browser.stored()}
    assert all(len(mark) == 2 for mark in marks), "nor whether there is an address"


def test_a_receipt_still_recommends_what_fits_and_outlives_its_submission(
    browser: Browser, database: Database, settings: Settings
) -> None:
    from form_handler.storage import deletion

    address = browser.send(browser.review()).location
    (stored,) = browser.stored()
    deletion.delete_submissions(database, [stored.number], "probe", "erased", stored.received_at)
    page = browser.get(address)
    assert page.status_code == 200
    assert stored.reference in page.text


def test_five_forms_with_a_strangers_address_send_at_most_three_receipts(app: Any, database: Database) -> None:
    from form_handler.spam import MAX_RECEIPTS_PER_DAY

    spellings = ["fremd@example.org", "Fremd@example.org", "fremd+1@example.org", "<fremd@EXAMPLE.org>", "fremd@example.org\u200b",
                 "mailto:fremd+x@example.org"]  # fmt: skip
    promised = []
    for number, spelling in enumerate(spellings):
        one = Browser(app.test_client(), database)
        answers = {**MINIMAL_ANSWERS["participation"], "company": f"Beispiel {number}", "email": spelling}
        receipt = one.get(one.send(one.review(answers)).location)
        promised.append("Bestätigung per E-Mail" in receipt.text)
    with database.read_connection() as connection:
        kinds = [row.kind for row in connection.execute(outgoing_mail.select())]
    assert kinds.count("copy") == MAX_RECEIPTS_PER_DAY == 3
    assert kinds.count("office") == len(spellings), "nothing is lost for the office"
    assert promised == [True] * 3 + [False] * 3
    found = sorted(one.stored(), key=lambda row: row.received_at)
    assert ["recipient" in row.suspicion for row in found] == [False] * 3 + [True] * 3
    assert not any(row.held for row in found)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2001:db8::1", "2001:db8::ffff:1:2:3", True), ("2001:db8::1", "2001:DB8:0:0::2", True), ("2001:db8::1", "2001:db8:0:1::1", False),
     ("::ffff:192.0.2.1", "192.0.2.1", True), ("192.0.2.1", "192.0.2.2", False), ("fe80::1%eth0", "fe80::2", True),
     ("unknown", "unknown", True)],
)  # fmt: skip
def test_ipv6_is_counted_by_its_network_wherever_addresses_are_counted(
    database: Database, one: str, other: str, same: bool
) -> None:
    from form_handler import rate_limit

    now = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
    with database.transaction() as connection:
        rate_limit.increment(connection, "send", one, now)
        assert rate_limit.increment(connection, "send", other, now) == (2 if same else 1)
        assert rate_limit.current_count(connection, "send", other, now) == (2 if same else 1)


def test_a_body_of_separators_alone_costs_nothing(browser: Browser) -> None:
    response = browser.post(data=b"&" * 500_000 + b"company=x", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
