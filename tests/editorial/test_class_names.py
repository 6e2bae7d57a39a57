"""Every class of a template is written kim-block__element--modifier."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

OVERRIDES = ROOT / "overrides"
BEM = re.compile(r"kim(-[a-z0-9]+)*(__[a-z0-9]+(-[a-z0-9]+)*)?(--[a-z0-9]+(-[a-z0-9]+)*)?")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


@pytest.mark.parametrize(
    "template", sorted(OVERRIDES.rglob("*.html")), ids=lambda path: path.relative_to(OVERRIDES).as_posix()
)
def test_classes_of_templates_have_one_prefix(template: Path) -> None:
    found = re.findall(r'class="((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)"', template.read_text("utf-8"))
    names = [name for value in found for name in JINJA.sub(" ", value).split()]
    assert [name for name in names if not BEM.fullmatch(name.rstrip("-_"))] == [], "a value may end a name"
