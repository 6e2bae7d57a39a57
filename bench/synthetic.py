"""The same synthetic site for ours and for the peers: about 500 words a page, tables, boxes, links."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from core.languages import load_languages
from core.project import ROOT

MORE = ("fr", "es", "it", "nl", "ro", "bg", "cs", "sv")
WORDS = [
    "Amt",
    "Arbeit",
    "Antrag",
    "Ausweis",
    "Beratung",
    "Betrieb",
    "Bescheid",
    "Brief",
    "Deutsch",
    "Familie",
    "Frage",
    "Frist",
    "Gesetz",
    "Gespräch",
    "Hilfe",
    "Kind",
    "Kurs",
    "Leben",
    "Lohn",
    "Miete",
    "Monat",
    "Nachbar",
    "Platz",
    "Recht",
    "Schule",
    "Sprache",
    "Stadt",
    "Stelle",
    "Tag",
    "Termin",
    "Vertrag",
    "Weg",
    "Woche",
    "Wohnung",
    "Zeit",
]
SECTION = 10


def languages(count: int) -> list[str]:
    """Return so many language codes, the site's own first."""
    return [*(row.code for row in load_languages()), *MORE][:count]


def keys(pages: int) -> list[str]:
    """Return the keys of so many pages, ten in a section."""
    found = ["index", "kontakt"]
    for number in range(pages - 2):
        section, place = divmod(number, SECTION)
        found.append(f"bereich-{section}/{'index' if place == 0 else f'seite-{place}'}")
    return found


def body(key: str, code: str) -> str:
    """Return one page's text; the same for ours and for every peer."""
    dice = random.Random(f"{key}/{code}")

    def sentence() -> str:
        return f"{' '.join(dice.choices(WORDS, k=dice.randint(6, 12)))}.".capitalize()

    def paragraph() -> str:
        return " ".join(sentence() for _ in range(5))

    up = "../" if "/" in key else ""
    parts = [f"# {code} {key} {{ #top }}", paragraph()]
    for number in range(6):
        parts += [f"## Teil {number} {{ #teil-{number} }}", paragraph(), f"- {sentence()}\n- [Kontakt]({up}kontakt.md)\n- {sentence()}"]  # fmt: skip
    parts += ['!!! note "Gut zu wissen"', f"    {sentence()}"]
    parts += [
        "| Frage | Stelle |\n|---|---|\n" + "\n".join(f"| {sentence()} | {dice.choice(WORDS)} |" for _ in range(4))
    ]
    return "\n\n".join(parts) + "\n"


def write_ours(folder: Path, codes: list[str], pages: int) -> None:
    """Write a project of ours: our templates and code, synthetic pages, the real facts."""
    for name in ("city", "overrides", "core", "editing", "editorial", "form_handler", "kim"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "docs", "*.lock.yml"))
    for name in ("mkdocs.yml", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    # Search words and answer templates name pages that the synthetic site does not have.
    shutil.copytree(ROOT / "docs/data", folder / "docs/data", ignore=shutil.ignore_patterns("search_words.yml"))
    (folder / "docs/data/chooser.yml").write_text(
        "rules:\n  - {when: {want: job}, show: [gespraech-mit-kim]}\nalways: gespraech-mit-kim\nmost: 6\n"
    )
    for code in codes:
        known_words = any((folder / place / f"{code}.po").exists() for place in ("core/locale", "city/locale"))
        if not known_words and code != "en":
            subprocess.run([sys.executable, "-m", "kim", "new", "language", code], cwd=folder, check=True, capture_output=True)  # fmt: skip
    known = [row.code for row in load_languages()]
    if len(codes) < len(known):
        config = folder / "mkdocs.yml"
        lines = [line for line in config.read_text("utf-8").splitlines(keepends=True)
                 if not any(f"locale: {code}," in line for code in known if code not in codes)]  # fmt: skip
        config.write_text("".join(lines), "utf-8")
    measure = "measure: {wants: [job], stages: [start], documents: [unknown], sizes: [small], pays: nobody}\n"
    for code in codes:
        for key in [*keys(pages - 1), "arbeitgeber/werkzeugkasten/gespraech-mit-kim"]:
            path = folder / f"docs/{code}/{key}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            head = f"title: '{code} {key}'\ndescription: 'Ein ganzer Satz über die Seite {key} auf {code}.'\n"
            if code == "de":
                head += "topics: [work]\naudience: [everyone]\nsource: [own]\nreview_by: 2099-01-01\n"
                head += measure if key.endswith("gespraech-mit-kim") else ""
            path.write_text(f"---\n{head}---\n\n{body(key.replace('arbeitgeber/', ''), code)}".replace("../kontakt.md", "../" * key.count("/") + "kontakt.md"), "utf-8")  # fmt: skip


def write_mkdocs(folder: Path, codes: list[str], pages: int, zensical: bool = False) -> None:
    """Write the same pages for Material as it is delivered, with the i18n plugin and its search; or for Zensical."""
    rows = "".join(f"        - {{locale: {code}, name: {code}, default: {str(code == 'de').lower()}, build: true}}\n" for code in codes)  # fmt: skip
    plugins = (
        "" if zensical else f"plugins:\n  - search\n  - i18n:\n      docs_structure: folder\n      languages:\n{rows}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mkdocs.yml").write_text(
        "site_name: Synthetic\nsite_url: https://example.org/\ntheme: {name: material}\n"
        f"markdown_extensions: [admonition, attr_list, tables]\n{plugins}",
        "utf-8",
    )
    for code in codes:
        for key in keys(pages):
            path = folder / f"docs/{code}/{key}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body(key, code), "utf-8")


def write_hugo(folder: Path, codes: list[str], pages: int) -> None:
    """Write the same pages for Hugo, with a plain template and a list of all pages of the section."""
    (folder / "layouts/_default").mkdir(parents=True)
    rows = "".join(f"[languages.{code}]\ncontentDir = 'content/{code}'\n" for code in codes)
    (folder / "hugo.toml").write_text(f"baseURL='https://example.org/'\ndefaultContentLanguage='de'\ndisableKinds=['taxonomy','term','RSS']\n{rows}")  # fmt: skip
    page = (
        '<!doctype html><html lang="{{ .Language.Lang }}"><head><title>{{ .Title }}</title></head><body><nav>'
        "{{ range .Site.RegularPages }}{{ if eq .Section $.Section }}<a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}{{ end }}"
        "</nav><main>{{ .Content }}</main></body></html>"
    )
    for name in ("single", "list"):
        (folder / f"layouts/_default/{name}.html").write_text(page)
    for code in codes:
        for key in keys(pages):
            path = folder / f"content/{code}/{key.replace('/index', '/_index') if '/' in key else key.replace('index', '_index')}.md"  # fmt: skip
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"---\ntitle: '{key}'\n---\n{body(key, code)}", "utf-8")


def write_starlight(folder: Path, codes: list[str], pages: int, modules: Path) -> None:
    """Write the same pages for Astro Starlight, each language as one of its locales."""
    rtl = {row.code for row in load_languages() if row.dir == "rtl"}
    locales = {
        "root" if code == "de" else code: {"label": code, "lang": code, "dir": "rtl" if code in rtl else "ltr"}
        for code in codes
    }
    (folder / "src" / "content").mkdir(parents=True)
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "astro.config.mjs").write_text(
        "import { defineConfig } from 'astro/config';\nimport starlight from '@astrojs/starlight';\n"
        f"export default defineConfig({{ integrations: [starlight({{ title: 'Synthetic', locales: {json.dumps(locales)} }})] }});\n"
    )
    (folder / "src" / "content.config.ts").write_text(
        "import { defineCollection } from 'astro:content';\nimport { docsLoader } from '@astrojs/starlight/loaders';\n"
        "import { docsSchema } from '@astrojs/starlight/schema';\n"
        "export const collections = { docs: defineCollection({ loader: docsLoader(), schema: docsSchema() }) };\n"
    )
    for code in codes:
        for key in keys(pages):
            path = folder / "src/content/docs" / ("" if code == "de" else code) / f"{key}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = body(key, code).split("\n\n", 1)[1]
            path.write_text(f"---\ntitle: '{code} {key}'\n---\n\n{text}", "utf-8")
