"""The files of facts as forms change them: which there are, their entries, the findings of one entry, and the unconfirmed entries.

A file is one draft; the unit is the entry. Where a municipality has a folder of its own (:mod:`core.overlay`), its changes are
written there, and the shared file is not changed.
"""

import datetime
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.findings import ContentError, Finding
from core.languages import default_language
from core.overlay import CITY, city_dir, data_files
from core.text import yaml
from core.text.values import Date, Month
from editing.drafts import Draft, find_draft
from editing.forms.fields import field_order
from editing.forms.yaml_text import REMOVED, entry_span, refusal, set_values
from editing.paragraphs.reading import EditError, digest
from editing.paragraphs.replacing import check_words
from editing.paths import file_path
from editing.workspace import Workspace
from editorial.checks.content import check_content
from editorial.checks.facts import check_events, check_facts, check_phrases
from editorial.checks.publish import FACT_GROUPS
from editorial.content.data.facts import (
    Amount,
    Company,
    Contact,
    Event,
    Facts,
    Law,
    Link,
    Number,
    Phrase,
    Source,
    hint_for,
    normalize_row,
    read_facts,
)
from editorial.content.markup.shortcodes import SHORTCODE
from editorial.content.place_names import PlaceNames, fill_offices, fill_place_names, load_place_names
from editorial.content.schema import StrictStruct, validate
from form_handler.forms import FORMS
from form_handler.storage.database import Database

KINDS: Mapping[str, type[StrictStruct]] = {
    "contacts": Contact, "events": Event, "amounts": Amount, "numbers": Number, "companies": Company, "links": Link,
    "laws": Law, "phrases": Phrase, "sources": Source,
}  # fmt: skip
# How a text names an entry of a kind: {{ tel.fire }}. Those that are named in a header, by its key.
INSERTS: Mapping[str, str] = {
    "contacts": "contact",
    "numbers": "tel",
    "laws": "law",
    "links": "link",
    "amounts": "amount",
}
HEADERS: Mapping[str, str] = {
    "contacts": "contact",
    "laws": "law",
    "links": "links",
    "sources": "source",
    "phrases": "phrases",
}
KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_KEY_CHARS = 60
MAX_FILE_CHARS = 1_000_000


class FactFile(Struct, frozen=True):
    """One file of facts with the draft of it.

    :ivar path: its name below ``docs/``, or in ``city/``; see :mod:`editing.paths`.
    :ivar published: the published text; None if there is no such file yet.
    """

    kind: str
    path: str
    published: str | None
    draft: Draft | None

    @property
    def raw(self) -> str:
        """Return the file with the draft in it."""
        return (self.draft.text if self.draft else self.published) or ""

    def entries(self) -> dict[str, Any]:
        """Return the entries as texts, lists and blocks, by key.

        :raises EditError: if the file cannot be read.
        """
        return read_entries(self.raw)


class Problem(Struct, frozen=True):
    """A finding of one entry.

    :ivar field: the name of the field; empty for the entry as a whole.
    """

    field: str
    message: str
    hint: str
    level: str = "error"


class OpenEntry(Struct, frozen=True):
    """A fact, or a page, that somebody has yet to confirm.

    :ivar kind: the kind of the fact; ``page`` for a page.
    :ivar what: the facts to be confirmed; ``who`` must confirm them, if the text names an office.
    """

    kind: str
    key: str
    title: str
    what: str
    who: str
    digest: str


def read_entries(raw: str) -> dict[str, Any]:
    """Return the entries of a file of facts.

    :raises EditError: if it is not valid YAML or not a list of entries; the message names the line.
    """
    try:
        rows = yaml.load_strings(raw.removeprefix("\ufeff"))
    except yaml.YAMLError as error:
        line, why = yaml.explain_error(error)
        raise EditError(f"Die Datei ist kein gültiges YAML (Zeile {line}: {why}). Bitte die Technik fragen.") from error
    if not isinstance(rows, dict | None):
        raise EditError("Die Datei ist keine Liste von Einträgen. Bitte die Technik fragen.")
    return rows or {}


def file_names(workspace: Workspace, kind: str) -> list[str]:
    """Return the files that hold facts of a kind, the one that counts last; the municipality's own even before it exists."""
    data = workspace.docs / "data"
    names = [shown.removeprefix("docs/") for _path, shown in data_files(data, kind)]
    own = f"{CITY}/data/{kind}.yml"
    if (city_dir(workspace.docs) / "data").is_dir() and own not in names:
        names.append(own)
    return names


def load_files(workspace: Workspace, database: Database, kind: str) -> list[FactFile]:
    """Return the files of a kind with their drafts, the one that new entries go into last."""
    return [
        FactFile(kind, name, workspace.published(name), find_draft(database, name))
        for name in file_names(workspace, kind)
    ]


def find_file(workspace: Workspace, database: Database, name: str) -> FactFile | None:
    """Return the file of facts of a name, None if there is none of that name."""
    for kind in KINDS:
        if name in (f"data/{kind}.yml", f"{CITY}/data/{kind}.yml"):
            found = FactFile(kind, name, workspace.published(name), find_draft(database, name))
            return found if found.published is not None or found.draft is not None else None
    return None


def list_entries(files: Sequence[FactFile]) -> dict[str, tuple[FactFile, Any]]:
    """Return each entry that counts with its file, in the order of the files."""
    found: dict[str, tuple[FactFile, Any]] = {}
    for file in files:
        for key, row in file.entries().items():
            found[key] = (file, row)
    if files and files[0].kind == "contacts" and any(file is not files[0] for file, _row in found.values()):
        # a local office of the shared file is not one of another municipality, see :mod:`editorial.content.data.facts`
        shared = [key for key, (file, row) in found.items() if file is files[0] and isinstance(row, dict)]
        for key in [key for key in shared if found[key][1].get("scope", "local") == "local"]:
            del found[key]
    return found


def entry_text(raw: str, key: str) -> str:
    """Return an entry as its file has it, with plain line ends; empty if there is none."""
    span = entry_span(raw, key)
    return raw[span[0] : span[1]].replace("\r\n", "\n") if span else ""


def change_entry(raw: str, kind: str, key: str, data: Mapping[str, Any] | None) -> str:
    """Return a file with other data in one entry, a new one at its end, or without it.

    :raises EditError: if the file cannot be changed there without changing anything else, or a value holds forbidden characters.
    """
    for text in _texts(data):
        check_words(text)
    before = read_entries(raw)
    if data is None:
        return set_values(raw, (key,), REMOVED) if len(before) > 1 else _without_only(raw, key)
    order = field_order(KINDS[kind])
    order += [name for name in data if name not in order]
    span = entry_span(raw, key)
    if span is None:
        raw = raw if raw.endswith("\n") or not raw else raw + ("\r\n" if "\r\n" in raw else "\n")
        made = set_values(raw, (key,), {name: data[name] for name in sorted(data, key=order.index)})
    else:  # the entry's own lines are a file of one entry, which is read much quicker
        end = raw.find("\n", span[1])
        end = len(raw) if end < 0 else end + 1
        made = raw[: span[0]] + set_values(raw[span[0] : end], (key,), dict(data), order) + raw[end:]
        if list(read_entries(made)) != list(before):
            raise EditError(refusal())
    if len(made) > MAX_FILE_CHARS:
        raise EditError("Die Datei würde zu groß. Löschen Sie zuerst Einträge, die niemand mehr braucht.")
    return made


def _without_only(raw: str, key: str) -> str:
    """Return a file without its only entry; its comments stay."""
    span = entry_span(raw, key)
    if span is None:
        raise EditError("Den Eintrag gibt es nicht mehr.")
    start = raw.rfind("\n", 0, span[0]) + 1
    end = raw.find("\n", span[1])
    return raw[:start] + (raw[end + 1 :] if end >= 0 else "")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def check_entry(kind: str, key: str, data: Any, facts: Facts, workspace: Workspace) -> list[Problem]:
    """Return the findings of one entry, each with its field where it has one."""
    model = KINDS[kind]
    row: Any = {**normalize_row(data), **({"key": key} if model is Contact else {})} if isinstance(data, dict) else data
    read = validate(model, row)
    if isinstance(read, list):
        return [Problem(one.dotted_path, _sentence(one.message), hint_for(one)) for one in read]
    laid = replace(facts, **{kind: {key: read}}, lines={}, files={})
    languages = workspace.site().languages
    found = [*check_facts(laid), *check_events(laid, languages, datetime.date.today()), *check_phrases(laid, languages)]
    return [
        Problem(_field_of(one), one.message.removeprefix(f"„{key}“: "), one.hint, one.level)
        for one in found if f"„{key}“" in one.message
    ]  # fmt: skip


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


def _field_of(finding: Finding) -> str:
    """Return the field that a finding is about; empty for the whole entry."""
    words = {
        "Quelle": "source",
        "Adresse": "url",
        "Einheit": "unit",
        "confirm:": "confirm",
        "Kontakt": "contact",
        "Uhrzeit": "start",
    }
    text = f"{finding.message} {finding.hint}"
    return next((field for word, field in words.items() if word in text), "")


def who_confirms(confirm: str, place: PlaceNames) -> tuple[str, str]:
    """Return the facts to be confirmed and the office that confirms them: „Anschrift – Ausländerbehörde“ names both."""
    what, dash, who = fill_place_names(fill_offices(confirm, place), place, default_language().code).rpartition(" – ")
    return (what, who) if dash else (who, "")


def open_entries(workspace: Workspace, database: Database) -> list[OpenEntry]:
    """Return the facts that somebody has yet to confirm, drafts included, in the order of the files."""
    found = []
    for kind in FACT_GROUPS:
        for key, (file, row) in list_entries(load_files(workspace, database, kind)).items():
            if isinstance(row, dict) and yaml.parse_bool(row.get("confirmed")) is False:
                what, who = who_confirms(str(row.get("confirm") or ""), load_place_names(workspace.docs))
                found.append(OpenEntry(kind, key, entry_title(row, key), what, who, digest(entry_text(file.raw, key))))
    return found


def confirm_data(row: Mapping[str, Any], who: str, day: datetime.date) -> dict[str, Any]:
    """Return an entry as somebody has confirmed it on a day."""
    made = {name: value for name, value in row.items() if name != "confirm"}
    return {
        **made,
        "as_of": Month(f"{day:%Y-%m}"),
        "confirmed": "true",
        "confirmed_by": who,
        "confirmed_on": Date.isoformat(day),
    }


def entry_title(row: Any, key: str) -> str:
    """Return how an entry is called in a list."""
    if not isinstance(row, dict):
        return key
    for name in ("name", "label", "title", "words"):
        value = row.get(name)
        if isinstance(value, str) and value:
            more = row.get("title") if name == "label" else None
            return f"{value} – {more}" if isinstance(more, str) and more else value
        if isinstance(value, dict) and value:
            return str(value.get("de") or next(iter(value.values())))
    return key


def pages_with(workspace: Workspace, kind: str, key: str) -> list[str]:
    """Return the keys of the pages that show a fact, because their text or their header names it."""
    content = workspace.site().content
    found = []
    for page in content.pages.values():
        named = getattr(page.front_matter, HEADERS[kind], None) if kind in HEADERS else None
        text = next(iter(page.texts.values()))
        inserts = {match.groups() for match in SHORTCODE.finditer(text.body)} if kind in INSERTS else set()
        if named == key or (isinstance(named, list) and key in named) or (INSERTS.get(kind), key) in inserts:
            found.append(page.key)
    return found


def file_findings(workspace: Workspace, file: FactFile, raw: str) -> list[Finding]:
    """Return the findings in a file of facts with another text, and on the pages that show the changed facts."""
    site = workspace.site()
    with tempfile.TemporaryDirectory(prefix="kim-facts-") as folder:
        docs = Path(folder) / "docs"
        for source, target in ((workspace.docs / "data", docs / "data"), (city_dir(workspace.docs), city_dir(docs))):
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "docs", "*.jpg", "*.png", "*.svg"))
        target = file_path(docs, file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw.encode())
        try:
            facts = read_facts(docs / "data")
        except ContentError as error:
            return error.findings
    try:
        before, after = read_entries(file.published or ""), read_entries(raw)
    except EditError:
        before, after = {}, {}
    keys = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    shown = {page for key in keys for page in pages_with(workspace, file.kind, key)}
    stale = {place for place, state in site.states.items() if state.is_stale}
    found = check_content(
        site.content, facts, site.languages, FORMS, datetime.date.today(), workspace.docs, stale, shown
    )
    return [
        one
        for one in found
        if one.file.endswith(f"data/{file.kind}.yml") or one.code in ("insert-unknown", "key-unknown")
    ]
