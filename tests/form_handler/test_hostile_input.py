"""What a hostile, clumsy or unlucky browser does: nothing typed is changed, lost, stored twice or taken as a "yes"."""

from __future__ import annotations

import dataclasses
import html
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from werkzeug.test import Client

from core.gettext import gettext, use_language
from form_handler.forms.cleaning import clean_line, clean_text
from form_handler.forms.contact_details import clean_phone
from form_handler.server.run import make_wsgi
from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.schema_version import SchemaError
from tests.form_handler.conftest import FORM, HIDDEN, VALID_FORM, Browser, unescape
from tests.municipality import HAS_PHONE

LINES = ("company", "contact_name", "phone", "district", "languages", "reach_when")
URLENCODED = "application/x-www-form-urlencoded"


def shown(text: str) -> str:
    """Return text as a page holds it, whichever way quotation marks were escaped."""
    return html.unescape(text).replace("\r\n", "\n").replace("\r", "\n")


def fixed_browser(app: Flask, database: Database) -> Browser:
    """Return a browser without cookies."""
    return Browser(app.test_client(), database)


@given(name=st.sampled_from((*LINES, "message")), value=st.text(max_size=300))
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_any_field_comes_back_or_is_stored_cleaned_and_no_further_changed(
    app: Flask, database: Database, name: str, value: str
) -> None:
    browser = fixed_browser(app, database)
    value = value.encode("utf-8", "ignore").decode("utf-8")
    clean = {"message": clean_text, "phone": clean_phone}.get(name, clean_line)
    known = {row.number for row in browser.stored()}
    response = browser.post(data={**VALID_FORM, name: value})
    expected = clean(value)
    if response.status_code == 422:
        assert shown(expected) in shown(response.text)
        return
    assert browser.send([(n, unescape(v)) for n, v in HIDDEN.findall(response.text)]).status_code == 303
    (fresh,) = [row for row in browser.stored() if row.number not in known]
    assert fresh.answers[name] == expected


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
@pytest.mark.parametrize("path", [FORM, FORM + "absenden/", FORM + "eingegangen/", "/nope/"])
def test_other_methods_do_nothing_and_show_no_trace(browser: Browser, path: str, method: str) -> None:
    response = browser.client.open("/ar" + path, method=method, base_url="http://127.0.0.1")
    assert response.status_code in ({404} if "nope" in path else {200, 405})
    assert "Traceback" not in response.text
    if response.status_code != 200:
        assert 'lang="ar" dir="rtl"' in response.text
    assert browser.stored() == []


def test_two_tabs_in_two_languages_do_not_mix(browser: Browser) -> None:
    turkish = browser.review({**VALID_FORM, "company": "Örnek"}, "/tr" + FORM)
    arabic = browser.review({**VALID_FORM, "company": "شركة"}, "/ar" + FORM)
    assert browser.send(turkish, "/tr" + FORM).headers["Location"].startswith("/tr/")
    assert browser.send(arabic, "/ar" + FORM).headers["Location"].startswith("/ar/")
    assert {(row.language, row.answers["company"]) for row in browser.stored()} == {("tr", "Örnek"), ("ar", "شركة")}


def test_a_full_disk_shows_the_answers_and_a_number_and_the_next_try_works(
    browser: Browser, database: Database
) -> None:
    hidden = browser.review({**VALID_FORM, "message": "w" * 3900})
    pages: list[int] = []

    def fill_up(connection: sa.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages[-1]}")  # type: ignore[call-overload]

    with database.read_connection() as connection:
        pages.append(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    sa.event.listen(database.engine, "checkout", fill_up)
    response = browser.send(hidden)
    assert response.status_code == 503
    assert "Beispielbetrieb" in response.text
    assert "w" * 3900 in response.text
    assert ("tel:" in response.text) == HAS_PHONE
    pages.append(100_000)
    assert browser.send([(n, unescape(v)) for n, v in HIDDEN.findall(response.text)]).status_code == 303
    assert len(browser.stored()) == 1


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def fail(*_: object, **__: object) -> None:
        raise SchemaError("half way")

    database = Database(settings)
    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", fail)
        with pytest.raises(SchemaError, match="half way"):
            upgrade(database)
    with database.read_connection() as connection:
        assert sa.inspect(connection).get_table_names() == []
    assert upgrade(database) is True
    database.engine.dispose()


@pytest.mark.parametrize("value", ["nein", "no!", "on", "0", " yes"])
def test_only_the_ticked_box_is_consent(browser: Browser, value: str) -> None:
    response = browser.post(data={**VALID_FORM, "consent_partner": value})
    if response.status_code == 200:
        browser.send([(n, unescape(v)) for n, v in HIDDEN.findall(response.text)])
    assert [row.answers["consent_partner"] for row in browser.stored()] in ([], [False])


def test_utf8_that_was_not_escaped_is_read_or_named_as_a_fault(browser: Browser) -> None:
    response = browser.post(data="company=Bäcker&email=a%40example.org".encode(), content_type=URLENCODED)
    assert response.status_code == 422 or "Bäcker" in response.text


@pytest.mark.parametrize("mark", ["\uffff"])  # U+2028 and U+2029 are cleaned: tests/form_handler/forms/test_cleaning.py
def test_a_line_holds_no_line_end_of_any_kind(browser: Browser, mark: str) -> None:
    response = browser.post(data={**VALID_FORM, "company": f"A{mark}B"})
    assert response.status_code == 422


def test_a_body_with_too_many_fields_still_shows_the_answers(browser: Browser) -> None:
    body = b"company=Beispielbetrieb&email=a%40example.org" + b"&ways=job" * 600
    response = browser.post(data=body, content_type=URLENCODED)
    assert response.status_code == 413
    assert "Beispielbetrieb" in response.text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_site_cannot_lead_to_a_review_page(browser: Browser, headers: dict[str, str]) -> None:
    response = browser.post(data=VALID_FORM, headers=headers)
    assert response.status_code == 422
    assert "_number" not in response.text
    assert "Beispielbetrieb" in response.text


def test_a_page_that_was_stored_before_its_cookie_was_lost_is_not_stored_again(browser: Browser) -> None:
    hidden = browser.review()
    browser.send(hidden)
    browser.client.delete_cookie("kim", domain="127.0.0.1")
    again = browser.send(hidden)
    assert again.status_code == 422
    browser.send([(n, unescape(v)) for n, v in HIDDEN.findall(again.text)])
    assert len(browser.stored()) == 1


def test_a_receipt_answers_head_as_it_answers_get(browser: Browser) -> None:
    address = browser.send(browser.review()).headers["Location"]
    assert browser.client.head(address, base_url="http://127.0.0.1").status_code == 200


def test_a_missing_built_page_never_denies_what_was_stored(browser: Browser, settings: Settings) -> None:
    address = browser.send(browser.review()).headers["Location"]
    shutil.rmtree(settings.site_dir)
    response = browser.get(address)
    with use_language("de"):
        assert gettext("Something went wrong on our side. Nothing was stored.") not in response.text
    assert browser.stored()[0].reference in response.text


def test_a_select_at_fault_says_so_to_screen_readers(browser: Browser) -> None:
    response = browser.post(data={**VALID_FORM, "trade": "unknown"})
    select = response.text.partition("<select")[2].partition(">")[0]
    assert 'aria-invalid="true"' in select


@pytest.mark.parametrize(
    "change",
    [{"KIM_SMTP_URL": "smtp://mail.example.org:99999"}, {"KIM_SMTP_URL": "smtp://mail.example.org:x"},
     {"KIM_MAIL_FROM": "jörg@example.org"}],
)  # fmt: skip
def test_a_setting_that_no_mail_survives_stops_the_start(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        read_settings({"KIM_DATA_DIR": str(tmp_path), **change})


def test_settings_keep_their_secrets_when_printed(tmp_path: Path) -> None:
    found = read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_SMTP_URL": "smtp://u:geheim@mail.example.org"})
    assert found.secret_key not in repr(found)
    assert "geheim" not in repr(found)


def test_a_first_start_that_was_interrupted_leaves_no_half_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("form_handler.settings.secret.secrets.token_hex", crash)
        with pytest.raises(KeyboardInterrupt):
            read_settings({"KIM_DATA_DIR": str(tmp_path)})
    assert read_settings({"KIM_DATA_DIR": str(tmp_path)}).secret_key


def test_a_build_under_a_running_server_cuts_no_page_short(settings: Settings, database: Database) -> None:
    site = settings.site_dir
    (site / "index.html").write_text("kurz")
    client = Client(make_wsgi(dataclasses.replace(settings, mode="production"), database))
    with client.get("/", base_url="http://127.0.0.1") as response:
        assert response.data == b"kurz"
    shutil.copytree(site, site.with_name("new"))
    (site.with_name("new") / "index.html").write_text("viel länger als vorher", "utf-8")
    site.rename(site.with_name("old"))
    site.with_name("new").rename(site)
    with client.get("/", base_url="http://127.0.0.1") as response:
        assert int(response.headers["Content-Length"]) == len(response.data)
        assert response.data.decode() == "viel länger als vorher"
