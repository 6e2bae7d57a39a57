"""A build that draws every page, into a new folder."""

from __future__ import annotations

from pathlib import Path

from core.project import read_config
from editorial.build.compress import compress
from editorial.build.extras import print_booklets, write_feeds
from editorial.build.fingerprint import Inputs, beside
from editorial.build.kept import Kept, keep
from editorial.build.mkdocs_runner import Task, build_languages, prepare, settings_of
from editorial.build.offline import write_lists
from editorial.build.search import write_entry
from editorial.build.well_known import suggestions
from editorial.build.work import Work
from editorial.build.writer import keeping, put, remove, replace_folder
from editorial.content.structure import SUGGESTIONS


def read_work(site_dir: Path, site_url: str | None, docs_dir: Path, inputs: Inputs, pdf: bool) -> Work:
    """Read everything that the site will be built from.

    :raises ContentError: with every finding, if it cannot be read.
    """
    house = prepare(docs_dir, site_url)
    return Work(site_dir, site_url, docs_dir, house, settings_of(docs_dir), inputs, pdf)


def build_whole(work: Work) -> str | None:
    """Draw every page into a new folder; return why there are no booklets, if they were wanted."""
    site, fresh, house = work.site_dir, work.fresh, work.house

    def meanwhile() -> None:
        put(fresh / SUGGESTIONS, suggestions(house.languages).encode())
        write_feeds(fresh, house, work.docs_dir)
        keep(site, work.inputs, work.now.frame, Kept(house, work.settings, read_config(), work.now.pages))

    for other in beside(site, "templates").glob("*"):
        if other != work.templates:
            remove(other)
    tasks = [Task(row.code, work.docs_dir, fresh, work.site_url, work.templates) for row in house.languages]
    with keeping(fresh, site):
        drawn = build_languages(tasks, work.docs_dir, meanwhile=meanwhile)
        write_entry(fresh, [one.part for one in drawn.values()])
        missing, texts = None, {code: one.texts for code, one in drawn.items()}
        if work.pdf:
            missing, texts = print_booklets(fresh, work.site_url, work.docs_dir, site), {}
        compress(fresh)
        write_lists(fresh, house.content, house.languages, texts)
    replace_folder(fresh, site)
    return missing
