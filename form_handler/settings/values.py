"""Reading single values of settings: host names, addresses, URLs with passwords, folders.

Every function takes the name of the setting first and raises :class:`SettingsError` with a sentence that names
setting, error and remedy. No message contains a password.
"""

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import idna

from core.project import ROOT
from form_handler.settings.file import SettingsError

MAX_PORT = 65535
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse_host(name: str, value: str, example: str = "kim.example.org") -> str:
    """Return a host name as it is in a request: lower case, an international one in its ASCII form (RFC 5891).

    IP addresses are returned in their short form, IPv6 without brackets.

    :raises SettingsError: if it has another form; the message names the setting.
    """

    def refuse(problem: str, remedy: str) -> SettingsError:
        return SettingsError(f"{name} contains {value!r}: {problem}. {remedy}")

    write = f"Write the host name only, for example {example}."
    if not value:
        raise SettingsError(f"{name} contains an empty entry. {write}")
    if "://" in value:
        raise refuse("that is a whole address with a scheme", write)
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    try:
        return ipaddress.ip_address(bare).compressed
    except ValueError:
        pass
    if any(character.isspace() or not character.isprintable() for character in value):
        raise refuse("it contains a blank or an invisible character", "Separate several host names by commas.")
    if ";" in value:
        raise refuse("it contains a semicolon", "Separate several host names by commas.")
    if "/" in value or "\\" in value:
        raise refuse("it contains a slash", write)
    if "@" in value:
        raise refuse("that is an e-mail address or contains a user name", write)
    if "*" in value:
        raise refuse("patterns are not supported", "Write each host name, separated by commas.")
    if ":" in value:
        raise refuse("it contains a port", "Leave the port off; the host name is answered on any port.")
    try:
        encoded = idna.encode(value.removesuffix("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except UnicodeError as error:  # idna.IDNAError is one
        raise refuse("that is no host name", write) from error
    if encoded.rpartition(".")[2].isdigit():
        raise refuse("that is no whole IP address", "Write four numbers such as 192.0.2.1, or a host name.")
    return encoded


def parse_hosts(name: str, value: str) -> tuple[str, ...]:
    """Return the host names of a list with commas, each once."""
    return tuple(dict.fromkeys(parse_host(name, entry.strip()) for entry in value.split(",")))


def parse_bind(name: str, value: str) -> str:
    """Return the address that the server listens on, IPv6 in brackets.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    if value.startswith("unix:"):
        raise SettingsError(f"{name} is {value!r}; sockets in the file system are not supported. Write an IP address.")
    host = parse_host(name, value, "127.0.0.1")
    return f"[{host}]" if ":" in host else host


def parse_web_address(name: str, value: str, example: str) -> SplitResult:
    """Return a whole ``http`` or ``https`` address without query, fragment and user name, its host in ASCII.

    :raises SettingsError: if it has another form; the message names the setting.
    """

    def refuse(problem: str) -> SettingsError:
        return SettingsError(f"{name} is {value!r}: {problem}. Write a whole address such as {example}.")

    if any(character.isspace() or not character.isprintable() or character in '\\<>"' for character in value):
        raise refuse("it contains a blank or a character that no address has")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise refuse("that is no address") from None
    if parts.scheme not in {"http", "https"}:
        raise refuse("it does not begin with https:// or http://")
    if not parts.hostname:
        raise refuse("the host name is missing")
    if parts.username is not None:
        raise SettingsError(f"{name} contains a user name or a password. Write an address such as {example}.")
    if "?" in value or "#" in value:
        raise refuse("it contains ? or #")
    if port == 0 or parts.netloc.endswith(":"):
        raise refuse("the port is missing or 0")
    host = parse_host(name, parts.hostname)
    host = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=host + (f":{port}" if port else ""))


def split_login(name: str, value: str) -> tuple[str, str, str, str]:
    """Return scheme, user name, password and the rest of a URL; the two in the middle are decoded.

    The last ``@`` before the host ends the password, so ``# / ? : @`` need no percent-encoding in it; only ``%`` does.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    scheme, found, rest = value.partition("://")
    if not found:
        raise SettingsError(f"{name} has no scheme. It must begin with one such as smtp:// or postgresql+psycopg://.")
    login, at, rest = rest.rpartition("@")
    user, _colon, password = login.partition(":")
    if at and not user:
        raise SettingsError(
            f"{name} has a password or an @ but no user name. Write it like scheme://user:password@host."
        )
    for part in (user, password):
        if _BROKEN_ESCAPE.search(part):
            raise SettingsError(f"{name}: a % in the user name or password must be written as %25 (percent-encoding).")
        if any(not character.isprintable() or character.isspace() for character in part):
            raise SettingsError(
                f"{name}: the user name or password contains a blank or an invisible character. "
                "Write a blank as %20 (percent-encoding), or remove it."
            )
    return scheme.lower(), unquote(user), unquote(password), rest


def parse_host_port(name: str, value: str) -> tuple[str, int | None]:
    """Return host and port of ``host`` or ``host:port``; IPv6 is in brackets.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    refusal = SettingsError(
        f"{name}: after user name and password there must be a host name, and a port in digits if need be, "
        "as in mail.example.org:587. A blank, / ? or # there is not allowed."
    )
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", value, re.ASCII)
    if match is None:
        raise refusal
    port = int(match[2]) if match[2] else None
    if port is not None and not 1 <= port <= MAX_PORT:
        raise SettingsError(f"{name}: the port must be a number from 1 to {MAX_PORT}.")
    try:
        return parse_host(name, match[1]), port
    except SettingsError:
        raise refusal from None  # the text may be a part of a password


def join_login(scheme: str, user: str, password: str, host: str, port: int | None) -> str:
    """Return a URL in which every reserved character of user name and password is percent-encoded (RFC 3986, 2.1)."""
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "") + "@" if user else ""
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{login}{host}" + (f":{port}" if port else "")


def parse_folder(name: str, value: str) -> Path:
    """Return a folder as an absolute path; a relative one is below the project, wherever the command is called.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    if any(not character.isprintable() for character in value):
        raise SettingsError(
            f"{name} is {value!r}; it contains an invisible character. Write a path such as /var/lib/kim."
        )
    if value.startswith("~"):
        raise SettingsError(f"{name} is {value!r}; ~ is another folder for every user. Write the whole path.")
    path = Path(os.path.normpath(ROOT / value))
    nearest = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
    if not nearest.is_dir():
        raise SettingsError(f"{name} is {value!r}; {nearest} is no folder. Name a folder, or remove that file.")
    return path


def parse_database(name: str, value: str) -> str:
    """Return the URL of a database: ``sqlite:///`` with the plain absolute path, or ``postgresql+psycopg://``.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    scheme = value.partition(":")[0].lower()
    if scheme == "sqlite":
        return _sqlite(name, value)
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise SettingsError(f"{name} must begin with sqlite:/// or postgresql+psycopg://.")
    _scheme, user, password, rest = split_login(name, value)
    rest, _mark, query = rest.partition("?")
    server, slash, database = rest.partition("/")
    if not slash or not database or "/" in database or "#" in database or _BROKEN_ESCAPE.search(database):
        raise SettingsError(
            f"{name} must end with the database's name, as in postgresql+psycopg://user:password@host/name."
        )
    if "#" in query or any(not c.isprintable() or c.isspace() for c in query):
        raise SettingsError(f"{name}: after ? only options such as sslmode=require may stand, percent-encoded.")
    where = "postgresql+psycopg://"
    host, port = parse_host_port(name, server) if server else ("", None)
    where = join_login("postgresql+psycopg", user, password, host, port)
    return f"{where}/{quote(unquote(database), safe='')}" + (f"?{query}" if query else "")


def _sqlite(name: str, value: str) -> str:
    path = value[len("sqlite:///") :] if value.lower().startswith("sqlite:///") else ""
    example = "Write an absolute path with four strokes, for example sqlite:////var/lib/kim/kim.sqlite3."
    if not path or path == ":memory:":
        raise SettingsError(f"{name} names no file. {example}")
    if "?" in path or "#" in path:
        raise SettingsError(f"{name} contains ? or #. Write ? as %3F and # as %23, or set KIM_DATA_DIR instead.")
    if _BROKEN_ESCAPE.search(path):
        raise SettingsError(f"{name} contains a % that is no escape. Write it as %25.")
    path = unquote(path)
    if any(not character.isprintable() for character in path):
        raise SettingsError(f"{name} contains an invisible character. {example}")
    if not Path(path).is_absolute():
        raise SettingsError(f"{name} names a path that is not absolute; each command would use another file. {example}")
    if Path(path).is_dir():
        raise SettingsError(f"{name} names a folder. Write the path of the database's file.")
    return f"sqlite:///{os.path.normpath(path)}"


def parse_time_zone(name: str, value: str) -> ZoneInfo:
    """Return the time zone of this IANA name.

    :raises SettingsError: if it has another form; the message names the setting.
    """
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"{name} is {value!r}, which is no time zone that this machine knows. "
            "Write its IANA name, for example Europe/Berlin."
        ) from error
