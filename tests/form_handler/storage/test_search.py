"""The inbox finds what came in by any spelling of its words, numbers, addresses and references."""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command

from form_handler.forms import FORMS
from form_handler.settings import Settings
from form_handler.staff.inbox import actions, corrections, correspondence, queries
from form_handler.storage.database import Database
from form_handler.storage.migrate import alembic_config, upgrade
from form_handler.storage.search import (
    has_stale_columns,
    matches_query,
    recompute_note_texts,
    recompute_search_columns,
    search_columns,
)
from form_handler.storage.state import write_state
from form_handler.storage.submissions import find_by_reference, store_submission
from form_handler.storage.tables import submission

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


def put(database: Database, form: str = "participation", **answers: object) -> str:
    """Store a submission; return its reference."""
    definition = FORMS[form]
    whole = {**definition.answers(definition.form_class()), **answers}
    return store_submission(database, str(uuid.uuid4()), form, "de", whole, lambda _s: [], NOW).reference


def found(database: Database, text: str) -> set[str]:
    """Return the references that the inbox shows for a query."""
    return {row.reference for row in queries.search_submissions(database, queries.SubmissionFilter(text=text))[0]}


WORDS = [
    ("İpek Kuyumculuk", ["ipek", "IPEK", "İPEK", "ıpek", "İpek Kuyum"]),
    ("Işık Elektrik", ["isik", "ışık", "IŞIK", "ISIK", "Işik", "is\u0327ik"]),
    ("O’Brien & Co. KG", ["O'Brien", "obrien", "O`BRIEN", "O´Brien", "o‘brien co."]),
    ("Łódź Spółka", ["lodz", "ŁÓDŹ", "Łódź spolka"]),
    ("Straßenbau Groß", ["strassenbau", "STRASSENBAU", "STRAẞENBAU", "gross"]),
    ("Müller Gärten", ["muller", "mueller", "MÜLLER", "Mu\u0308ller", "gaerten", "Garten"]),
    ("Mueller Bauer", ["müller", "muller", "bauer", "auer"]),
    ("Bäckerei Søren Ærø", ["soren", "SØREN", "baeckerei", "aero"]),
    ("ТОВ Київ", ["київ", "КИЇВ", "киів"]),
    ("شركة الأمل", ["الامل", "الأمل", "شرکة", "شركه", "شـركة"]),
    ("فروشگاه کیان", ["كيان", "کیان", "فروشگاه"]),
    ("مدرسه ۱۲", ["12", "۱۲", "١٢"]),
    ("ＫＩＭ－Ｂａｕ", ["kim-bau", "KIM Bau"]),
    ("Meyer\u2011Lange", ["meyer-lange", "meyer lange", "MEYER–LANGE"]),
    ("100% Bio_Laden", ["100%", "bio_laden", "%", "_"]),
    ("Haus-Meister Dienst", ["Hausmeister", "haus-meister", "Haus Meister"]),
    ("Kaya & Söhne", ["Kaya & Soehne", "Kaya und Söhne", "kaya + söhne", "Kaya and"]),
]  # fmt: skip


@pytest.mark.parametrize(("company", "queries"), WORDS, ids=lambda value: value if isinstance(value, str) else "")
def test_words_are_found_in_every_spelling(database: Database, company: str, queries: list[str]) -> None:
    mine, _other = put(database, company=company), put(database, company="Anders")
    assert {query: found(database, query) for query in queries} == {query: {mine} for query in queries}


def test_percent_and_underscore_are_characters_and_signs_alone_find_nothing(database: Database) -> None:
    put(database, company="Beispiel")
    for query in ("%", "_", "B%l", "Beispie_", "100%", "\\", "'", "-", "\u200b"):
        assert found(database, query) == set(), query


def test_telephone_numbers_are_found_in_every_spelling_also_inside_a_message(database: Database) -> None:
    mine = {put(database, phone="02041/70 30 01"), put(database, message="Rufen Sie +49 (0)2041 703001 an, bitte.")}
    put(database, phone="02041 7099", message="70 3")
    for query in (
        "02041 703001",
        "+49 2041 70 30 01",
        "0049 (0)2041-703001",
        "٠٢٠٤١٧٠٣٠٠١",
        "703001",
        "2041 703001",
        "02041 7030",
    ):
        assert found(database, query) == mine, query


def test_addresses_are_found_in_every_spelling_of_their_domain(database: Database) -> None:
    mine, other = put(database, email="max@münchen.example"), put(database, email="max@xn--mnchen-3ya.example")
    for query in (
        "max@münchen.example",
        "MAX@XN--MNCHEN-3YA.example",
        "münchen.example",
        "max@mu\u0308nchen.example\u200b",
        "xn--mnchen-3ya",
    ):
        assert found(database, query) == {mine, other}, query


def test_a_reference_is_found_in_any_case_with_blanks_and_with_signs_that_look_alike(database: Database) -> None:
    mine, twin = put(database, company="Eins"), put(database, company="Zwei")
    with database.transaction() as connection:
        for old, new in ((mine, "KIM-QV7J2D"), (twin, "KIM-QV7J2X")):
            connection.execute(submission.update().where(submission.c.reference == old).values(reference=new))
        recompute_search_columns(connection)
    for query in (
        "KIM-QV7J2D",
        "kim-qv7j2d",
        "kimqv7j2d",
        "KIM QV7 J2D",
        "KIM–QV7J2D",
        "K1M-OU7I20",
        "qv7j2d",
        " kim - q v 7 j 2 d ",
    ):
        assert found(database, query) == {"KIM-QV7J2D"}, query
    assert found(database, "kim-qv7") == {"KIM-QV7J2D", "KIM-QV7J2X"}
    assert found(database, "kim") == set(), "a name, too"
    for query in ("kim qv7j2x", "KIM-0V712X"):
        row = find_by_reference(database, query)
        assert row is not None, query
        assert row.reference == "KIM-QV7J2X"


def test_words_of_choices_are_found_in_german_and_in_english(database: Database) -> None:
    mine, _other = put(database, ways=["internship"], trade="crafts"), put(database, ways=["talk"], trade="care")
    for query in ("praktikum", "internship", "Handwerk", "HANDWERK", "crafts", "Handwerk internship"):
        assert found(database, query) == {mine}, query


def test_notes_are_found_and_only_by_the_inbox(database: Database) -> None:
    mine, _other = put(database, company="Müller"), put(database, company="Schulze")
    row = find_by_reference(database, mine)
    assert row is not None
    actions.add_note(database, row, "Rückruf am Montag: 0 20 41/70 30 01", "probe", NOW)
    for query in ("Ruckruf", "rueckruf montag", "mueller MONTAG", "+49 2041 703001"):
        assert found(database, query) == {mine}, query
    corrections.update_answers(database, row, {**row.answers, "company": "Meier"}, "probe", NOW)
    assert found(database, "meier rückruf") == {mine}, "a correction keeps the words of notes"
    with database.read_connection() as connection:
        assert connection.execute(sa.select(submission.c.number).where(matches_query("rückruf"))).all() == []


def test_answers_and_replies_are_found_also_after_all_is_computed_anew(database: Database, settings: Settings) -> None:
    mine, _other = put(database, company="Müller"), put(database, company="Schulze")
    row = find_by_reference(database, mine)
    assert row is not None
    reply = correspondence.Draft("tr", "Re", "Teşekkürler, 0 20 41/70 30 01")
    correspondence.record_reply(database, row, reply, "mail", NOW, True, "t" * 32, "probe", NOW)
    for _ in range(2):
        assert found(database, "tesekkurler") == found(database, "+49 2041 703001") == {mine}
        with database.transaction() as connection:
            connection.execute(submission.update().values(note_text=""))
            recompute_note_texts(connection)


def test_words_before_a_telephone_number_need_not_occur(database: Database) -> None:
    mine = put(database, phone="+49 2041 703001")
    for query in ("Tel. 02041 703001", "tel:+492041703001", "Telefon: 0 20 41/70 30 01", "Handy 02041703001"):
        assert found(database, query) == {mine}, query
    assert found(database, "Firma 02041 703001") == set()


def test_a_search_without_hit_says_how_many_the_filter_hides(database: Database) -> None:
    put(database, company="Beispiel")
    wanted = queries.SubmissionFilter(text="beispiel", state="closed")
    assert queries.search_submissions(database, wanted) == ([], 0)
    assert queries.count_elsewhere(database, wanted) == (1, 0)
    assert queries.count_elsewhere(database, queries.SubmissionFilter(state="closed")) == (0, 0)


def test_a_correction_changes_what_is_found(database: Database) -> None:
    reference = put(database, company="Falsch", phone="02041 11111", email="alt@example.org")
    row = find_by_reference(database, reference)
    assert row is not None
    answers = {**row.answers, "company": "İpek", "phone": "02041 22222", "email": "neu@example.org"}
    corrections.update_answers(database, row, answers, "probe", NOW)
    assert [found(database, query) for query in ("falsch", "0204111111", "alt@")] == [set()] * 3
    assert [found(database, query) for query in ("ipek", "+49204122222", "NEU@")] == [{reference}] * 3


@pytest.fixture
def old_database(settings: Settings) -> Iterator[Database]:
    """A database of the version before the search columns, with one submission."""
    database = Database(settings)
    config = alembic_config()
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(
            sa.text(
                "INSERT INTO submission (number, reference, form, language, state, received_at, answers, sender, search_text, held, version)"
                " VALUES ('1', 'KIM-222222', 'participation', 'de', 'new', :at, :answers, 'max@strasse.example', 'x', 0, 1)"
            ),
            {"at": "2026-11-01 00:00:00.000000", "answers": json.dumps({"email": "Max@Stra\u00dfe.example", "company": "I\u015f\u0131k", "phone": "0049 2041 70300"})},
        )  # fmt: skip
    yield database
    database.engine.dispose()


def test_the_migration_computes_what_is_searched_by_for_what_is_stored(old_database: Database) -> None:
    with old_database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO note (number, author, written_at, text) VALUES ('1', 'probe', '2026-11-02 00:00:00.000000', 'Rückruf')"
        )
    upgrade(old_database)
    assert found(old_database, "ruckruf") == {"KIM-222222"}
    assert found(old_database, "isik") == found(old_database, "02041/70300") == {"KIM-222222"}
    with old_database.read_connection() as connection:
        (row,) = connection.execute(sa.select(submission.c.sender, submission.c.phones))
    assert tuple(row) == ("max@xn--strae-oqa.example", " +49204170300 ")


def test_what_an_older_table_of_letters_has_folded_is_known_to_be_stale(database: Database) -> None:
    put(database, company="Işık")
    with database.transaction() as connection:
        assert not has_stale_columns(connection)
        connection.execute(submission.update().values(search_text="old"))
        write_state(connection, "search_mark", "older")
        assert has_stale_columns(connection)
        recompute_search_columns(connection)
        assert not has_stale_columns(connection)
    assert len(found(database, "isik")) == 1


def test_a_folded_hostile_text_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        text = ("a" + "\u0301" * 50 + "\u0323" * 50 + "ue" + "1 (") * (size // 105)
        before = time.thread_time()
        search_columns("KIM-222222", "participation", {"message": text})
        return time.thread_time() - before

    small, large = min(seconds(4_000) for _ in range(3)), min(seconds(64_000) for _ in range(3))
    assert large < 100 * max(small, 0.0001)
