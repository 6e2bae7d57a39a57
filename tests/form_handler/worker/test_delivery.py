"""Mails: to the office and to the sender, in the right language, never lost, never forged."""

from __future__ import annotations

import dataclasses
import datetime
import email
import email.policy
import re
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from core.gettext import use_language
from core.languages import Language, load_languages
from core.project import load_site_settings
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import ConsentField, MultiChoiceField, choice_labels
from form_handler.mail.compose import compose_mail, office_subject, submission_mails
from form_handler.mail.headers import MAX_SUBJECT_CHARS
from form_handler.mail.texts import answers_as_text, with_colon
from form_handler.settings import Settings, read_settings
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, store_submission
from form_handler.storage.tables import outgoing_mail
from form_handler.worker.delivery import CLAIM_TIMEOUT, RETRY_DELAYS, deliver_due, retry_delay
from tests.server import free_port

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DEFINITION = FORMS["participation"]
ANSWERS = {"company": "Beispielbetrieb", "email": "beispiel@example.org", "message": "Grüße\nحمص", "ways": ["job"]}


def put(settings: Settings, database: Database, language: str = "de", **answers: object) -> Submission:
    drafts = partial(submission_mails, settings, DEFINITION)
    return store_submission(database, str(uuid.uuid4()), "participation", language, {**ANSWERS, **answers}, drafts, NOW)


def at(moment: datetime.datetime) -> Callable[[], datetime.datetime]:
    """Return a clock that stands still."""
    return lambda: moment


def waiting(database: Database) -> list[sa.RowMapping]:
    with database.read_connection() as connection:
        return list(connection.execute(sa.select(outgoing_mail).order_by(outgoing_mail.c.id)).mappings())


class Post:
    """A real SMTP server that can refuse."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], bytes]] = []
        self.answer = "250 OK"
        self.seen: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.seen.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[attr-defined]
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
    assert {row["next_attempt_at"] for row in rows} == {NOW + RETRY_DELAYS[0]}
    assert "beispiel" not in str(rows[0]["last_error"])
    handler.answer = "250 OK"
    assert deliver_due(database, settings, at(NOW + RETRY_DELAYS[0] - datetime.timedelta(seconds=1))) == 0
    assert deliver_due(database, settings, at(NOW + RETRY_DELAYS[0])) == 2
    assert len(handler.received) == 2


def test_pauses_grow_and_end_with_failed_that_staff_can_see(settings: Settings, database: Database) -> None:
    assert sorted(RETRY_DELAYS) == RETRY_DELAYS
    assert datetime.timedelta(days=4) < sum(RETRY_DELAYS, datetime.timedelta()) < datetime.timedelta(days=7)
    dead = read_settings({"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"})
    put(dead, database)
    now = NOW
    for _ in range(len(RETRY_DELAYS) + 1):
        deliver_due(database, dead, at(now))
        now += datetime.timedelta(days=2)
    assert {row["state"] for row in waiting(database)} == {"failed"}
    assert retry_delay(len(RETRY_DELAYS) + 1) is None


def test_a_worker_that_dies_in_mid_sending_loses_no_mail(settings: Settings, database: Database) -> None:
    put(settings, database)

    def die_before_recording(
        _connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object
    ) -> None:
        if statement.startswith("UPDATE outgoing_mail") and "sent" in parameters:
            raise KeyboardInterrupt

    sa.event.listen(database.engine, "before_cursor_execute", die_before_recording)
    with pytest.raises(KeyboardInterrupt):
        deliver_due(database, settings, at(NOW))
    sa.event.remove(database.engine, "before_cursor_execute", die_before_recording)
    assert deliver_due(database, settings, at(NOW)) == 1, "the other mail is not held up"
    assert deliver_due(database, settings, at(NOW + CLAIM_TIMEOUT)) == 1, "the interrupted one comes again"
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
    from core.gettext import gettext

    code = language.code  # type: ignore[attr-defined]
    submission = Submission("n", "KIM-234567", "participation", code, "new", NOW, ANSWERS)
    plans = submission_mails(settings, DEFINITION, submission)
    assert [plan.kind for plan in plans] == ["office", "copy"]
    texts = [sent(compose_mail(settings, submission, plan.kind, plan.recipient)).get_content() for plan in plans]
    confirmed = dataclasses.replace(submission, confirmed_at=NOW)
    full = sent(compose_mail(settings, confirmed, "full-copy", "beispiel@example.org"))
    with use_language(code):
        assert gettext("Thank you. Your answers have arrived.") in texts[1]
        assert gettext("Offer a job") not in texts[1]
        assert gettext("Offer a job") in full.get_content()
    assert full["Content-Language"] == code
    with use_language("de"):
        assert gettext("Offer a job") in texts[0]


def test_an_address_with_an_international_domain_goes_out_in_its_ascii_form(settings: Settings) -> None:
    submission = Submission(
        "n", "KIM-234567", "participation", "de", "new", NOW, {**ANSWERS, "email": "name@münchen.example"}
    )
    _office, copy = submission_mails(settings, DEFINITION, submission)
    assert copy.recipient == "name@xn--mnchen-3ya.example"


def test_an_address_that_no_header_takes_does_not_keep_the_answers_from_the_office(settings: Settings) -> None:
    answers = {**ANSWERS, "email": "=?utf-8?q?x?=@example.org"}  # taken by an earlier version
    submission = Submission("n", "KIM-234567", "participation", "de", "new", NOW, answers)
    message = sent(compose_mail(settings, submission, "office", "office@example.org"))
    assert message["Reply-To"] is None
    assert answers["email"] in message.get_content()


def test_nothing_typed_becomes_a_header(settings: Settings) -> None:
    answers = {**ANSWERS, "company": "A\r\nBcc: x@example.org", "message": "\r\n\r\nBcc: x@example.org"}
    submission = Submission("n", "KIM-234567", "participation", "de", "new", NOW, answers)
    for plan in submission_mails(settings, DEFINITION, submission):
        assert sent(compose_mail(settings, submission, plan.kind, plan.recipient))["Bcc"] is None


BAIT = "Gewinn! https://evil.example/preis"


def everywhere(definition: FormDefinition, text: str) -> dict[str, object]:
    """Return answers with a text wherever a form takes text, and every box ticked."""
    form = definition.form_class()
    answers: dict[str, object] = {}
    for name in definition.field_names():
        field = form[name]
        keys = [key for key in choice_labels(field) if key]
        if isinstance(field, MultiChoiceField):
            answers[name] = keys
        elif keys:
            answers[name] = keys[0]
        else:
            answers[name] = True if isinstance(field, ConsentField) else text
    return {**answers, **({definition.sender_field: "fremd@example.org"} if definition.sender_field else {})}


@pytest.mark.parametrize("confirm", [True, False])
@pytest.mark.parametrize("definition", [d for d in FORMS.values() if d.sender_field], ids=lambda d: d.key)
def test_nothing_that_was_typed_goes_to_an_address_that_nobody_has_confirmed(
    settings: Settings, definition: FormDefinition, confirm: bool
) -> None:
    settings = dataclasses.replace(settings, confirm_email=confirm)
    answers = everywhere(definition, BAIT)
    for code in ("de", "en", "ar"):
        submission = Submission("n", "KIM-234567", definition.key, code, "new", NOW, answers)
        for kind in ("copy", "full-copy"):
            message = sent(compose_mail(settings, submission, kind, "fremd@example.org"))
            text = str(message) + message.get_content()
            assert "evil" not in text
            assert "Gewinn" not in text
            with use_language(code):
                for _field, words in definition.display_rows(answers):
                    long_words = [w for w in words.split("\n") if len(w) > 12]
                    assert not [w for w in long_words if w in message.get_content()]
            assert ("/adresse-bestaetigen/?nr=" in text) is confirm
    confirmed = dataclasses.replace(submission, confirmed_at=NOW)
    assert BAIT in sent(compose_mail(settings, confirmed, "full-copy", "fremd@example.org")).get_content()
    assert BAIT in sent(compose_mail(settings, confirmed, "office", "office@example.org")).get_content()


def test_every_mail_says_who_writes_and_the_receipt_how_to_reach_the_city(settings: Settings) -> None:
    from core.contacts import load_fallback_contact, load_office_contact

    office, switchboard = load_office_contact(), load_fallback_contact()
    assert office is not None
    assert switchboard is not None
    submission = Submission("n", "KIM-234567", "participation", "tr", "new", NOW, ANSWERS)
    for kind in ("office", "copy"):
        message = sent(compose_mail(settings, submission, kind, "beispiel@example.org"))
        (sender,) = message["From"].addresses
        assert (sender.display_name, sender.addr_spec) == (office.name, settings.mail_from)
    text = message.get_content()
    authority = load_site_settings()["municipality"]["authority"]
    phone = office.phone or switchboard.phone  # a municipality may have confirmed none yet
    for words in (office.name, authority, settings.public_url + "tr/", *([str(phone)] if phone else [])):
        assert words in text


def test_the_office_sees_in_the_subject_who_writes_and_finds_the_entry_by_a_link(settings: Settings) -> None:
    submission = Submission("n", "KIM-234567", "participation", "pl", "new", NOW, ANSWERS)
    message = sent(compose_mail(settings, submission, "office", "office@example.org"))
    assert message["Subject"] == "KIM-234567: Als Betrieb mitmachen, Beispielbetrieb"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert f"{settings.public_url}eingang/v/KIM-234567/" in message.get_content()


@pytest.mark.parametrize(
    "company",
    ["A\r\nBcc: x@example.org", "=?utf-8?q?=0ABcc=3A_x?=", "=?utf-8?b?CkJjYzog?= =?utf-8?q?x?=", "x" * 5000, "\u202eneztah",
     "A\u2028B\x0bC", "شركة مثال " * 40, "\ud800", "a" + "\u0301" * 900],
)  # fmt: skip
def test_no_name_breaks_or_bends_the_subject(settings: Settings, company: str) -> None:
    submission = Submission("n", "KIM-234567", "participation", "de", "new", NOW, {**ANSWERS, "company": company})
    message = sent(compose_mail(settings, submission, "office", "office@example.org")) if company != "\ud800" else None
    subject = office_subject(DEFINITION, submission)
    assert subject.startswith("KIM-234567: ")
    assert len(subject) <= MAX_SUBJECT_CHARS
    assert subject.isprintable()
    if message is not None:
        assert message["Subject"].strip() == subject, "folding may put a line end before it (RFC 5322, 2.2.3)"
        assert message["Bcc"] is None


@pytest.mark.parametrize(
    "company", ["فروشگاه می\u200cخواهم", "👨\u200d👩\u200d👧 Hilfe", "👩🏽\u200d🔧 Technik", "ක්\u200dෂ"]
)
def test_a_subject_keeps_what_script_and_emoji_need(settings: Settings, company: str) -> None:
    submission = Submission("n", "KIM-234567", "participation", "fa", "new", NOW, {**ANSWERS, "company": company})
    message = sent(compose_mail(settings, submission, "office", "office@example.org"))
    assert message["Subject"].endswith(company)


def test_a_subject_has_no_joiner_that_nothing_needs(settings: Settings) -> None:
    submission = Submission(
        "n", "KIM-234567", "participation", "de", "new", NOW, {**ANSWERS, "company": "A\u200dB\u200c"}
    )
    assert office_subject(DEFINITION, submission).endswith(", AB")


def test_each_attempt_has_its_own_date_and_the_same_message_id(post: tuple[Post, Settings], database: Database) -> None:
    handler, settings = post
    put(settings, database)
    handler.answer = "451 later"
    deliver_due(database, settings, at(NOW))
    handler.answer = "250 OK"
    later = NOW + datetime.timedelta(hours=3)
    deliver_due(database, settings, at(later))
    first, second = handler.seen[0], handler.seen[2]
    assert first["Message-ID"] == second["Message-ID"]
    assert [message["Date"].datetime for message in (first, second)] == [NOW, later]


@pytest.mark.parametrize(
    ("label", "shown"),
    [("Betrieb", "Betrieb:"), ("Was klappt nicht?", "Was klappt nicht?"), ("Partner von KIM.", "Partner von KIM."),
     ("ما الذي لا يعمل؟", "ما الذي لا يعمل؟"), ("Größe (Personen)", "Größe (Personen):"), ("Kennen Sie „KIM?“", "Kennen Sie „KIM?“"),
     ("Name:", "Name:"), ("Kennen Sie „KIM“", "Kennen Sie „KIM“:"), ("So …", "So …")],
)  # fmt: skip
def test_a_label_that_ends_with_punctuation_gets_no_colon(label: str, shown: str) -> None:
    assert with_colon(label) == shown


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_no_label_in_a_mail_has_two_signs_at_its_end(settings: Settings, language: Language) -> None:
    for definition in FORMS.values():
        submission = Submission(
            "n", "KIM-234567", definition.key, language.code, "new", NOW, everywhere(definition, "x")
        )
        with use_language(language.code):
            text = answers_as_text(definition, submission)
        assert not re.search(r"[?.!؟:]\s*:$", text, re.MULTILINE)


def test_a_language_that_was_given_up_gets_german_and_says_so(settings: Settings) -> None:
    submission = Submission("n", "KIM-234567", "participation", "xx", "new", NOW, ANSWERS)
    assert sent(compose_mail(settings, submission, "copy", "beispiel@example.org"))["Content-Language"] == "de"
