"""Mails: to the office and to the sender, in the right language, never lost, never forged."""

from __future__ import annotations

import datetime
import email
import email.policy
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from editorial.languages import load_languages
from form_handler.forms import FORMS
from form_handler.mail_worker import CLAIM, PAUSES, deliver_due, pause_after
from form_handler.mails import plan_mails, write_mail
from form_handler.settings import Settings, read_settings
from form_handler.storage.database import Database
from form_handler.storage.schema import outgoing_mail
from form_handler.storage.submissions import Submission, store
from tests.serving import free_port

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DEFINITION = FORMS["participation"]
ANSWERS = {"company": "Beispielbetrieb", "email": "beispiel@example.org", "message": "Grüße\nحمص", "ways": ["job"]}


def put(settings: Settings, database: Database, language: str = "de", **answers: object) -> Submission:
    drafts = partial(plan_mails, settings, DEFINITION)
    return store(database, str(uuid.uuid4()), "participation", language, {**ANSWERS, **answers}, drafts, NOW)


def at(moment: datetime.datetime) -> Callable[[], datetime.datetime]:
    """Return a clock that stands still."""
    return lambda: moment


def waiting(database: Database) -> list[sa.RowMapping]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(outgoing_mail).order_by(outgoing_mail.c.id)).mappings())


class Post:
    """A real SMTP server that can refuse."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], bytes]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        if self.answer.startswith("250"):
            self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))  # type: ignore[attr-defined]
        return self.answer


@pytest.fixture
def post(settings: Settings) -> Iterator[tuple[Post, Settings]]:
    """An SMTP server and settings that name it."""
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    env = {"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": f"smtp://127.0.0.1:{controller.port}"}
    yield handler, read_settings(env)
    controller.stop()


def test_both_mails_reach_a_real_server(post: tuple[Post, Settings], database: Database) -> None:
    handler, settings = post
    stored = put(settings, database)
    assert deliver_due(database, settings, at(NOW)) == 2
    assert [to for _from, to, _content in handler.received] == [["office@example.org"], ["beispiel@example.org"]]
    office = email.message_from_bytes(handler.received[0][2], policy=email.policy.default)
    assert stored.reference in office["Subject"]
    assert "حمص" in office.get_content()  # type: ignore[attr-defined]
    assert deliver_due(database, settings, at(NOW)) == 0, "nothing is sent twice"


def test_a_refusing_server_is_tried_again_with_growing_pauses(post: tuple[Post, Settings], database: Database) -> None:
    handler, settings = post
    put(settings, database)
    handler.answer = "451 later"
    assert deliver_due(database, settings, at(NOW)) == 0
    rows = waiting(database)
    assert {row["next_attempt_at"] for row in rows} == {NOW + PAUSES[0]}
    assert "beispiel" not in str(rows[0]["last_error"])
    handler.answer = "250 OK"
    assert deliver_due(database, settings, at(NOW + PAUSES[0] - datetime.timedelta(seconds=1))) == 0
    assert deliver_due(database, settings, at(NOW + PAUSES[0])) == 2
    assert len(handler.received) == 2


def test_pauses_grow_and_end_with_failed_that_staff_can_see(settings: Settings, database: Database) -> None:
    assert sorted(PAUSES) == PAUSES
    assert datetime.timedelta(days=4) < sum(PAUSES, datetime.timedelta()) < datetime.timedelta(days=7)
    dead = read_settings({"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"})
    put(dead, database)
    now = NOW
    for _ in range(len(PAUSES) + 1):
        deliver_due(database, dead, at(now))
        now += datetime.timedelta(days=2)
    assert {row["state"] for row in waiting(database)} == {"failed"}
    assert pause_after(len(PAUSES) + 1) is None


def test_a_worker_that_dies_in_mid_sending_loses_no_mail(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, database)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("form_handler.mail_worker._note_success", die)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(database, settings, at(NOW))
    assert deliver_due(database, settings, at(NOW)) == 1, "the other mail is not held up"
    assert deliver_due(database, settings, at(NOW + CLAIM)) == 1, "the interrupted one comes again"
    assert {row["state"] for row in waiting(database)} == {"sent"}


def test_without_a_server_each_mail_is_a_file_that_a_mail_program_opens(settings: Settings, database: Database) -> None:
    stored = put(settings, database)
    deliver_due(database, settings, at(NOW))
    names = {path.name for path in settings.mail_dir.iterdir()}
    assert names == {f"{stored.reference}-office.eml", f"{stored.reference}-copy.eml"}
    copy = email.message_from_bytes(
        (settings.mail_dir / f"{stored.reference}-copy.eml").read_bytes(), policy=email.policy.default
    )
    assert copy["To"] == "beispiel@example.org"
    assert copy["Auto-Submitted"] == "auto-replied"


def sent(message: EmailMessage) -> EmailMessage:
    """Return a message as it is read after the wire."""
    found = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_the_copy_speaks_the_senders_language_and_the_office_mail_german(settings: Settings, language: object) -> None:
    from editorial.words import gettext, use_language

    code = language.code  # type: ignore[attr-defined]
    submission = Submission("n", "KIM-234567", "participation", code, "new", NOW, ANSWERS)
    plans = plan_mails(settings, DEFINITION, submission)
    assert [plan.kind for plan in plans] == ["office", "copy"]
    texts = [sent(write_mail(settings, submission, plan.kind, plan.recipient)).get_content() for plan in plans]
    with use_language(code):
        assert gettext("Thank you. Your entries have arrived.") in texts[1]
        assert gettext("Offer a job") in texts[1]
    with use_language("de"):
        assert gettext("Offer a job") in texts[0]


def test_an_address_with_an_international_domain_goes_out_in_its_ascii_form(settings: Settings) -> None:
    submission = Submission(
        "n", "KIM-234567", "participation", "de", "new", NOW, {**ANSWERS, "email": "name@münchen.example"}
    )
    _office, copy = plan_mails(settings, DEFINITION, submission)
    assert copy.recipient == "name@xn--mnchen-3ya.example"


def test_an_address_that_no_header_takes_does_not_keep_the_answers_from_the_office(settings: Settings) -> None:
    answers = {**ANSWERS, "email": "=?utf-8?q?x?=@example.org"}  # taken by an earlier version
    submission = Submission("n", "KIM-234567", "participation", "de", "new", NOW, answers)
    message = sent(write_mail(settings, submission, "office", "office@example.org"))
    assert message["Reply-To"] is None
    assert answers["email"] in message.get_content()


def test_nothing_typed_becomes_a_header(settings: Settings) -> None:
    answers = {**ANSWERS, "company": "A\r\nBcc: x@example.org", "message": "\r\n\r\nBcc: x@example.org"}
    submission = Submission("n", "KIM-234567", "participation", "de", "new", NOW, answers)
    for plan in plan_mails(settings, DEFINITION, submission):
        assert sent(write_mail(settings, submission, plan.kind, plan.recipient))["Bcc"] is None
