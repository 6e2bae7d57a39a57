"""The settings, read once from the environment into one frozen object.

The start stops with a sentence if a setting is missing, unknown or wrong; a test compares the table
below with the README.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from editorial.languages import ROOT, load_site

# name, meaning, unit, default
SETTINGS: tuple[tuple[str, str, str, str], ...] = (
    ("PORT", "port of the server", "number", "8000"),
    ("KIM_MODE", "`development` (secret made by itself, placeholder addresses) or `production` (refuses both)", "word", "development"),
    ("KIM_BIND", "address the server listens on", "address", "127.0.0.1"),
    ("KIM_DATA_DIR", "folder for database, mails without server, secret", "path", "var"),
    ("KIM_DATABASE_URL", "database, SQLAlchemy style", "address", "SQLite in the data folder"),
    ("KIM_SITE_DIR", "folder of the built site", "path", "site"),
    ("KIM_SMTP_URL", "mail server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`", "address", "none: `.eml` files in the data folder"),
    ("KIM_MAIL_FROM", "sender of all mails", "e-mail", "kim@example.org (development)"),
    ("KIM_OFFICE_MAIL", "office that receives the forms", "e-mail", "office@example.org (development)"),
    ("KIM_SECRET_KEY", "key that signs tokens, at least 32 characters", "text", "made in the data folder (development)"),
    ("KIM_SECRET_FILE", "file that holds the key, readable by its owner only", "path", "none"),
    ("KIM_HOSTS", "host names that are answered, with commas", "list", "127.0.0.1,localhost (development)"),
    ("KIM_TLS", "`1` where readers come over https: secure cookies, HSTS", "0 or 1", "0"),
    ("KIM_PROXIES", "reverse proxies in front whose X-Forwarded-For counts", "number", "0"),
    ("KIM_SQLITE_JOURNAL", "`truncate`, or `wal` where SQLite is free of the WAL reset fault", "word", "truncate"),
    ("KIM_RATE_LIMIT", "forms from one address within an hour before more are held for the office; ten times as many are refused; `0`: no limit", "number", "30 (development: 0)"),
    ("KIM_CONFIRM_EMAIL", "`1`: the copy to the sender carries a link that confirms the address", "0 or 1", "0"),
    ("KIM_PUBLIC_URL", "public address of the site, for links in mails", "address", "`site_url` in mkdocs.yml"),
    ("KIM_OIDC_ISSUER", "the city's own log-in for `/eingang/` (OpenID Connect): address of the provider", "address", "none: passwords only"),
    ("KIM_OIDC_CLIENT_ID", "how the provider knows this service", "text", "none"),
    ("KIM_OIDC_CLIENT_SECRET", "the secret that goes with it", "text", "none"),
    ("KIM_WORKERS", "server processes", "number", "2"),
    ("KIM_HEAD_SECONDS", "time within which the head of a request must have come", "seconds", "10"),
    ("KIM_BODY_SECONDS", "time within which its body must have come after it", "seconds", "30"),
)  # fmt: skip
READ_ELSEWHERE = {"KIM_CHROMIUM", "KIM_TRANSLATE_URL", "KIM_TRANSLATE_KEY"}


class SettingsError(Exception):
    """A setting is missing, unknown or wrong; the message says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """What the service was started with; see :data:`SETTINGS` for the meaning of each."""

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
    head_seconds: int = 10
    body_seconds: int = 30

    @property
    def mail_dir(self) -> Path:
        """Return the folder of mails that no server takes."""
        return self.data_dir / "mail"


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    :raises SettingsError: with a sentence that names the setting and the remedy.
    """
    env = os.environ if env is None else env
    known = {name for name, *_ in SETTINGS} | READ_ELSEWHERE
    unknown = sorted(name for name in env if name.startswith("KIM_") and name not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {', '.join(unknown)}. The README lists all settings.")
    mode = _word(env, "KIM_MODE", ("development", "production"))
    data_dir = Path(env.get("KIM_DATA_DIR") or ROOT / "var").absolute()
    development = mode == "development"
    database_url = env.get("KIM_DATABASE_URL") or f"sqlite:///{data_dir / 'kim.sqlite3'}"
    if not database_url.startswith(("sqlite:///", "postgresql")):
        raise SettingsError("KIM_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    return Settings(
        mode=mode,  # type: ignore[arg-type]
        bind=env.get("KIM_BIND", "127.0.0.1"),
        port=_number(env, "PORT", 8000, 1, 65535),
        data_dir=data_dir,
        database_url=database_url,
        site_dir=Path(env.get("KIM_SITE_DIR") or ROOT / "site").absolute(),
        smtp_url=_smtp(env.get("KIM_SMTP_URL")),
        mail_from=_mail(env, "KIM_MAIL_FROM", "kim@example.org" if development else None),
        office_mail=_mail(env, "KIM_OFFICE_MAIL", "office@example.org" if development else None),
        secret_key=_secret(env, data_dir, development),
        hosts=_hosts(env, development),
        tls=_word(env, "KIM_TLS", ("0", "1")) == "1",
        proxies=_number(env, "KIM_PROXIES", 0, 0, 8),
        sqlite_journal=_word(env, "KIM_SQLITE_JOURNAL", ("truncate", "wal")),  # type: ignore[arg-type]
        rate_limit=_number(env, "KIM_RATE_LIMIT", 0 if development else 30, 0, 100000),
        confirm_email=_word(env, "KIM_CONFIRM_EMAIL", ("0", "1")) == "1",
        public_url=_public_url(env),
        **_provider(env),
        workers=_number(env, "KIM_WORKERS", 2, 1, 64),
        head_seconds=_number(env, "KIM_HEAD_SECONDS", 10, 1, 600),
        body_seconds=_number(env, "KIM_BODY_SECONDS", 30, 1, 600),
    )


def _word(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; it must be {' or '.join(allowed)}.")
    return value


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = env.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise SettingsError(f"{name} is {value!r}; it must be a number from {least} to {most}.")
    return int(value)


def _mail(env: Mapping[str, str], name: str, default: str | None) -> str:
    value = env.get(name) or default
    if value is None:
        raise SettingsError(f"{name} is missing. Set it to an e-mail address.")
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise SettingsError(f"{name} is no e-mail address: {error}") from error
    assert checked.ascii_email is not None  # what mail headers carry (RFC 5891)
    return checked.ascii_email


def _public_url(env: Mapping[str, str]) -> str:
    value = env.get("KIM_PUBLIC_URL") or str(load_site()["url"])
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError("KIM_PUBLIC_URL must be a whole address such as https://kim.example.org/.")
    return value.rstrip("/") + "/"


def _provider(env: Mapping[str, str]) -> dict[str, Any]:
    issuer = env.get("KIM_OIDC_ISSUER") or None
    client, secret = env.get("KIM_OIDC_CLIENT_ID", ""), env.get("KIM_OIDC_CLIENT_SECRET", "")
    if (issuer is not None) != bool(client) or (issuer is not None) != bool(secret):
        raise SettingsError(
            "KIM_OIDC_ISSUER, KIM_OIDC_CLIENT_ID and KIM_OIDC_CLIENT_SECRET are set together or not at all."
        )
    if issuer is not None:
        parts = urlsplit(issuer)
        local = parts.hostname in {"127.0.0.1", "localhost"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise SettingsError("KIM_OIDC_ISSUER must be an address that begins with https://.")
    return {"oidc_issuer": issuer and issuer.rstrip("/"), "oidc_client_id": client, "oidc_client_secret": secret}


def _smtp(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"smtp", "smtp+starttls", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        good = False
    if not good:
        raise SettingsError(
            "KIM_SMTP_URL must look like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://…"
        )
    return value


def _hosts(env: Mapping[str, str], development: bool) -> tuple[str, ...]:
    value = env.get("KIM_HOSTS") or ("127.0.0.1,localhost" if development else "")
    hosts = tuple(host.strip().lower() for host in value.split(",") if host.strip())
    if not hosts:
        raise SettingsError("KIM_HOSTS is missing. Set it to the host name of the site, for example kim.example.org.")
    return hosts


def _secret(env: Mapping[str, str], data_dir: Path, development: bool) -> str:
    secret = env.get("KIM_SECRET_KEY")
    if env.get("KIM_SECRET_FILE"):
        secret = read_secret_file(Path(env["KIM_SECRET_FILE"]))
    if not secret and development:
        secret = own_secret(data_dir)
    if not secret:
        raise SettingsError("KIM_SECRET_KEY or KIM_SECRET_FILE is missing. Make one with: openssl rand -hex 32")
    if len(secret) < 32 or len(set(secret)) < 8:
        raise SettingsError("The secret key is too weak. Make one with: openssl rand -hex 32")
    return secret


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


def own_secret(data_dir: Path) -> str:
    """Return the key of this machine's data folder; the first start makes it, for its owner only."""
    path = data_dir / "secret"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".secret.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first; its key counts
            os.link(draft, path)
        draft.unlink()
    return read_secret_file(path)
