"""Data that people write by hand, read into a declared shape: each fault is named with its place, in German.

The shapes are :class:`msgspec.Struct` classes: which fields there are, their types, what is required. msgspec checks them
and stops at the first fault; :func:`read_model` goes on, field by field, so that an editor sees all of them at once.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

Kind = Literal["unknown", "missing", "value"]
M = TypeVar("M", bound=msgspec.Struct)


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all shapes share: nothing changes once it is read, and an unknown field is a fault."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    :ivar where: the way to it: ``("measure", "sizes", 1)``; empty if the whole is meant.
    :ivar kind: a field that nobody knows, one that is missing, or a value that does not fit.
    :ivar what: a German sentence without its full stop.
    """

    where: tuple[str | int, ...]
    kind: Kind
    what: str

    @property
    def place(self) -> str:
        """Return the way to it as people read it: ``measure.sizes.1``."""
        return ".".join(map(str, self.where))


def read_model(model: type[M], data: Any) -> M | list[Fault]:
    """Return data in its declared shape, or everything that is wrong with it.

    :param data: what a YAML loader gives: dates are dates, numbers numbers.
    """
    try:
        return msgspec.convert(data, model)
    except msgspec.ValidationError as error:
        return list(_faults(model, data, ())) or [Fault((), "value", _said(str(error), model))]


def given(model: Model) -> dict[str, Any]:
    """Return the fields that were given a value, by name."""
    return {name: value for name, value in msgspec.structs.asdict(model).items() if value is not None}


def _faults(wanted: Any, value: Any, where: tuple[str | int, ...]) -> Iterator[Fault]:
    """Yield what is wrong with one value and everything in it."""
    kind = _plain(wanted)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, Mapping):
        fields = {row.encode_name: row for row in msgspec.structs.fields(kind)}
        for name in value:
            if name not in fields:
                yield Fault((*where, str(name)), "unknown", "kennt hier niemand")
        for name, row in fields.items():
            if name in value:
                yield from _faults(row.type, value[name], (*where, name))
            elif row.required:
                yield Fault((*where, name), "missing", "fehlt")
    elif get_origin(kind) is list and isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _faults(get_args(kind)[0], item, (*where, number))
    else:
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            yield Fault(where, "value", _said(str(error), wanted))


def _plain(wanted: Any) -> Any:
    """Return a type without its conditions, and without ``None`` where it is the only other choice."""
    if get_origin(wanted) is Annotated:
        return _plain(get_args(wanted)[0])
    if get_origin(wanted) in (Union, types.UnionType):
        choices = [one for one in get_args(wanted) if one is not type(None)]
        return _plain(choices[0]) if len(choices) == 1 else wanted
    return wanted


_NAMES = {
    "str": "ein Text", "int": "eine ganze Zahl", "float": "eine Zahl", "bool": "true oder false", "array": "eine Liste",
    "object": "ein Block aus Zeilen mit Schlüssel und Wert", "date": "ein Datum wie 2027-11-23", "null": "nichts",
}  # fmt: skip
_LENGTH = re.compile(r"Expected `(\w+)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `\w+` (<=|>=) (\S+)")
_TYPES = re.compile(r"Expected `([\w |]+)`, got `(\w+)`")
_AT_LEAST = {">=": "mindestens", "<=": "höchstens"}


def _said(message: str, wanted: Any) -> str:
    """Return what msgspec found, in German; what a rule of a shape says is German already."""
    if message.startswith("Invalid enum value"):
        return f"erlaubt ist nur: {', '.join(_allowed(wanted))}"
    if message.startswith("Invalid RFC3339 encoded date"):
        return "hier steht ein Datum wie 2027-11-23"
    if " matching regex " in message:
        return f"hier steht {next(_described(wanted), 'etwas anderes')}"
    if length := _LENGTH.match(message):
        unit = "Einträge" if length[1] == "array" else "Zeichen"
        return f"{_AT_LEAST[length[2]]} {length[3]} {unit if length[3] != '1' else unit.replace('Einträge', 'Eintrag')}"
    if bound := _BOUND.match(message):
        return f"{_AT_LEAST[bound[1]]} {bound[2]}"
    if kinds := _TYPES.match(message):
        names = [_NAMES.get(name, name) for name in kinds[1].split(" | ") if name != "null"]
        return f"hier steht {' oder '.join(names)}, nicht {_NAMES.get(kinds[2], kinds[2])}"
    return message


def _allowed(wanted: Any) -> list[str]:
    """Return the words that a type names one by one."""
    if get_origin(wanted) is Literal:
        return [str(word) for word in get_args(wanted)]
    return [word for one in get_args(wanted) for word in _allowed(one)]


def _described(wanted: Any) -> Iterator[str]:
    """Yield what the conditions of a type say of themselves."""
    for one in get_args(wanted):
        if isinstance(one, msgspec.Meta):
            if one.description:
                yield one.description
        else:
            yield from _described(one)
