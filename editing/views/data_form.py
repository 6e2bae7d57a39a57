"""A form of typed fields: the same steps for an entry of facts and for the header of a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from editing.drafts import ChangedMeanwhileError
from editing.forms.facts import Problem
from editing.forms.fields import Field, read_form, with_entered
from editing.paragraphs.reading import EditError, digest


class DataForm:
    """Entered values are merged with those stored by others in the meantime, checked, and stored.

    :ivar data: the entry as it is now.
    :ivar text: its bytes with plain line ends; a form carries their digest back.
    :ivar drop_empty: whether an emptied field is removed with its key.
    """

    data: dict[str, Any]
    text: str
    drop_empty = False

    def fields(self, data: Mapping[str, Any]) -> list[Field]:
        """Return the fields with the values of an entry."""
        raise NotImplementedError

    def base(self, before: str) -> Mapping[str, Any]:
        """Return the entry at the moment when the form was opened."""
        raise NotImplementedError

    def prepare(self, mine: Mapping[str, Any]) -> None:
        """Prepare the checks.

        :raises EditError: if it cannot be done.
        """

    def check(self, data: Mapping[str, Any]) -> list[Problem]:
        """Return the findings of the entry."""
        raise NotImplementedError

    def stops(self, problems: Sequence[Problem], changed: set[str]) -> bool:
        """Return whether an entry with these problems is not stored."""
        return any(one.level == "error" for one in problems)

    def save(self, data: Mapping[str, Any]) -> BaseResponse:
        """Store the entry and lead on.

        :raises ChangedMeanwhileError: if somebody else has changed it in this moment.
        :raises EditError: if it cannot be written.
        """
        raise NotImplementedError

    def show(self, fields: Sequence[Field] | None = None, problems: Sequence[Problem] = (), error: str = "", status: int = 200,
             before: str | None = None, seen: str | None = None, theirs: Mapping[str, str] | None = None) -> BaseResponse:  # fmt: skip
        """Show the form with entered values and errors."""
        raise NotImplementedError

    def store(self) -> BaseResponse:
        """Store the entered values; show the form again if they cannot be stored, or somebody else has stored before."""
        form = g.form
        before, seen = form.get("before", "").replace("\r\n", "\n"), form.get("digest", "")
        base = self.base(before)
        fields = self.fields(base)
        entered = with_entered(fields, form)
        mine = read_form(fields, form, base, self.drop_empty)
        try:
            self.prepare(mine)
        except EditError as refused:
            return self.show(entered, [], str(refused), 422, before, seen)
        if seen != digest(self.text):
            merged, clashes = bring_together(base, mine, self.data, form)
            if clashes:
                shown = {name: format_value(self.data.get(name)) for name in clashes}
                again = merge_shown(self.fields(self.data), entered, clashes, base, mine)
                error = _("Somebody else has changed this entry meanwhile. Nothing of yours was stored yet, and nothing is lost. Choose at the marked fields.")  # fmt: skip
                return self.show(again, [], error, 409, self.text, digest(self.text), shown)
            mine, entered = merged, self.fields(merged)
        elif asked := [name for name in form.get("clashes", "").split() if name in self.data or name in mine]:
            # after the conflict page: the choice at each field that both had changed
            if any(form.get(f"_take_{name}") not in ("mine", "theirs") for name in asked):
                shown = {name: format_value(self.data.get(name)) for name in asked}
                return self.show(entered, [], _("Choose at the marked fields which text is to be stored."), 422, before, seen, shown)  # fmt: skip
            for name in [name for name in asked if form.get(f"_take_{name}") == "theirs"]:
                mine.pop(name, None)
                mine |= {name: self.data[name]} if name in self.data else {}
        problems = self.check(mine)
        changed = {name for name in {*mine, *self.data} if mine.get(name) != self.data.get(name)}
        wrong = self.stops(problems, changed)
        if form.get("action") == "check" or wrong:
            error = _("Nothing is stored yet. The marked fields say what is wrong, and how to mend it.") if wrong else ""  # fmt: skip
            return self.show(
                list_again(self.fields(mine), entered), problems, error, 422 if wrong else 200, before, seen
            )
        try:
            return self.save(mine)
        except ChangedMeanwhileError:
            error = _("Somebody else has changed this entry meanwhile. Please send it once more.")
            return self.show(entered, problems, error, 409, before, seen)
        except EditError as refused:
            return self.show(entered, problems, str(refused), 422, before, seen)


def bring_together(
    base: Mapping[str, Any], mine: Mapping[str, Any], now: Mapping[str, Any], form: MultiDict[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the entry with the changes of both, and the fields that both have changed, each in another way."""
    made, clashes = dict(now), []
    for name in dict.fromkeys([*base, *mine, *now]):
        own, before, theirs = mine.get(name), base.get(name), now.get(name)
        if own in (before, theirs):
            continue
        choice = form.get(f"_take_{name}", "")
        if theirs != before and choice not in ("mine", "theirs"):
            clashes.append(name)
        if choice == "theirs" and theirs != before:
            continue
        if name in mine:
            made[name] = own
        else:
            made.pop(name, None)
    return made, clashes


def list_again(fields: list[Field], entered: Sequence[Field]) -> list[Field]:
    """Return the fields of an entry, with the entered values in those that it had before."""
    values = {one.name: one for one in entered}
    return [values.get(one.name, one) if not isinstance(one.value, list) else one for one in fields]


def merge_shown(
    fields: list[Field],
    entered: Sequence[Field],
    clashes: Sequence[str],
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
) -> list[Field]:
    """Return the fields of the current entry, with entered values where they differ from the values that the form began with."""
    values = {one.name: one for one in entered}
    changed = {name for name in dict.fromkeys([*base, *mine]) if base.get(name) != mine.get(name)}
    return [values.get(one.name, one) if one.top in {*clashes, *changed} else one for one in fields]


def format_value(value: Any) -> str:
    """Return a value as a sentence shows it."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {format_value(one)}" for name, one in value.items())
    return ", ".join(map(format_value, value)) if isinstance(value, list) else str(value or "–")


def group_fields(fields: Sequence[Field]) -> list[tuple[str, list[Field]]]:
    """Return the fields in their blocks, in order."""
    found: list[tuple[str, list[Field]]] = []
    for field in fields:
        if not found or found[-1][0] != field.group:
            found.append((field.group, []))
        found[-1][1].append(field)
    return found
