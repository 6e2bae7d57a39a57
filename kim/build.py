"""``kim build``: the one command that people call again and again, in the time of its work alone."""

from __future__ import annotations

import sys
from pathlib import Path

from core.project import ROOT
from editorial.build.fingerprint import is_current, read_inputs

SITE = ROOT / "site"


def build(site_dir: Path = SITE, site_url: str | None = None, pdf: bool = True, cache: bool = True) -> int:
    """Build the site unless nothing has changed, and say so; return the code with which the command ends.

    :param site_url: the public address, if it is not that of ``mkdocs.yml``.
    """
    inputs = read_inputs(ROOT / "docs", site_url)
    if cache and is_current(site_dir.resolve(), inputs, pdf):
        sys.stdout.write(f"Nichts hat sich geändert: {site_dir}\n")
        return 0
    from editorial.build.build import BuildError, build_site  # late: not needed where nothing has changed

    try:
        missing = build_site(site_dir, site_url, pdf=pdf, cache=cache, inputs=inputs)
    except BuildError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write(f"{missing}\nFertig: {site_dir}\n" if missing else f"Fertig: {site_dir}\n")
    return 0
