"""The QR code of a page's address, for paper: whoever holds the print finds the page and its present state."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup
from zxingcpp import BarcodeFormat, create_barcode

_DARK = re.compile(rb"\x00+")


@functools.lru_cache(maxsize=4096)  # what is not translated has the German page's address in every language
def qr_svg(address: str) -> Markup:
    """Return the code as inline SVG, which needs no request and prints sharply; about half a kilobyte, compressed.

    Level M survives a crease; the quiet zone around it (ISO/IEC 18004, four modules) is the stylesheet's affair.
    """
    code: Any = create_barcode(address, BarcodeFormat.QRCode, ec_level="M")
    picture: memoryview = memoryview(code.to_image(scale=1, add_quiet_zones=False))
    width, height = picture.shape or (0, 0)
    return Markup('<svg viewBox="0 0 {} {}"><path stroke="#000" d="{}"/></svg>').format(
        width, height, "".join(strokes(bytes(picture), width))
    )


def strokes(modules: bytes, width: int) -> Iterator[str]:
    """Yield one stroke for each run of dark modules, as commands of an SVG path; the first one is absolute.

    :param modules: one byte for each module, row after row; 0 is dark.
    """
    rows = b"\xff".join([modules[at : at + width] for at in range(0, len(modules), width)])  # a run ends with its row
    x, y = 0, -1
    for run in _DARK.finditer(rows):
        row, begin = divmod(run.start(), width + 1)
        end = begin + run.end() - run.start()
        yield f"m{begin - x} {row - y}h{end - begin}" if y >= 0 else f"M{begin} {row}.5h{end - begin}"
        x, y = end, row
