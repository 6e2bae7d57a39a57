"""A small tree of pages: the real toolkit in German, and a dozen plain pages, some of them in three languages."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.files import remove
from tests.conftest import ROOT

HEAD = "---\ntitle: {title}\ndescription: Ein ganzer Satz über diese Seite namens {title}.\n"
GERMAN = HEAD + "topics: [{topic}]\naudience: [newcomers]\nsource: [own]\nreview_by: 2099-01-01\n---\n\n"
BODY = "# {title} {{ #a }}\n\n{text}\n\n## Mehr {{ #mehr }}\n\n- [Kontakt](kontakt.md)\n- {{{{ tel.fire }}}}\n"


def write_small_tree(docs: Path) -> Path:
    """A small tree: the real toolkit in German (its rules want it), and a dozen plain pages in three languages."""
    for name in ("data", "de/arbeitgeber/werkzeugkasten"):
        shutil.copytree(ROOT / "docs" / name, docs / name)
    own = docs.parent / "city"  # the municipality's facts without its pages
    for name in ("docs", "translations.lock.yml"):
        remove(own / name)
    if (ROOT / "city" / "data").is_dir():
        shutil.copytree(ROOT / "city" / "data", own / "data", dirs_exist_ok=True)
    for name in ("city.yml", "place.yml"):
        if (ROOT / "city" / name).exists() and not (own / name).exists():  # a copy of the project has its own
            shutil.copy(ROOT / "city" / name, own)
    (docs / "data" / "search_words.yml").unlink(missing_ok=True)  # it names pages that are not here
    for path in (docs / "de").rglob("*.md"):
        text = path.read_text("utf-8").split("\n## ")[0]  # a header and a sentence are enough
        path.write_text("".join(line for line in text.splitlines(keepends=True) if "](" not in line), "utf-8")
    for number in range(8):
        write(docs, "de", f"seite-{number}", f"Seite {number}", "Der erste Satz.", "work" if number % 2 else "school")
        for code in ("en", "ar") if number % 3 else ("en",):
            write(docs, code, f"seite-{number}", f"{code} {number}", "A first sentence.")
    for key in ("index", "kontakt", "arbeitgeber/index"):
        write(docs, "de", key, f"Titel {key}", "Text.", "kim")
    for path in docs.glob("de/*/index.md"):
        path.write_text(path.read_text("utf-8").replace("(kontakt.md)", "(../kontakt.md)"), "utf-8")
    return docs


def copy_small_tree(docs: Path, folder: Path) -> Path:
    """Copy a small tree into a folder, with the facts of the municipality beside it; return the new ``docs``."""
    if (docs.parent / "city").is_dir():
        shutil.copytree(docs.parent / "city", folder / "city")
    return Path(shutil.copytree(docs, folder / "docs"))


def write(docs: Path, code: str, key: str, title: str, text: str, topic: str = "") -> Path:
    path = docs / code / f"{key}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = GERMAN.format(title=title, topic=topic) if code == "de" else HEAD.format(title=title) + "---\n\n"
    path.write_text(head + BODY.format(title=title, text=text), "utf-8")
    return path
