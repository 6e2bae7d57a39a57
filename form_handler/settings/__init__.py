"""The settings, read once from the environment and the settings file into one frozen object.

The start stops with a sentence if a setting is missing, unknown or wrong; ``settings.tsv`` holds
name, meaning, unit and default of each; a test compares it with deploy/README.md.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from form_handler.settings.file import SETTINGS_FILE, SettingsError, merge_settings
from form_handler.settings.secret import read_secrets
from form_handler.settings.values import parse_bind, parse_database, parse_folder, parse_time_zone
from form_handler.settings.variables import (
    clean_value,
    read_choice,
    read_content_author,
    read_content_dir,
    read_content_remote,
    read_hosts,
    read_mail,
    read_metrics_address,
    read_number,
    read_provider,
    read_public_url,
    read_smtp_url,
    refuse_wrong_folders,
)

__all__ = ["SETTINGS", "Settings", "SettingsError", "read_settings"]

# Rows of name, meaning, unit, default.
SETTINGS = [line.split("\t") for line in Path(__file__).with_name("settings.tsv").read_text("utf-8").splitlines()[1:]]
OTHER_VARIABLES = {"KIM_PROJECT", "KIM_CHROMIUM", "KIM_TRANSLATE_URL", "KIM_TRANSLATE_KEY"}

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
    env = {name: clean_value(name, value) for name, value in env.items() if name in known}
    mode = read_choice(env, "KIM_MODE", ("development", "production"))
    development = mode == "development"
    data_dir = parse_folder("KIM_DATA_DIR", env.get("KIM_DATA_DIR") or "var")
    site_dir = parse_folder("KIM_SITE_DIR", env.get("KIM_SITE_DIR") or "site")
    given = env.get("KIM_DATABASE_URL")
    database_url = parse_database("KIM_DATABASE_URL", given) if given else f"sqlite:///{data_dir / 'kim.sqlite3'}"
    refuse_wrong_folders(data_dir, site_dir, database_url)
    found = Settings(
        mode=mode,  # type: ignore[arg-type]
        bind=parse_bind("KIM_BIND", env.get("KIM_BIND") or "127.0.0.1"),
        port=read_number(env, "PORT", 8000, 1, 65535),
        data_dir=data_dir,
        database_url=database_url,
        site_dir=site_dir,
        smtp_url=read_smtp_url(env.get("KIM_SMTP_URL"), development),
        mail_from=read_mail(env, "KIM_MAIL_FROM", "kim@example.org" if development else None),
        office_mail=read_mail(env, "KIM_OFFICE_MAIL", "office@example.org" if development else None),
        secret_key="",
        hosts=read_hosts(env, development),
        tls=read_choice(env, "KIM_TLS", ("0", "1")) == "1",
        proxies=read_number(env, "KIM_PROXIES", 0, 0, 8),
        sqlite_journal=read_choice(env, "KIM_SQLITE_JOURNAL", ("truncate", "wal")),  # type: ignore[arg-type]
        rate_limit=read_number(env, "KIM_RATE_LIMIT", 0 if development else 30, 0, 100000),
        confirm_email=read_choice(env, "KIM_CONFIRM_EMAIL", ("1", "0")) == "1",
        public_url=read_public_url(env),
        time_zone=parse_time_zone("KIM_TIME_ZONE", env.get("KIM_TIME_ZONE") or DEFAULT_TIME_ZONE.key),
        **read_provider(env),
        content_dir=read_content_dir(env, site_dir, development),
        content_remote=read_content_remote(env),
        content_author=read_content_author(env),
        four_eyes=read_choice(env, "KIM_FOUR_EYES", ("0", "1")) == "1",
        workers=read_number(env, "KIM_WORKERS", 2, 1, 64),
        metrics_address=read_metrics_address(env),
        log_format=read_choice(env, "KIM_LOG", ("text", "json") if development else ("json", "text")),  # type: ignore[arg-type]
        head_seconds=read_number(env, "KIM_HEAD_SECONDS", 10, 1, 600),
        body_seconds=read_number(env, "KIM_BODY_SECONDS", 30, 1, 600),
    )
    if found.metrics_address and found.metrics_address[1] == found.port:
        raise SettingsError(f"KIM_METRICS and PORT are both {found.port}. Give the metrics a port of their own.")
    # Last, because development makes a key in the data folder: nothing is written if another setting is wrong.
    key, *former = read_secrets(env, data_dir, development)
    return dataclasses.replace(found, secret_key=key, former_keys=tuple(former))
