"""The tables, as SQLAlchemy Core sees them, by topic; the migrations make them."""

from form_handler.storage.tables.accounts import (
    account,
    account_role,
    account_setting,
    recovery_code,
    saved_form,
    second_factor,
    shortcut_setting,
    staff_session,
)
from form_handler.storage.tables.base import UtcDateTime, metadata
from form_handler.storage.tables.editing import (
    draft,
    draft_change,
    page_presence,
    publication,
    publication_file,
    review,
    scratch,
)
from form_handler.storage.tables.service import daily_key, rate, search_miss, service_state
from form_handler.storage.tables.submissions import (
    answer_draft,
    deletion_mark,
    entry_link,
    event,
    message,
    note,
    outgoing_mail,
    presence,
    quotation,
    saved_view,
    submission,
)
from form_handler.storage.tables.survey import survey_batch, survey_decision, survey_publication

__all__ = [
    "EPHEMERAL_TABLES", "TABLES", "UtcDateTime", "account", "account_role", "account_setting", "answer_draft",
    "daily_key", "deletion_mark", "draft", "draft_change", "entry_link", "event", "message", "metadata", "note",
    "outgoing_mail", "page_presence", "presence", "publication", "publication_file", "quotation", "rate",
    "recovery_code", "review", "saved_form", "saved_view", "scratch", "search_miss", "second_factor", "service_state",
    "shortcut_setting", "staff_session", "submission", "survey_batch", "survey_decision", "survey_publication",
]  # fmt: skip

# In the order in which rows may be written: referenced tables come first.
TABLES = (
    submission, account, account_role, account_setting, second_factor, recovery_code, outgoing_mail, staff_session, saved_form, note, event, quotation, rate, daily_key,
    service_state, deletion_mark, search_miss, survey_batch, survey_decision, survey_publication,
    message, answer_draft, entry_link, presence, saved_view, shortcut_setting,
    draft, draft_change, scratch, page_presence, review, publication, publication_file,
)  # fmt: skip
# Tables that a backup leaves out: short-lived data, and credentials.
EPHEMERAL_TABLES = frozenset({"staff_session", "kept_post", "rate", "day_key", "presence", "page_presence"})
