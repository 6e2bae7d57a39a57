"""Count actions of a client or to a recipient over all processes, without storing the address.

Stored is an HMAC with a daily key that is deleted with its counts, so that
the database reveals neither the client nor that two days' clients were the same.
"""

import datetime
import functools
import hashlib
import hmac
import ipaddress
import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from form_handler.storage.tables import daily_key, rate

KEY_OF_DAY = sa.select(daily_key.c.key).where(daily_key.c.day == sa.bindparam("day"))


def increment(connection: sa.Connection, action: str, client: str, now: datetime.datetime, minutes: int = 60) -> int:
    """Count one more action; return the number in this window; ``minutes`` is its length.

    One statement, so that each of several concurrent transactions gets its own number. ``client`` is a
    network address, see :func:`client_network`, or any other text.
    """
    row = _row(_daily_key(connection, now), action, client, now, minutes)
    return int(connection.execute(_count_one(connection.dialect.name), {**row, "count": 1}).scalar_one())


@functools.cache
def _count_one(dialect: str) -> Any:
    """Return the statement that counts one more action; building it takes longer than running it."""
    insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    return (
        insert(rate)
        .on_conflict_do_update(index_elements=list(rate.primary_key.columns), set_={"count": rate.c.count + 1})
        .returning(rate.c.count)
    )


def decrement(connection: sa.Connection, action: str, client: str, now: datetime.datetime, minutes: int = 60) -> None:
    """Uncount one action of this window."""
    row = _row(_daily_key(connection, now), action, client, now, minutes)
    where = sa.and_(*(rate.c[name] == value for name, value in row.items()), rate.c.count > 0)
    connection.execute(rate.update().where(where).values(count=rate.c.count - 1))


def current_count(
    connection: sa.Connection, action: str, client: str, now: datetime.datetime, minutes: int = 60
) -> int:
    """Return the number of actions in this window, without counting one."""
    day = f"{now:%Y-%m-%d}"
    key = connection.execute(KEY_OF_DAY, {"day": day}).scalar()
    if key is None:
        return 0
    query = sa.select(rate.c.count).where(
        rate.c.day == day, rate.c.what == action, rate.c.who == _hmac(key, client), rate.c.slot == _window(now, minutes)
    )
    return int(connection.execute(query).scalar() or 0)


def _row(key: str, action: str, client: str, now: datetime.datetime, minutes: int) -> dict[str, Any]:
    return {"day": f"{now:%Y-%m-%d}", "what": action, "who": _hmac(key, client), "slot": _window(now, minutes)}


def client_network(client: str) -> str:
    """Return the network of a client: an IPv4 address itself, of an IPv6 address its /64; other text is returned unchanged.

    A provider gives each customer a /64 or more (RFC 6177), so a single IPv6 address identifies no client.
    """
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _window(now: datetime.datetime, minutes: int) -> int:
    return (now.hour * 60 + now.minute) // minutes


def _hmac(key: str, client: str) -> str:
    return hmac.new(bytes.fromhex(key), client_network(client).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _daily_key(connection: sa.Connection, now: datetime.datetime) -> str:
    """Return the key of the day; its first use creates it and deletes those of earlier days."""
    day = f"{now:%Y-%m-%d}"
    key = connection.execute(KEY_OF_DAY, {"day": day}).scalar()
    if key is None:
        delete_before(connection, day)
        if connection.dialect.name == "postgresql":
            statement = postgresql_insert(daily_key).values(day=day, key=secrets.token_hex(32)).on_conflict_do_nothing()
            connection.execute(statement)
        else:
            connection.execute(daily_key.insert().values(day=day, key=secrets.token_hex(32)))
        key = connection.execute(KEY_OF_DAY, {"day": day}).scalar_one()
    return str(key)


def delete_before(connection: sa.Connection, day: str) -> None:
    """Delete the keys and counts of earlier days."""
    connection.execute(rate.delete().where(rate.c.day < day))
    connection.execute(daily_key.delete().where(daily_key.c.day < day))
