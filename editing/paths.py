"""Names of files as drafts, publications and the database store them: below ``docs/``, or in ``city/`` with that in front.

``de/kontakt.md`` is ``docs/de/kontakt.md``; ``city/docs/de/kontakt.md`` is the page of the municipality in its place;
``core/locale/uk.po`` is the catalog of the interface's words beside ``docs/``.
"""

import base64
from pathlib import Path

from core.overlay import CITY, CITY_PAGES, file_of, written_page

PICTURE = ".webp"
CATALOGS = "core/locale"
# Paths with these prefixes are relative to the top of the project, all others to ``docs/``.
TOPS = (f"{CITY}/", f"{CATALOGS}/")


def file_name(docs: Path, code: str, key: str) -> str:
    """Return the name of the file that takes changes of a page in a language, see :func:`core.overlay.written_page`."""
    return written_page(docs, code, key).removeprefix("docs/")


def shown_name(name: str) -> str:
    """Return a name as messages show it, from the top of the project."""
    return name if name.startswith(TOPS) else f"docs/{name}"


def file_path(docs: Path, name: str) -> Path:
    """Return the file of a name."""
    return docs.parent / name if name.startswith(CATALOGS) else file_of(docs, shown_name(name))


def split_name(name: str) -> tuple[str, str]:
    """Return language and key of the page that a name means; the key is empty for a file that is not a page."""
    code, _slash, rest = name.removeprefix(f"{CITY_PAGES}/").partition("/")
    return code, rest.removesuffix(".md") if rest.endswith(".md") else ""


def repository_name(prefix: str, name: str) -> str:
    """Return a name as git has it, for the folder ``docs/`` of a checkout as git names it."""
    return prefix.removesuffix("docs/") + shown_name(name) if prefix.endswith("docs/") else prefix + name


def own_name(prefix: str, path: str) -> str | None:
    """Return the name of a file that git names, None if it is neither below ``docs/`` nor in ``city/``."""
    top = prefix.removesuffix("docs/")
    if path.startswith(prefix):
        return path.removeprefix(prefix)
    return path.removeprefix(top) if path.startswith(tuple(top + one for one in TOPS)) else None


def decode_file(name: str, data: bytes) -> str:
    """Return a file as drafts and publications store it: its text, of a picture its bytes in Base64 (RFC 4648).

    :raises UnicodeDecodeError: if a text is not UTF-8.
    """
    return base64.b64encode(data).decode() if name.endswith(PICTURE) else data.decode("utf-8")


def encode_file(name: str, text: str) -> bytes:
    """Return the bytes of a file on disk; see :func:`decode_file`."""
    return base64.b64decode(text) if name.endswith(PICTURE) else text.encode()
