"""The settings, read once from the environment and the settings file into one frozen object.

The start stops with a sentence if a setting is missing, unknown or wrong; a test compares the table
below with deploy/README.md.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlunsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email

from core.files import sync_folder, write_file
from core.project import ROOT, ConfigError, load_site_settings, require_root_url
from form_handler.settings.file import SETTINGS_FILE, SettingsError, merge_settings
from form_handler.settings.values import (
    join_login,
    parse_bind,
    parse_database,
    parse_folder,
    parse_host_port,
    parse_hosts,
    parse_time_zone,
    parse_web_address,
    split_login,
)

__all__ = ["SETTINGS", "Settings", "SettingsError", "read_settings"]

# name, meaning, unit, default
SETTINGS: tuple[tuple[str, str, str, str], ...] = (
    ("KIM_SETTINGS", "settings file, absolute; `none`: no file", "path", "`kim.env` in the project, then `/etc/kim/kim.env`"),
    ("PORT", "port of the server", "number", "8000"),
    ("KIM_MODE", "`development` (secret made by itself, placeholder addresses) or `production` (refuses both)", "word", "development"),
    ("KIM_BIND", "address the server listens on", "address", "127.0.0.1"),
    ("KIM_DATA_DIR", "folder for database, mails without server, secret; relative to the project", "path", "var"),
    ("KIM_DATABASE_URL", "database, SQLAlchemy style; percent-encode `%` in a password", "address", "SQLite in the data folder"),
    ("KIM_SITE_DIR", "folder of the built site; relative to the project", "path", "site"),
    ("KIM_SMTP_URL", "mail server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`; write `%` in a password as `%25`", "address", "none: `.eml` files in the data folder"),
    ("KIM_MAIL_FROM", "sender of all mails", "e-mail", "kim@example.org (development)"),
    ("KIM_OFFICE_MAIL", "office that receives the forms", "e-mail", "office@example.org (development)"),
    ("KIM_SECRET_KEY", "key that signs tokens, at least 32 characters", "text", "made in the data folder (development)"),
    ("KIM_SECRET_FILE", "file that holds the key, readable by its owner only; further lines: former keys that are still accepted", "path", "none"),
    ("KIM_HOSTS", "host names that are answered, with commas, without scheme and port", "list", "127.0.0.1,localhost (development)"),
    ("KIM_TLS", "`1` where readers come over https: secure cookies, HSTS", "0 or 1", "0"),
    ("KIM_PROXIES", "reverse proxies in front whose X-Forwarded-For and X-Forwarded-Proto count; without one neither counts", "number", "0"),
    ("KIM_SQLITE_JOURNAL", "`truncate`, or `wal` where SQLite is free of the WAL reset fault", "word", "truncate"),
    ("KIM_RATE_LIMIT", "forms from one address within an hour before more are held for the office; ten times as many are refused; `0`: no limit", "number", "30 (development: 0)"),
    ("KIM_CONFIRM_EMAIL", "`1`: the receipt to the sender carries a link; who confirms the address by it gets a copy of the entries. `0`: no link and no copy", "0 or 1", "1"),
    ("KIM_PUBLIC_URL", "public address of the site, for links in mails", "address", "`site_url` in mkdocs.yml"),
    ("KIM_TIME_ZONE", "time zone of the office, by its IANA name: times in inbox, exports and mails, and the days by which due dates are counted", "name", "Europe/Berlin"),
    ("KIM_OIDC_ISSUER", "the city's own log-in for `/eingang/` (OpenID Connect): address of the provider", "address", "none: passwords only"),
    ("KIM_OIDC_CLIENT_ID", "how the provider knows this service", "text", "none"),
    ("KIM_OIDC_CLIENT_SECRET", "the secret that goes with it", "text", "none"),
    ("KIM_METRICS", "address and port of the metrics for Prometheus, for example `127.0.0.1:9127`", "address", "none"),
    ("KIM_LOG", "`text`, or `json`: one object a line", "word", "text (production: json)"),
    ("KIM_CONTENT_DIR", "folder that holds `docs/`, for editing pages in the browser; a git checkout or a plain folder", "path", "the project (development); none: no editing (production)"),
    ("KIM_CONTENT_REMOTE", "git remote to which published pages are pushed, by name or address; never forced", "text", "none"),
    ("KIM_CONTENT_AUTHOR", "author of the commits that publish pages; names of staff are never in them", "text", "Redaktion KIM with the address of KIM_MAIL_FROM"),
    ("KIM_FOUR_EYES", "`1`: somebody who has not written a change must approve it before it is published", "0 or 1", "0"),
    ("KIM_WORKERS", "server processes", "number", "2"),
    ("KIM_HEAD_SECONDS", "time within which the head of a request must have come", "seconds", "10"),
    ("KIM_BODY_SECONDS", "time within which its body must have come after it", "seconds", "30"),
)  # fmt: skip
OTHER_VARIABLES = {"KIM_PROJECT", "KIM_CHROMIUM", "KIM_TRANSLATE_URL", "KIM_TRANSLATE_KEY"}

# Not stripped and not shown in a message.
SECRETS = {"KIM_SECRET_KEY", "KIM_SMTP_URL", "KIM_DATABASE_URL", "KIM_OIDC_CLIENT_SECRET"}
MAX_DIGITS = 18
DEFAULT_TIME_ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Settings:
    """The settings of the service; see :data:`SETTINGS` for the meaning of each."""

    mode: Literal["development", "production"]
    bind: str
    port: int
    data_dir: Path
    database_url: str = field(repr=False)
    site_dir: Path
    smtp_url: str | None = field(repr=False)
    mail_from: str
    office_mail: str
    secret_key: str = field(repr=False)
    hosts: tuple[str, ...]
    tls: bool
    proxies: int
    sqlite_journal: Literal["truncate", "wal"]
    rate_limit: int
    confirm_email: bool
    public_url: str
    oidc_issuer: str | None
    oidc_client_id: str
    oidc_client_secret: str = field(repr=False)
    workers: int
    content_dir: Path | None = None
    content_remote: str = ""
    content_author: str = ""
    four_eyes: bool = False
    time_zone: ZoneInfo = DEFAULT_TIME_ZONE
    metrics_address: tuple[str, int] | None = None
    log_format: Literal["text", "json"] = "text"
    former_keys: tuple[str, ...] = field(default=(), repr=False)
    head_seconds: int = 10
    body_seconds: int = 30

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return all keys that are accepted; the last one signs."""
        return (*reversed(self.former_keys), self.secret_key)

    @property
    def sqlite_path(self) -> Path | None:
        """Return the file of an SQLite database, None for PostgreSQL."""
        url = self.database_url
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    @property
    def database_name(self) -> str:
        """Return which database this is, for messages: a path, or server and name without user, password, options."""
        path = self.sqlite_path
        if path is not None:
            return str(path)
        scheme, _separator, rest = self.database_url.partition("://")
        return f"{scheme.partition('+')[0]}://{rest.rpartition('@')[2].partition('?')[0]}"

    @property
    def mail_dir(self) -> Path:
        """Return the folder of mails that no server takes."""
        return self.data_dir / "mail"


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment, completed by the settings file; the environment has precedence.

    :param env: instead of the environment; then a file is read only if ``KIM_SETTINGS`` names one.
    :raises SettingsError: with a sentence that names the setting and the remedy.
    """
    if env is None or env.get(SETTINGS_FILE):
        env = merge_settings(os.environ if env is None else env)
    known = {name for name, *_ in SETTINGS} | OTHER_VARIABLES
    unknown = sorted(name for name in env if name.startswith("KIM_") and name not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {', '.join(unknown)}. deploy/README.md lists all settings.")
    env = {name: _clean(name, value) for name, value in env.items() if name in known}
    mode = _choice(env, "KIM_MODE", ("development", "production"))
    development = mode == "development"
    data_dir = parse_folder("KIM_DATA_DIR", env.get("KIM_DATA_DIR") or "var")
    site_dir = parse_folder("KIM_SITE_DIR", env.get("KIM_SITE_DIR") or "site")
    given = env.get("KIM_DATABASE_URL")
    database_url = parse_database("KIM_DATABASE_URL", given) if given else f"sqlite:///{data_dir / 'kim.sqlite3'}"
    _refuse_published(data_dir, site_dir, database_url)
    found = Settings(
        mode=mode,  # type: ignore[arg-type]
        bind=parse_bind("KIM_BIND", env.get("KIM_BIND") or "127.0.0.1"),
        port=_number(env, "PORT", 8000, 1, 65535),
        data_dir=data_dir,
        database_url=database_url,
        site_dir=site_dir,
        smtp_url=_smtp(env.get("KIM_SMTP_URL"), development),
        mail_from=_mail(env, "KIM_MAIL_FROM", "kim@example.org" if development else None),
        office_mail=_mail(env, "KIM_OFFICE_MAIL", "office@example.org" if development else None),
        secret_key="",
        hosts=_hosts(env, development),
        tls=_choice(env, "KIM_TLS", ("0", "1")) == "1",
        proxies=_number(env, "KIM_PROXIES", 0, 0, 8),
        sqlite_journal=_choice(env, "KIM_SQLITE_JOURNAL", ("truncate", "wal")),  # type: ignore[arg-type]
        rate_limit=_number(env, "KIM_RATE_LIMIT", 0 if development else 30, 0, 100000),
        confirm_email=_choice(env, "KIM_CONFIRM_EMAIL", ("1", "0")) == "1",
        public_url=_public_url(env),
        time_zone=parse_time_zone("KIM_TIME_ZONE", env.get("KIM_TIME_ZONE") or DEFAULT_TIME_ZONE.key),
        **_provider(env),
        content_dir=_content_dir(env, site_dir, development),
        content_remote=_content_remote(env),
        content_author=_content_author(env),
        four_eyes=_choice(env, "KIM_FOUR_EYES", ("0", "1")) == "1",
        workers=_number(env, "KIM_WORKERS", 2, 1, 64),
        metrics_address=_metrics(env),
        log_format=_choice(env, "KIM_LOG", ("text", "json") if development else ("json", "text")),  # type: ignore[arg-type]
        head_seconds=_number(env, "KIM_HEAD_SECONDS", 10, 1, 600),
        body_seconds=_number(env, "KIM_BODY_SECONDS", 30, 1, 600),
    )
    if found.metrics_address and found.metrics_address[1] == found.port:
        raise SettingsError(f"KIM_METRICS and PORT are both {found.port}. Give the metrics a port of their own.")
    # Last, because development makes a key in the data folder: nothing is written if another setting is wrong.
    key, *former = _secrets(env, data_dir, development)
    return dataclasses.replace(found, secret_key=key, former_keys=tuple(former))


def _clean(name: str, value: str) -> str:
    """Return a value without blanks around it.

    :raises SettingsError: if it holds a line break or another control character.
    """
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise SettingsError(
            f"{name} contains a line break or another control character. "
            "Remove it; a settings file may have been saved with other line ends."
        )
    return value if name in SECRETS else value.strip(" ")


def _refuse_published(data_dir: Path, site_dir: Path, database_url: str) -> None:
    """Refuse folders by which everybody could download the database.

    :raises SettingsError: if data folder or database are in the folder of the built site.
    """
    if data_dir.is_relative_to(site_dir):
        raise SettingsError(
            f"KIM_DATA_DIR {str(data_dir)!r} lies in KIM_SITE_DIR {str(site_dir)!r}, which everybody can read. "
            "Name two separate folders."
        )
    if database_url.startswith("sqlite:///") and Path(database_url.removeprefix("sqlite:///")).is_relative_to(site_dir):
        raise SettingsError(
            "KIM_DATABASE_URL names a file in KIM_SITE_DIR, which everybody can read. Name another folder."
        )


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; it must be {' or '.join(allowed)}.")
    return value


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = env.get(name) or str(default)
    digits = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    if not digits or not least <= int(value) <= most:
        raise SettingsError(
            f"{name} is {value[:40]!r}; it must be a number from {least} to {most}, in the digits 0 to 9 only."
        )
    return int(value)


def _mail(env: Mapping[str, str], name: str, default: str | None) -> str:
    value = env.get(name) or default
    if value is None:
        raise SettingsError(f"{name} is missing. Set it to an e-mail address.")
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise SettingsError(
            f"{name} is {value!r}, which is no e-mail address: {error} Write one such as office@example.org."
        ) from error
    assert checked.ascii_email is not None  # what mail headers carry (RFC 5891)
    return checked.ascii_email


def _public_url(env: Mapping[str, str]) -> str:
    value = env.get("KIM_PUBLIC_URL") or str(load_site_settings()["url"])
    address = urlunsplit(parse_web_address("KIM_PUBLIC_URL", value, "https://kim.example.org/"))
    try:
        return require_root_url("KIM_PUBLIC_URL" if env.get("KIM_PUBLIC_URL") else "site_url in mkdocs.yml", address)
    except ConfigError as error:
        raise SettingsError(str(error)) from error


def _metrics(env: Mapping[str, str]) -> tuple[str, int] | None:
    value = env.get("KIM_METRICS")
    if not value:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise SettingsError(f"KIM_METRICS is {value[:60]!r}; write address and port, for example 127.0.0.1:9127.")
    return parse_bind("KIM_METRICS", host), int(port)


def _content_dir(env: Mapping[str, str], site_dir: Path, development: bool) -> Path | None:
    """Return the folder that holds ``docs/``.

    :raises SettingsError: if it holds none, or is in the folder of the built site.
    """
    given = env.get("KIM_CONTENT_DIR")
    if not given:
        return ROOT if development else None
    folder = parse_folder("KIM_CONTENT_DIR", given)
    if not (folder / "docs").is_dir():
        raise SettingsError(f"KIM_CONTENT_DIR {str(folder)!r} holds no folder docs. Name the folder of the pages.")
    if folder.is_relative_to(site_dir):
        raise SettingsError(f"KIM_CONTENT_DIR {str(folder)!r} lies in KIM_SITE_DIR, which everybody can read.")
    return folder


def _content_remote(env: Mapping[str, str]) -> str:
    value = env.get("KIM_CONTENT_REMOTE", "")
    if value.startswith("-") or any(char.isspace() or not char.isprintable() for char in value) or "::" in value:
        raise SettingsError(
            "KIM_CONTENT_REMOTE is no remote. Write its name such as origin, or an address of https or ssh."
        )
    return value


def _content_author(env: Mapping[str, str]) -> str:
    """Return the author as git writes it: a name and an address in angle brackets.

    :raises SettingsError: if it has another form.
    """
    value = env.get("KIM_CONTENT_AUTHOR", "")
    if value and not re.fullmatch(r"[^<>\x00-\x1f]*[^<>\s\x00-\x1f] <[^<>\s]*>", value):
        raise SettingsError("KIM_CONTENT_AUTHOR has another form than: Redaktion <redaktion@example.org>")
    return value


def _provider(env: Mapping[str, str]) -> dict[str, Any]:
    issuer = env.get("KIM_OIDC_ISSUER") or None
    client, secret = env.get("KIM_OIDC_CLIENT_ID", ""), env.get("KIM_OIDC_CLIENT_SECRET", "")
    if (issuer is not None) != bool(client) or (issuer is not None) != bool(secret):
        raise SettingsError(
            "KIM_OIDC_ISSUER, KIM_OIDC_CLIENT_ID and KIM_OIDC_CLIENT_SECRET are set together or not at all."
        )
    if issuer is not None:
        parts = parse_web_address("KIM_OIDC_ISSUER", issuer, "https://login.example.org/")
        local = parts.hostname in {"127.0.0.1", "localhost"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise SettingsError("KIM_OIDC_ISSUER must be an address that begins with https://.")
        issuer = urlunsplit(parts)
    return {"oidc_issuer": issuer and issuer.rstrip("/"), "oidc_client_id": client, "oidc_client_secret": secret}


def _smtp(value: str | None, development: bool) -> str | None:
    """Return the mail server as a URL whose user name and password are percent-encoded."""
    name = "KIM_SMTP_URL"
    if not value:
        if development:
            return None
        raise SettingsError(
            f"{name} is missing. Without a mail server nobody would learn of a form in production. "
            "Set it, for example to smtp://127.0.0.1:25 or smtp+starttls://user:password@mail.example.org:587."
        )
    example = "It must look like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://…"
    if "://" not in value or value.partition("://")[0].lower() not in {"smtp", "smtp+starttls", "smtps"}:
        raise SettingsError(f"{name} has no scheme that is known. {example}")
    scheme, user, password, rest = split_login(name, value)
    server = rest.removesuffix("/")
    if not server:
        raise SettingsError(f"{name} names no host. {example}")
    host, port = parse_host_port(name, server)
    if user and not password:
        raise SettingsError(f"{name} has a user name but no password. {example}")
    return join_login(scheme, user, password, host, port)


def _hosts(env: Mapping[str, str], development: bool) -> tuple[str, ...]:
    value = env.get("KIM_HOSTS") or ("127.0.0.1,localhost" if development else "")
    if not value.strip():
        raise SettingsError("KIM_HOSTS is missing. Set it to the host name of the site, for example kim.example.org.")
    return parse_hosts("KIM_HOSTS", value)


def _secrets(env: Mapping[str, str], data_dir: Path, development: bool) -> list[str]:
    """Return the key that signs, then former ones that are still accepted."""
    secrets_found = [env["KIM_SECRET_KEY"]] if env.get("KIM_SECRET_KEY") else []
    if env.get("KIM_SECRET_FILE"):
        secrets_found = read_secret_file(Path(env["KIM_SECRET_FILE"])).split()
    if not secrets_found and development:
        secrets_found = load_or_generate_secret(data_dir).split()
    if not secrets_found:
        raise SettingsError("KIM_SECRET_KEY or KIM_SECRET_FILE is missing. Make one with: openssl rand -hex 32")
    if any(len(secret) < 32 or len(set(secret)) < 8 for secret in secrets_found):
        raise SettingsError("The secret key is too weak. Make one with: openssl rand -hex 32")
    return secrets_found


def read_secret_file(path: Path) -> str:
    """Return the key in a file.

    :raises SettingsError: if it is missing or others than its owner may read it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"KIM_SECRET_FILE cannot be read: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(f"{path} may be read by others. Mend it with: chmod 600 {path}")
    return text


def load_or_generate_secret(data_dir: Path) -> str:
    """Return the secret key in the data folder; generate it, readable by its owner only, if there is none."""
    path = data_dir / "secret"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=data_dir) as folder:
            draft = Path(folder) / "secret"
            write_file(draft, secrets.token_hex(32), 0o600)
            with contextlib.suppress(FileExistsError):  # another process was first; its key counts
                os.link(draft, path)
        sync_folder(data_dir)
    return read_secret_file(path)
