"""The search index: Pagefind, one run for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pagefind_bin import get_executable

from editorial.compressed import press
from editorial.content import Content
from editorial.files import drop, move, put
from editorial.languages import Language

FOLDER = "pagefind"
ENTRY = "pagefind-entry.json"
# Pagefind's ready-made interface is larger than ours, and a worker would load the engine a second time.
UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight", "pagefind-worker", "pagefind-playground")  # fmt: skip


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


def index_language(site_dir: Path, content: Content, language: Language, out: Path) -> None:
    """Index the pages of one language into the folder ``out``.

    :raises SearchError: if Pagefind fails.
    """
    pattern = pages_glob(content, language)
    command = [get_executable(), "--site", str(site_dir), "--glob", pattern, "--output-path", str(out), "--quiet"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SearchError(f"The search index could not be built: {done.stderr or done.stdout}")
    write_titles(out, language)
    for path in sorted([*out.glob("wasm.*.pagefind"), *out.glob("index/*.pf_index")]):
        press(path, site_dir / FOLDER / path.relative_to(out))


def write_titles(index: Path, language: Language) -> None:
    """Write address and title of each result into one file, so that a list of results needs no further request.

    Pagefind keeps them in a file for each page, together with the text that excerpts are cut from.
    """
    rows = {}
    for path in sorted((index / "fragment").glob(f"{language.code}_*.pf_fragment")):
        page = json.loads(gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd"))
        rows[path.stem] = [page["url"], page["meta"]["title"]]
    (index / titles_name(language.code)).write_text(
        json.dumps(rows, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )


def titles_name(code: str) -> str:
    """Return the name of the file with the titles of a language."""
    return f"titles.{code}.json"


def gather(site_dir: Path, parts: Mapping[str, Path]) -> None:
    """Put the freshly made parts of some languages into the index below ``site_dir/pagefind``.

    :param parts: the folder of each language's part, by code; what the other languages have there stays.
    """
    target = site_dir / FOLDER
    whole: dict[str, Any] = json.loads((target / ENTRY).read_text("utf-8")) if (target / ENTRY).exists() else {}
    known: dict[str, Any] = dict(whole.get("languages", {}))
    old: set[Path] = set()
    for code, part in parts.items():
        entry = json.loads((part / ENTRY).read_text("utf-8"))
        known.pop(code, None)
        known.update({name: row for name, row in entry["languages"].items() if name == code})
        old |= take_over(part, target, code)
        whole = whole or entry
    data = {**whole, "languages": dict(sorted(known.items()))}
    put(target / ENTRY, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
    for path in old:  # last: until the list above was there, readers asked for these
        drop(path)


def search_texts(site_dir: Path) -> list[Path]:
    """Return those files of the index that are worth compressing."""
    return sorted(path for path in (site_dir / FOLDER).iterdir() if path.suffix in {".js", ".json"})


def take_over(source: Path, target: Path, code: str) -> set[Path]:
    """Put one language's part beside its old one, and the parts that all languages share; return what is now old."""
    old = {*target.glob(f"*/{code}_*"), *target.glob(f"pagefind.{code}_*")}
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.name != ENTRY and not path.name.startswith(UNUSED):
            place = target / path.relative_to(source)
            old.discard(place)
            if not place.exists() or place.read_bytes() != path.read_bytes():
                move(path, place)
    return old
