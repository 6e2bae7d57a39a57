"""The fields of a form from a declared shape: which there are, how each is entered, and the data that comes back.

The shapes are those that the checks read (:mod:`editorial.content.data.facts`, :mod:`editorial.content.front_matter`), so a field
that a shape gains is in the form without another line. Data are texts, lists and blocks as :func:`core.text.yaml.load_strings`
gives them; a field that was not changed leaves its data unchanged.
"""

import copy
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from werkzeug.datastructures import MultiDict

from core.text import values
from core.text.yaml import parse_bool
from editing.forms.labels import field_help, field_label, group_label, option_label
from editing.forms.yaml_text import REMOVED
from editorial.content.data.facts import Fact
from editorial.content.schema import StrictStruct

YES, NO = "true", "false"
# Empty rows that a list of blocks (exceptions of the opening hours) offers beside those that it has; the most rows of one.
SPARE_ROWS, MAX_ROWS = 2, 24
LONG_CHARS = 100
_INPUTS: Mapping[Any, str] = {
    values.Date: "date", values.Month: "month", values.LocalTime: "datetime-local", values.Email: "email", values.Url: "url",
    values.Phone: "tel", values.Quantity: "decimal", values.DayHours: "text", int: "number",
}  # fmt: skip
Choices = Mapping[str, Sequence[tuple[str, str]]]


class Field(Struct, frozen=True):
    """One field of a form.

    :ivar name: its name in the form: ``hours.monday``.
    :ivar way: the path of its value in the data.
    :ivar widget: how it is entered: ``text``, ``area``, ``select``, ``yesno``, ``checks`` (some of a few words), ``refs`` (names of
        other entries, one added at a time), ``lines`` (one a line), or a type of HTML's ``input``.
    :ivar value: the value that the field shows; a list for those of several values.
    :ivar group: the name of its block, for its legend.
    """

    name: str
    way: tuple[str | int, ...]
    widget: str
    label: str
    value: str | list[str]
    options: Sequence[tuple[str, str]] = ()
    help: str = ""
    required: bool = False
    nullable: bool = False
    max_length: int = 0
    group: str = ""
    language: str = "de"

    @property
    def top(self) -> str:
        """Return the key of the entry that the field belongs to."""
        return str(self.way[0])


def list_fields(
    model: type[StrictStruct], data: Mapping[str, Any], choices: Choices, codes: Sequence[str], only: Sequence[str] = ()
) -> list[Field]:
    """Return the fields of a shape with the values of an entry.

    :param data: the entry as texts, lists and blocks.
    :param choices: the entries that a reference field may name, by the name of the field.
    :param codes: the languages of the site.
    :param only: the keys to show, in this order; default: all but those that are no part of a file.
    """
    found = list(_walk(model, data, (), choices, codes))
    if not only:
        only = [name for name in field_order(model) if name != "key"]
    return sorted((one for one in found if one.top in only), key=lambda one: only.index(one.top))


def field_order(model: type[StrictStruct]) -> list[str]:
    """Return the keys of a shape in the order in which people fill them in: of a fact first its content, then its source."""
    names = [row.encode_name for row in msgspec.structs.fields(model)]
    last = {row.encode_name for row in msgspec.structs.fields(Fact)} if issubclass(model, Fact) else set()
    return sorted(names, key=lambda name: name in last)


def _walk(
    model: type[StrictStruct], data: Any, way: tuple[str | int, ...], choices: Choices, codes: Sequence[str]
) -> Iterator[Field]:
    for row in msgspec.structs.fields(model):
        here = (*way, row.encode_name)
        value = data.get(row.encode_name) if isinstance(data, Mapping) else None
        default = None if row.default is msgspec.NODEFAULT else row.default
        yield from _fields(row.type, value, here, default, row.required, choices, codes, model)


def _fields(
    wanted: Any, value: Any, way: tuple[str | int, ...], default: Any, required: bool, choices: Choices,
    codes: Sequence[str], model: type[StrictStruct],
) -> Iterator[Field]:  # fmt: skip
    kind, nullable = _kind(wanted, value)
    if isinstance(kind, type) and issubclass(kind, StrictStruct):
        yield from _walk(kind, value, way, choices, codes)
        return
    if get_origin(kind) is list and isinstance(item := get_args(kind)[0], type) and issubclass(item, StrictStruct):
        rows = value if isinstance(value, list) else []
        for number in range(min(len(rows) + SPARE_ROWS, MAX_ROWS)):
            yield from _walk(item, rows[number] if number < len(rows) else None, (*way, number), choices, codes)
        return
    if get_origin(kind) is dict:
        own = value if isinstance(value, Mapping) else {}
        for code in dict.fromkeys([*codes, *own]):
            yield _field(
                str, own.get(code), (*way, code), None, False, False, choices, model, get_args(kind)[1], language=code
            )
        return
    yield _field(kind, value, way, default, required, nullable, choices, model, wanted)


def _kind(wanted: Any, value: Any) -> tuple[Any, bool]:
    """Return a type without its conditions, and whether it may be null; of several the one that the value has."""
    if get_origin(wanted) is Annotated:
        return _kind(get_args(wanted)[0], value)
    if get_origin(wanted) in (Union, types.UnionType):
        kinds = [one for one in get_args(wanted) if one is not type(None)]
        nullable = len(kinds) < len(get_args(wanted))
        unwrapped = [_kind(one, value)[0] for one in kinds]
        blocks = [one for one in unwrapped if get_origin(one) is dict]
        if blocks and isinstance(value, Mapping):
            return blocks[0], nullable
        return next(one for one in unwrapped if get_origin(one) is not dict), nullable
    return wanted, False


def _field(
    kind: Any, value: Any, way: tuple[str | int, ...], default: Any, required: bool, nullable: bool, choices: Choices,
    model: type[StrictStruct], wanted: Any, language: str = "de",
) -> Field:  # fmt: skip
    name, key = ".".join(map(str, way)), next(str(step) for step in reversed(way) if isinstance(step, str))
    named = str(way[0]) if get_origin(kind) is list else key
    shown: str | list[str]
    options: Sequence[tuple[str, str]] = ()
    limit = _limit(wanted)
    if get_origin(kind) is list:
        shown = [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
        item = get_args(kind)[0]
        item = get_args(item)[0] if get_origin(item) is Annotated else item
        if get_origin(item) is Literal:
            widget, options = "checks", [(str(one), option_label(named, str(one))) for one in get_args(item)]
        elif key in choices:
            widget, options = ("refs" if len(choices[key]) > 12 else "checks"), choices[key]
        else:
            widget = "lines"
        if not shown and value is None and isinstance(default, list):
            shown = [str(one) for one in default]
    elif get_origin(kind) is Literal:
        widget = "select"
        shown = str(value if value is not None else default if default is not None else "")
        options = [(str(one), option_label(key, str(one))) for one in get_args(kind)]
    elif kind is bool:
        truth = parse_bool(value) if value is not None else bool(default)
        widget, shown = "yesno", {True: YES, False: NO, None: str(value)}[truth]
    else:
        # a list is another type than the shape; it is shown so that somebody corrects it
        shown = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if value is None and isinstance(default, str | int) and not isinstance(default, bool):
            shown = str(default)
        if key in choices:
            widget, options = "select", choices[key]
        else:
            widget = _INPUTS.get(kind, "text")
            if not _fits(kind, shown):
                widget = "text"
            elif widget == "datetime-local":
                shown = shown.replace(" ", "T")
            elif widget == "text" and kind is str and (len(shown) > LONG_CHARS or limit > LONG_CHARS):
                widget = "area"
    return Field(
        name, way, widget, field_label(way, model.__name__), shown, options, field_help(way, model.__name__, limit, kind),
        required and len(way) == 1, nullable, limit, group_label(way), language,
    )  # fmt: skip


def _fits(kind: Any, text: str) -> bool:
    """Return whether a browser's own field shows a value; it would leave out an unknown format."""
    if not text or kind not in (values.Date, values.Month, values.LocalTime, int):
        return True
    try:
        if kind is int:
            int(text)
        else:
            values.decode(kind, text)
    except ValueError:
        return False
    return True


def _limit(wanted: Any) -> int:
    """Return the maximum length of a text; 0 for no limit."""
    found = 0
    for one in get_args(wanted):
        if isinstance(one, msgspec.Meta):
            found = one.max_length or found
        elif get_origin(one) is Annotated:
            found = _limit(one) or found
    return found


def read_form(
    fields: Sequence[Field], form: MultiDict[str, str], data: Mapping[str, Any], drop_empty: bool
) -> dict[str, Any]:
    """Return the data of an entry with the entered values; a field with its former value changes nothing.

    :param drop_empty: whether an emptied field is removed; else it stays empty, where it may.
    """
    made: dict[str, Any] = copy.deepcopy(dict(data))
    for field in fields:
        if field.name not in form:
            continue
        entered = entered_value(field, form)
        if entered == _normal(field.value):
            continue
        _set_field(made, field, entered, drop_empty)
    return {name: _tidy(value, data.get(name)) for name, value in made.items() if value is not REMOVED}


def entered_value(field: Field, form: MultiDict[str, str]) -> str | list[str]:
    """Return the value that was entered into a field, without blanks around it and line breaks in it."""
    if isinstance(field.value, list):
        texts = form.getlist(field.name)
        if field.widget == "lines":
            texts = [part for text in texts for line in text.splitlines() for part in line.split(",")]
        found = dict.fromkeys(_normal_text(text) for text in texts if text.strip())
        if field.widget == "lines":
            return list(found)
        return [*(one for one in field.value if one in found), *(one for one in found if one not in field.value)]
    return _normal_text(form.get(field.name, ""))


def with_entered(fields: Sequence[Field], form: MultiDict[str, str]) -> list[Field]:
    """Return the fields with the entered values, to show them again."""
    return [msgspec.structs.replace(one, value=entered_value(one, form)) if one.name in form else one for one in fields]


def _normal_text(text: str) -> str:
    return " ".join(text.split())


def _normal(value: str | list[str]) -> str | list[str]:
    return [_normal_text(one) for one in value] if isinstance(value, list) else _normal_text(value)


def _set_field(made: dict[str, Any], field: Field, entered: str | list[str], drop_empty: bool) -> None:
    """Write the value of a field to its place in the data; create missing blocks."""
    place: Any = made
    for step, following in zip(field.way, field.way[1:], strict=False):
        inner = (
            place[step]
            if (isinstance(step, int) and step < len(place)) or (isinstance(place, dict) and step in place)
            else None
        )
        if not isinstance(inner, dict | list):
            inner = [] if isinstance(following, int) else {}
            if isinstance(place, list):
                place.append(inner)
            else:
                place[step] = inner
        place = inner
    last = field.way[-1]
    if field.widget == "datetime-local" and isinstance(entered, str):
        entered = entered.replace("T", " ")
    if entered != "" and entered != []:
        place[last] = entered
    elif isinstance(entered, list):
        place[last] = REMOVED if drop_empty else []
    elif field.nullable and not drop_empty and len(field.way) == 1:
        place[last] = None
    else:
        place[last] = REMOVED


def _tidy(value: Any, before: Any) -> Any:
    """Return data without removed values, empty rows and empty blocks."""
    if value == before:
        return value
    if isinstance(value, list):
        return [one for one in (_tidy(one, None) for one in value) if one not in (None, {})]
    if isinstance(value, dict):
        kept = {name: _tidy(one, None) for name, one in value.items() if one is not REMOVED}
        return {name: one for name, one in kept.items() if one not in ([], {})} or None
    return value


def field_names(model: type[StrictStruct], codes: Sequence[str]) -> set[str]:
    """Return the name of each field that a form of a shape can have, so that it is stored through a log-in."""
    found = {one.name for one in list_fields(model, {}, {}, codes)}
    for row in msgspec.structs.fields(model):
        for sample in (["x"] * MAX_ROWS, dict.fromkeys(codes, "x")):
            rows = [{} for _one in sample] if isinstance(sample, list) else sample
            found |= {one.name for one in _fields(row.type, rows, (row.encode_name,), None, False, {}, codes, model)}
    return found
