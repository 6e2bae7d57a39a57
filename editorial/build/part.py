"""A build that draws only the pages that changed, and puts them into the site in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from editorial.build.compress import compress_file
from editorial.build.fingerprint import beside, path_of
from editorial.build.indexing import Indexes
from editorial.build.manifest import Manifest, write_manifest
from editorial.build.offline import mark, read_texts, write_lists
from editorial.build.search import FOLDER, found_anew, own_files, search_texts, write_entry
from editorial.build.single import draw
from editorial.build.work import Work
from editorial.build.writer import move, undoable
from editorial.render.site import check_house


def build_part(
    work: Work,
    before: Manifest,
    changed: Mapping[str, set[str]],
    search: Indexes,
    previewed: Collection[str] = (),
) -> str | None:
    """Draw some pages and put them into the site in place; return why there are no booklets, if they were wanted.

    Nothing is touched until all of them are drawn. After a fault everything is as it was; a build that is killed
    in the middle leaves whole files and no manifest, so that the next one draws everything.

    :param changed: the keys of the pages by language.
    :param search: the indexes of languages, some of which may have been begun.
    :param previewed: the codes of languages of which the site holds pages that their search does not know yet.
    """
    site, part, house = work.site_dir, beside(work.site_dir, "part"), work.house
    check_house(house, work.docs_dir, {key for keys in changed.values() for key in keys})
    draw(work.settings, house, work.docs_dir, changed, part, work.templates)
    languages = [row for row in house.languages if row.code in changed]
    found = found_anew(part, site, house.content, languages, changed)
    found = [row for row in languages if row in found or row.code in previewed]
    search.renew(found, part, changed)
    missing = None
    path_of(site).unlink()
    try:
        with undoable(site):
            written = put_over(part, site)
            if before.head != work.now.head:
                from editorial.build.extras import write_feeds

                written += write_feeds(site, house, work.docs_dir)
            compress_all(written)
            # While Pagefind writes: most of its files are there already, and their marks, once made, are known.
            texts = {row.code: read_texts(site, house.content, row) for row in languages}
            for row in found:
                for path in own_files(site / FOLDER, row):
                    mark(path)
            if found:
                write_entry(site, search.finish())
                compress_all(search_texts(site))
            if work.pdf and changed:
                from editorial.build.compress import texts_below
                from editorial.build.extras import print_booklets

                missing, texts = print_booklets(site, work.site_url, work.docs_dir), {}
                compress_all(texts_below(site))
            write_lists(site, house.content, languages, texts)
    except BaseException:
        write_manifest(site, before)
        raise
    return missing


def compress_all(paths: Iterable[Path]) -> None:
    """Lay a copy beside each of some files."""
    for path in paths:
        compress_file(path)


def put_over(part: Path, target: Path) -> list[Path]:
    """Move freshly drawn files over those of a site; return their places."""
    places = []
    for path in sorted(part.rglob("*")) if part.exists() else []:
        if path.is_file():
            places.append(target / path.relative_to(part))
            move(path, places[-1])
    return places
