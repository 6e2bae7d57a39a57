"""The synthetic pages of the benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.synthetic import languages, write_ours
from core.languages import load_languages

VALIDATE = (
    "from core.project import ROOT; from editorial.render.site import load_site_data, validate_site; "
    "validate_site(load_site_data(ROOT / 'docs'), ROOT / 'docs'); print(ROOT)"
)


def test_our_synthetic_project_can_be_built(tmp_path: Path) -> None:
    """The real facts beside its pages name no page that it lacks; a benchmark that cannot build measures nothing."""
    project = tmp_path / "ours"
    write_ours(project, languages(len(load_languages())), 12)
    checked = subprocess.run([sys.executable, "-c", VALIDATE], cwd=project, capture_output=True, text=True)
    assert (checked.stdout.strip(), checked.stderr) == (str(project), "")
