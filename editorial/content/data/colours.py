"""The colours of a municipality: ``city/data/colours.yml`` replaces colours of the palette, if they can be read.

Text and signs keep their contrast in both schemes (WCAG 2.2, 1.4.3 and 1.4.11); a colour that does not is an error.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from core.findings import ContentError, Finding, closest_match
from core.overlay import CITY
from core.project import ROOT
from core.text import yaml
from editorial.content.data_file import read_data_file
from editorial.content.schema import StrictStruct

FILE = f"{CITY}/data/colours.yml"
PALETTE = "overrides/assets/css/palette.css"
TEXT, SIGN = 4.5, 3.0  # the contrast of text (1.4.3, AA), of borders and signs (1.4.11)
# Which colour is on which.
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((front, back, TEXT) for front in ("text", "text-muted", "link", "link-strong", "error") for back in ("background", "surface")),
    *((f"accent-{number}", "background", TEXT) for number in (1, 2, 3)),
    *((kind, f"{kind}-surface", TEXT) for kind in ("note", "tip", "warning", "danger", "error")),
    *(("text", f"{kind}-surface", TEXT) for kind in ("note", "tip", "warning", "danger", "error")),
    ("on-link", "link", TEXT),
    ("on-link", "link-strong", TEXT),
    ("text", "highlight", TEXT),
    *((front, back, SIGN) for front in ("border-strong", "focus") for back in ("background", "surface")),
)  # fmt: skip
_COLOUR = re.compile(r"--kim-([\w-]+): light-dark\((#[0-9a-f]{3,6}), (#[0-9a-f]{3,6})\)")
Hex = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$", description="eine Farbe wie #0b4a63")]


class Colours(StrictStruct, frozen=True, kw_only=True):
    """Colours by name, each as ``[light, dark]``."""

    colours: Mapping[str, list[Hex]] = {}


def load_colours(root: Path) -> Mapping[str, tuple[str, str]]:
    """Return the colours of the municipality by name, each in the light and in the dark scheme; none without the file.

    :param root: the folder of the project.
    :raises ContentError: with every colour that is unknown, is none, or cannot be read on another.
    """
    path = root / FILE
    if not path.exists():
        return {}
    hint = "Jede Zeile hat einen Namen und zwei Farben, hell und dunkel: link: ['#0b4a63', '#94d3ec']"
    read = read_data_file(Colours, path, FILE, hint)
    if isinstance(read, list):
        raise ContentError(read)
    _data, node = yaml.load_file(path)
    known = palette()
    found = list(_faults(read.colours, known, node))
    if found:
        raise ContentError(found)
    return {name: (pair[0], pair[1]) for name, pair in read.colours.items()}


def _faults(own: Mapping[str, list[str]], known: Mapping[str, tuple[str, str]], node: object) -> Iterator[Finding]:
    for name, pair in own.items():
        line = yaml.line_of(node, ("colours", name))
        if name not in known:
            close = closest_match(name, known)
            hint = f"Meinten Sie „{close}“?" if close else f"Es gibt: {', '.join(known)}."
            yield Finding(FILE, line, f"Die Farbe „{name}“ gibt es nicht.", hint, code="data")
        elif len(pair) != 2:
            yield Finding(FILE, line, f"„{name}“ hat nicht zwei Farben.", "Die erste gilt hell, die zweite dunkel.", code="data")  # fmt: skip
    if any(name not in known or len(pair) != 2 for name, pair in own.items()):
        return
    used = {**known, **{name: (pair[0], pair[1]) for name, pair in own.items()}}
    for front, back, least in PAIRS:
        if front not in own and back not in own:
            continue
        for scheme, number in (("hellen", 0), ("dunklen", 1)):
            ratio = contrast(used[front][number], used[back][number])
            if ratio < least:
                yield Finding(
                    FILE, yaml.line_of(node, ("colours", front if front in own else back)),
                    f"Im {scheme} Schema ist „{front}“ ({used[front][number]}) auf „{back}“ ({used[back][number]}) schlecht zu sehen: Kontrast {ratio:.1f} zu 1.",
                    f"Nötig sind {least:g} zu 1 (WCAG 2.2). Nehmen Sie eine {'dunklere' if number == 0 else 'hellere'} Farbe für das, was vorn steht.",
                    code="contrast",
                )  # fmt: skip


def colour_findings(root: Path) -> list[Finding]:
    """Return the errors of the municipality's colours."""
    try:
        load_colours(root)
    except ContentError as error:
        return error.findings
    return []


def palette() -> dict[str, tuple[str, str]]:
    """Return the shared colours by name, each in the light and in the dark scheme."""
    return {name: (light, dark) for name, light, dark in _COLOUR.findall((ROOT / PALETTE).read_text("utf-8"))}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def apply_colours(css: str, colours: Mapping[str, tuple[str, str]]) -> str:
    """Return a stylesheet with the municipality's colours in its palette."""

    def own(match: re.Match[str]) -> str:
        pair = colours.get(match[1])
        return f"--kim-{match[1]}: light-dark({pair[0]}, {pair[1]})" if pair else match[0]

    return _COLOUR.sub(own, css) if colours else css
