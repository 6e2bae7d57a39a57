"""Stylesheets and scripts as they are sent: one file each, without comments, with the rules that depend on tables."""

import re
import string
from pathlib import Path

from babel.core import get_global

from core.languages import Language, load_languages
from core.overlay import CITY
from core.project import ROOT
from core.web.assets import versioned_url
from editorial.content.data.colours import apply_colours, load_colours
from editorial.content.structure import AUDIENCE_LABELS, TOPIC_LABELS

PARTS = ("assets/css/", "assets/js/", "assets/icons/")  # files that are sent only as part of the file that imports them
_CSS_IMPORT = re.compile(r'^@import url\("([^"]+)"\);\n', re.MULTILINE)
_JS_IMPORT = re.compile(r'^import \{[^}]*\} from "(\./[^"]+)";\n', re.MULTILINE)
_JSON_IMPORT = re.compile(r'^import (\w+) from "(\./[^"]+\.json)" with \{ type: "json" \};\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |function |async function )", re.MULTILINE)
_ARABIC_SCRIPT = ":--arabic-script"
_EACH_TAG = re.compile(r"^[^\n{}]*\$tag[^\n{}]*(?= \{$)", re.MULTILINE)
_EACH_TOPIC = re.compile(r"^[^\n{}]*\$topic[^{}]*\{[^{}]*\}\n", re.MULTILINE)
_ICON = re.compile(r'url\("(?:\.\./)?(icons/[\w-]+\.svg|mark\.svg)"\)')
OWN_ASSETS = ("mark.svg", "share.png")  # in city/assets/
_DEFAULT_ICON = "icons/kim.svg"
_SVG_ESCAPES = str.maketrans({'"': "'", "#": "%23", "%": "%25", "<": "%3C", ">": "%3E", "\n": None})
_PALETTE = re.compile(r"^:root \{[^}]*light-dark\([^}]*\}\n", re.MULTILINE)
_LIGHT_DARK = re.compile(r"light-dark\(([^,()]+), [^,()]+\)")


def asset_url(custom_dir: Path, name: str) -> str:
    """Return the address of a file below ``assets/``, with a version that changes with its content."""
    return versioned_url(name, asset_content(custom_dir / "assets" / name))


def asset_content(path: Path) -> bytes:
    """Return a file as it is sent."""
    import rcssmin  # late: a build with nothing to do sends nothing
    import rjsmin

    if path.suffix == ".css":
        return str(rcssmin.cssmin(stylesheet(path))).encode()
    if path.suffix == ".js":
        return str(rjsmin.jsmin(script(path))).encode()
    return own_asset(path).read_bytes()


def own_asset(path: Path) -> Path:
    """Return the municipality's picture instead of a shared one: its mark, and the picture for shared links."""
    own = ROOT / CITY / "assets" / path.name
    return own if path.name in OWN_ASSETS and own.is_file() else path


def stylesheet(path: Path, languages: tuple[Language, ...] | None = None) -> str:
    """Return a stylesheet with its imports in place and its tables filled in.

    ``:--arabic-script`` is a custom selector (CSS Extensions) for all languages in Arabic script; a selector that holds
    ``$tag`` is repeated for each topic, audience and language, a rule with ``$topic`` for each topic; icons are written
    into the stylesheet; browsers without ``light-dark()`` get the light colours.

    :param languages: the site's languages; by default those of ``mkdocs.yml``.
    """
    css = apply_colours(
        _CSS_IMPORT.sub(lambda match: (path.parent / match[1]).read_text("utf-8"), path.read_text("utf-8")),
        load_colours(ROOT),
    )
    codes = [language.code for language in languages or load_languages()]
    arabic = ", ".join(f":lang({code})" for code in codes if _writing_system(code) == "Arab")
    css = css.replace(_ARABIC_SCRIPT, f":is({arabic})")
    css = _EACH_TAG.sub(
        lambda match: ",\n".join(
            string.Template(match[0]).substitute(tag=tag) for tag in (*TOPIC_LABELS, *AUDIENCE_LABELS, *codes)
        ),
        css,
    )
    css = _EACH_TOPIC.sub(
        lambda match: "\n".join(string.Template(match[0]).substitute(topic=topic) for topic in TOPIC_LABELS), css
    )
    css = _ICON.sub(lambda match: f'url("{_icon(path.parent, match[1])}")', css)
    return _PALETTE.sub(lambda match: match[0] + _light_only(match[0]), css)


def svg_data_url(path: Path) -> str:
    """Return a picture in SVG as a ``data:`` address (RFC 2397) that may be in double quotes."""
    return f"data:image/svg+xml,{path.read_text('utf-8').translate(_SVG_ESCAPES)}"


def _icon(folder: Path, name: str) -> str:
    """Return the address of an icon; a topic without a picture has the city's squares."""
    return svg_data_url(own_asset(folder / (name if (folder / name).exists() else _DEFAULT_ICON)))


def _light_only(palette: str) -> str:
    """Return the palette for browsers without ``light-dark()`` (Chrome before 123, Firefox before 120, Safari before 17.5)."""
    light = _LIGHT_DARK.sub(r"\1", palette)
    return f"@supports not (color: light-dark(#000, #fff)) {{\n{light}}}\n"


def script(path: Path) -> str:
    """Return a script with its imports from ``js/`` inlined: each further file is a request."""
    return _script(path, set())


def _script(path: Path, known: set[Path]) -> str:
    """Return a script with its imports in place, each file once."""

    def part(match: re.Match[str]) -> str:
        found = (path.parent / match[1]).resolve()
        if found in known:
            return ""
        known.add(found)
        return _EXPORT.sub("", _script(found, known))

    text = _JSON_IMPORT.sub(
        lambda match: f"const {match[1]} = {(path.parent / match[2]).read_text('utf-8').rstrip()};\n",
        path.read_text("utf-8"),
    )
    return _JS_IMPORT.sub(part, text)


def _writing_system(code: str) -> str:
    """Return the script a language is usually written in, for example ``Arab`` (CLDR, likely subtags)."""
    return next((part for part in get_global("likely_subtags").get(code, "").split("_") if len(part) == 4), "")
