"""Pictures in SVG are documents: opened by themselves they could run scripts and lead elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from core.findings import Finding
from core.overlay import city_dir, shown_path

_SVG, _XHTML = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xhtml}"
ALLOWED_ELEMENTS = frozenset(
    (
        "svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
        "text", "tspan", "textPath", "image", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker", "filter",
        "style", "view", "switch",
    )
)  # fmt: skip
_OUTSIDE = re.compile(r"@import|url\(\s*['\"]?(?!#)|expression\(", re.IGNORECASE)
_EMBEDDED = re.compile(r"#|data:image/(?:png|jpeg|gif|webp);", re.IGNORECASE)
HINT = "Speichern Sie das Bild als „einfaches SVG“ ohne Skripte und Verweise, oder als PNG oder WebP."


def check_svg_files(docs: Path) -> Iterator[Finding]:
    """No picture in SVG below ``docs`` or in ``city/`` runs, loads or leads to anything."""
    for path in sorted(path for folder in (docs, city_dir(docs)) for path in folder.rglob("*.[sS][vV][gG]")):
        shown = shown_path(docs, path)
        try:
            fault = svg_error(path.read_bytes())
        except OSError as error:
            fault = f"Die Datei kann nicht gelesen werden ({error.strerror})"
        if fault:
            yield Finding(shown, 0, f"{fault}.", HINT, code="html")


def svg_error(data: bytes) -> str:
    """Return what is wrong with a picture in SVG, as a German sentence without full stop; nothing if it is right."""
    if re.search(rb"<!(?:DOCTYPE|ENTITY)[^>]*\[|<\?xml-stylesheet", data, re.IGNORECASE):
        return "Das Bild enthält eine Anweisung für Programme (DOCTYPE mit Inhalt oder xml-stylesheet)"
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - entities are refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return f"Das Bild ist kein gültiges SVG ({error})"
    if root.tag != f"{_SVG}svg":
        return "Das Bild ist kein SVG"
    for element in root.iter():
        name = element.tag if isinstance(element.tag, str) else ""
        local = name.rpartition("}")[2]
        if (
            name.startswith(_XHTML)
            or (name.startswith(_SVG) and local not in ALLOWED_ELEMENTS)
            or not name.startswith("{")
        ):
            return f"Das Bild enthält das Element <{local[:40]}>"
        for key, value in element.attrib.items():
            attribute = key.rpartition("}")[2].lower()
            if attribute.startswith("on"):
                return f"Das Bild enthält ein Skript ({attribute[:40]})"
            if attribute in {"href", "src"} and name.startswith(_SVG) and not _EMBEDDED.match(value):
                return f"Das Bild verweist auf „{value[:40]}“"
            if _OUTSIDE.search(value):
                return f"Das Bild lädt in {attribute[:40]} etwas nach"
        if local == "style" and _OUTSIDE.search(element.text or ""):
            return "Das Bild lädt in <style> etwas nach"
    return ""
