"""Reading the body of a form of the staff area: size and kind are checked before anything is parsed."""

from io import BytesIO

from flask import Request
from markupsafe import escape
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import MultiPartParser

from form_handler.request_body import drain_request, parse_urlencoded

# Largest body in bytes, unless a route names another. A character takes at most twelve bytes of a body (RFC 3629,
# percent-encoded).
MAX_BODY_BYTES = 8 * 1024
MAX_FIELDS = 300
# How much larger than the body its values may become when a page shows them, in bytes.
MAX_GROWTH_BYTES = 8 * 1024


def read_form(request: Request, limit: int = MAX_BODY_BYTES) -> MultiDict[str, str]:
    """Return the fields of a form that was sent to a view.

    :param limit: the largest body, in bytes.
    :raises RequestEntityTooLarge: if the body is larger than the limit, has more fields than any form here, or
        would become much larger when shown.
    :raises UnsupportedMediaType: if it is not a form.
    :raises BadRequest: if it is not UTF-8 or breaks off.
    """
    body = _read_at_most(request, limit)
    if not body:
        return MultiDict()
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType
    if body.count(b"&") >= MAX_FIELDS:
        raise RequestEntityTooLarge
    pairs, is_utf8 = parse_urlencoded(body)
    if not is_utf8:
        raise BadRequest
    if sum(len(escape(value).encode("utf-8", "replace")) for _name, value in pairs) > len(body) + MAX_GROWTH_BYTES:
        raise RequestEntityTooLarge
    return MultiDict(pairs)


def read_uploads(request: Request, limit: int) -> tuple[MultiDict[str, str], dict[str, bytes]]:
    """Return the fields and the files of a form with files; one without is read like any other.

    :param limit: the largest body, in bytes.
    :raises RequestEntityTooLarge: see :func:`read_form`; also if a field, or the number of parts, is larger than here.
    :raises BadRequest: if it is incomplete, or not such a form.
    """
    if request.mimetype != "multipart/form-data":
        return read_form(request, min(limit, MAX_BODY_BYTES)), {}
    body = _read_at_most(request, limit)
    boundary = request.mimetype_params.get("boundary", "")
    try:
        parser = MultiPartParser(max_form_memory_size=64 * 1024, max_form_parts=50)
        form, files = parser.parse(BytesIO(body), boundary.encode("ascii"), len(body))
    except (ValueError, UnicodeError) as error:
        raise BadRequest from error
    found = {}
    for name, one in files.items(multi=True):
        with one.stream:
            found[name] = one.stream.read()
    return MultiDict(form.items(multi=True)), found


def _read_at_most(request: Request, limit: int) -> bytes:
    """Return the body.

    :raises RequestEntityTooLarge: if it has more bytes than that; the rest is read and dropped.
    """
    if (request.content_length or 0) <= limit:
        body = _read(request, limit + 1)
        if len(body) <= limit:
            return body
    drain_request(request)
    raise RequestEntityTooLarge


def _read(request: Request, size: int) -> bytes:
    """Return at most ``size`` bytes; a raw stream may return fewer than asked for."""
    parts: list[bytes] = []
    while size > 0 and (part := request.stream.read(min(size, 65536))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
