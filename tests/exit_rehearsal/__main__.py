"""Rehearse leaving MkDocs: with ProperDocs, which gives the same bytes, and with Zensical, as far as it goes.

Zensical knows neither our plugin nor our templates. So the texts are exported as plain Markdown with all inserts filled, one
project a language, and built in Zensical's own look. The rehearsal counts pages and compares the words of each page with
those of our site; what is lost stands in CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from core.languages import Language, load_languages
from editorial.content.pages import Page
from editorial.render.page import preprocess_markdown
from editorial.render.site import SiteData, load_site_data
from tests.conftest import ROOT
from tests.site.test_incremental_build import differences

ZENSICAL = ROOT / ".venv-exit" / "bin" / "zensical"
WORD = re.compile(r"\w{2,}")
# A heading's id in Markdown of attr_list stays; buttons and classes of our own look are harmless there.
MAX_LOST = 8.0  # per cent; words that our layout adds to the text are among them
EXTENSIONS = ["admonition", "attr_list", "def_list", "tables", "toc"]


def main() -> int:
    """Rehearse; return 1 if ProperDocs gives another site, or if Zensical loses pages or many words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", default="de,ar", help="for Zensical, with commas; all: every language")
    wanted = parser.parse_args().languages
    with tempfile.TemporaryDirectory() as place:
        wrong = rehearse_properdocs(Path(place))
        for language in load_languages():
            if wanted == "all" or language.code in wanted.split(","):
                wrong |= rehearse_zensical(Path(place), language)
    return int(wrong)


def rehearse_properdocs(place: Path) -> bool:
    """Build the site with both programs; return whether they differ."""
    for words in (
        ["kim", "build", "--no-pdf", "--no-cache", "--site-dir", str(place / "kim")],
        ["properdocs", "build", "-q", "-d", str(place / "properdocs")],
    ):
        subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=True)
    found = differences(place / "properdocs", place / "kim")
    print(f"ProperDocs: {len(found)} of {sum(1 for _ in (place / 'kim').rglob('*'))} files differ {found[:3]}")
    return bool(found)


def export_language(folder: Path, site: SiteData, language: Language) -> list[Page]:
    """Write the pages of a language as plain Markdown with all inserts filled, and a configuration without plugins."""
    pages = [page for page in site.content.pages.values() if page.is_translated(language)]
    for page in pages:
        text = page.text(language)
        head = {"title": text.front_matter.title, "description": text.front_matter.description}
        body = preprocess_markdown(text.body, site, page, language)
        target = folder / "docs" / f"{page.key}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"---\n{yaml.safe_dump(head, allow_unicode=True)}---\n\n{body}", "utf-8")
    shutil.copytree(ROOT / "docs" / "assets", folder / "docs" / "assets", dirs_exist_ok=True)
    theme = {"language": language.code, "direction": language.dir}
    others = [{"name": row.name, "link": row.root, "lang": row.code} for row in site.languages]
    config = {"site_name": site.settings["name"], "site_url": site.settings["url"], "theme": theme}
    config |= {"markdown_extensions": EXTENSIONS, "extra": {"alternate": others}}
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return pages


def rehearse_zensical(place: Path, language: Language) -> bool:
    """Build a language with Zensical; return whether a page or more than :data:`MAX_LOST` of the words are lost."""
    folder, site = place / language.code, load_site_data(ROOT / "docs")
    pages = export_language(folder, site, language)
    done = subprocess.run([ZENSICAL, "build", "-f", "mkdocs.yml"], cwd=folder, capture_output=True, text=True)
    missing, lost, all_words = [], 0, 0
    for page in pages:
        file = (
            folder / "site" / ("index.html" if page.key == "index" else f"{page.key.removesuffix('/index')}/index.html")
        )
        if not file.is_file():
            missing.append(page.key)
            continue
        ours = words((place / "kim" / page.file(language)).read_bytes(), ".kim-prose")
        theirs = words(file.read_bytes(), "article") + words(file.read_bytes(), "main")
        all_words += len(ours)
        lost += sum(1 for word in ours if word not in set(theirs))
    share = 100 * lost / max(all_words, 1)
    print(
        f"Zensical, {language.code}: {len(pages) - len(missing)} of {len(pages)} pages, {share:.1f} % of the words of our pages are not there"
    )
    if missing or done.returncode:
        print(f"  missing: {missing[:5]}\n  {done.stderr[-500:]}")
    return bool(missing) or share > MAX_LOST


def words(html: bytes, selector: str) -> list[str]:
    """Return the words that a part of a page shows."""
    found = BeautifulSoup(html, "html.parser").select_one(selector)
    return [word.lower() for word in WORD.findall(found.get_text(" "))] if found else []


if __name__ == "__main__":
    sys.exit(main())
