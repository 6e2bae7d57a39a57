"""A form changes the lines of its entry and no other byte; an unchanged form changes nothing."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from core.text import yaml
from editing.forms.facts import KINDS, change_entry, entry_text, read_entries
from editing.forms.fields import Field, list_fields, read_form
from editing.forms.yaml_text import REMOVED, entry_span, scalar_text, set_values
from editing.paragraphs.reading import EditError
from tests.conftest import ROOT, full_or_sample

CODES = ["de", "en", "uk", "ar", "tr", "pl", "fa", "ru"]
# `make test` changes some fields of each entry, `make test-all` all.
EVERY = full_or_sample([1], [11])[0]
FILES = [(kind, path) for kind in KINDS for path in sorted(ROOT.glob(f"*/data/{kind}.yml"))]
# An entry in every way in which somebody may have written it.
ODD = """# Kopf der Datei
a:   # hinter dem Schlüssel
  name: 'Amt: eins'   # bleibt
  unit: "zwei \\"drei\\""

  # zwischen den Zeilen
  address: Weg 1,
    46236 Ort
  source:
    - S1   # erste
    # zweite
    - S2
  hours:
    monday: 8:00–12:00
    exceptions:
      - {from: 2026-12-24, to: 2026-12-31, hours: geschlossen}
  email:
  confirm: >-
    gefaltet
    weiter
  confirmed: false
# vor b
b: {name: "x, y", unit: z, source: [S1, S2],
    confirmed: false}
c:
  name: C
"""


def form_of(fields: list[Field]) -> MultiDict[str, str]:
    """Return what a browser sends for a form that nobody has changed."""
    form: MultiDict[str, str] = MultiDict()
    for one in fields:
        if isinstance(one.value, list):
            joined = ["\r\n".join(one.value)] if one.widget == "lines" else ["", *one.value]
            form.setlist(one.name, joined)
        else:
            form[one.name] = one.value
    return form


def another(field: Field) -> list[str]:
    """Return a value that a field may take and does not have."""
    if field.widget in ("select", "yesno"):
        options = [value for value, _label in field.options] or ["true", "false"]
        return [next(value for value in [*options, "false", "true"] if value != field.value)]
    samples = {
        "date": "2027-05-04", "month": "2027-05", "datetime-local": "2027-05-04T17:00", "email": "neu@example.org", "url": "https://neu.example.org/",
        "tel": "0211 55555-0", "decimal": "17,50", "number": "17",
    }  # fmt: skip
    if isinstance(field.value, list):
        return [*field.value, "neu"]
    return [samples.get(field.widget, "Neu: 'a' # \"b\" {c}, [d] & * - ?")]


def changed_lines(before: str, after: str) -> set[int]:
    """Return the numbers of the lines of the first text that are not in the second one."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return {
        line
        for name, start, end, _left, _right in matcher.get_opcodes()
        if name != "equal"
        for line in range(start, max(end, start + 1))
    }


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "path"), FILES, ids=[str(path.relative_to(ROOT)) for _kind, path in FILES])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_field_of_every_entry_changes_its_entry_and_nothing_else(kind: str, path: Path, newline: str) -> None:
    raw = path.read_bytes().decode().replace("\n", newline)
    entries = read_entries(raw)
    for number, (key, row) in enumerate(list(entries.items())[:: 1 if EVERY == 1 else len(entries) // 12 + 1]):
        data = row if isinstance(row, dict) else {}
        fields = list_fields(KINDS[kind], data, {}, CODES)
        assert read_form(fields, form_of(fields), data, drop_empty=False) == data, key
        assert change_entry(raw, kind, key, data) == raw
        start, end = entry_span(raw, key) or (0, 0)
        chosen = fields if EVERY == 1 else fields[number % EVERY :: EVERY]
        for field in chosen:
            form = form_of(fields)
            form.setlist(field.name, ["\n".join(another(field))] if field.widget == "lines" else another(field))
            made_data = read_form(fields, form, data, drop_empty=False)
            assert made_data != data, (key, field.name)
            made = change_entry(raw, kind, key, made_data)
            assert made.startswith(raw[:start]), (key, field.name)
            assert made.endswith(raw[end:]), (key, field.name)
            assert read_entries(made) == {**entries, key: made_data}, (key, field.name)
            assert ("\r\n" in made) == (newline == "\r\n")
            assert made.count("\n") == made.count(newline)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("way", "new"),
    [(("a", "name"), "neu"), (("a", "unit"), "neu: 'x'"), (("a", "address"), "kurz"), (("a", "source"), ["S1", "S3"]), (("a", "source"), ["S1"]),
     (("a", "source"), ["S1", "S2", "S3"]), (("a", "hours", "monday"), "9:00–10:00"), (("a", "hours", "tuesday"), "9:00–10:00"),
     (("a", "hours", "exceptions", 0, "to"), "2027-01-01"), (("a", "hours"), None), (("a", "email"), "a@example.org"), (("a", "confirm"), "gerade"),
     (("a", "confirm"), REMOVED), (("a", "confirmed"), True), (("a", "address"), REMOVED), (("a", "neu"), "wert"), (("a", "source"), []),
     (("b", "name"), "a, b"), (("b", "unit"), REMOVED), (("b", "confirmed"), REMOVED), (("b", "name"), REMOVED), (("b", "source"), ["S1"]),
     (("b", "neu"), {"x": "1", "y": ["2"]}), (("b",), REMOVED), (("c",), REMOVED), (("d",), {"name": "D", "hours": {"monday": "8:00–9:00"}}),
     (("c", "hours"), {"monday": "8:00–9:00", "exceptions": [{"from": "2027-01-01", "hours": "geschlossen"}]})],
)  # fmt: skip
def test_a_value_is_changed_where_it_stands_and_comments_stay(
    way: tuple[str | int, ...], new: object, newline: str
) -> None:
    raw = ODD.replace("\n", newline)
    made = set_values(raw, way, new)
    before, after = yaml.load_strings(raw), yaml.load_strings(made)
    assert {key: row for key, row in before.items() if key != way[0]} == {
        key: row for key, row in after.items() if key != way[0]
    }
    assert made.count("\n") == made.count(newline)
    kept = [line for line in raw.splitlines() if "#" in line]
    lost = [line for line in kept if line not in made.splitlines()]
    assert len(lost) <= 2, lost  # only remarks of lines that are gone
    assert len(changed_lines(raw, made)) <= 7
    if way == ("a", "email"):
        assert changed_lines(raw, made) == {16}
    assert entry_text(made, "a").startswith("a:") or way == ("a",)


def test_a_text_that_yaml_would_read_as_something_else_gets_quotes() -> None:
    for text in (
        "no",
        "null",
        "a: b",
        "a #b",
        "- a",
        "*a",
        "&a",
        "!a",
        "",
        "'",
        '"',
        "a, b",
        "[a",
        "{a",
        "@a",
        "%a",
        "|",
        ">",
        "?",
        "~",
    ):
        for flow in (True, False):
            written = scalar_text(text, flow)
            sample = f"{{a: {written}}}" if flow else f"a: {written}"
            assert yaml.load_strings(sample) == {"a": text}, (text, written)


def test_what_cannot_be_changed_alone_is_refused() -> None:
    with pytest.raises(EditError):
        set_values("a: &x {name: b}\nc: *x\n", ("a", "name"), "d")
    with pytest.raises(EditError):
        set_values("a: [\n", ("a",), "d")
    with pytest.raises(EditError):
        change_entry("a:\n  name: b\n", "contacts", "a", {"name": "zwei\u202e"})


def test_a_file_without_entries_takes_its_first_and_loses_its_last() -> None:
    empty = "# nur ein Kommentar\n#\n"
    made = change_entry(empty, "contacts", "neu", {"name": "Amt", "source": ["own"]})
    assert made == empty + "neu:\n  name: Amt\n  source: [own]\n"
    assert change_entry(made, "contacts", "neu", None) == empty
