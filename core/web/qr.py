"""The QR code of a page's address, for paper: from a print to the page and its present state."""

import functools
from typing import Any

from markupsafe import Markup
from zxingcpp import BarcodeFormat, create_barcode

MAX_RUN = 8  # modules in one stroke or gap; the few longer runs are two


@functools.lru_cache(maxsize=4096)  # an untranslated page has the German page's address in every language
def qr_svg(address: str) -> Markup:
    """Return the code as inline SVG, which needs no request and prints sharply; about half a kilobyte, compressed.

    Level M survives a crease; the quiet zone around it (ISO/IEC 18004, four modules) is the stylesheet's affair.
    """
    code: Any = create_barcode(address, BarcodeFormat.QRCode, ec_level="M")
    picture: memoryview = memoryview(code.to_image(scale=1, add_quiet_zones=False))
    width, height = picture.shape or (0, 0)
    return Markup('<svg viewBox="0 0 {} {}"><path stroke="#000" d="{}"/></svg>').format(
        width, height, svg_path(bytes(picture), width)
    )


def svg_path(modules: bytes, width: int) -> str:
    """Return the dark modules as an SVG path: svg_path and gaps, row after row.

    A code has some three hundred runs, and every page a code: bytes are replaced in a fifth of the time that a loop takes.

    :param modules: one byte for each module, row after row: 0 is dark, 255 is light.
    """
    path = b"\n".join(modules[at : at + width] for at in range(0, len(modules), width))
    for length in range(MAX_RUN, 0, -1):
        path = path.replace(b"\x00" * length, b"h%d" % length).replace(b"\xff" * length, b"m%d 0" % length)
    return "M0 .5" + path.replace(b"\n", b"m-%d 1" % width).decode()
