"""The headings that layouts and checks know, by their ids: ``docs/data/headings.yml``, and those of the municipality beside it."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from core.findings import ContentError
from core.overlay import data_files
from editorial.content.data_file import read_data_file
from editorial.content.schema import StrictStruct

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", description="eine Kennung wie so-gehen-sie-vor")]


class Headings(StrictStruct, frozen=True, kw_only=True):
    """Ids of headings.

    :ivar steps: the steps, the target of a button of the page.
    :ivar before_steps: the sections before the steps.
    :ivar further_reading: links to related pages; the layout folds that section away at the end of the page.
    """

    steps: tuple[Id, ...] = ()
    before_steps: tuple[Id, ...] = ()
    further_reading: tuple[Id, ...] = ()


def load_headings(data: Path) -> Headings:
    """Return the known ids, the shared ones first.

    :param data: the shared folder, ``docs/data``.
    :raises ContentError: if a file is not valid.
    """
    found = Headings()
    for path, shown in data_files(data, "headings"):
        own = _read(path, shown) if path.exists() else Headings()
        found = Headings(
            steps=(*found.steps, *own.steps),
            before_steps=(*found.before_steps, *own.before_steps),
            further_reading=(*found.further_reading, *own.further_reading),
        )
    return found


def _read(path: Path, shown: str) -> Headings:
    hint = "Jede Zeile ist eine Liste von Kennungen, zum Beispiel steps: [so-gehen-sie-vor]."
    read = read_data_file(Headings, path, shown, hint)
    if isinstance(read, list):
        raise ContentError(read)
    return read
