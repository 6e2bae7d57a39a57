"""The second factor of an account: one-time codes of an app (TOTP, RFC 6238) and recovery codes, each taken once.

The key of the app is encrypted in the database; recovery codes are stored as hashes and have 80 bits, so that no hash can
be reversed. Wrong codes are counted before they are compared.
"""

import base64
import datetime
import hashlib
import re
import secrets
from urllib.parse import quote

import pyotp
import sqlalchemy as sa

from form_handler import rate_limit
from form_handler.staff.auth.accounts import ThrottledError
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.tables import recovery_code, second_factor
from form_handler.tokens import Keys, sign, verify

STEP_SECONDS = 30
# The number of steps before and after the present one whose codes are accepted: clocks differ (RFC 6238, 5.2).
STEP_TOLERANCE = 1
MAX_FAILURES, WINDOW_MINUTES = 5, 15
RECOVERY_CODES = 10
# Crockford's base 32 without letters that are mistaken for digits; 16 signs are 80 bits.
RECOVERY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
RECOVERY_LOOK_ALIKES = str.maketrans("oil", "011")
MAX_SETUP_SECONDS = 30 * 60


def totp_code(secret: str, step: int) -> str:
    """Return the code of a time step: the seconds since 1970 divided by thirty."""
    return pyotp.TOTP(secret).generate_otp(step)


def matching_step(secret: str, code: str, now: datetime.datetime, after: int = -1) -> int | None:
    """Return the time step whose code this is; None if it is not a current code, or one of a used step (RFC 6238, 5.2).

    :param after: the last step whose code was taken.
    """
    digits = "".join(code.split()).replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - STEP_TOLERANCE, present + STEP_TOLERANCE + 1):
        if secrets.compare_digest(totp_code(secret, step), digits) and step > after:
            found = step
    return found


def new_secret() -> str:
    """Return a new key of 160 bits in base 32 (RFC 4226, 4)."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, name: str, issuer: str) -> str:
    """Return the address that an app reads from the QR code."""
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?secret={secret}&issuer={quote(issuer)}"


def sign_setup(keys: Keys, account_id: int, secret: str) -> str:
    """Return the token in the page of the set-up: the key is stored only once a code of it was entered."""
    return sign(keys, "second-factor", [account_id, secret])


def verify_setup(keys: Keys, account_id: int, token: str) -> str | None:
    """Return the key of a set-up; None if the token is another account's, too old, or none."""
    found = verify(keys, "second-factor", token, MAX_SETUP_SECONDS)
    return found[1] if found and found[0] == account_id else None


def enable(
    database: Database, keys: Keys, account_id: int, name: str, secret: str, code: str, now: datetime.datetime
) -> list[str] | None:
    """Turn the second factor on; return the recovery codes, which are stored nowhere, or None if the code is not right."""
    step = matching_step(secret, code, now)
    if step is None:
        return None
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    with database.transaction() as connection:
        _delete(connection, account_id)
        values = {"account_id": account_id, "secret": _encrypt(keys, secret), "last_step": step, "created_at": now}
        connection.execute(second_factor.insert().values(values))
        rows = [{"account_id": account_id, "code_hash": _hash(account_id, one)} for one in codes]
        connection.execute(recovery_code.insert(), rows)
        record_event(connection, name, "account-factor-on", now, None, str(account_id))
    return codes


def disable(database: Database, account_id: int, actor: str, now: datetime.datetime) -> bool:
    """Turn the second factor off; return whether it was on."""
    with database.transaction() as connection:
        done = _delete(connection, account_id)
        if done:
            record_event(connection, actor, "account-factor-off", now, None, str(account_id))
    return done


def _delete(connection: sa.Connection, account_id: int) -> bool:
    connection.execute(recovery_code.delete().where(recovery_code.c.account_id == account_id))
    return connection.execute(second_factor.delete().where(second_factor.c.account_id == account_id)).rowcount > 0


def is_enabled(database: Database, account_id: int) -> bool:
    """Return whether an account has a second factor."""
    query = sa.select(second_factor.c.account_id).where(second_factor.c.account_id == account_id)
    return database.first(query) is not None


def count_recovery_codes(database: Database, account_id: int) -> int:
    """Return how many recovery codes are left."""
    query = sa.select(sa.func.count()).select_from(recovery_code).where(recovery_code.c.account_id == account_id)
    with database.read_connection() as connection:
        return int(connection.execute(query).scalar_one())


def check_code(database: Database, keys: Keys, account_id: int, code: str, now: datetime.datetime) -> bool:
    """Return whether a code of the app or a recovery code is right; it is used up then.

    :raises ThrottledError: after too many wrong codes; then no code is looked at.
    """
    who = str(account_id)
    with database.transaction() as connection:
        count = rate_limit.increment(connection, "second-factor", who, now, WINDOW_MINUTES)
    if count > MAX_FAILURES:
        raise ThrottledError
    with database.transaction() as connection:
        right = _use_code(connection, keys, account_id, code, now) or _use_recovery_code(connection, account_id, code)
        if right:
            rate_limit.decrement(connection, "second-factor", who, now, WINDOW_MINUTES)
    return right


def _use_code(connection: sa.Connection, keys: Keys, account_id: int, code: str, now: datetime.datetime) -> bool:
    row = connection.execute(second_factor.select().where(second_factor.c.account_id == account_id)).first()
    secret = _decrypt(keys, row.secret) if row is not None else None
    step = matching_step(secret, code, now, row.last_step) if row is not None and secret is not None else None
    if step is None:
        return False
    # The condition refuses the same code in two requests at the same moment.
    unused = (second_factor.c.account_id == account_id) & (second_factor.c.last_step < step)
    return connection.execute(second_factor.update().where(unused).values(last_step=step)).rowcount == 1


def _use_recovery_code(connection: sa.Connection, account_id: int, code: str) -> bool:
    where = (recovery_code.c.account_id == account_id) & (recovery_code.c.code_hash == _hash(account_id, code))
    return connection.execute(recovery_code.delete().where(where)).rowcount == 1


def _new_recovery_code() -> str:
    signs = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(16))
    return "-".join(signs[start : start + 4] for start in range(0, 16, 4))


def _hash(account_id: int, code: str) -> str:
    signs = re.sub(r"[\W_]", "", code.casefold()).translate(RECOVERY_LOOK_ALIKES)
    return hashlib.sha256(f"{account_id} {signs}".encode("utf-8", "replace")).hexdigest()


def _encrypt(keys: Keys, secret: str) -> str:
    from cryptography.fernet import Fernet  # some megabytes that are needed only here

    return Fernet(_fernet_key(keys[-1])).encrypt(secret.encode()).decode()


def _decrypt(keys: Keys, stored: str) -> str | None:
    """Return a stored key; None if none of the service's secrets opens it: then only recovery codes help."""
    from cryptography.fernet import Fernet, InvalidToken, MultiFernet

    try:
        return MultiFernet([Fernet(_fernet_key(key)) for key in reversed(keys)]).decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def _fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"second-factor {key}".encode()).digest())
