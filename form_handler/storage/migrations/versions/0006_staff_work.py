"""Notes in the search; settings, second factor and devices of accounts; mails without a submission; publications taken back."""

import sqlalchemy as sa
from alembic import op

from form_handler.storage.search import recompute_note_texts, recompute_search_columns
from form_handler.storage.tables import note

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("submission", sa.Column("note_text", sa.Text, nullable=False, server_default=""))
    recompute_search_columns(op.get_bind())
    recompute_note_texts(op.get_bind(), (note,))
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.alter_column("number", existing_type=sa.String(36), nullable=True)
        mail.add_column(sa.Column("account_id", sa.Integer, nullable=True))
        mail.create_foreign_key("fk_outgoing_mail_account", "account", ["account_id"], ["id"], ondelete="CASCADE")
    op.add_column("staff_session", sa.Column("browser", sa.String(60), nullable=False, server_default=""))
    op.create_table(
        "account_setting",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("mail", sa.String(320), nullable=True),
        sa.Column("digest", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("barrier_alert", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("digest_day", sa.String(10), nullable=True),
    )
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("code_hash", sa.String(64), primary_key=True),
    )
    op.add_column("survey_publication", sa.Column("published_by", sa.String(100), nullable=True))
    op.add_column("survey_publication", sa.Column("withdrawn_at", sa.DateTime, nullable=True))
    op.add_column("survey_publication", sa.Column("withdrawn_by", sa.String(100), nullable=True))
