"""PO files of the same units: the place is the context, unfinished units are ``fuzzy``."""

import codecs
import io
from collections.abc import Iterable

from babel.messages.pofile import PoFileError, escape, read_po

from editorial.translations.units import Unit
from editorial.translations.xliff import (
    ExchangeError,
    ReturnedSegment,
    format_note,
    parse_segment_id,
    parse_target_hash,
)


def write_po(pages: Iterable[tuple[str, list[Unit]]], source: str, target: str) -> str:
    """Return one file for a translator; ``pages`` are paths of files with their units."""
    head = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "MIME-Version": "1.0",
        "Language": target,
    }
    out = [
        'msgid ""\nmsgstr ""\n' + "".join(f'{escape(f"{name}: {value}")[:-1]}\\n"\n' for name, value in head.items())
    ]
    for path, rows in pages:
        german = path.replace(f"docs/{target}/", f"docs/{source}/", 1)
        out += [_write_unit(german, row) for row in rows]
    return "\n".join(out)


def _write_unit(german: str, unit: Unit) -> str:
    flag = "#, fuzzy\n" if unit.need == "stale" and unit.target else ""
    return (
        f"#. {format_note(unit)}\n#: {german}:{unit.line}\n{flag}"
        f"msgctxt {escape(unit.id)}\nmsgid {escape(unit.source)}\nmsgstr {escape(unit.target)}\n"
    )


def parse_po(data: bytes) -> list[ReturnedSegment]:
    """Return the units of a PO file.

    :raises ExchangeError: if it is not a PO file.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = data.decode("utf-16").encode()
        catalog = read_po(io.BytesIO(data.removeprefix(codecs.BOM_UTF8)), abort_invalid=True)
    except PoFileError as error:
        raise ExchangeError(
            getattr(error, "lineno", 0) or 0, "Die Datei ist keine gültige PO-Datei.",
            "Lassen Sie sie vom Übersetzungsprogramm noch einmal als PO speichern.",
        ) from error  # fmt: skip
    except (ValueError, LookupError, UnicodeError) as error:
        raise ExchangeError(0, "Die Datei lässt sich nicht lesen.", "Speichern Sie sie als PO in UTF-8.") from error
    language = dict(catalog.mime_headers).get("Language", "")
    return [
        ReturnedSegment(
            parse_segment_id(message.context or "", " ".join([*message.auto_comments, *message.user_comments])),
            message.lineno or 0,
            language,
            str(message.id),
            str(message.string or ""),
            parse_target_hash(" ".join([*message.auto_comments, *message.user_comments])),
        )
        for message in catalog
        if message.id
    ]
