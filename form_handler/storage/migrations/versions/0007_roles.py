"""Roles: every account there is may read the inbox and give roles, as before."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.String(16), primary_key=True),
        sa.Column("language", sa.String(16), primary_key=True, server_default=""),
    )
    account = sa.table("account", sa.column("id"))
    role = sa.table("account_role", sa.column("account_id"), sa.column("role"), sa.column("language"))
    connection = op.get_bind()
    for number in connection.execute(sa.select(account.c.id)).scalars().all():
        rows = [{"account_id": number, "role": name, "language": ""} for name in ("inbox", "admin")]
        connection.execute(role.insert(), rows)
