"""The metadata that all tables share, and the type of a moment."""

import datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


class UtcDateTime(sa.types.TypeDecorator[datetime.datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is stored without one and read with one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Any) -> datetime.datetime | None:
        """Store a moment; one without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime.datetime | None, dialect: Any) -> datetime.datetime | None:
        """Read a moment back, in UTC."""
        return None if value is None else value.replace(tzinfo=datetime.UTC)


def submission_number(**options: Any) -> sa.Column[str]:
    """Return a column with the number of a submission; its rows go with the submission."""
    return sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), **options)


def account_id(**options: Any) -> sa.Column[int]:
    """Return a column with the id of an account; its rows go with the account."""
    return sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), **options)
