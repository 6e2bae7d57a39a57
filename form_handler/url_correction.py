"""Correct typed, copied and abbreviated paths."""

import re
from collections.abc import Callable
from posixpath import normpath
from urllib.parse import quote

from form_handler.forms.cleaning import to_nfc

# Characters that a path segment holds as they are (RFC 3986, 3.3), but for ";", whose parameters we drop.
PATH_SAFE = "/~!$&'()*+,=:@"
QUERY_SAFE = "%/?:@!$&'()*+,;=-._~[]|"
_PARAMETERS = re.compile(r";[^/]*")
_INDEX = re.compile(r"/index\.html?$", re.IGNORECASE)
# Punctuation of a mail or a sentence at the end of an address.
_TRAILING = " \t\n\r\u00a0.,;:!?)]}>\"'»«“”„‘’…"


def find_canonical_path(path: str, exists: Callable[[str], bool]) -> str | None:
    """Return the existing path that a path probably means; None if there is none, or if it exists itself.

    Ignored are doubled slashes, dot segments, parameters, ``index.html``, a missing or superfluous trailing slash, upper case, decomposed
    letters and punctuation at the end.

    :param path: decoded.
    :param exists: whether an address is one of ours. Only existing paths are returned, so it is not an open redirect.
    """
    if "\\" in path or "\0" in path or exists(path):
        return None
    plain = normpath("/" + to_nfc(_PARAMETERS.sub("", path)).lstrip("/"))
    plain = _INDEX.sub("/", plain)
    for one in (plain, plain.rstrip(_TRAILING)):
        stem = one.rstrip("/")
        for address in (f"{stem}/", stem, f"{stem.lower()}/", stem.lower()):
            if address and exists(address):
                return address
    return None


def location_header(address: str, query: str) -> str:
    """Return an address of ours as a ``Location`` header holds it: relative to this host, escaped, with its query.

    :param query: raw, as WSGI has it.
    """
    path = quote("/" + address.lstrip("/"), safe=PATH_SAFE)
    return f"{path}?{quote(query.encode('latin-1', 'replace'), safe=QUERY_SAFE)}" if query else path
