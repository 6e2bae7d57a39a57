"""Publications as they are asked for: put into the queue, withdrawn, taken back; the worker carries them out."""

import datetime
import secrets
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from editing.drafts import Draft, is_approved
from editing.spelling import dump_spelling, load_spelling
from editing.translation.sources import lock_changes, undone_changes
from editorial.translations.lockfile import LOCK_FILENAME
from form_handler.staff.reports.digest import queue_refusal
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.tables import draft, draft_change, publication, publication_file, review

# waiting: in the queue; committed: part of the published text, not yet built; the others are ends.
OPEN_STATES = ("waiting", "committed")


class FilePublication(Struct, frozen=True):
    """One file of a publication; see the table ``publication_file``."""

    path: str
    draft_id: int | None
    draft_version: int | None
    base_text: str | None
    text: str | None
    spelling: list[tuple[str, str, str]]
    before: str | None
    after: str | None


class Publication(Struct, frozen=True):
    """A requested publication; see the table ``publication``."""

    id: str
    state: str
    actor: str
    created_at: datetime.datetime
    due_at: datetime.datetime
    finished_at: datetime.datetime | None
    commit_hash: str
    problem: str
    undoes: str
    pushed: bool
    files: list[FilePublication]

    @property
    def is_open(self) -> bool:
        """Return whether it is not finished."""
        return self.state in OPEN_STATES


class NotApprovedError(Exception):
    """The change must be approved by somebody who has not written it."""


def queue_drafts(
    database: Database,
    found: list[Draft],
    actor: str,
    due_at: datetime.datetime,
    now: datetime.datetime,
    four_eyes: bool,
) -> str:
    """Put drafts into the queue as they are now; return the number of the publication. Asked for twice, it is one.

    :raises NotApprovedError: if four eyes are wanted and this version has not been approved.
    """
    if four_eyes and not all(is_approved(database, one) for one in found):
        raise NotApprovedError
    files = [(one, dump_spelling(lock_changes(database, one))) for one in found]
    with database.transaction() as connection:
        for one, _spelling in files:
            same = sa.select(publication.c.id).join(publication_file).where(
                publication.c.state.in_(OPEN_STATES), publication_file.c.draft_id == one.id
            )  # fmt: skip
            rows = connection.execute(same.add_columns(publication_file.c.draft_version)).all()
            for row in rows:
                if row.draft_version == one.version:
                    return str(row.id)
                connection.execute(  # an older version that was to come later is replaced by this one
                    publication.update().where(publication.c.id == row.id, publication.c.state == "waiting").values(state="withdrawn", finished_at=now)
                )  # fmt: skip
        number = secrets.token_hex(16)
        connection.execute(
            publication.insert().values(id=number, state="waiting", actor=actor, created_at=now, due_at=due_at)
        )
        for one, spelling in files:
            connection.execute(
                publication_file.insert().values(
                    publication_id=number, path=one.path, draft_id=one.id, draft_version=one.version, base_text=one.base_text,
                    text=one.text, spelling=spelling,
                )
            )  # fmt: skip
        record_event(connection, actor, "publish", now, None, f"{number} {' '.join(one.path for one in found)}")
    return number


def queue_undo(database: Database, known: Publication, actor: str, now: datetime.datetime) -> str:
    """Queue the reversal of a publication; later changes stay. Asked for twice, it is one."""
    with database.transaction() as connection:
        same = sa.select(publication.c.id).where(
            publication.c.undoes == known.id, publication.c.state.in_((*OPEN_STATES, "done"))
        )
        if (row := connection.execute(same).first()) is not None:
            return str(row.id)
        number = secrets.token_hex(16)
        connection.execute(
            publication.insert().values(
                id=number, state="waiting", actor=actor, created_at=now, due_at=now, undoes=known.id
            )
        )
        locks = [(file.before, file.after) for file in known.files if file.path.endswith(LOCK_FILENAME)]
        for file in known.files:
            spelling = dump_spelling(undone_changes(file.path, file.spelling, locks))
            connection.execute(
                publication_file.insert().values(
                    publication_id=number, path=file.path, base_text=file.after, text=file.before, spelling=spelling
                )
            )
        record_event(connection, actor, "publish-undo", now, None, f"{number} {known.id}")
    return number


def withdraw(database: Database, number: str, now: datetime.datetime) -> bool:
    """Take a publication out of the queue; return whether it was still in it."""
    where = (publication.c.id == number) & (publication.c.state == "waiting")
    return database.change(publication.update().where(where).values(state="withdrawn", finished_at=now)) > 0


def find_publication(database: Database, number: str) -> Publication | None:
    """Return a publication, or None."""
    found = _read(database, publication.c.id == number, 1)
    return found[0] if found else None


def list_publications(database: Database, limit: int = 50) -> list[Publication]:
    """Return the newest publications, those that are not finished first."""
    return sorted(_read(database, sa.true(), limit), key=lambda one: not one.is_open)


def open_publications(database: Database) -> list[Publication]:
    """Return unfinished publications in the order in which they are due."""
    return sorted(
        _read(database, publication.c.state.in_(OPEN_STATES), 500), key=lambda one: (one.due_at, one.created_at)
    )


def publications_of(database: Database, path: str, limit: int = 50) -> list[Publication]:
    """Return the publications of a file that are part of the published text, the newest first."""
    own = sa.select(publication_file.c.publication_id).where(publication_file.c.path == path)
    return _read(database, publication.c.id.in_(own) & publication.c.state.in_(("committed", "done")), limit)


def _read(database: Database, where: Any, limit: int) -> list[Publication]:
    query = sa.select(publication).where(where).order_by(publication.c.created_at.desc()).limit(limit)
    with database.read_connection() as connection:
        rows = connection.execute(query).all()
        files: dict[str, list[FilePublication]] = {row.id: [] for row in rows}
        some = publication_file.c.publication_id.in_(list(files))
        for row in connection.execute(sa.select(publication_file).where(some).order_by(publication_file.c.path)):
            values = {name: row._mapping[name] for name in FilePublication.__struct_fields__}
            files[row.publication_id].append(FilePublication(**(values | {"spelling": load_spelling(row.spelling)})))
    names = [name for name in Publication.__struct_fields__ if name != "files"]
    return [Publication(**{name: row._mapping[name] for name in names}, files=files[row.id]) for row in rows]


# --- records of the worker --------------------------------------------------------------------------------------


def note_problem(
    database: Database, known: Publication, problem: str, now: datetime.datetime, refused: bool = False
) -> None:
    """Record why a publication waits, or that it is refused, for its drafts, too."""
    if known.problem == problem and not refused:
        return
    values: dict[str, Any] = {"problem": problem}
    if refused:
        values |= {"state": "refused", "finished_at": now}
    with database.transaction() as connection:
        connection.execute(publication.update().where(publication.c.id == known.id).values(**values))
        for file in known.files:
            connection.execute(draft.update().where(draft.c.id == file.draft_id).values(problem=problem))
        if refused and known.due_at > known.created_at:  # nobody sits before the screen when it was to come later
            ids = [file.draft_id for file in known.files]
            wrote = sa.select(draft_change.c.actor).where(draft_change.c.draft_id.in_(ids))
            looked = sa.select(review.c.actor).where(review.c.draft_id.in_(ids))
            names = {known.actor, *connection.execute(wrote).scalars(), *connection.execute(looked).scalars()}
            queue_refusal(connection, known.id, names, now)


def note_committed(
    database: Database, known: Publication, files: dict[str, tuple[str | None, str | None]], commit: str
) -> None:
    """Record that a publication is part of the published text: the texts before and after it."""
    with database.transaction() as connection:
        connection.execute(
            publication.update()
            .where(publication.c.id == known.id)
            .values(state="committed", commit_hash=commit, problem="")
        )
        for path, (before, after) in files.items():
            where = (publication_file.c.publication_id == known.id) & (publication_file.c.path == path)
            if (
                connection.execute(publication_file.update().where(where).values(before=before, after=after)).rowcount
                == 0
            ):
                connection.execute(
                    publication_file.insert().values(
                        publication_id=known.id, path=path, spelling="[]", before=before, after=after
                    )
                )


def note_done(database: Database, known: Publication, now: datetime.datetime) -> None:
    """Record that a publication is live."""
    database.change(
        publication.update().where(publication.c.id == known.id).values(state="done", finished_at=now, problem="")
    )


def note_pushed(database: Database) -> None:
    """Record that the remote has everything that is published."""
    database.change(publication.update().where(publication.c.state == "done").values(pushed=True))


def has_unpushed(database: Database) -> bool:
    """Return whether something is published that the remote does not have."""
    query = sa.select(publication.c.id).where(
        publication.c.state == "done", publication.c.commit_hash != "", ~publication.c.pushed
    )
    return database.first(query.limit(1)) is not None
