"""Hand mails to an SMTP server or write them as files; timeouts of each SMTP step, and when a mail counts as accepted."""

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass, fields
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from core.files import make_folder, write_file
from form_handler.settings import Settings

# Every line that begins with a dot gets one more (RFC 5321, 4.5.2).
LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Timeouts:
    """How long a server may take for each step, in seconds (RFC 5321, 4.5.3.2); ``end`` is the answer to the final dot.

    The answer to QUIT changes nothing any more, so it is not waited for as long as the standard allows.
    """

    greeting: float = 300
    command: float = 300
    start: float = 120
    block: float = 180
    end: float = 600
    quit: float = 5

    @property
    def longest(self) -> float:
        """Return how long one mail can take: greeting, EHLO twice, STARTTLS, AUTH in three steps, MAIL, RCPT, DATA."""
        return float(sum(getattr(self, step.name) for step in fields(self)) + 7 * self.command)


class Transport(Protocol):
    """Delivers a mail, or raises."""

    def __call__(self, recipient: str, message: EmailMessage, name: str) -> None:
        """Deliver it; ``name`` is the name of its file where no server takes it."""


class UnconfirmedDeliveryError(Exception):
    """The whole message was sent, and the server did not confirm it."""


def send_by_smtp(url: str, sender: str, recipient: str, message: EmailMessage, timeouts: Timeouts = Timeouts()) -> None:
    """Hand a mail to the server that an address names (see ``KIM_SMTP_URL``).

    Once the server has answered the final dot with 250 it is responsible for the mail (RFC 5321, 6.1); later
    errors, on QUIT for example, are not failures.

    :raises smtplib.SMTPException: if the server refused it or hung up before the final dot.
    :raises UnconfirmedDeliveryError: if it did not answer the final dot.
    :raises OSError: if there is no connection.
    """
    parts = urlsplit(url)
    port = parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(parts.hostname or "", port, timeout=timeouts.greeting, context=context)
    else:
        server = smtplib.SMTP(parts.hostname or "", port, timeout=timeouts.greeting)
    try:
        _set_timeout(server, timeouts.command)
        if parts.scheme == "smtp+starttls":
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        _transfer(server, sender, recipient, message, timeouts)
    finally:
        _quit(server, timeouts.quit)


def _set_timeout(server: smtplib.SMTP, seconds: float) -> None:
    """Set the timeout of the next steps."""
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("the server hung up")
    server.sock.settimeout(seconds)


def _transfer(server: smtplib.SMTP, sender: str, recipient: str, message: EmailMessage, timeouts: Timeouts) -> None:
    """Do one mail transaction (RFC 5321, 3.3)."""
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(sender)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, answer, sender)
    code, answer = server.rcpt(recipient)
    if code not in {250, 251}:
        raise smtplib.SMTPRecipientsRefused({recipient: (code, answer)})
    _set_timeout(server, timeouts.start)
    code, answer = server.docmd("DATA")
    if code != 354:
        raise smtplib.SMTPDataError(code, answer)
    _set_timeout(server, timeouts.block)
    server.send(LEADING_DOT.sub(b"..", message.as_bytes(policy=SMTP.clone(cte_type="7bit"))))
    _set_timeout(server, timeouts.end)
    try:
        server.send(b".\r\n")
        code, answer = server.getreply()
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise UnconfirmedDeliveryError from error
    if not 200 <= code < 300:
        raise smtplib.SMTPDataError(code, answer)


def _quit(server: smtplib.SMTP, seconds: float) -> None:
    """End the session; errors are ignored."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        _set_timeout(server, seconds)
        server.quit()
    server.close()


def smtp_transport(settings: Settings, timeouts: Timeouts = Timeouts()) -> Transport:
    """Return the transport to the SMTP server of the settings."""

    def send(recipient: str, message: EmailMessage, name: str) -> None:
        send_by_smtp(settings.smtp_url or "", settings.mail_from, recipient, message, timeouts)

    return send


def file_transport(folder: Path) -> Transport:
    """Return the transport that writes each mail as a whole ``.eml`` file."""

    def send(recipient: str, message: EmailMessage, name: str) -> None:
        make_folder(folder)
        write_file(folder / f"{name}.eml", message.as_bytes())

    return send
