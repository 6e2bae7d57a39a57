"""gettext for templates and Python, from the catalogs ``core/locale/*.po``.

The message ids are English sentences. English has no catalog; every other language has a complete one, which
``kim check`` verifies.
"""

from __future__ import annotations

import contextlib
import functools
import gettext as stdlib_gettext
import hashlib
import io
import struct
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.support import LazyProxy

from core.files import write_file
from core.languages import default_language
from core.overlay import CITY
from core.project import ROOT

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALE_DIR = Path(__file__).resolve().parent / "locale"
SOURCE_LANGUAGE = "en"
# The staff area has a domain of its own and fewer languages than the site.
STAFF_LOCALE_DIR = LOCALE_DIR / "office"
STAFF_LANGUAGES = ("de", "en")
OWN_LOCALE_DIR = ROOT / CITY / "locale"  # languages that only the municipality has

_current_language: ContextVar[str | None] = ContextVar("language", default=None)


# Catalogs beside the pages that are edited in the browser, where they are other files than those of the program.
_edited_dirs: tuple[Path, ...] = ()


def use_catalogs(docs: Path) -> None:
    """Take the words of the catalogs beside a folder of pages from now on, and read all of them again.

    A sentence that they do not have is taken from the program's own.
    """
    global _edited_dirs
    folders = [(docs.parent / "core" / "locale", LOCALE_DIR), (docs.parent / CITY / "locale", OWN_LOCALE_DIR)]
    _edited_dirs = tuple(folder for folder, known in folders if folder.is_dir() and folder.resolve() != known.resolve())
    load_catalog.cache_clear()


def catalog_path(code: str) -> Path:
    """Return the catalog of a language: the shared one, or that of the municipality for a language that only it has."""
    own, shared = OWN_LOCALE_DIR / f"{code}.po", LOCALE_DIR / f"{code}.po"
    return own if own.exists() and not shared.exists() else shared


@functools.lru_cache
def load_catalog(code: str) -> stdlib_gettext.NullTranslations:
    """Return the catalog of a language, an empty one for English.

    The catalog of the staff area, where the language has one, is its fallback.

    :raises FileNotFoundError: if a language of the table has no catalog.
    """
    if code == SOURCE_LANGUAGE:
        return stdlib_gettext.NullTranslations()
    edited = [path for folder in _edited_dirs if (path := folder / f"{code}.po").is_file()]
    catalog = compile_catalog(edited[0] if edited else catalog_path(code), code)
    if edited and catalog_path(code).is_file():
        catalog.add_fallback(compile_catalog(catalog_path(code), code))
    if code in STAFF_LANGUAGES:
        catalog.add_fallback(compile_catalog(STAFF_LOCALE_DIR / f"{code}.po", code))
    return catalog


def compile_catalog(path: Path, code: str) -> stdlib_gettext.GNUTranslations:
    """Return a catalog, compiled once per content into ``__pycache__``.

    :raises ContentError: if the file is not UTF-8 or not a PO file.
    """
    text = path.read_bytes()
    cached = path.parent / "__pycache__" / f"{path.stem}.{hashlib.sha256(text).hexdigest()[:16]}.mo"
    try:
        return stdlib_gettext.GNUTranslations(io.BytesIO(cached.read_bytes()))
    except (OSError, UnicodeDecodeError, struct.error):  # not there, or not whole
        pass
    from babel.messages.mofile import write_mo  # late: it takes as long as reading all catalogs

    compiled = io.BytesIO()
    write_mo(compiled, read_catalog(path, code))
    with contextlib.suppress(OSError):  # a folder that nobody may write to; that of the pages holds nothing of ours
        if path.parent in _edited_dirs:
            raise OSError
        cached.parent.mkdir(exist_ok=True)
        for old in cached.parent.glob(f"{path.stem}.*.mo"):
            old.unlink(missing_ok=True)
        write_file(cached, compiled.getvalue(), durable=False)
    compiled.seek(0)
    return stdlib_gettext.GNUTranslations(compiled)


def shown_catalog(path: Path) -> str:
    """Return the name of a catalog in messages."""
    if path.is_relative_to(OWN_LOCALE_DIR):
        return f"{CITY}/locale/{path.name}"
    return f"core/locale/{path.relative_to(LOCALE_DIR).as_posix() if path.is_relative_to(LOCALE_DIR) else path.name}"


def read_catalog(path: Path, code: str) -> Catalog:
    """Return a catalog.

    :raises ContentError: if the file is not UTF-8 or not a PO file.
    """
    from babel.messages.pofile import PoFileError, read_po

    from core.findings import ContentError, Finding  # late: the server reads catalogs and makes no findings
    from core.text.text_files import read_text

    text = read_text(path, shown_catalog(path))
    if isinstance(text, Finding):
        raise ContentError([text])
    try:
        return read_po(io.BytesIO(text.encode()), locale=code)
    except (PoFileError, ValueError, LookupError) as error:
        remedy = "Holen Sie sie aus der Versionsgeschichte zurück."
        raise ContentError([Finding(shown_catalog(path), 0, f"Die Datei ist beschädigt ({error}).", remedy)]) from error


def catalogs_digest() -> str:
    """Return a digest of all catalogs of the site."""
    digest = hashlib.sha256()
    for folder in (LOCALE_DIR, OWN_LOCALE_DIR, *_edited_dirs):
        for path in sorted(folder.glob("*.po")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


@contextlib.contextmanager
def use_language(code: str) -> Iterator[None]:
    """Set the current language inside the ``with`` block, in this context only."""
    token = _current_language.set(code)
    try:
        yield
    finally:
        _current_language.reset(token)


def current_language_code() -> str:
    """Return the code of the current language; the default language outside :func:`use_language`."""
    return _current_language.get() or default_language().code


def gettext(message: str, /, **values: Any) -> str:
    """Return the message in the current language, its ``%(name)s`` placeholders filled with values."""
    translated = load_catalog(current_language_code()).gettext(message) if message else ""
    return translated % values if values else translated


def ngettext(singular: str, plural: str, n: int, /, **values: Any) -> str:
    """Return the form of the message that fits the number ``n``, which also fills ``%(num)s``."""
    translated = load_catalog(current_language_code()).ngettext(singular, plural, n)
    return translated % {"num": n, **values}


def lazy_gettext(message: str, **values: Any) -> Any:
    """Return the message as a string that is looked up when it is shown; typed as Any because WTForms expects ``str``."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


def set_language(code: str) -> None:
    """Set the current language in this context from here on; the build does so once per language."""
    _current_language.set(code)
