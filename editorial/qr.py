"""The QR code of a page's address, for paper: whoever holds the print finds the page and its present state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import segno
from markupsafe import Markup

_DARK = re.compile(rb"\x01+")


def qr_svg(address: str) -> Markup:
    """Return the code as inline SVG, which needs no request and prints sharply; about half a kilobyte, compressed.

    Level M survives a crease; the quiet zone around it (ISO/IEC 18004, four modules) is the stylesheet's affair.
    """
    # Any of the eight masks can be read; weighing them against each other would take nine tenths of the time.
    code = segno.make_qr(address, error="m", mask=2)
    width, height = code.symbol_size(border=0)
    return Markup('<svg viewBox="0 0 {} {}"><path stroke="#000" d="{}"/></svg>').format(
        width, height, "".join(strokes(code.matrix))
    )


def strokes(matrix: Iterable[bytes | bytearray]) -> Iterator[str]:
    """Yield one stroke for each run of dark modules, as commands of an SVG path; the first one is absolute.

    segno's own writer gives the same picture module by module, in four times the time.
    """
    x, y = 0, 0
    for row, modules in enumerate(matrix):
        for run in _DARK.finditer(modules):
            begin, end = run.span()
            yield f"m{begin - x} {row - y}h{end - begin}" if (x or y) else f"M{begin} {row}.5h{end - begin}"
            x, y = end, row
