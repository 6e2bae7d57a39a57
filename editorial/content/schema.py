"""Data that people write by hand, read into a declared shape: each fault is named with its place, in German.

The shapes are :class:`msgspec.Struct` classes: the fields, their types, and whether they are required. msgspec checks them
and stops at the first fault; :func:`validate` continues, field by field, so that an editor sees all of them at once.
"""

import functools
import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from core.text.values import decode
from core.text.yaml import parse_bool

IssueKind = Literal["unknown", "missing", "value"]
M = TypeVar("M", bound=msgspec.Struct)


class StrictStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of all shapes: nothing changes once it is read, and an unknown field is a fault."""


class ValidationIssue(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    :ivar path: keys and indexes: ``("measure", "sizes", 1)``; empty if the whole is meant.
    :ivar kind: an unknown field, one that is missing, or a value that does not fit.
    :ivar message: a German sentence without its full stop.
    """

    path: tuple[str | int, ...]
    kind: IssueKind
    message: str

    @property
    def dotted_path(self) -> str:
        """Return the path in dots: ``measure.sizes.1``."""
        return ".".join(map(str, self.path))


def validate(model: type[M], data: Any) -> M | list[ValidationIssue]:
    """Return data in its declared shape, or everything that is wrong with it.

    :param data: the output of a YAML loader: texts, where :func:`core.text.yaml.load_strings` has read the file. A text
        for a number or a truth value is read as one.
    """
    meant = _coerce(model, data)
    try:
        return msgspec.convert(meant, model, dec_hook=decode)
    except msgspec.ValidationError as error:
        return list(_issues(model, meant, ())) or [ValidationIssue((), "value", _translate_message(str(error), model))]


def set_fields(model: StrictStruct) -> dict[str, Any]:
    """Return the fields that were given a value, by name."""
    return {name: value for name, value in msgspec.structs.asdict(model).items() if value is not None}


_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")


def _coerce(wanted: Any, value: Any) -> Any:
    """Return data with each text made a number, true or false where the shape declares one and the text is one."""
    kind = _unwrap(wanted)
    if isinstance(value, str):
        if kind is int and _WHOLE_NUMBER.fullmatch(value.strip()):
            return int(value)
        truth = parse_bool(value.strip()) if kind is bool else None
        return value if truth is None else truth
    if isinstance(value, list) and get_origin(kind) is list:
        return [_coerce(get_args(kind)[0], one) for one in value]
    if isinstance(value, dict) and get_origin(kind) in (dict, Mapping):
        return {key: _coerce(get_args(kind)[1], one) for key, one in value.items()}
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        types_of = _field_types(kind)
        return {key: _coerce(types_of.get(key), one) for key, one in value.items()}
    return value


@functools.cache
def _field_types(model: type[msgspec.Struct]) -> Mapping[str, Any]:
    return {row.encode_name: row.type for row in msgspec.structs.fields(model)}


def _issues(wanted: Any, value: Any, where: tuple[str | int, ...]) -> Iterator[ValidationIssue]:
    """Yield the errors of one value and everything in it."""
    kind = _unwrap(wanted)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, Mapping):
        fields = {row.encode_name: row for row in msgspec.structs.fields(kind)}
        for name in value:
            if name not in fields:
                yield ValidationIssue((*where, str(name)), "unknown", "kennt hier niemand")
        found = False
        for name, row in fields.items():
            if name in value:
                for issue in _issues(row.type, value[name], (*where, name)):
                    found = True
                    yield issue
            elif row.required:
                found = True
                yield ValidationIssue((*where, name), "missing", "fehlt")
        if where and not found:  # a rule of the shape itself; that of the outermost shape is reported by its caller
            yield from _rule_issues(kind, value, where)
    elif get_origin(kind) in (dict, Mapping) and isinstance(value, Mapping):
        for name, item in value.items():
            yield from _issues(get_args(kind)[0], name, (*where, str(name)))
            yield from _issues(get_args(kind)[1], item, (*where, str(name)))
    elif (get_origin(kind) is list or _is_list_of_one_kind(kind)) and isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _issues(get_args(kind)[0], item, (*where, number))
    else:
        try:
            msgspec.convert(value, wanted, dec_hook=decode)
        except msgspec.ValidationError as error:
            yield ValidationIssue(where, "value", _translate_message(str(error), wanted))


def _is_list_of_one_kind(kind: Any) -> bool:
    """Return whether a type is a tuple of any length."""
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _rule_issues(kind: type[msgspec.Struct], value: Any, where: tuple[str | int, ...]) -> Iterator[ValidationIssue]:
    """Yield the objections of a shape to values that are right one by one (``__post_init__``)."""
    try:
        msgspec.convert({name: one for name, one in value.items() if name in _field_types(kind)}, kind, dec_hook=decode)
    except msgspec.ValidationError as error:
        yield ValidationIssue(where, "value", _translate_message(str(error), kind))


def _unwrap(wanted: Any) -> Any:
    """Return a type without its conditions, and without ``None`` where it is the only other choice."""
    if get_origin(wanted) is Annotated:
        return _unwrap(get_args(wanted)[0])
    if get_origin(wanted) in (Union, types.UnionType):
        choices = [one for one in get_args(wanted) if one is not type(None)]
        return _unwrap(choices[0]) if len(choices) == 1 else wanted
    return wanted


_TYPE_NAMES = {
    "str": "ein Text", "int": "eine ganze Zahl", "float": "eine Zahl", "bool": "true oder false", "array": "eine Liste",
    "object": "ein Block aus Zeilen mit Schlüssel und Wert", "date": "ein Datum wie 2027-11-23", "null": "nichts",
}  # fmt: skip
_LENGTH = re.compile(r"Expected `(\w+)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `\w+` (<=|>=) (\S+)")
_TYPES = re.compile(r"Expected `([\w |]+)`, got `(\w+)`")
_BOUND_WORDS = {">=": "mindestens", "<=": "höchstens"}


def _translate_message(message: str, wanted: Any) -> str:
    """Return msgspec's error in German; the messages of a shape's own rules are German already."""
    if message.startswith("Invalid enum value"):
        return f"erlaubt ist nur: {', '.join(_literals(wanted))}"
    if " matching regex " in message:
        return f"hier steht {next(_descriptions(wanted), 'etwas anderes')}"
    if length := _LENGTH.match(message):
        unit = "Einträge" if length[1] == "array" else "Zeichen"
        return (
            f"{_BOUND_WORDS[length[2]]} {length[3]} {unit if length[3] != '1' else unit.replace('Einträge', 'Eintrag')}"
        )
    if bound := _BOUND.match(message):
        return f"{_BOUND_WORDS[bound[1]]} {bound[2]}"
    if kinds := _TYPES.match(message):
        names = [_TYPE_NAMES.get(name, name) for name in kinds[1].split(" | ") if name != "null"]
        return f"hier steht {' oder '.join(names)}, nicht {_TYPE_NAMES.get(kinds[2], kinds[2])}"
    return message


def _literals(wanted: Any) -> list[str]:
    """Return the words that a type names one by one."""
    if get_origin(wanted) is Literal:
        return [str(word) for word in get_args(wanted)]
    return [word for one in get_args(wanted) for word in _literals(one)]


def _descriptions(wanted: Any) -> Iterator[str]:
    """Yield the conditions of a type."""
    for one in get_args(wanted):
        if isinstance(one, msgspec.Meta):
            if one.description:
                yield one.description
        else:
            yield from _descriptions(one)
