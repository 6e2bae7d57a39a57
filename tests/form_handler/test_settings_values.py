"""Settings that would start and then fail: each is refused with its name, the problem and what to write instead."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import sqlalchemy as sa

from form_handler.settings import SettingsError, read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from kim.terminal import escape_control_characters, replace_control_characters

SECRET = "p#a/s?s@w:o[r]d"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KIM_HOSTS", "https://kim.example.org", "scheme"),
        ("KIM_HOSTS", "kim.example.org:8443", "port"),
        ("KIM_HOSTS", "[::1]:8443", "port"),
        ("KIM_HOSTS", "kim.example.org/", "slash"),
        ("KIM_HOSTS", "kim.example.org www.example.org", "commas"),
        ("KIM_HOSTS", "kim.example.org\u00a0www.example.org", "commas"),
        ("KIM_HOSTS", "kim.example.org;www.example.org", "semicolon"),
        ("KIM_HOSTS", "kim.example.org,,www.example.org", "empty entry"),
        ("KIM_HOSTS", ",", "empty entry"),
        ("KIM_HOSTS", "*.example.org", "patterns"),
        ("KIM_HOSTS", "kim@example.org", "e-mail"),
        ("KIM_HOSTS", "a..example.org", "no host name"),
        ("KIM_HOSTS", "my_host.example.org", "no host name"),
        ("KIM_HOSTS", "-kim.example.org", "no host name"),
        ("KIM_HOSTS", "x" * 64 + ".example.org", "no host name"),
        ("KIM_HOSTS", "192.0.2", "IP address"),
        ("KIM_BIND", "127.0.0.1:8000", "port"),
        ("KIM_BIND", "*", "patterns"),
        ("KIM_BIND", "a..b", "no host name"),
        ("KIM_BIND", "300.1.1.1", "IP address"),
        ("KIM_BIND", "http://127.0.0.1", "scheme"),
        ("KIM_BIND", "unix:/run/kim.sock", "IP address"),
        ("PORT", "-1", "number from 1"),
        ("PORT", "1e3", "number from 1"),
        ("PORT", "٨٠٠٠", "digits 0 to 9"),
        ("PORT", "9" * 5000, "number from 1"),
        ("KIM_WORKERS", "2.0", "number from 1"),
        ("KIM_PROXIES", "+1", "number from 0"),
        ("KIM_TLS", "true", "0 or 1"),
        ("KIM_PUBLIC_URL", "kim.example.org", "https://"),
        ("KIM_PUBLIC_URL", "https://kim.example.org/?a=1", "? or #"),
        ("KIM_PUBLIC_URL", "https://kim example.org/", "blank"),
        ("KIM_PUBLIC_URL", "https://kim.example.org:99999/", "no address"),
        ("KIM_PUBLIC_URL", "https:///kim", "host name"),
        ("KIM_PUBLIC_URL", "https://[::1/", "no address"),
        ("KIM_MAIL_FROM", "KIM <kim@example.org>", "office@example.org"),
        ("KIM_OFFICE_MAIL", "a@example.org, b@example.org", "office@example.org"),
        ("KIM_OFFICE_MAIL", "a@example.org\r", "control character"),
        ("KIM_DATA_DIR", "~/kim", "whole path"),
        ("KIM_DATA_DIR", "/srv/k\u202eim", "invisible"),
        ("KIM_DATA_DIR", "/dev/null/kim", "no folder"),
        ("KIM_SITE_DIR", "/dev/null", "no folder"),
        ("KIM_DATABASE_URL", "sqlite:///kim.sqlite3", "not absolute"),
        ("KIM_DATABASE_URL", "sqlite:///:memory:", "no file"),
        ("KIM_DATABASE_URL", "sqlite://", "no file"),
        ("KIM_DATABASE_URL", "sqlite:////srv/kim?.sqlite3", "%3F"),
        ("KIM_DATABASE_URL", "sqlite:////srv/100%/kim.sqlite3", "%25"),
        ("KIM_DATABASE_URL", "postgresql+asyncpg://host/name", "postgresql+psycopg://"),
        ("KIM_DATABASE_URL", "postgresqlx://host/name", "postgresql+psycopg://"),
        ("KIM_DATABASE_URL", "postgresql://host", "database's name"),
        ("KIM_DATABASE_URL", "postgresql://host:x/name", "port"),
        ("KIM_SMTP_URL", "smtp://", "host"),
        ("KIM_SMTP_URL", "smtp://mail.example.org/path", "not allowed"),
        ("KIM_SMTP_URL", "smtp://mail.example.org#x", "not allowed"),
        ("KIM_SMTP_URL", "SMTPX://mail.example.org", "scheme"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name_with_a_remedy(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings({"KIM_DATA_DIR": str(tmp_path / "var"), name: value})
    assert str(told.value).startswith(name)
    assert words in str(told.value)
    assert not (tmp_path / "var").exists(), "a refused start writes nothing"


def test_international_and_written_out_host_names_become_what_a_request_carries(tmp_path: Path) -> None:
    given = "Straße.example, KIM.example.org., [2001:DB8::0:1], 127.0.0.1"
    found = read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_HOSTS": given, "KIM_BIND": "::1"})
    assert found.hosts == ("xn--strae-oqa.example", "kim.example.org", "2001:db8::1", "127.0.0.1")
    assert found.bind == "[::1]"
    public = read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_PUBLIC_URL": "https://müll.example:8443"}).public_url
    assert public == "https://xn--mll-hoa.example:8443/"
    for typed in ("https://kim.example.org", "https://kim.example.org//", "HTTPS://KIM.example.org./"):
        found = read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_PUBLIC_URL": typed})
        assert found.public_url == "https://kim.example.org/", typed


def test_reserved_characters_in_a_password_arrive_whole(tmp_path: Path) -> None:
    env = {
        "KIM_DATA_DIR": str(tmp_path),
        "KIM_SMTP_URL": f"smtps://u#ser:{SECRET}@mail.example.org:465",
        "KIM_DATABASE_URL": f"postgresql://kim:{SECRET}@db.example.org:5433/kim?sslmode=require",
    }
    found = read_settings(env)
    parts = urlsplit(found.smtp_url or "")
    assert (parts.hostname, parts.port) == ("mail.example.org", 465)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("u#ser", SECRET)
    url = sa.make_url(found.database_url)
    assert (url.drivername, url.password, url.host, url.port) == ("postgresql+psycopg", SECRET, "db.example.org", 5433)
    assert (url.database, dict(url.query)) == ("kim", {"sslmode": "require"})
    assert found.database_name == "postgresql://db.example.org:5433/kim"
    assert SECRET not in repr(found)


@pytest.mark.parametrize("end", ["%zz", " x", "\t", "%", "@", "/x", "#"])
@pytest.mark.parametrize("name", ["KIM_SMTP_URL", "KIM_DATABASE_URL"])
def test_no_message_repeats_a_password(tmp_path: Path, name: str, end: str) -> None:
    scheme = "smtp" if name == "KIM_SMTP_URL" else "postgresql"
    for value in (f"{scheme}://user:hidden{end}@host.example.org:x/db", f"{scheme}://user:hidden{end}", f"{scheme}://:hidden{end}@h/db"):  # fmt: skip
        with pytest.raises(SettingsError) as told:
            read_settings({"KIM_DATA_DIR": str(tmp_path), name: value})
        assert "hidden" not in str(told.value).replace("hidden folder", "")


@pytest.mark.parametrize("folder", ["100%", "a?b", "a#b", "a%41b", "ö ü", "a'b;c", "file:x"])
def test_any_folder_holds_the_database(tmp_path: Path, folder: str) -> None:
    settings = read_settings({"KIM_DATA_DIR": str(tmp_path / folder)})
    database = Database(settings)
    upgrade(database)
    database.engine.dispose()
    assert (tmp_path / folder / "kim.sqlite3").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_a_database_that_everybody_could_download_is_refused(tmp_path: Path) -> None:
    site = str(tmp_path / "site")
    for change in ({"KIM_DATA_DIR": f"{site}/var"}, {"KIM_DATABASE_URL": f"sqlite:///{site}/kim.sqlite3"}):
        with pytest.raises(SettingsError, match="everybody"):
            read_settings({"KIM_DATA_DIR": str(tmp_path / "var"), "KIM_SITE_DIR": site, **change})


def test_a_link_leads_no_database_into_the_folder_that_everybody_reads(tmp_path: Path) -> None:
    site, data = tmp_path / "releases" / "1" / "site", tmp_path / "var"
    site.mkdir(parents=True)
    data.mkdir()
    (tmp_path / "current").symlink_to("releases/1")
    (site / "data").symlink_to(data)
    (tmp_path / "hidden").symlink_to(site)
    for folder in (tmp_path / "current" / "site" / "data", site / "var", tmp_path / "hidden" / "var"):
        with pytest.raises(SettingsError, match="everybody can read"):
            read_settings({"KIM_DATA_DIR": str(folder), "KIM_SITE_DIR": str(tmp_path / "current" / "site")})
    read_settings({"KIM_DATA_DIR": str(data), "KIM_SITE_DIR": str(tmp_path / "current" / "site")})


def test_no_data_lie_in_the_folder_of_a_release_because_it_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("values", "variables"):
        monkeypatch.setattr(f"form_handler.settings.{module}.ROOT", tmp_path)
    read_settings({"KIM_DATA_DIR": "data"})
    (tmp_path / ".complete").touch()
    for value in ("data", "", str(tmp_path / "var")):
        with pytest.raises(SettingsError, match="absolute path"):
            read_settings({"KIM_DATA_DIR": value})


def test_the_settings_file_completes_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "kim.env"
    file.write_bytes(
        "\ufeff# Einstellungen\r\nexport KIM_WORKERS=3\r\nKIM_OFFICE_MAIL=\"amt@example.org\"\r\n\r\n"
        f"KIM_DATA_DIR='{tmp_path}/d a'\r\n".encode()
    )  # fmt: skip
    found = read_settings({"KIM_SETTINGS": str(file), "KIM_WORKERS": "4"})
    assert (found.workers, found.office_mail, found.data_dir) == (4, "amt@example.org", tmp_path / "d a")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"KIM_WORKERS=3\nKIM_WORKERS\n", ":2: this is no setting"),
        (b"KIM_WORKERS=3\nKIM_WORKERS=4\n", ":2: KIM_WORKERS is set twice"),
        (b"PATH=/bin\n", ":1: PATH"),
        (b"KIM_SETTINGS=/x\n", ":1: KIM_SETTINGS"),
        (b'KIM_HOSTS="a.example\n', ":1: the value of KIM_HOSTS"),
        (b"# x\nKIM_HOSTS=m\xfcll.example\n", ":2: this is no UTF-8"),
        (b"KIM_SMPT_URL=x\n", "Unknown setting KIM_SMPT_URL"),
        (b"KIM_SECRET_KEY=0123456789abcdef0123456789abcdef\n", "chmod"),
    ],
)
def test_a_wrong_settings_file_is_refused_with_its_line(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "kim.env"
    file.write_bytes(content)
    file.chmod(0o644)
    with pytest.raises(SettingsError) as told:
        read_settings({"KIM_SETTINGS": str(file), "KIM_DATA_DIR": str(tmp_path)})
    assert words in str(told.value)


@pytest.mark.parametrize("value", ["kim.env", "/nowhere/kim.env"])
def test_a_settings_file_that_is_named_and_absent_is_an_error(value: str) -> None:
    with pytest.raises(SettingsError, match=r"absolute path|cannot be read"):
        read_settings({"KIM_SETTINGS": value})


def test_stored_text_moves_nothing_in_a_terminal() -> None:
    assert replace_control_characters("علی\u200cرضا") == "علیرضا", "what a script needs is no box"
    assert replace_control_characters("a\u00a0b\u2003c\td\r\ne") == "a b c d\n  e"
    shown = replace_control_characters(
        "\x1b[2J\x9b\x07\u202e\u2066\u2028\u0085\U000e0041\ud800\ue000" + "e" + "\u0301" * 50
    )
    assert set(shown[:-5]) == {"\ufffd", "[", "2", "J"}
    assert shown.endswith("\ufffde" + "\u0301" * 4)
    assert escape_control_characters('{"a": "\x9b\u202eü\u200c"}\n') == '{"a": "\\u009b\\u202eü\\u200c"}\n'
