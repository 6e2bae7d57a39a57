"""Search: one spelling of addresses and telephone numbers, and folded text, also for what is already stored."""

import sqlalchemy as sa
from alembic import op

from form_handler.storage.search import recompute_search_columns

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("submission", sa.Column("phones", sa.String(200), nullable=True))
    recompute_search_columns(op.get_bind())
