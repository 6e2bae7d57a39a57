"""Reading one setting each from its environment variable; a wrong one is refused with a sentence that names the remedy."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlunsplit

from email_validator import EmailNotValidError, validate_email

from core.project import ROOT, ConfigError, load_site_settings, require_root_url
from form_handler.settings.file import SettingsError
from form_handler.settings.values import (
    join_login,
    parse_bind,
    parse_folder,
    parse_host_port,
    parse_hosts,
    parse_web_address,
    split_login,
)

# Not stripped and not shown in a message.
SECRETS = {"KIM_SECRET_KEY", "KIM_SMTP_URL", "KIM_DATABASE_URL", "KIM_OIDC_CLIENT_SECRET"}
MAX_DIGITS = 18
# The file that deploy/kim-release writes into the folder of a complete release.
RELEASE_MARK = ".complete"


def clean_value(name: str, value: str) -> str:
    """Return a value without blanks around it.

    :raises SettingsError: if it holds a line break or another control character.
    """
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise SettingsError(
            f"{name} contains a line break or another control character. "
            "Remove it; a settings file may have been saved with other line ends."
        )
    return value if name in SECRETS else value.strip(" ")


def refuse_wrong_folders(data_dir: Path, site_dir: Path, database_url: str) -> None:
    """Refuse folders by which everybody could download the database, or which go away with a release.

    :raises SettingsError: if data folder or database are in the folder of the built site, links followed, or if the data
        folder is in that of a release.
    """
    if (ROOT / RELEASE_MARK).exists() and data_dir.is_relative_to(ROOT):
        raise SettingsError(
            f"KIM_DATA_DIR {str(data_dir)!r} lies in the folder of this release, which is deleted some releases later. "
            "Write an absolute path such as /var/lib/kim."
        )
    if _is_below(data_dir, site_dir):
        raise SettingsError(
            f"KIM_DATA_DIR {str(data_dir)!r} lies in KIM_SITE_DIR {str(site_dir)!r}, which everybody can read. "
            "Name two separate folders."
        )
    path = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite:///") and _is_below(path, site_dir):
        raise SettingsError(
            "KIM_DATABASE_URL names a file in KIM_SITE_DIR, which everybody can read. Name another folder."
        )


def _is_below(path: Path, folder: Path) -> bool:
    """Return whether a path is below a folder as it is written, or where links lead."""
    return any(one.is_relative_to(place) for one in (path, path.resolve()) for place in (folder, folder.resolve()))


def read_choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words; the first one by default.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; it must be {' or '.join(allowed)}.")
    return value


def read_number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Return a whole number between two bounds.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get(name) or str(default)
    digits = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    if not digits or not least <= int(value) <= most:
        raise SettingsError(
            f"{name} is {value[:40]!r}; it must be a number from {least} to {most}, in the digits 0 to 9 only."
        )
    return int(value)


def read_mail(env: Mapping[str, str], name: str, default: str | None) -> str:
    """Return an e-mail address, its domain in ASCII.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get(name) or default
    if value is None:
        raise SettingsError(f"{name} is missing. Set it to an e-mail address.")
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise SettingsError(
            f"{name} is {value!r}, which is no e-mail address: {error} Write one such as office@example.org."
        ) from error
    assert checked.ascii_email is not None  # the form for mail headers (RFC 5891)
    return checked.ascii_email


def read_public_url(env: Mapping[str, str]) -> str:
    """Return the public address of the site; by default that of ``mkdocs.yml``.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get("KIM_PUBLIC_URL") or str(load_site_settings()["url"])
    address = urlunsplit(parse_web_address("KIM_PUBLIC_URL", value, "https://kim.example.org/"))
    try:
        return require_root_url("KIM_PUBLIC_URL" if env.get("KIM_PUBLIC_URL") else "site_url in mkdocs.yml", address)
    except ConfigError as error:
        raise SettingsError(str(error)) from error


def read_metrics_address(env: Mapping[str, str]) -> tuple[str, int] | None:
    """Return address and port of the metrics; None where none are wanted.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get("KIM_METRICS")
    if not value:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise SettingsError(f"KIM_METRICS is {value[:60]!r}; write address and port, for example 127.0.0.1:9127.")
    return parse_bind("KIM_METRICS", host), int(port)


def read_content_dir(env: Mapping[str, str], site_dir: Path, development: bool) -> Path | None:
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


def read_content_remote(env: Mapping[str, str]) -> str:
    """Return the git remote for published pages; empty for none.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get("KIM_CONTENT_REMOTE", "")
    if value.startswith("-") or any(char.isspace() or not char.isprintable() for char in value) or "::" in value:
        raise SettingsError(
            "KIM_CONTENT_REMOTE is no remote. Write its name such as origin, or an address of https or ssh."
        )
    return value


def read_content_author(env: Mapping[str, str]) -> str:
    """Return the author as git writes it: a name and an address in angle brackets.

    :raises SettingsError: if it has another form.
    """
    value = env.get("KIM_CONTENT_AUTHOR", "")
    if value and not re.fullmatch(r"[^<>\x00-\x1f]*[^<>\s\x00-\x1f] <[^<>\s]*>", value):
        raise SettingsError("KIM_CONTENT_AUTHOR has another form than: Redaktion <redaktion@example.org>")
    return value


def read_provider(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the three settings of the city's own log-in.

    :raises SettingsError: if the value is invalid.
    """
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


def read_smtp_url(value: str | None, development: bool) -> str | None:
    """Return the mail server as a URL whose user name and password are percent-encoded.

    :raises SettingsError: if it has another form; the message names the setting.
    """
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


def read_hosts(env: Mapping[str, str], development: bool) -> tuple[str, ...]:
    """Return the host names that are answered.

    :raises SettingsError: if the value is invalid.
    """
    value = env.get("KIM_HOSTS") or ("127.0.0.1,localhost" if development else "")
    if not value.strip():
        raise SettingsError("KIM_HOSTS is missing. Set it to the host name of the site, for example kim.example.org.")
    return parse_hosts("KIM_HOSTS", value)
