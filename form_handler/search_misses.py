"""Searches without a hit: counted by day for the editors, without personal data (Art. 5(1)(c) GDPR).

The search runs in the browser. When it has found nothing and the reader has stopped typing, the page reports language and
words. They are counted only if they can be words of a dictionary: letters alone, few and short. Stored is a keyed hash of
the words; the words themselves are stored once :data:`MIN_VISITORS` visitors have looked for them, so that a name that
one person types is never stored in the database. Who asked is not stored: the same visitor's second report of a day is
recognised by a hash whose key is deleted with the day (:mod:`form_handler.rate_limit`). A browser that requests not to be
counted (Global Privacy Control, Do Not Track) is not counted.
"""

import datetime
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Flask, Response, current_app, request
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from werkzeug.exceptions import BadRequest

from core.clock import local_day, utc_now
from core.folding import fold_text
from core.languages import load_languages
from form_handler import rate_limit
from form_handler.current import database, settings
from form_handler.request_body import parse_urlencoded
from form_handler.security import is_cross_site
from form_handler.storage.database import DATABASE_FAULTS, Database
from form_handler.storage.tables import search_miss

PATH = "/suche/ohne-treffer"
MIN_VISITORS = 3  # the minimum number of visitors, on any days, before the words are stored
RETENTION_DAYS = 90
MAX_BODY_BYTES = 1000
MAX_CHARS, MAX_WORDS, MAX_WORD_CHARS = 40, 3, 25
MAX_REPORTS_PER_HOUR = 20  # of one visitor
MAX_ROWS_PER_DAY = 2000  # so that many requests cannot fill the disk
_SEPARATORS = re.compile(r"[ \-]+")
_INSIDE_WORDS = re.compile(r"(?<=\w)['’ʼ\u200c](?=\w)")


@dataclass(frozen=True)
class SearchMiss:
    """Words of several visitors' searches without a hit.

    :ivar visitors: how many, each counted once a day.
    :ivar last_day: the last day on which somebody did.
    """

    language: str
    words: str
    visitors: int
    last_day: datetime.date


def register(app: Flask) -> None:
    """Add the route that takes reports."""
    app.add_url_rule(PATH, "search_miss", report, methods=["POST"])


def report() -> Response:
    """Count one report; the answer is always empty, so that the count is not disclosed."""
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    if request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1" or is_cross_site(request):
        return response
    try:
        body = request.stream.read(MAX_BODY_BYTES + 1)
    except BadRequest:
        return response
    pairs, is_utf8 = parse_urlencoded(body)
    fields = dict(pairs)
    words = countable_words(fields.get("words", ""))
    known = {language.code for language in load_languages()}
    if len(body) > MAX_BODY_BYTES or not is_utf8 or not words or fields.get("language") not in known:
        return response
    try:
        count_miss(database(), settings().secret_key, fields["language"], words, request.remote_addr or "", utc_now())
    except DATABASE_FAULTS as error:
        current_app.logger.warning("search without a hit not counted: %s", type(error).__name__)
    return response


def countable_words(text: str) -> str:
    """Return the words of a query in lower case if they can be words of a dictionary; else an empty text.

    Digits, addresses, long texts and single letters are not counted.
    """
    if len(text) > MAX_CHARS:
        return ""
    line = " ".join(unicodedata.normalize("NFC", text).lower().split())
    words = [word for word in _SEPARATORS.split(_INSIDE_WORDS.sub("", line)) if word]
    fits = 0 < len(words) <= MAX_WORDS and all(
        1 < len(word) <= MAX_WORD_CHARS and all(unicodedata.category(char)[0] in "LM" for char in word)
        for word in words
    )
    return line if fits and len(fold_text("".join(words))) > 2 else ""


def count_miss(database: Database, key: str, language: str, words: str, client: str, now: datetime.datetime) -> None:
    """Count a visitor's search without a hit, once a day.

    :param key: the secret for the hash of the words.
    :param client: the visitor's network address; not stored.
    :raises DatabaseBusyError: if the database is locked for long.
    """
    digest = _digest(key, language, words)
    day = local_day(now, database.time_zone).isoformat()
    visitor = rate_limit.client_network(client)
    with database.transaction() as connection:
        if rate_limit.increment(connection, "search-miss", client, now) > MAX_REPORTS_PER_HOUR:
            return
        if rate_limit.increment(connection, "search-word", f"{visitor} {digest}", now, minutes=24 * 60) > 1:
            return
        delete_expired(connection, now, database)
        rows = sa.select(sa.func.count()).select_from(search_miss).where(search_miss.c.day == day)
        if connection.execute(rows).scalar_one() >= MAX_ROWS_PER_DAY:
            return
        insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        statement = insert(search_miss).values(day=day, language=language, digest=digest, visitors=1)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(search_miss.primary_key.columns), set_={"visitors": search_miss.c.visitors + 1}
            )
        )
        same = search_miss.c.digest == digest
        total = connection.execute(sa.select(sa.func.sum(search_miss.c.visitors)).where(same)).scalar_one()
        if total >= MIN_VISITORS:
            connection.execute(search_miss.update().where(same).values(words=words))


def list_misses(database: Database, now: datetime.datetime) -> tuple[list[SearchMiss], int]:
    """Return searches of several visitors without a hit, the most frequent first, and how many other searches there were."""
    visitors = sa.func.sum(search_miss.c.visitors)
    query = (
        sa.select(
            search_miss.c.language, search_miss.c.words, visitors.label("visitors"), sa.func.max(search_miss.c.day)
        )
        .where(search_miss.c.day >= _first_day(now, database))
        .group_by(search_miss.c.language, search_miss.c.digest, search_miss.c.words)
        .order_by(visitors.desc(), search_miss.c.language, search_miss.c.words)
    )
    with database.read_connection() as connection:
        rows = connection.execute(query).all()
    shown = [
        SearchMiss(code, words, count, datetime.date.fromisoformat(day)) for code, words, count, day in rows if words
    ]
    return shown, sum(count for _code, words, count, _day in rows if not words)


def delete_expired(connection: sa.Connection, now: datetime.datetime, database: Database) -> None:
    """Delete counts that are older than :data:`RETENTION_DAYS`."""
    connection.execute(search_miss.delete().where(search_miss.c.day < _first_day(now, database)))


def _first_day(now: datetime.datetime, database: Database) -> str:
    return (local_day(now, database.time_zone) - datetime.timedelta(days=RETENTION_DAYS)).isoformat()


def _digest(key: str, language: str, words: str) -> str:
    folded = " ".join(_SEPARATORS.split(fold_text(words)))
    return hmac.new(key.encode(), f"search\0{language}\0{folded}".encode(), hashlib.sha256).hexdigest()
