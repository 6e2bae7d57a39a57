"""The settings file: one file of ``NAME=value`` lines that the service and every command read.

The format is the common part of systemd's ``EnvironmentFile=`` and of ``podman --env-file``: one setting a line,
``#`` at the start of a line for comments, optional quotes around a value, no expansion, no comment after a value.
"""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from core.errors import UserError
from core.project import ROOT

SETTINGS_FILE = "KIM_SETTINGS"
# Where a settings file is found if KIM_SETTINGS names none, the first that exists.
SETTINGS_FILES = (ROOT / "kim.env", Path("/etc/kim/kim.env"), Path("/etc/kim/env"))
NO_FILE = "none"
SECRET_NAMES = frozenset({"KIM_SECRET_KEY", "KIM_SMTP_URL", "KIM_DATABASE_URL", "KIM_OIDC_CLIENT_SECRET"})
ENVIRONMENT_ONLY = frozenset({SETTINGS_FILE, "KIM_CHROMIUM", "KIM_TRANSLATE_URL", "KIM_TRANSLATE_KEY"})
MAX_FILE_BYTES = 100_000
_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")


class SettingsError(UserError):
    """A setting is missing, unknown or wrong; the message names the setting and the remedy."""


def find_settings_file(env: Mapping[str, str]) -> Path | None:
    """Return the settings file: the one that ``KIM_SETTINGS`` names, else the first of the usual places, else None.

    ``KIM_SETTINGS=none`` means that no file is read.

    :raises SettingsError: if ``KIM_SETTINGS`` names a file that does not exist.
    """
    named = env.get(SETTINGS_FILE, "").strip()
    if named == NO_FILE:
        return None
    if named:
        path = Path(named)
        if not path.is_absolute():
            raise SettingsError(f"{SETTINGS_FILE} is {named!r}; it must be an absolute path such as /etc/kim/kim.env.")
        return path
    return next((path for path in SETTINGS_FILES if _exists(path)), None)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:
        return True  # reading it ends with a sentence; to pass over it would work on another database
    except OSError:
        return False
    return True


def merge_settings(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment completed by the settings file; the environment has precedence.

    :raises SettingsError: see :func:`find_settings_file` and :func:`read_settings_file`.
    """
    path = find_settings_file(env)
    return {**(read_settings_file(path) if path else {}), **env}


def read_settings_file(path: Path) -> dict[str, str]:
    """Return the settings in a file.

    :raises SettingsError: if it cannot be read, if a line is not a setting, or if others may read the secrets in it.
        The message names file and line and never contains a value.
    """
    try:
        mode, raw = path.stat().st_mode, _read(path)
    except PermissionError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read by this user. "
            "Run the command as the user of the service, for example: runuser -u kim -- kim …"
        ) from error
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}:{line}: this is no UTF-8. Save the file as UTF-8.") from None
    found: dict[str, str] = {}
    for number, text_line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        stripped = text_line.strip(" \t")
        if not stripped or stripped[0] in "#;":
            continue
        name, value = _parse(path, number, stripped)
        if name in found:
            raise SettingsError(f"{path}:{number}: {name} is set twice. Remove one of the two lines.")
        found[name] = value
    if mode & stat.S_IROTH and SECRET_NAMES & found.keys():
        raise SettingsError(f"{path} holds secrets and may be read by everybody. Mend it with: chmod o-rwx {path}")
    return found


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"The settings file {path} is larger than {MAX_FILE_BYTES} bytes. Name the right file.")
    return raw


def _parse(path: Path, number: int, line: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise SettingsError(f"{path}:{number}: this is no setting. Write NAME=value, or # before a comment.")
    name, value = match[1], match[2].rstrip(" \t")
    if name in ENVIRONMENT_ONLY:
        raise SettingsError(f"{path}:{number}: {name} is read from the environment only. Set it there.")
    if not name.startswith("KIM_") and name != "PORT":
        raise SettingsError(
            f"{path}:{number}: {name} is no setting of this service. deploy/README.md lists all settings."
        )
    if value[:1] in {'"', "'"}:
        if len(value) < 2 or value[-1] != value[0]:
            raise SettingsError(
                f"{path}:{number}: the value of {name} begins with a quotation mark and does not end with it."
            )
        value = value[1:-1]
    return name, value
