"""Everything that one build is made from: read once, and digested so that the page cache finds what changed.

A page depends on its own text, on the state of its translation, and on what it shares with the others: all headers
(titles in navigation, cards and lists of related pages), all headings (other pages link to them), facts, templates,
interface words and code. What is shared is one digest; if it changes, every page is rendered again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from core.languages import Language, default_language
from core.overlay import CITY, CITY_PAGES
from editorial.build.fingerprint import Inputs, Manifest, digest, read_inputs
from editorial.checks.markup.structure import heading_ids
from editorial.content.pages import Content
from editorial.render.site import SiteData, load_site_data
from editorial.translations.lockfile import LOCK_FILENAME as LOCK
from editorial.translations.state import TranslationState


class Source(Struct, frozen=True):
    """Everything that one build is made from.

    :ivar shared: digest of everything that all pages share.
    :ivar pages: digest of the sources of each page in each language, the shared ones included: ``"ar/kontakt"``.
    """

    site: SiteData
    docs_dir: Path
    inputs: Inputs
    shared: str
    pages: Mapping[str, str]

    def manifest(self, pdf: bool, site_url: str | None = None) -> Manifest:
        """Return the manifest of a site that is built from this.

        :param pdf: whether the booklets were printed.
        :param site_url: the public address, if it is not that of ``mkdocs.yml``.
        """
        digests = self.inputs.digest, self.inputs.sources_digest, self.shared
        return Manifest(*digests, dict(self.pages), pdf, site_url=site_url)

    def page_digests(self, code: str) -> dict[str, str]:
        """Return the digest of the sources of each page in one language, by its key."""
        start = f"{code}/"
        return {name.removeprefix(start): one for name, one in self.pages.items() if name.startswith(start)}


def load_source(
    docs_dir: Path,
    site_url: str | None = None,
    demo_survey: Path | None = None,
    inputs: Inputs | None = None,
) -> Source:
    """Read everything that the site will be built from.

    :param site_url: the public address, if it is not that of ``mkdocs.yml``.
    :param demo_survey: the results of a demonstration, in the place of the published ones.
    :param inputs: the digests of the files, if they were read a moment ago.
    :raises ContentError: with every finding, if something cannot be read.
    """
    inputs = inputs or read_inputs(docs_dir, site_url, demo_survey=demo_survey)
    site = load_site_data(docs_dir, site_url, demo_survey)
    shared = digest([shared_digest(inputs, site.content), repr(site.events)])
    return Source(site, docs_dir, inputs, shared, page_digests(shared, site.content, site.languages, site.states))


def shared_digest(inputs: Inputs, content: Content) -> str:
    """Return the digest of everything that all pages share.

    The day is not part of it: a check that depends on it gives notices alone. Events that are over are left out of
    ``SiteData.events``, whose digest is added.
    """
    parts = [inputs.environment]
    parts += [
        f"{path}\0{one}"
        for path, one in inputs.files.items()
        if not (path.startswith(("docs/", f"{CITY_PAGES}/")) and path.endswith(".md"))
        and path not in (f"docs/{LOCK}", f"{CITY}/{LOCK}")
    ]
    for key, page in sorted(content.pages.items()):
        for code, text in page.texts.items():
            parts.append(f"{code}/{key}\0{text.front_matter!r}\0{sorted(heading_ids(text))}")
    return digest(parts)


def page_digests(
    shared: str,
    content: Content,
    languages: tuple[Language, ...],
    states: Mapping[tuple[str, str], TranslationState],
    only: Collection[str] | None = None,
) -> dict[str, str]:
    """Return the digest of the sources of each page in each language.

    :param only: the keys of the pages; default: all.
    """
    digests = {}
    for key in content.pages if only is None else only:
        page = content.pages[key]
        bodies = {code: hashlib.sha256(text.body.encode()).hexdigest() for code, text in page.texts.items()}
        for language in languages:
            if page.exists_in(language):
                shown = language.code if page.is_translated(language) else default_language().code
                state = repr(states.get((key, language.code)))
                digests[f"{language.code}/{key}"] = digest([shared, language.code, key, bodies[shown], state])
    return digests
