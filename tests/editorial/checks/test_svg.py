"""A picture in SVG below ``docs/`` runs, loads and leads to nothing."""

from __future__ import annotations

import pytest

from editorial.checks.markup.svg import svg_error
from tests.conftest import ROOT
from tests.editorial.conftest import Tree

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{}>{}</svg>'


@pytest.mark.parametrize(
    ("attributes", "inside"),
    [
        ("", "<script>alert(1)</script>"),
        (' onload="alert(1)"', ""),
        ("", '<a xlink:href="https://evil.example"><text>a</text></a>'),
        ("", '<use href="//evil.example/x.svg#a"/>'),
        ("", '<image href="https://evil.example/x.png"/>'),
        ("", '<image href="data:image/svg+xml;base64,AA=="/>'),
        ("", "<foreignObject><p>a</p></foreignObject>"),
        ("", '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'),
        ("", '<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>'),
        ("", '<set attributeName="href" to="javascript:alert(1)"/>'),
        ("", "<style>@import '//evil.example';</style>"),
        ("", '<path style="fill: url(https://evil.example/a)"/>'),
        ("", "<p"),
    ],
)
def test_a_picture_that_does_something_is_an_error(tree: Tree, attributes: str, inside: str) -> None:
    (tree.docs / "assets").mkdir()
    tree.docs.joinpath("assets/bild.svg").write_text(SVG.format(attributes, inside))
    assert [(one.file, one.code) for one in tree.check()] == [("docs/assets/bild.svg", "html")]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE svg [<!ENTITY a "x">]>' + SVG.format("", "&a;"),
        '<?xml-stylesheet href="//evil.example/a.css"?>' + SVG.format("", ""),
        "<html></html>",
        "",
    ],
)
def test_what_is_no_plain_picture_is_an_error(text: str) -> None:
    assert svg_error(text.encode())


def test_ordinary_pictures_are_allowed() -> None:
    assert svg_error((ROOT / "overrides/assets/mark.svg").read_bytes()) == ""
    head = '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    inside = (
        '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><style>.b { fill: url(#a) }</style><use xlink:href="#a"/>'
        '<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata><path style="fill:url(#a)" d="M0 0"/>'
    )
    assert svg_error((head + SVG.format(' viewBox="0 0 1 1"', inside)).encode()) == ""
