"""The conversation with a mail server, on a real socket: how long each step may take, and when a mail has gone."""

from __future__ import annotations

import contextlib
import datetime
import smtplib
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.mail.transport import Timeouts, UnconfirmedDeliveryError, send_by_smtp, smtp_transport
from form_handler.settings import Settings, read_settings
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import store_submission
from form_handler.storage.tables import outgoing_mail
from form_handler.worker import delivery
from form_handler.worker.delivery import CLAIM_TIMEOUT, RETRY_DELAYS, UNCLEAR_RETRY_DELAY, deliver_due
from tests.conftest import PATIENCE

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
# Where a server falls silent, and how it hangs up.
SILENT, HANG_UP = "silent", "hang up"


class SmallServer:
    """An SMTP server that gives the answers it is told; ``SILENT`` waits for the client to leave."""

    def __init__(self, **answers: str) -> None:
        self.answers = {
            "greeting": "220 small", "EHLO": "250 small", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go",
            "end": "250 queued", "QUIT": "221 bye", **answers,
        }  # fmt: skip
        self.received: list[bytes] = []
        self.commands: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _address = self.listener.accept()
                with line, line.makefile("rwb", buffering=0) as talk, contextlib.suppress(OSError):
                    self._talk(talk)

    def _talk(self, talk: Any) -> None:
        if not self._answer(talk, "greeting"):
            return
        while command := talk.readline():
            verb = command[:4].decode().upper()
            self.commands.append(verb)
            if not self._answer(talk, verb):
                return
            if verb == "DATA" and self.answers["DATA"].startswith("354"):
                lines = []
                while (one := talk.readline()) not in {b".\r\n", b""}:
                    lines.append(one[1:] if one.startswith(b".") else one)
                self.received.append(b"".join(lines))
                if not self._answer(talk, "end"):
                    return

    def _answer(self, talk: Any, step: str) -> bool:
        answer = self.answers.get(step, "250 ok")
        if answer == SILENT:
            while talk.read(1):
                pass
            return False
        if answer == HANG_UP:
            return False
        talk.write(answer.encode() + b"\r\n")
        return True

    def close(self) -> None:
        """Stop listening."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def server_with() -> Iterator[Callable[..., SmallServer]]:
    """Make servers that are closed at the end."""
    made: list[SmallServer] = []

    def make(**answers: str) -> SmallServer:
        made.append(SmallServer(**answers))
        return made[-1]

    yield make
    for server in made:
        server.close()


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "kim@example.org"
    message.set_content("eins\n.zwei\n..\n.\ndrei", cte="quoted-printable")
    return message


# Seconds that a client waits for a server that falls silent. No other step of the conversation is hurried: an answer that
# comes late on a busy machine is none that does not come.
SOON = 0.2
send = partial(send_by_smtp, sender="kim@example.org", recipient="beispiel@example.org", message=mail())


def test_each_step_may_take_as_long_as_the_standard_says(
    server_with: Callable[..., SmallServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5321, 4.5.3.2: the least a client must wait for each answer."""
    waits: list[float | None] = []
    get = smtplib.SMTP.getreply

    def watched(self: smtplib.SMTP) -> tuple[int, bytes]:
        assert self.sock is not None
        waits.append(self.sock.gettimeout())
        return get(self)

    monkeypatch.setattr(smtplib.SMTP, "getreply", watched)
    server = server_with()
    send(server.url)
    assert server.commands == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    greeting, ehlo, command, recipient, data, end, _quit = waits
    assert greeting is not None
    assert greeting >= 300
    assert min(w or 0 for w in (ehlo, command, recipient)) >= 300
    assert data is not None
    assert data >= 120
    assert end is not None
    assert end >= 600


def test_no_other_worker_takes_a_mail_while_the_slowest_server_is_at_it() -> None:
    assert CLAIM_TIMEOUT.total_seconds() > Timeouts().longest > 600


def test_lines_that_begin_with_a_dot_arrive_as_they_were(server_with: Callable[..., SmallServer]) -> None:
    server = server_with()
    send(server.url)
    assert server.received[0].endswith(b"eins\r\n.zwei\r\n..\r\n.\r\ndrei\r\n")


@pytest.mark.parametrize("answer", ["221 bye", "421 too busy", "250 ok", "500 what", "nonsense", SILENT, HANG_UP])
def test_after_the_final_250_nothing_at_quit_is_a_failure(
    server_with: Callable[..., SmallServer], settings: Settings, database: Database,
    monkeypatch: pytest.MonkeyPatch, answer: str,
) -> None:  # fmt: skip
    server = server_with(QUIT=answer)
    put(server, settings, database, monkeypatch, Timeouts(quit=SOON if answer == SILENT else PATIENCE))
    assert states(database) == [("sent", 1), ("sent", 1)]
    assert len(server.received) == 2
    deliver_due(database, with_server(settings, server), lambda: NOW + datetime.timedelta(days=9))
    assert len(server.received) == 2, "nothing goes twice"


@pytest.mark.parametrize("end", [SILENT, HANG_UP])
def test_a_server_that_does_not_answer_the_final_dot_gets_an_hour_before_the_mail_comes_again(
    server_with: Callable[..., SmallServer], settings: Settings, database: Database,
    monkeypatch: pytest.MonkeyPatch, end: str,
) -> None:  # fmt: skip
    server = server_with(end=end)
    timeouts = Timeouts(end=SOON if end == SILENT else PATIENCE)
    with pytest.raises(UnconfirmedDeliveryError):
        send(server.url, timeouts=timeouts)
    put(server, settings, database, monkeypatch, timeouts)
    assert states(database) == [("waiting", 1), ("waiting", 1)]
    with database.read_connection() as connection:
        rows = connection.execute(sa.select(outgoing_mail)).all()
    assert {(row.last_error, row.next_attempt_at) for row in rows} == {
        ("UnconfirmedDeliveryError", NOW + UNCLEAR_RETRY_DELAY)
    }
    assert RETRY_DELAYS[0] < UNCLEAR_RETRY_DELAY
    server.answers["end"] = "250 queued"
    deliver_due(database, with_server(settings, server), lambda: NOW + UNCLEAR_RETRY_DELAY)
    first, second = [row.split(b"Message-ID: ")[1].split(b"\r\n")[0] for row in server.received[1:]][::2]
    assert first == second, "a mail that came twice can be told"


@pytest.mark.parametrize(
    ("step", "answer"),
    [("greeting", "554 no"), ("MAIL", "451 later"), ("RCPT", "550 no such user"), ("DATA", "452 full"), ("end", "554 spam"),
     ("end", "421 closing"), ("MAIL", HANG_UP), ("DATA", HANG_UP)],
)  # fmt: skip
def test_what_a_server_refuses_waits_and_comes_again_once_it_takes_it(
    server_with: Callable[..., SmallServer], settings: Settings, database: Database,
    monkeypatch: pytest.MonkeyPatch, step: str, answer: str,
) -> None:  # fmt: skip
    server = server_with(**{step: answer})
    put(server, settings, database, monkeypatch, Timeouts())
    assert states(database) == [("waiting", 1), ("waiting", 1)]
    before = len(server.received)
    server.answers |= {"greeting": "220 x", "MAIL": "250 x", "RCPT": "250 x", "DATA": "354 x", "end": "250 x"}
    assert deliver_due(database, with_server(settings, server), lambda: NOW + RETRY_DELAYS[0]) == 2
    assert len(server.received) == before + 2


def test_a_mail_that_has_gone_is_noted_even_if_the_database_is_busy_for_a_while(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(settings, database)
    change, moments = delivery.update_claimed, iter([False, True, True, True])

    def busy(connection: sa.Connection, identity: int, **values: object) -> None:
        if values["state"] == "sent" and next(moments, False):
            raise DatabaseBusyError("the line of writers does not move")
        change(connection, identity, **values)

    monkeypatch.setattr(delivery, "update_claimed", busy)
    monkeypatch.setattr(delivery, "RECORD_RETRY_SECONDS", 0.0)
    assert deliver_due(database, settings, lambda: NOW) == 2
    assert states(database) == [("sent", 1), ("sent", 1)]


def with_server(settings: Settings, server: SmallServer) -> Settings:
    """Return settings that name a server."""
    return read_settings({"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": server.url})


def plan(settings: Settings, database: Database) -> None:
    """Store a submission with its two mails."""
    answers = {"company": "Beispielbetrieb", "email": "beispiel@example.org"}
    drafts = partial(submission_mails, settings, FORMS["participation"])
    store_submission(database, str(uuid.uuid4()), "participation", "de", answers, drafts, NOW)


def put(
    server: SmallServer, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, timeouts: Timeouts
) -> None:
    """Store a submission and try its mails once."""
    plan(settings, database)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "smtp_transport", partial(smtp_transport, timeouts=timeouts))
        deliver_due(database, with_server(settings, server), lambda: NOW)


def states(database: Database) -> list[tuple[str, int]]:
    """Return state and attempts of each mail."""
    with database.read_connection() as connection:
        query = sa.select(outgoing_mail.c.state, outgoing_mail.c.attempts).order_by(outgoing_mail.c.id)
        return [(row.state, row.attempts) for row in connection.execute(query)]
