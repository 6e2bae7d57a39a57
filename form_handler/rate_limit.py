"""Counting how often something came from one address or went to one, over all processes, without keeping the address.

What is stored is an HMAC with a key that is made anew each day and thrown away with its counts, so that
nobody can tell from the database who it was, or that two days' senders were the same.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import ipaddress
import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from form_handler.storage.tables import daily_key, rate


def increment(connection: sa.Connection, what: str, who: str, now: datetime.datetime, minutes: int = 60) -> int:
    """Count one more event and return how many there were in this slot of so many minutes.

    One statement, so that of several transactions at the same time each gets a number of its own. ``who`` may be a
    network address, see :func:`client_network`, or anything else that tells one from another.
    """
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    statement = insert(rate).values(**_row(_daily_key(connection, now), what, who, now, minutes), count=1)
    counted = statement.on_conflict_do_update(
        index_elements=list(rate.primary_key.columns), set_={"count": rate.c.count + 1}
    )
    return int(connection.execute(counted.returning(rate.c.count)).scalar_one())


def decrement(connection: sa.Connection, what: str, who: str, now: datetime.datetime, minutes: int = 60) -> None:
    """Take one event back that was counted in this slot."""
    row = _row(_daily_key(connection, now), what, who, now, minutes)
    where = sa.and_(*(rate.c[name] == value for name, value in row.items()), rate.c.count > 0)
    connection.execute(rate.update().where(where).values(count=rate.c.count - 1))


def current_count(connection: sa.Connection, what: str, who: str, now: datetime.datetime, minutes: int = 60) -> int:
    """Return how many events there were in this slot, without counting one."""
    day = f"{now:%Y-%m-%d}"
    key = connection.execute(sa.select(daily_key.c.key).where(daily_key.c.day == day)).scalar()
    if key is None:
        return 0
    query = sa.select(rate.c.count).where(
        rate.c.day == day, rate.c.what == what, rate.c.who == _hmac(key, who), rate.c.slot == _window(now, minutes)
    )
    return int(connection.execute(query).scalar() or 0)


def _row(key: str, what: str, who: str, now: datetime.datetime, minutes: int) -> dict[str, Any]:
    return {"day": f"{now:%Y-%m-%d}", "what": what, "who": _hmac(key, who), "slot": _window(now, minutes)}


def client_network(who: str) -> str:
    """Return what an address is counted as: IPv4 itself, IPv6 its /64 network; anything else is returned unchanged.

    A provider gives each customer a /64 or more (RFC 6177), so a single IPv6 address tells nobody from another.
    """
    try:
        address = ipaddress.ip_address(who.partition("%")[0])
    except ValueError:
        return who
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _window(now: datetime.datetime, minutes: int) -> int:
    return (now.hour * 60 + now.minute) // minutes


def _hmac(key: str, who: str) -> str:
    return hmac.new(bytes.fromhex(key), client_network(who).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _daily_key(connection: sa.Connection, now: datetime.datetime) -> str:
    """Return the key of the day; the first use of a day makes it and forgets the days before."""
    day = f"{now:%Y-%m-%d}"
    query = sa.select(daily_key.c.key).where(daily_key.c.day == day)
    key = connection.execute(query).scalar()
    if key is None:
        delete_before(connection, day)
        if connection.dialect.name == "postgresql":
            fresh = postgresql_insert(daily_key).values(day=day, key=secrets.token_hex(32)).on_conflict_do_nothing()
            connection.execute(fresh)
        else:
            connection.execute(daily_key.insert().values(day=day, key=secrets.token_hex(32)))
        key = connection.execute(query).scalar_one()
    return str(key)


def delete_before(connection: sa.Connection, day: str) -> None:
    """Throw away the keys and counts of earlier days."""
    connection.execute(rate.delete().where(rate.c.day < day))
    connection.execute(daily_key.delete().where(daily_key.c.day < day))
