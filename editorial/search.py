"""The search index: Pagefind, one run for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pagefind_bin import get_executable

from editorial.content import Content
from editorial.languages import Language
from editorial.outputs import put

ENTRY = "pagefind-entry.json"


class SearchError(Exception):
    """Pagefind failed; the message says how."""


def pages_glob(content: Content, language: Language) -> str:
    """Return the pattern of a language's own pages; German ones lie beside the other languages' folders."""
    if not language.default:
        return f"{language.code}/**/index.html"
    tops = sorted(
        {page.slug.split("/")[0] for page in content.pages.values() if page.slug and page.exists_in(language)}
    )
    return "{" + ",".join(["index.html", *(f"{top}/**/index.html" for top in tops)]) + "}"


def run_pagefind(site_dir: Path, pattern: str, out: Path) -> dict[str, Any]:
    """Index the pages of one pattern into ``out``; return what its entry file says about languages.

    :raises SearchError: if Pagefind fails.
    """
    command = [get_executable(), "--site", str(site_dir), "--glob", pattern, "--output-path", str(out), "--quiet"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SearchError(f"The search index could not be built: {done.stderr or done.stdout}")
    entry: dict[str, Any] = json.loads((out / ENTRY).read_text("utf-8"))
    return entry


def index_search(
    site_dir: Path, content: Content, languages: tuple[Language, ...], only: Collection[str] | None = None
) -> None:
    """Build the index below ``site_dir/pagefind``, from the pages that are real translations.

    :param only: codes of the languages whose pages changed; the others keep what is there. Default: all.
    :raises SearchError: if Pagefind fails.
    """
    target = site_dir / "pagefind"
    before: dict[str, Any] = {}
    if only is not None and (target / ENTRY).exists():
        before = json.loads((target / ENTRY).read_text("utf-8"))
    work = [language for language in languages if only is None or not before or language.code in only]
    with tempfile.TemporaryDirectory(dir=site_dir.parent, prefix=f".{site_dir.name}.search-") as folder:
        places = {language.code: Path(folder) / language.code for language in work}
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            entries = list(
                pool.map(lambda row: run_pagefind(site_dir, pages_glob(content, row), places[row.code]), work)
            )
        known: dict[str, Any] = dict(before.get("languages", {}))
        for language, entry in zip(work, entries, strict=True):
            known.pop(language.code, None)
            known.update({code: row for code, row in entry["languages"].items() if code == language.code})
            take_over(places[language.code], target, language.code)
    whole = {**(entries[0] if entries else before), "languages": dict(sorted(known.items()))}
    put(target / ENTRY, json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())


def take_over(source: Path, target: Path, code: str) -> None:
    """Put one language's part in the place of its old one, and the parts that all languages share."""
    for old in (*target.glob(f"*/{code}_*"), *target.glob(f"pagefind.{code}_*")):
        old.unlink()
    for path in sorted(source.rglob("*")):
        # Pagefind's ready-made interface is not used; ours is smaller.
        if path.is_file() and path.name != ENTRY and "-ui" not in path.name:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists() or place.read_bytes() != path.read_bytes():
                place.unlink(missing_ok=True)
                shutil.move(path, place)
