"""Text files that people edit, read in one way: encoding, line ends, and the characters that may be in them.

Pages, data, catalogues and what comes back from translators are all read here, so that checks, translations and
rendering count the same lines and see the same white space. A line ends with ``\\n``, ``\\r\\n`` or ``\\r`` and with nothing else.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from core.findings import Finding
from core.text.characters import shorten_text

UTF8_HINT = "Speichern Sie sie im Editor mit der Kodierung UTF-8."
_WIDE = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip

# Blanks that are no U+0020: no-break, narrow, typographic and ideographic ones (Unicode category Zs).
NON_ASCII_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BLANKS = re.compile(f"[{NON_ASCII_SPACES}]")
_ATTRIBUTES = re.compile(rf"\{{[ \t:{NON_ASCII_SPACES}]*[#.]")
_HASHES = re.compile(rf"#{{1,6}}[ \t{NON_ASCII_SPACES}]+")
_ALL_BLANKS = " \t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

MAX_PAGE_CHARS = 100_000
MAX_PARAGRAPH_CHARS = 20_000
# Python-Markdown and some of our patterns look at each of these signs again for every one before it.
MAX_SIGNS_PER_BLOCK, MAX_SIGNS_PER_PAGE = 300, 5000
_SIGNS = "[]`*_<>{}!&\\"


def decode(data: bytes, shown: str) -> str | Finding:
    """Return the text of a file with plain line ends and without byte order mark, or say that it is not UTF-8."""
    for mark, name in _WIDE:
        if data.startswith(mark):
            return _encoding_finding(shown, 0, f"Die Datei ist nicht als UTF-8 gespeichert, sondern als {name}.")
    zeros = data.count(0)
    if zeros * 3 > len(data):
        return _encoding_finding(shown, 0, "Die Datei ist nicht als UTF-8 gespeichert, sondern als UTF-16.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        begin = before.rfind(b"\n") + 1
        words = data[begin:].split(b"\n", 1)[0].decode("cp1252", "replace").strip()
        hint = f" Ist „{shorten_text(words)}“ gemeint?" if words.isprintable() else ""
        return _encoding_finding(shown, line, f"Die Datei ist nicht als UTF-8 gespeichert.{hint}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding_finding(shown: str, line: int, what: str) -> Finding:
    return Finding(shown, line, what, UTF8_HINT, code="file-encoding")


def read_text(path: Path, shown: str) -> str | Finding:
    """Return the text of a file, or why it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Finding(
            shown, 0, f"Die Datei kann nicht gelesen werden ({error.strerror}).",
            "Prüfen Sie, ob sie eine Datei ist und ob Sie sie lesen dürfen, oder löschen Sie sie.", code="file-unreadable",
        )  # fmt: skip
    return decode(data, shown)


def normalize_newlines(text: str) -> str:
    """Return a text with ``\\n`` at the end of each line, as the checks and the lock file read it."""
    return text.replace("\r\n", "\n")


def normalize_spaces(text: str) -> str:
    """Return a page's text with plain blanks where no reader sees them: around ``{ #id }``, after ``#``, in empty lines.

    Every other no-break blank stays. The text keeps its length, so places in it stay right.
    """
    if _BLANKS.search(text) is None:
        return text
    return "\n".join(_normalize_line(line) if _BLANKS.search(line) else line for line in text.split("\n"))


def _normalize_line(line: str) -> str:
    words = line.rstrip(_ALL_BLANKS)
    if not words:
        return " " * len(line)
    at = words.rfind("{") if words.endswith("}") else -1
    if at >= 0 and _ATTRIBUTES.match(words, at):
        before = line[:at].rstrip(_ALL_BLANKS)
        line = before + " " * (at - len(before)) + _BLANKS.sub(" ", line[at:])
    if hashes := _HASHES.match(line):
        line = _BLANKS.sub(" ", hashes[0]) + line[hashes.end() :]
    return line


def page_text(data: bytes, shown: str = "") -> str | Finding:
    """Return a page's text as checks, translations and rendering read it; see :func:`decode` and :func:`normalize_spaces`."""
    text = decode(data, shown)
    return text if isinstance(text, Finding) else normalize_spaces(text)


def read_page(path: Path) -> str:
    """Return the text of a page that the checks have read before.

    :raises OSError: if it cannot be read.
    :raises UnicodeError: if it is not UTF-8.
    """
    text = page_text(path.read_bytes(), path.name)
    if isinstance(text, Finding):
        raise UnicodeError(str(text))
    return text


def size_finding(text: str, shown: str) -> Finding | None:
    """Return a finding if a page is larger than any reader takes, or made so that rendering it takes minutes."""
    if len(text) > MAX_PAGE_CHARS:
        return Finding(shown, 0, f"Die Seite hat {len(text)} Zeichen.", f"Erlaubt sind {MAX_PAGE_CHARS}. Teilen Sie sie auf.",
                       code="page-size")  # fmt: skip
    if len(text) <= MAX_SIGNS_PER_BLOCK:
        return None
    for sign in _SIGNS:
        if text.count(sign) > MAX_SIGNS_PER_PAGE:
            return _sign_finding(shown, 0, "In der Seite", text, sign)
    at = 0
    for block in text.split("\n\n"):
        line = text.count("\n", 0, at) + 1 if len(block) > MAX_SIGNS_PER_BLOCK else 0
        if len(block) > MAX_PARAGRAPH_CHARS:
            return Finding(shown, line, f"Ein Absatz mit {len(block)} Zeichen.", "Teilen Sie ihn mit leeren Zeilen auf.",
                           code="page-size")  # fmt: skip
        for sign in _SIGNS if line else "":
            if block.count(sign) > MAX_SIGNS_PER_BLOCK:
                return _sign_finding(shown, line, "In einem Absatz", block, sign)
        at += len(block) + 2
    return None


def _sign_finding(shown: str, line: int, where: str, text: str, sign: str) -> Finding:
    return Finding(shown, line, f"{where} steht {text.count(sign)}-mal das Zeichen {sign}.",
                   "Löschen Sie, was dort nicht hingehört.", code="page-size")  # fmt: skip
