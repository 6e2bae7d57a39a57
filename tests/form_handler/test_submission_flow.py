"""The way of a form: nothing is lost, nothing is stored twice, whatever a browser sends."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import MultiDict

from core.gettext import gettext, use_language
from core.languages import load_languages
from form_handler.app import create_app
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail
from tests.form_handler.conftest import FORM, VALID_FORM, Browser
from tests.municipality import HAS_PHONE


def test_a_right_form_is_stored_once_with_its_two_mails_and_leads_to_a_receipt(browser: Browser) -> None:
    response = browser.send(browser.review({**VALID_FORM, "ways": ["job", "mentor"], "consent_partner": "yes"}))
    assert response.status_code == 303
    (stored,) = browser.stored()
    assert stored.answers["ways"] == ["job", "mentor"]
    assert stored.answers["consent_partner"] is True
    with browser.database.read_connection() as connection:
        kinds = connection.execute(sa.select(outgoing_mail.c.kind).order_by(outgoing_mail.c.kind)).scalars().all()
    assert kinds == ["copy", "office"]
    receipt = browser.get(response.headers["Location"])
    assert stored.reference in receipt.text
    assert re.fullmatch(r"KIM-[2-9A-HJKMNP-TV-Z]{6}", stored.reference)
    assert "beispiel@example.org" not in receipt.text


def test_nothing_is_stored_before_the_review_page_is_sent(browser: Browser) -> None:
    browser.review()
    assert browser.stored() == []


def test_interested_nothing_concrete_yet_is_a_full_answer(browser: Browser) -> None:
    browser.send(browser.review({**VALID_FORM, "ways": "interested"}))
    assert browser.stored()[0].answers["ways"] == ["interested"]


def test_the_same_number_twice_is_one_submission(browser: Browser) -> None:
    hidden = browser.review()
    first, second = browser.send(hidden), browser.send(hidden)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(browser.stored()) == 1


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_every_fault_has_a_text_in_the_language_beside_the_field_and_in_the_summary(browser: Browser, language) -> None:  # type: ignore[no-untyped-def]
    response = browser.post(language.root.rstrip("/") + FORM, {"email": "x@", "message": "Text " * 1000})
    assert response.status_code == 422
    with use_language(language.code):
        title = gettext("Error:")
        faults = [gettext("Enter the name of your company."),
                  gettext("Enter the e-mail address in full, for example name@example.org.")]  # fmt: skip
    assert f"<title>{title}" in response.text
    for fault in faults:
        assert response.text.count(fault) == 2
    assert "5000" in response.text, "the length that was sent"
    assert "Text Text" in response.text
    assert f'lang="{language.code}" dir="{language.dir}"' in response.text


LONG = "x" * 501


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", "A\nB"), ("company", "A\x00B"), ("company", "A\u202eB"), ("company", LONG), ("email", "a@b"), ("email", "jörg@example.org"), ("email", "=?utf-8?q?x?=@example.org"),
        ("email", "a@example.org, b@example.org"), ("email", "a@example.org\nBcc: x@example.org"), ("phone", "1" * 61),
        ("message", "x" * 4001), ("message", "end\uffff"), ("contact_name", "x" * 201), ("trade", "unknown"), ("employees", "5"), ("ways", "fly"),
        ("company", "   "),
    ],
)  # fmt: skip
def test_bad_input_is_a_fault_beside_its_field_and_comes_back_unchanged(
    browser: Browser, field: str, value: str
) -> None:
    response = browser.post(data={**VALID_FORM, field: value})
    assert response.status_code == 422
    assert f'href="#{field}"' in response.text
    assert browser.stored() == []
    if field in {"email", "message"}:
        from html import escape

        assert escape(value.strip("\n"), quote=False).split("\n")[0][:40] in response.text


@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", "=1+1", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "%(length)s", "شركة مثال",
     "Ґалаґан & Söhne", "a\u0301", "👩🏽‍🔧", "Zeile 1\r\nZeile 2", "tab\tstop"],
)  # fmt: skip
def test_any_other_text_is_stored_as_it_was_typed(browser: Browser, value: str) -> None:
    import unicodedata

    response = browser.send(browser.review({**VALID_FORM, "message": value}))
    assert response.status_code == 303
    expected = unicodedata.normalize("NFC", value).replace("\r\n", "\n")
    assert browser.stored()[0].answers["message"] == expected
    assert "<script>alert" not in browser.post(data={"message": value}).text


def test_unknown_fields_are_named_and_left_out_and_the_answers_stay(browser: Browser) -> None:
    response = browser.post(data={**VALID_FORM, "is_admin": "1", "<b>": "2"})
    assert response.status_code == 422
    assert "is_admin" in response.text
    assert "&lt;b&gt;" in response.text
    assert "Beispielbetrieb" in response.text


def test_one_field_answered_twice_is_a_fault(browser: Browser) -> None:
    response = browser.post(data=MultiDict([*VALID_FORM.items(), ("company", "Zweiter")]))
    assert response.status_code == 422
    assert 'id="company-error"' in response.text


def test_invalid_utf8_is_a_fault_and_the_rest_is_kept(browser: Browser) -> None:
    response = browser.post(
        data=b"company=B%FFcker&email=beispiel%40example.org", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 422
    assert "beispiel@example.org" in response.text


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_a_body_that_is_no_form_gets_a_page(browser: Browser, content_type: str) -> None:
    response = browser.post(data=b"{}", content_type=content_type)
    assert response.status_code == 415
    assert "Traceback" not in response.text
    assert ("tel:" in response.text) == HAS_PHONE


def test_a_body_over_the_limit_gets_a_page_with_what_could_be_read_and_a_number_to_call(browser: Browser) -> None:
    response = browser.post(data={**VALID_FORM, "message": "y" * 600_000})
    assert response.status_code == 413
    assert "Beispielbetrieb" in response.text
    assert ("tel:" in response.text) == HAS_PHONE


def test_very_many_fields_get_a_page(browser: Browser) -> None:
    response = browser.post(
        data="&".join(f"f{i}=1" for i in range(2000)), content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method_gets_a_page(browser: Browser, method: str) -> None:
    response = browser.client.open("/tr" + FORM, method=method, base_url="http://127.0.0.1")
    assert response.status_code == 405
    assert 'lang="tr"' in response.text
    assert "Traceback" not in response.text


def test_a_wrong_host_gets_a_page_and_nothing_is_stored(browser: Browser) -> None:
    response = browser.post(data=VALID_FORM, base_url="http://evil.example")
    assert response.status_code == 421
    assert "evil.example" not in response.text


@pytest.mark.parametrize("spoiled", ["csrf_token", "_stamp", "_number"])
@pytest.mark.parametrize("how", ["missing", "foreign"])
def test_a_missing_or_foreign_token_shows_the_review_page_again_with_a_fresh_one(
    browser: Browser, spoiled: str, how: str
) -> None:
    hidden = browser.review()
    bad = [(n, "x" * 36 if n == spoiled else v) for n, v in hidden if how == "foreign" or n != spoiled]
    response = browser.send(bad)
    assert response.status_code == 422
    assert "Beispielbetrieb" in response.text
    assert browser.stored() == []
    from tests.form_handler.conftest import HIDDEN

    assert browser.send(HIDDEN.findall(response.text)).status_code == 303
    assert len(browser.stored()) == 1


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_request_that_another_site_made_stores_nothing(browser: Browser, headers: dict[str, str]) -> None:
    response = browser.send(browser.review(), headers=headers)
    assert response.status_code == 422
    assert browser.stored() == []


def test_a_stamp_of_yesterday_asks_for_one_more_click(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = browser.review()
    monkeypatch.setattr("form_handler.tokens.MAX_REVIEW_AGE_SECONDS", -1)
    assert browser.send(hidden).status_code == 422
    assert browser.stored() == []


def test_a_database_that_cannot_write_shows_the_answers_and_a_number_and_the_next_try_works(
    browser: Browser, database: Database
) -> None:
    hidden = browser.review()
    with database.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        other.exec_driver_sql("PRAGMA busy_timeout=0")
        from form_handler.storage import database as module

        original = module.LOCK_TIMEOUT_SECONDS
        sa.event.listen(database.engine, "checkout", lambda c, *_: c.execute("PRAGMA busy_timeout=50"))
        response = browser.send(hidden)
        other.rollback()
        assert original == module.LOCK_TIMEOUT_SECONDS
    assert response.status_code == 503
    assert "Beispielbetrieb" in response.text
    assert ("tel:" in response.text) == HAS_PHONE
    assert browser.send(hidden).status_code == 303
    assert len(browser.stored()) == 1


def test_an_unforeseen_fault_is_a_page_without_trace_and_a_log_without_answers(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(create_app(settings, database).test_client(), database)
    hidden = browser.review({**VALID_FORM, "company": "Geheimbetrieb"})
    monkeypatch.setattr("form_handler.views.forms.store_submission", lambda *_, **__: 1 / 0)
    response = browser.send(hidden)
    assert response.status_code == 500
    assert "Traceback" not in response.text
    assert "Geheimbetrieb" in response.text, "the person sees the answers again"
    assert ("tel:" in response.text) == HAS_PHONE
    assert "Geheimbetrieb" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_receipt_belongs_to_who_has_its_signed_address(browser: Browser) -> None:
    assert browser.get(FORM + "eingegangen/?nr=KIM-234567").status_code == 303
    assert browser.get(FORM + "eingegangen/").status_code == 303


def test_opening_the_sending_address_leads_to_the_form(browser: Browser) -> None:
    response = browser.get("/ar" + FORM + "absenden/")
    assert (response.status_code, response.headers["Location"]) == (303, "/ar" + FORM)


def test_changing_an_answer_shows_the_form_filled_and_without_faults(browser: Browser) -> None:
    response = browser.post(data={**VALID_FORM, "employees": "10-49", "_change": "company"})
    assert response.status_code == 200
    assert 'value="Beispielbetrieb"' in response.text
    assert 'value="10-49" checked' in response.text
    assert "kim-summary" not in response.text


def test_no_box_is_ticked_beforehand(browser: Browser) -> None:
    assert "checked" not in browser.get(FORM).text


def test_a_barrier_can_be_reported_without_saying_who_one_is(browser: Browser) -> None:
    response = browser.send(
        browser.review({"problem": "Das Menü geht nicht auf."}, "/barriere-melden/"), "/barriere-melden/"
    )
    assert response.status_code == 303
    (stored,) = browser.stored()
    assert stored.answers == {"page": "", "problem": "Das Menü geht nicht auf.", "aids": "", "email": ""}
    with browser.database.read_connection() as connection:
        assert connection.execute(sa.select(outgoing_mail.c.kind)).scalars().all() == ["office"]
    assert "Erklärung zur Barrierefreiheit" in browser.get(response.headers["Location"]).text


def test_who_reports_a_barrier_with_an_address_hears_by_when_an_answer_comes(browser: Browser) -> None:
    """§ 5(2) BITVNRW: at the latest after six weeks."""
    data = {"problem": "Kontrast", "email": "beispiel@example.org"}
    response = browser.send(browser.review(data, "/barriere-melden/"), "/barriere-melden/")
    assert "42 Tagen" in browser.get(response.headers["Location"]).text
    assert browser.post("/barriere-melden/", {"problem": ""}).status_code == 422


def test_a_review_page_of_one_form_cannot_be_sent_as_another(browser: Browser) -> None:
    hidden = [(n, v) for n, v in browser.review() if n.startswith(("_", "csrf"))]
    response = browser.send([*hidden, ("problem", "x")], "/barriere-melden/")
    assert response.status_code == 422
    assert browser.stored() == []


@pytest.mark.parametrize("slug", ["rueckruf/", "ar/rueckruf/", "barriere-melden/", "rueckmeldung/"])
def test_a_link_fills_in_the_page_the_reader_comes_from(app: Flask, slug: str) -> None:
    html = app.test_client().get(f"/{slug}?page=/ar/rueckmeldung/&x=1").get_data(as_text=True)
    assert 'name="page"' in html
    assert 'value="/ar/rueckmeldung/"' in html
    assert "kim-field__error" not in html


@pytest.mark.parametrize(
    "page",
    ["https://example.org/", "//example.org/", "/\\\\example.org/", "/gibt-es-nicht/", "/../var/", "/rueckruf", "/404.html", "/rueckruf/\0/",
     "/" + "x" * 5000 + "/", "/%2e%2e/", "javascript:alert(1)/", "/\u202eruckruf/", ""],
)  # fmt: skip
def test_a_link_fills_in_no_page_that_the_site_does_not_have(app: Flask, page: str) -> None:
    response = app.test_client().get("/rueckruf/", query_string={"page": page, "topic": "<b>"})
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert re.search(r'name="page"[^>]* value=""', html)
    assert "<b>" not in html
    assert 'selected value=""' in html or 'value="" selected' in html or " selected " not in html


def test_a_link_chooses_a_topic_of_the_list_and_fills_in_nothing_else(app: Flask) -> None:
    query = {"topic": "housing", "name": "Eva Beispiel", "message": "x"}
    html = app.test_client().get("/rueckruf/", query_string=query).get_data(as_text=True)
    assert re.search(r'<option selected value="housing">', html)
    assert "Eva Beispiel" not in html


def test_every_page_topic_that_is_preselected_is_one_of_the_list() -> None:
    from editorial.content.structure import TOPIC_LABELS
    from form_handler.forms.callback import TOPIC_OF_PAGE, TOPICS

    assert set(TOPIC_OF_PAGE) <= set(TOPIC_LABELS)
    assert set(TOPIC_OF_PAGE.values()) <= {key for key, _label in TOPICS}
