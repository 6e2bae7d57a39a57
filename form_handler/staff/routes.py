"""Routes of the staff area: each one names who may open it, how much it takes, and whether its form is stored through a log-in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app
from werkzeug.exceptions import HTTPException

from form_handler.staff.auth.roles import PUBLIC, ROLE_NAMES, SIGNED_IN
from form_handler.staff.request_body import MAX_BODY_BYTES


@dataclass(frozen=True)
class ViewRules:
    """The rules of a route.

    :ivar roles: one of these opens it; :data:`PUBLIC` and :data:`SIGNED_IN` mean everybody and every account.
    :ivar max_body: the largest body of a form, in bytes.
    :ivar saved_fields: the fields that are stored when the form is sent without a session; None: the form is not stored.
    :ivar describe: returns the action of the form, for the list of unsent forms.
    :ivar background: whether a script calls it by itself, so that the session does not get longer by it.
    :ivar uploads: whether its form holds files (``multipart/form-data``).
    """

    roles: frozenset[str]
    max_body: int = MAX_BODY_BYTES
    saved_fields: frozenset[str] | None = None
    describe: Callable[..., str] | None = None
    background: bool = False
    uploads: bool = False


class StaffBlueprint(Blueprint):
    """A blueprint whose routes are closed to everybody until they name a role.

    :ivar views: the rules of each view, by its name.
    """

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.views: dict[str, ViewRules] = {}

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, provide_automatic_options: bool | None = None,
        *, role: str | tuple[str, ...] = (), max_body: int = MAX_BODY_BYTES, saved_fields: tuple[str, ...] | None = None,
        describe: Callable[..., str] | None = None, background: bool = False, uploads: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        """Add a route.

        :param role: the role that opens it, or several of which one is enough.
        :raises TypeError: if no role is named, or one that does not exist.
        """
        roles = frozenset([role] if isinstance(role, str) else role)
        if not roles or roles - {*ROLE_NAMES, PUBLIC, SIGNED_IN}:
            raise TypeError(f"The route {rule} of the staff area must name a role, role=INBOX for example.")
        name = endpoint or view_func.__name__
        rules = ViewRules(
            roles, max_body, None if saved_fields is None else frozenset(saved_fields), describe, background, uploads
        )
        if self.views.setdefault(name, rules).roles != roles:
            raise TypeError(f"The routes of {name} name different roles.")
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def match_view(path: str, method: str) -> tuple[str, dict[str, Any], ViewRules] | None:
    """Return name, arguments and rules of the view of the staff area at an address; None for another address."""
    try:
        endpoint, values = current_app.url_map.bind("").match(path, method=method)
    except HTTPException:  # no such page, another method, or an address to be completed
        return None
    name, _dot, view = endpoint.rpartition(".")
    blueprint = current_app.blueprints.get(name)
    if not isinstance(blueprint, StaffBlueprint) or view == "unknown_page":
        return None
    return view, dict(values), blueprint.views[view]


def view_rules(blueprint: str | None, endpoint: str | None) -> ViewRules:
    """Return the rules of a view; a view that has none is closed."""
    found = current_app.blueprints.get(blueprint or "")
    view = (endpoint or "").rpartition(".")[2]
    return (
        found.views.get(view, ViewRules(frozenset())) if isinstance(found, StaffBlueprint) else ViewRules(frozenset())
    )
