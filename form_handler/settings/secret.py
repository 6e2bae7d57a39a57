"""The keys that sign tokens: from the settings, from a file, or generated in the data folder."""

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.files import give_to_owner, sync_folder, write_file
from form_handler.settings.file import SettingsError


def read_secrets(env: Mapping[str, str], data_dir: Path, development: bool) -> list[str]:
    """Return the key that signs, then former ones that are still accepted.

    :raises SettingsError: if there is none, it cannot be read, or it is too weak.
    """
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
                give_to_owner(path)
        sync_folder(data_dir)
    return read_secret_file(path)
