"""Searches without a hit are counted for the editors, and nobody can be recognised by them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import utc_now
from form_handler.search_misses import (
    MAX_REPORTS_PER_HOUR,
    PATH,
    RETENTION_DAYS,
    count_miss,
    countable_words,
    list_misses,
)
from form_handler.settings import Settings, read_settings
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.tables import search_miss
from form_handler.worker.purge import purge
from tests.form_handler.conftest import Browser

NOW = datetime.datetime(2026, 11, 30, 10, 0, tzinfo=datetime.UTC)
KEY = "a secret"


def rows(database: Database) -> list[tuple[str | None, int]]:
    with database.read_connection() as connection:
        return [(row.words, row.visitors) for row in connection.execute(sa.select(search_miss))]


def report(browser: Browser, words: str = "Hundesteuer", language: str = "de", **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = browser.post(PATH, {"language": language, "words": words}, headers=given)
    assert sent.data == b""
    assert "Set-Cookie" not in sent.headers
    return sent.status_code


def test_words_are_stored_only_once_several_visitors_have_looked_for_them(database: Database) -> None:
    for day, client in ((0, "192.0.2.1"), (0, "192.0.2.1"), (1, "192.0.2.1")):
        count_miss(database, KEY, "de", "hundesteuer", client, NOW + datetime.timedelta(days=day))
    assert rows(database) == [(None, 1), (None, 1)]
    assert list_misses(database, NOW) == ([], 2)
    count_miss(database, KEY, "de", "Hundesteuer", "192.0.2.2", NOW + datetime.timedelta(days=1))
    (found,), rare = list_misses(database, NOW)
    assert (found.language, found.words.lower(), found.visitors, found.last_day) == (
        "de",
        "hundesteuer",
        3,
        datetime.date(2026, 12, 1),
    )
    assert rare == 0


def test_one_visitor_counts_once_a_day_however_it_is_spelt(database: Database) -> None:
    for words in ("führerschein", "Fuhrerschein", "FÜHRERSCHEIN"):
        for _ in range(3):
            count_miss(database, KEY, "de", words, "2001:db8::1", NOW)
            count_miss(database, KEY, "de", words, "2001:db8::2", NOW)  # the same network
    assert rows(database) == [(None, 1)]


def test_languages_are_counted_apart(database: Database) -> None:
    for number, language in enumerate(["de", "tr", "de", "tr"]):
        count_miss(database, KEY, language, "basen", f"192.0.2.{number}", NOW)
    assert rows(database) == [(None, 2), (None, 2)]


def test_nothing_in_the_table_tells_words_or_visitors_before(database: Database) -> None:
    count_miss(database, KEY, "de", "hundesteuer", "192.0.2.77", NOW)
    with database.read_connection() as connection:
        stored = str([tuple(row) for row in connection.execute(sa.select(search_miss))])
    assert "hundesteuer" not in stored
    assert "192.0.2" not in stored


@pytest.mark.parametrize(
    "words",
    ["", "  ", "ab", "0176 12345", "anna@example.org", "x" * 41, "a" * 26, "eins zwei drei vier", "Haus 12", "<script>",
     "o'", "- -", "müller; drop", "http://example.org", "\u202eabc", "😀😀😀", "\x00abc"],
)  # fmt: skip
def test_what_can_be_no_word_of_a_dictionary_is_not_counted(words: str) -> None:
    assert countable_words(words) == ""


@pytest.mark.parametrize(
    ("words", "kept"),
    [("Hundesteuer", "hundesteuer"), ("  dog   tax ", "dog tax"), ("ضريبة الكلاب", "ضريبة الكلاب"), ("сім'я", "сім'я"),
     ("مالیات سگ", "مالیات سگ"), ("Köpek vergisi", "köpek vergisi")],
)  # fmt: skip
def test_words_of_every_script_are_counted(words: str, kept: str) -> None:
    assert countable_words(words) == kept


def test_a_report_is_counted(browser: Browser, database: Database) -> None:
    assert report(browser) == 204
    assert rows(database) == [(None, 1)]


@pytest.mark.parametrize(
    "headers",
    [{"Sec_GPC": "1"}, {"DNT": "1"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://other.example"}],
)
def test_who_asks_not_to_be_counted_is_not_and_other_sites_count_nothing(
    browser: Browser, database: Database, headers: dict[str, str]
) -> None:
    assert report(browser, **headers) == 204
    assert rows(database) == []


def test_hostile_reports_are_answered_and_not_counted(browser: Browser, database: Database) -> None:
    assert report(browser, language="xx") == 204
    assert report(browser, words="x" * 100_000) == 204
    assert browser.post(PATH, data=b"\xff\xfe", content_type="text/plain").status_code == 204
    assert browser.post(PATH, json={"words": ["a"]}).status_code == 204
    assert rows(database) == []
    assert browser.get(PATH).status_code == 405


def test_one_visitor_reports_so_often_an_hour_and_no_more(browser: Browser, database: Database) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter in letters:
        report(browser, words=f"wort{letter}")
    assert len(rows(database)) == MAX_REPORTS_PER_HOUR < len(letters)


def test_counts_end_after_their_retention(database: Database, settings: Settings) -> None:
    now = utc_now()
    # A day is a local one: with one day more, an hour of summer time could make it the last day of the retention.
    count_miss(database, KEY, "de", "alt", "192.0.2.1", now - datetime.timedelta(days=RETENTION_DAYS + 2))
    count_miss(database, KEY, "de", "neu", "192.0.2.1", now)
    assert len(rows(database)) == 1
    with database.transaction() as connection:
        connection.execute(search_miss.update().values(day="2020-01-01"))
    purge(database, settings, now)
    assert rows(database) == []


def test_a_backup_keeps_the_counts(database: Database, tmp_path: Path) -> None:
    for number in range(3):
        count_miss(database, KEY, "de", "hundesteuer", f"192.0.2.{number}", NOW)
    write_backup(database, tmp_path / "backup.zip")
    other = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "other")}))
    restore_backup(other, tmp_path / "backup.zip")
    assert [found.words for found in list_misses(other, NOW)[0]] == ["hundesteuer"]
    other.engine.dispose()
