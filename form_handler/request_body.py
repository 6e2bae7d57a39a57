"""Parse request bodies; errors become messages for the person."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.datastructures import MultiDict

from core.gettext import gettext as _
from form_handler.forms import FormDefinition
from form_handler.spam import HONEYPOT_FIELD

MAX_BODY_BYTES = 512 * 1024
MAX_DRAIN_BYTES = 8 * 1024 * 1024
MAX_FIELDS = 500
INTERNAL_FIELDS = {"csrf_token", "_stamp", "_number", "_change", HONEYPOT_FIELD}


@dataclass
class FormBody:
    """A request's body as pairs.

    :ivar pairs: field name to values, as sent.
    :ivar errors: messages about the body as a whole, in the current language.
    :ivar too_large: whether the body was over the limit; then ``pairs`` holds its first part.
    :ivar unsupported_media_type: whether the body was no form at all.
    """

    pairs: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: list[str] = field(default_factory=list)
    too_large: bool = False
    unsupported_media_type: bool = False

    def internal_field(self, name: str) -> str:
        """Return an internal field, empty if it was not sent."""
        return self.pairs.get(name, "")


def parse_request_body(request: Request, definition: FormDefinition) -> FormBody:
    """Parse the body of a form request; no input raises an exception."""
    incoming = FormBody()
    if request.mimetype != "application/x-www-form-urlencoded":
        incoming.unsupported_media_type = True
        drain_request(request)
        return incoming
    body = request.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        incoming.too_large = True
        body = body[:MAX_BODY_BYTES]
        drain_request(request)
    pieces = body.split(b"&", MAX_FIELDS)  # counted before they are read: half a megabyte of "&" is half a million
    if len(pieces) > MAX_FIELDS:
        incoming.too_large = True
    pairs, is_utf8 = parse_urlencoded(b"&".join(pieces[:MAX_FIELDS]))
    if not is_utf8:
        incoming.errors.append(_("Some characters did not arrive as they should. Please check your answers."))
    known = INTERNAL_FIELDS.union(definition.field_names())
    unknown = sorted({name for name, _value in pairs} - known)
    if unknown:
        names = ", ".join(name[:40] for name in unknown[:5])
        incoming.errors.append(
            _(
                "The form contained fields that we do not recognise (%(names)s). We left them out. Please check your answers.",
                names=names,
            )
        )
    incoming.pairs = MultiDict((name, value) for name, value in pairs if name in known)
    return incoming


def parse_urlencoded(body: bytes) -> tuple[list[tuple[str, str]], bool]:
    """Return the pairs of a form's body, and whether all of it was UTF-8, escaped or not (WHATWG URL, 5.1).

    Bytes that are not UTF-8 become replacement characters, so that the rest of an answer is not lost.
    """
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"), True
    except UnicodeDecodeError:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"), False


def drain_request(request: Request) -> None:
    """Read up to :data:`MAX_DRAIN_BYTES`, so that the browser receives the response."""
    left = MAX_DRAIN_BYTES
    while left > 0:
        chunk = request.stream.read(min(left, 65536))
        if not chunk:
            return
        left -= len(chunk)
