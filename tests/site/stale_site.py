"""Two languages of the real site, built from a copy in which German paragraphs changed."""

from __future__ import annotations

import datetime
from pathlib import Path

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config

from core.languages import load_languages
from core.overlay import page_path
from editorial.content.pages import read_content
from editorial.translations.lockfile import Lock, load_lock, write_lock
from editorial.translations.segments import read_document
from editorial.translations.update import update_lock
from tests.conftest import ROOT
from tests.project import copy_docs, keep_languages

DAY = datetime.date(2026, 11, 30)
PAGE = "angebote/anerkennung"
# What is changed on each page: the first paragraphs of these kinds; "section" gets one paragraph more.
CHANGED = {
    PAGE: ("ul", "p"),
    "kontakt": ("section",),
    "datenschutz": ("box-warning", "p"),
    "index": ("h2",),
    "ankommen/deutsch-lernen": ("row",),
}


def build_stale(folder: Path, codes: tuple[str, ...] = ("de", "ar")) -> Path:
    """Build the site into a folder; the change of the home page was noticed on :data:`DAY`, the others not yet."""
    docs = copy_docs(folder)
    keep_languages(folder / "city" / "city.yml", codes)
    languages = tuple(row for row in load_languages() if row.code in codes)
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 23)))
    change(docs, "index")
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, load_lock(docs), DAY))
    for key in CHANGED:
        if key != "index":
            change(docs, key)
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    i18n = config["plugins"][0]["i18n"]
    i18n["languages"] = [row for row in i18n["languages"] if row["locale"] in codes]
    config["theme"]["custom_dir"] = str(ROOT / "overrides")
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), "utf-8")
    site = folder / "site"
    loaded = load_config(str(folder / "mkdocs.yml"), docs_dir=str(docs), site_dir=str(site))
    loaded.plugins.on_startup(command="build", dirty=False)
    build(loaded)
    return site


def change(docs: Path, key: str) -> None:
    """Change a German page and nothing else."""
    path = page_path(docs, "de", key)
    for kind in CHANGED[key]:
        text = path.read_text("utf-8")
        paragraphs = [one for rows in read_document(text).sections.values() for one in rows]
        if kind == "section":
            text += "\nEin Absatz mehr.\n"
        else:
            start = next(one.start for one in paragraphs if one.kind == kind)
            at = start + (2 if kind == "row" else 0)
            text = f"{text[:at]}Neu: {text[at:]}"
        path.write_text(text, "utf-8")
