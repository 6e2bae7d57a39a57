"""Drafts: unpublished changes, one draft for each file, with the journal of its changes.

A draft is shared by all who may edit the file. Each change is one transaction and is acknowledged once it is on disk; it
is made from the text as it is in that moment, so nobody overwrites anybody. Text that is being typed is stored
separately (:func:`store_scratch`): it belongs to one account and is deleted when it becomes a change.
"""

import datetime
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from core.text.text_files import normalize_newlines
from editorial.translations.segments import read_document
from editorial.translations.state import document_digest
from editorial.translations.units import replace_review, review_lines
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.tables import (
    account,
    draft,
    draft_change,
    page_presence,
    publication_file,
    review,
    scratch,
)

MAX_ATTEMPTS = 5
PRESENCE = datetime.timedelta(seconds=60)
MAX_SCRATCHES = 200


class ChangedMeanwhileError(Exception):
    """The text that a form was made for has changed since the form was opened."""


class Draft(Struct, frozen=True):
    """The draft of one file.

    :ivar path: the file below ``docs/``: ``de/kontakt.md``.
    :ivar base_text: the published file that it began with; None for a new file.
    :ivar text: the whole file as it is to be; None if it is to be removed.
    :ivar version: rises with every change; a review counts for one version.
    :ivar asked: who asked for a review of this version.
    :ivar problem: why it was not published.
    """

    id: int
    path: str
    base_text: str | None
    text: str | None
    version: int
    author: str
    asked: str
    problem: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class Change(Struct, frozen=True):
    """One change of a draft.

    :ivar place: the paragraph (``kosten.2``), the section (``kosten``), or nothing for the whole file.
    :ivar spelling: whether translations need not follow.
    :ivar source: the hash of the German paragraph that translated words were made for; with an unchanged text it says that
        they fit that paragraph as they are.
    """

    text: str | None
    place: str
    before: str
    after: str
    spelling: bool = False
    source: str = ""


class Scratch(Struct, frozen=True):
    """Text in a form that was typed and not sent."""

    path: str
    place: str
    digest: str
    text: str
    saved_at: datetime.datetime


Edit = Callable[[str | None], Change]


def find_draft(database: Database, path: str) -> Draft | None:
    """Return the draft of a file, or None."""
    row = database.first(sa.select(draft).where(draft.c.path == path))
    return _draft(row) if row is not None else None


def list_drafts(database: Database) -> list[Draft]:
    """Return all drafts, the one changed last first."""
    rows = database.rows(sa.select(draft).order_by(draft.c.updated_at.desc(), draft.c.path))
    return [_draft(row) for row in rows]


def _draft(row: sa.Row[Any]) -> Draft:
    return Draft(**{name: row._mapping[name] for name in Draft.__struct_fields__})


def change_draft(
    database: Database, path: str, published: str | None, edit: Edit, actor: str, now: datetime.datetime
) -> Draft | None:
    """Change the draft of a file, or begin one; return it, or None if the file is as published again.

    :param published: the file as it is published; None if there is none.
    :param edit: takes the current text and returns the change; an exception of it leaves everything unchanged.
    :raises DatabaseBusyError: if other writers are faster :data:`MAX_ATTEMPTS` times.
    """
    for attempt in range(MAX_ATTEMPTS):
        try:
            with database.transaction() as connection:
                return _change(connection, path, published, edit, actor, now)
        except sa.exc.IntegrityError:  # somebody else began a draft of the same file in this moment
            if attempt == MAX_ATTEMPTS - 1:
                raise
    raise DatabaseBusyError("the draft is being changed all the time")


def _change(
    connection: sa.Connection, path: str, published: str | None, edit: Edit, actor: str, now: datetime.datetime
) -> Draft | None:
    row = connection.execute(sa.select(draft).where(draft.c.path == path).with_for_update()).first()
    known = _draft(row) if row is not None else None
    before = known.text if known else published
    change = edit(before)
    accepts = change.text == before and bool(change.source)
    if change.text == before and not accepts:
        return known
    base = known.base_text if known else published
    change = replace(change, text=remove_outdated_review(base, before, change.text))
    if change.text == base and not accepts and not (known and _has_accepted(connection, known.id)):
        connection.execute(draft.delete().where(draft.c.path == path))
        return None
    version = known.version + 1 if known else 1
    values = {"text": change.text, "version": version, "author": actor, "asked": "", "problem": "", "updated_at": now}
    if known:
        connection.execute(draft.update().where(draft.c.id == known.id).values(**values))
        number = known.id
    else:
        values |= {"path": path, "base_text": published, "created_at": now, **_new_number(connection)}
        number = connection.execute(draft.insert().values(**values).returning(draft.c.id)).scalar_one()
    connection.execute(
        draft_change.insert().values(
            draft_id=number, version=version, actor=actor, changed_at=now, place=change.place[:120],
            before=change.before, after=change.after, spelling=change.spelling, source=change.source,
        )
    )  # fmt: skip
    return _draft(connection.execute(sa.select(draft).where(draft.c.id == number)).one())


def _new_number(connection: sa.Connection) -> dict[str, int]:
    """Return the number of a new draft where the database would give one again that a publication still names.

    SQLite reuses the highest number once its row is deleted; a sequence of PostgreSQL does not.
    """
    if connection.dialect.name != "sqlite":
        return {}
    used = sa.union_all(sa.select(draft.c.id.label("id")), sa.select(publication_file.c.draft_id)).subquery()
    return {"id": (connection.execute(sa.select(sa.func.max(used.c.id))).scalar() or 0) + 1}


def _has_accepted(connection: sa.Connection, draft_id: int) -> bool:
    """Return whether a draft confirms that unchanged paragraphs fit the German text."""
    same = (draft_change.c.before == draft_change.c.after) & (draft_change.c.source != "")
    return (
        connection.execute(sa.select(draft_change.c.version).where(draft_change.c.draft_id == draft_id, same)).first()
        is not None
    )


def rebase_draft(
    database: Database, path: str, version: int, base: str | None, text: str | None, now: datetime.datetime
) -> bool:
    """Rebase a draft on another published text; return whether it still had this version.

    :param text: the draft brought together with that text; the same text ends the draft.
    """
    where = (draft.c.path == path) & (draft.c.version == version)
    with database.transaction() as connection:
        row = connection.execute(sa.select(draft).where(where).with_for_update()).first()
        if row is None:
            return False
        text = remove_outdated_review(base, row.text, text)
        if text == base and not _has_accepted(connection, row.id):
            return connection.execute(draft.delete().where(where)).rowcount > 0
        found = connection.execute(draft.update().where(where).values(base_text=base, text=text, updated_at=now))
        return found.rowcount > 0


def discard_draft(database: Database, path: str, version: int) -> bool:
    """Delete a draft; return whether it still had this version."""
    with database.transaction() as connection:
        where = (draft.c.path == path) & (draft.c.version == version)
        return connection.execute(draft.delete().where(where)).rowcount > 0


def list_changes(database: Database, draft_id: int) -> list[sa.Row[Any]]:
    """Return the journal of a draft, the oldest change first."""
    query = sa.select(draft_change).where(draft_change.c.draft_id == draft_id).order_by(draft_change.c.version)
    return database.rows(query)


def last_change_of(database: Database, draft_id: int, place: str) -> sa.Row[Any] | None:
    """Return the last change of a paragraph: who made it, and when."""
    query = sa.select(draft_change).where(draft_change.c.draft_id == draft_id, draft_change.c.place == place)
    return database.first(query.order_by(draft_change.c.version.desc()))


# --- review -----------------------------------------------------------------------------------------------------------


def ask_for_review(database: Database, path: str, version: int, actor: str) -> bool:
    """Ask somebody else to look at a version; return whether it is still the newest one."""
    where = (draft.c.path == path) & (draft.c.version == version)
    return database.change(draft.update().where(where).values(asked=actor)) > 0


def add_review(database: Database, known: Draft, actor: str, approved: bool, note: str, now: datetime.datetime) -> bool:
    """Store a review of a version; return whether it is still the newest one."""
    with database.transaction() as connection:
        where = (draft.c.id == known.id) & (draft.c.version == known.version)
        if connection.execute(sa.select(draft.c.id).where(where).with_for_update()).first() is None:
            return False
        connection.execute(
            review.insert().values(
                draft_id=known.id, version=known.version, actor=actor, approved=approved, note=note, reviewed_at=now
            )
        )
        if not approved:
            connection.execute(draft.update().where(where).values(asked=""))
    return True


def list_reviews(database: Database, draft_id: int) -> list[sa.Row[Any]]:
    """Return the reviews of a draft, the newest first."""
    query = sa.select(review).where(review.c.draft_id == draft_id).order_by(review.c.id.desc())
    return database.rows(query)


def authors(database: Database, draft_id: int) -> set[str]:
    """Return who has changed a draft."""
    query = sa.select(draft_change.c.actor).where(draft_change.c.draft_id == draft_id).distinct()
    return {row.actor for row in database.rows(query)}


def is_approved(database: Database, known: Draft) -> bool:
    """Return whether somebody who has not written it has approved this version, and nobody has objected since."""
    written_by = authors(database, known.id)
    rows = [row for row in list_reviews(database, known.id) if row.version == known.version]
    rows = [row for row in rows if row.actor not in written_by]
    return bool(rows) and bool(rows[0].approved)


# --- text that is being typed ----------------------------------------------------------------------------------------------


def store_scratch(
    database: Database, account_id: int, path: str, place: str, digest: str, text: str, now: datetime.datetime
) -> None:
    """Store text that is being typed; it replaces the account's earlier text of this field."""
    mine = (scratch.c.account_id == account_id) & (scratch.c.path == path) & (scratch.c.place == place)
    with database.transaction() as connection:
        connection.execute(scratch.delete().where(mine))
        query = sa.select(sa.func.count()).select_from(scratch).where(scratch.c.account_id == account_id)
        if connection.execute(query).scalar_one() >= MAX_SCRATCHES:
            oldest = sa.select(scratch.c.path, scratch.c.place).where(scratch.c.account_id == account_id)
            row = connection.execute(oldest.order_by(scratch.c.saved_at)).first()
            assert row is not None
            old = (scratch.c.account_id == account_id) & (scratch.c.path == row.path) & (scratch.c.place == row.place)
            connection.execute(scratch.delete().where(old))
        connection.execute(
            scratch.insert().values(
                account_id=account_id, path=path, place=place, digest=digest[:64], text=text, saved_at=now
            )
        )


def list_scratches(database: Database, account_id: int, path: str | None = None) -> list[Scratch]:
    """Return the unsent texts of an account, on one page or on all."""
    query = sa.select(scratch).where(scratch.c.account_id == account_id).order_by(scratch.c.saved_at.desc())
    if path is not None:
        query = query.where(scratch.c.path == path)
    rows = database.rows(query)
    return [Scratch(row.path, row.place, row.digest, row.text, row.saved_at) for row in rows]


def delete_scratch(database: Database, account_id: int, path: str, place: str) -> None:
    """Delete the unsent text of one form."""
    mine = (scratch.c.account_id == account_id) & (scratch.c.path == path) & (scratch.c.place == place)
    database.change(scratch.delete().where(mine))


def note_presence(database: Database, account_id: int, path: str, place: str, now: datetime.datetime) -> None:
    """Record that somebody has a form open."""
    with database.transaction() as connection:
        connection.execute(page_presence.delete().where(page_presence.c.account_id == account_id))
        connection.execute(
            page_presence.insert().values(account_id=account_id, path=path, place=place[:120], seen_at=now)
        )


def who_is_writing(database: Database, now: datetime.datetime) -> list[tuple[str, str, str]]:
    """Return who has a form open now, as name, path and place."""
    query = (
        sa.select(account.c.name, page_presence.c.path, page_presence.c.place)
        .join(account, account.c.id == page_presence.c.account_id)
        .where(page_presence.c.seen_at > now - PRESENCE)
        .order_by(account.c.name)
    )
    return [(row.name, row.path, row.place) for row in database.rows(query)]


def remove_outdated_review(base: str | None, before: str | None, after: str | None) -> str | None:
    """Return a changed file without a review that was signed in this draft for the text before the change.

    :param base: the published file that the draft began with.
    """
    if after is None or before is None or "reviewed_" not in before:
        return after
    signed = review_lines(before)
    if not signed or review_lines(after) != signed or (base is not None and review_lines(base) == signed):
        return after
    if document_digest(read_document(normalize_newlines(before))) == document_digest(
        read_document(normalize_newlines(after))
    ):
        return after
    return replace_review(after, review_lines(base) if base is not None else "")
