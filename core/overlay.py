"""The folder ``city/``: everything that belongs to one municipality, as an overlay of the shared files.

A page in ``city/docs/<language>/`` takes the place of the page with the same path in ``docs/``; an entry in
``city/data/<name>.yml`` takes the place of the entry with the same key in ``docs/data/``. Upstream never writes into the
folder and a municipality never elsewhere, so that updates merge without a conflict.
"""

from collections.abc import Iterator
from pathlib import Path

from core import project

CITY = "city"
CITY_PAGES = f"{CITY}/docs"
LOCAL_KINDS = frozenset({"companies", "events"})


def city_dir(docs: Path) -> Path:
    """Return the folder of the municipality that belongs to a folder of pages."""
    return docs.parent / CITY


def page_path(docs: Path, code: str, key: str) -> Path:
    """Return the file of a page in a language: the municipality's own if it has one, else the shared one."""
    own = docs.parent / CITY_PAGES / code / f"{key}.md"
    return own if own.exists() else docs / code / f"{key}.md"


def is_local(docs: Path, path: Path) -> bool:
    """Return whether a file is the municipality's own."""
    return str(path).startswith(f"{docs.parent}/{CITY}/")


def language_dirs(docs: Path, code: str) -> list[Path]:
    """Return the folders with pages of a language, the shared one first."""
    return [docs / code, docs.parent / CITY_PAGES / code]


def shown_path(docs: Path, path: Path) -> str:
    """Return a path as messages name it: ``docs/de/kontakt.md`` or ``city/docs/de/kontakt.md``."""
    if is_local(docs, path):
        return str(path).removeprefix(f"{docs.parent}/")
    return f"docs/{path.relative_to(docs).as_posix()}"


def shown_page(docs: Path, code: str, key: str) -> str:
    """Return the file of a page in a language as messages name it."""
    return shown_path(docs, page_path(docs, code, key))


def written_page(docs: Path, code: str, key: str) -> str:
    """Return the file that takes a change of a page, as messages name it.

    It is the shared file only where the project keeps the shared files; else a separate version in ``city/``.
    """
    return shown_page(docs, code, key) if project.keeps_shared_pages() else f"{CITY_PAGES}/{code}/{key}.md"


def shared_counterpart(docs: Path, shown: str) -> Path | None:
    """Return the shared page that a page of ``city/docs/`` takes the place of; None if it takes the place of none."""
    path = docs / shown.removeprefix(f"{CITY_PAGES}/")
    return path if shown.startswith(f"{CITY_PAGES}/") and shown.endswith(".md") and path.is_file() else None


def file_of(docs: Path, shown: str) -> Path:
    """Return the file that a message names, see :func:`shown_path`."""
    return docs.parent / shown if shown.startswith(f"{CITY}/") else docs / shown.removeprefix("docs/")


def data_files(data: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Yield the files that hold facts of one kind, and their names in messages: the shared one, then the municipality's.

    Of :data:`LOCAL_KINDS` the municipality's file takes the place of the shared one: nothing of another place is left.

    :param data: the shared folder, ``docs/data``.
    """
    own = city_dir(data.parent) / "data" / f"{name}.yml"
    if not (own.exists() and name in LOCAL_KINDS):
        yield data / f"{name}.yml", f"docs/data/{name}.yml"
    if own.exists():
        yield own, f"{CITY}/data/{name}.yml"
