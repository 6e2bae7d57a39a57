"""How quickly the inbox answers with 50,000 entries, on SQLite and on PostgreSQL.

``kim bench inbox`` runs it. The production server answers one client that is logged in. Entries, notes and mails are
written straight into the database, by the functions that compute the columns of a submission.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import random
import secrets
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.report import Bar, write_part
from bench.staff_client import PASSWORD, StaffClient, production_command
from core.clock import utc_now
from form_handler.forms import FORMS
from form_handler.forms.participation import TRADES
from form_handler.settings import read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox.queries import PER_PAGE
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.search import note_search_text
from form_handler.storage.submissions import REFERENCE_ALPHABET, computed_columns
from form_handler.storage.tables import note, submission
from form_handler.storage.work_list import work_columns
from tests import postgres
from tests.form_handler.conftest import write_shells
from tests.server import Server

ENTRIES = 50_000
ROUNDS = 40
P95 = 200
# What a clerk asks for. What begins with "?" is the list with a filter.
PAGES = {
    "first page": "",
    "last page": "?page={last}",
    "open": "?state=open",
    "overdue": "?due=overdue",
    "mine": "?assignee=me",
    "one form and language": "?form=callback&language=ar",
    "days": "?since=2026-01-01&until=2026-03-31",
    "three filters that find nothing": "?form=barrier&trade=care&state=answered",
    "a name": "?q=M%C3%BCller",
    "a rare word": "?q=Zimmerei+1234",
    "a word of a choice": "?q=Handwerk",
    "a telephone number": "?q=0201+123+4567",
    "a word of a note": "?q=zur%C3%BCckgerufen",
    "a search with a filter": "?q=Beispiel&state=open&language=tr",
    "nothing found": "?q=Xylophonbauer",
    "an entry": "v/{reference}/",
}
NAMES = ("Müller", "Yılmaz", "Шевченко", "الأحمد", "Nowak", "Smith", "Ivanova", "Karimi", "Beispiel")
WORDS = [
    "Guten",
    "Tag",
    "wir",
    "suchen",
    "Unterstützung",
    "bei",
    "der",
    "Einstellung",
    "und",
    "haben",
    "Fragen",
    "zu",
    "Sprache",
    "Wohnung",
    "Schule",
    "Praktikum",
]


def main(arguments: list[str] | None = None) -> int:
    """Fill both databases, measure each page and write it into bench/results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    bars, rows = [], []
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres.running())
        except FileNotFoundError as error:
            raise SystemExit(str(error)) from error
        for kind, url in (("SQLite", ""), ("PostgreSQL", f"{server}/postgres")):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kim-bench-")))
            times = measure(folder, url, options.entries, options.rounds)
            every = sorted(itertools.chain.from_iterable(times.values()))
            bars.append(Bar(f"{kind}: all pages, p95, ms", p95(every), P95, most=True))
            bars += [Bar(f"{kind}: {name}, p95, ms", p95(took), P95, most=True) for name, took in times.items()]
            rows.append(f"{kind} p50 {statistics.median(every) * 1000:.0f} ms")
    note_ = f"{options.entries:,} entries, one client, production server, {options.rounds} requests a page. {', '.join(rows)}."
    write_part("inbox", "Inbox", note_, bars)
    return 0


def p95(times: list[float]) -> float:
    """Return the 95th percentile of some durations, in milliseconds."""
    return statistics.quantiles(times, n=20)[-1] * 1000


def measure(folder: Path, url: str, entries: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds that each request took, by page."""
    write_shells(folder / "site")
    data = {"KIM_SITE_DIR": str(folder / "site"), "KIM_SECRET_KEY": secrets.token_hex(32)}
    if url:
        data["KIM_DATABASE_URL"] = url
    settings = read_settings({**data, "KIM_DATA_DIR": str(folder / "var")})
    database = Database(settings)
    upgrade(database)
    print(f"Filling {database.engine.dialect.name} with {entries:,} entries …", flush=True)
    accounts.add_account(database, "probe", PASSWORD, utc_now())
    reference = fill(database, entries)
    database.engine.dispose()
    server = Server(folder / "var", **data)
    server.command = production_command()
    server.start()
    try:
        clerk = StaffClient(server.port)
        pages = {
            name: path.format(last=entries * 97 // 100 // PER_PAGE, reference=reference) for name, path in PAGES.items()
        }
        times: dict[str, list[float]] = {name: [] for name in pages}
        for number in range(rounds + 1):
            for name, path in pages.items():
                began = time.perf_counter()
                clerk.get(path)
                if number:  # the first request of each page fills caches
                    times[name].append(time.perf_counter() - began)
        return times
    finally:
        server.stop()


def fill(database: Database, entries: int) -> str:
    """Write entries and a note for each twentieth; return the reference of one."""
    chance = random.Random(1)
    now = utc_now()
    rows = list(itertools.islice(submissions(database, chance, now), entries))
    with database.transaction() as connection:
        for batch in chunks(rows, 1000):
            connection.execute(submission.insert(), batch)
        noted = rows[::20]
        text = "Heute zurückgerufen, niemand erreicht."
        connection.execute(
            note.insert(),
            [{"number": row["number"], "author": "probe", "written_at": now, "text": text} for row in noted],
        )
        numbers = [row["number"] for row in noted]
        for batch in chunks(numbers, 500):
            change = submission.update().where(submission.c.number.in_(batch))
            connection.execute(change.values(note_text=note_search_text(text)))
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:  # what autovacuum does within minutes
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    return str(rows[0]["reference"])


def chunks(rows: list[Any], size: int) -> Iterator[list[Any]]:
    """Yield parts of a list."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def submissions(database: Database, chance: random.Random, now: datetime.datetime) -> Iterator[dict[str, Any]]:
    """Yield rows of the submission table; three quarters are closed."""
    empty = {key: definition.answers(definition.form_class()) for key, definition in FORMS.items()}
    references = ("KIM-" + "".join(chance.choices(REFERENCE_ALPHABET, k=6)) for _ in iter(int, 1))
    seen: set[str] = set()
    for number in itertools.count():
        while (reference := next(references)) in seen:
            continue
        seen.add(reference)
        form, language = chance.choice(list(FORMS)), chance.choice(["de", "en", "uk", "ar", "tr", "pl", "fa", "ru"])
        name = f"{chance.choice(NAMES)} {number}"
        text = " ".join(chance.choices(WORDS, k=chance.randint(5, 60)))
        typed = {
            "company": f"{chance.choice(('Zimmerei', 'Pflegedienst', 'Bäckerei'))} {name}",
            "name": name,
            "email": f"person{number % 30_000}@example.org",
            "phone": f"0201 {number:07d}",
            "trade": chance.choice([key for key, _label in TRADES]),
            "message": text,
            "problem": text,
            "comment": text,
        }
        answers = {**empty[form], **{key: value for key, value in typed.items() if key in empty[form]}}
        state = chance.choice(("new", "in_work", "answered", "closed", "closed", "closed", "closed", "closed"))
        received = now - datetime.timedelta(minutes=chance.randint(0, 730 * 24 * 60))
        order = work_columns(form, state, answers, received, None, None, None, database.time_zone)
        yield {
            "number": str(uuid.UUID(int=chance.getrandbits(128))),
            "reference": reference,
            "form": form,
            "language": language,
            "state": state,
            "received_at": received,
            "answers": json.dumps(answers, ensure_ascii=False),
            "held": chance.random() < 0.02,
            "assignee": "probe" if chance.random() < 0.1 else None,
            **computed_columns(form, reference, answers),
            **order,
        }
