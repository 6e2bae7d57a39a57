"""Settings: one table, read once; a start with a bad one stops with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from form_handler.settings import SETTINGS, SettingsError, read_settings
from tests.conftest import ROOT

VALID_FORM = {
    "KIM_MODE": "production", "KIM_SECRET_KEY": "0123456789abcdef0123456789abcdef", "KIM_HOSTS": "kim.example.org",
    "KIM_MAIL_FROM": "kim@example.org", "KIM_OFFICE_MAIL": "office@example.org", "KIM_SMTP_URL": "smtp://127.0.0.1:1",
}  # fmt: skip


def test_the_readme_lists_every_setting_with_its_default() -> None:
    readme = (ROOT / "deploy" / "README.md").read_text("utf-8")
    rows = {
        m[1]: (m[2], m[3], m[4])
        for m in re.finditer(r"^\| `([A-Z_]+)` \| (.*) \| (.*) \| (.*) \|$", readme, re.MULTILINE)
    }
    assert rows == {name: (meaning, unit, default) for name, meaning, unit, default in SETTINGS}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"KIM_SMPT_URL": "x"}, "Unknown setting KIM_SMPT_URL"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"KIM_MODE": "test"}, "KIM_MODE"),
        ({"KIM_SMTP_URL": "mail.example.org"}, "KIM_SMTP_URL"),
        ({"KIM_OFFICE_MAIL": "office"}, "KIM_OFFICE_MAIL"),
        ({"KIM_OFFICE_MAIL": ""}, "KIM_OFFICE_MAIL is missing"),
        ({"KIM_SECRET_KEY": ""}, "openssl rand"),
        ({"KIM_SECRET_KEY": "secret"}, "too weak"),
        ({"KIM_SECRET_KEY": "a" * 64}, "too weak"),
        ({"KIM_HOSTS": ""}, "KIM_HOSTS"),
        ({"KIM_DATABASE_URL": "mysql://x"}, "KIM_DATABASE_URL"),
        ({"KIM_SECRET_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(tmp_path: Path, change: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        read_settings({**VALID_FORM, "KIM_DATA_DIR": str(tmp_path), **change})


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(VALID_FORM["KIM_SECRET_KEY"])
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_settings({**VALID_FORM, "KIM_SECRET_FILE": str(path)})
    path.chmod(0o600)
    assert read_settings({**VALID_FORM, "KIM_SECRET_FILE": str(path)}).secret_key == VALID_FORM["KIM_SECRET_KEY"]


def test_development_makes_a_secret_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first = read_settings({"KIM_DATA_DIR": str(tmp_path)})
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert read_settings({"KIM_DATA_DIR": str(tmp_path)}).secret_key == first.secret_key


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    from form_handler.app import create_app
    from form_handler.storage.database import Database
    from form_handler.storage.migrate import upgrade
    from tests.form_handler.conftest import FORM, VALID_FORM, write_shells

    write_shells(tmp_path / "site")
    settings = read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_SITE_DIR": str(tmp_path / "site"), "KIM_TLS": "1"})
    database = Database(settings)
    upgrade(database)
    response = create_app(settings, database).test_client().post(FORM, data=VALID_FORM, base_url="https://127.0.0.1")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kim=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain=" not in cookie
    database.engine.dispose()
