"""Roles: each route of the staff area names who may open it, and nobody else gets in."""

from __future__ import annotations

import datetime
import re

import pytest
from click.testing import CliRunner
from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import ROLE_NAMES, RoleError, change_roles, list_roles, parse_role
from form_handler.staff.blueprint import make_blueprint
from form_handler.storage.database import Database
from form_handler.storage.migrate import alembic_config
from form_handler.storage.tables import account, account_role, event
from kim.cli import main
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk, put

NOW = datetime.datetime.now(datetime.UTC)
ANY = {*ROLE_NAMES, ""}
# Who may open what. A route that is missing here fails the test, and so does one too many.
ROUTES = {
    "": {"inbox"}, "ausgabe.<kind>": {"inbox"}, "mails/": {"inbox"}, "zahlen/": {"inbox"}, "umfrage/": {"inbox"},
    "umfrage/zaehlung/": {"inbox"}, "person/": {"inbox"}, "person/kopie.<kind>": {"inbox"}, "person/loeschen": {"inbox"},
    "person/berichtigen": {"inbox"}, "v/<reference>/": {"inbox"}, "v/<reference>/stand": {"inbox"},
    "v/<reference>/notiz": {"inbox"}, "v/<reference>/zwischennachricht": {"inbox"}, "v/<reference>/freigeben": {"inbox"},
    "v/<reference>/mails": {"inbox"}, "v/<reference>/zitat": {"inbox"}, "v/<reference>/berichtigen": {"inbox"},
    "v/<reference>/loeschen": {"inbox"}, "abmelden/": ANY, "ungesendet/": ANY, "ungesendet/verwerfen": ANY,
    "anmelden/": {*ANY, "nobody"}, "anbieter/": {*ANY, "nobody"}, "anbieter/zurueck": {*ANY, "nobody"}, "<path:rest>": ANY,
    "v/<reference>/spam": {"inbox"}, "v/<reference>/dabei": {"inbox"}, "v/<reference>/antwort/": {"inbox"},
    "v/<reference>/antwort/senden": {"inbox"}, "v/<reference>/antwort/entwurf": {"inbox"}, "v/<reference>/antwort/verwerfen": {"inbox"},
    "v/<reference>/rueckmeldung/": {"inbox"}, "v/<reference>/absender/": {"inbox"}, "v/<reference>/absender/verbinden": {"inbox"},
    "sammel/": {"inbox"}, "rueckgaengig/": {"inbox"}, "ansichten/": {"inbox"}, "ansichten/loeschen": {"inbox"}, "tasten/": ANY,
    "umfrage/veroeffentlichen/": {"inbox"}, "konto/": ANY, "konto/passwort": ANY, "konto/sitzungen": ANY, "konto/zweiter-faktor/": ANY,
    "konto/zweiter-faktor/aus": ANY, "konto/benachrichtigungen": {"inbox"}, "anmelden/code/": {*ANY, "nobody"}, "konten/": {"admin"},
    "konten/<int:account_id>/": {"admin"}, "konten/<int:account_id>/rollen": {"admin"}, "konten/<int:account_id>/passwort": {"admin"},
    "konten/<int:account_id>/zweiter-faktor": {"admin"}, "konten/<int:account_id>/sitzungen": {"admin"},
}  # fmt: skip


def routes(app: Flask) -> dict[str, set[str]]:
    """Return the methods of each route of the staff area, by its path below the root."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("staff."):
            found.setdefault(rule.rule.removeprefix("/eingang/"), set()).update(rule.methods or ())
    return found


def log_in(app: Flask, database: Database, *roles: str) -> Clerk:
    """Return somebody with these roles who is logged in."""
    name = "-".join(roles).replace(":", ".") or "ohne"
    accounts.add_account(database, name, PASSWORD, NOW, roles)
    one = Clerk(app)
    assert one.log_in(name).status_code == 303
    return one


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(app: Flask) -> None:
    assert routes(app).keys() == ROUTES.keys()


def test_a_route_without_a_role_cannot_be_made() -> None:
    blueprint = make_blueprint("staff_probe", __name__)
    with pytest.raises(TypeError, match="must name a role"):
        blueprint.route("/probe/")(lambda: "")
    with pytest.raises(TypeError, match="must name a role"):
        blueprint.route("/probe/", role="office")(lambda: "")


@pytest.mark.parametrize("role", ["nobody", "", "inbox", "edit", "publish", "translate:uk", "admin"])
def test_each_role_opens_its_routes_and_no_other(app: Flask, database: Database, settings: Settings, role: str) -> None:
    submission = put(database, settings)
    one = Clerk(app) if role == "nobody" else log_in(app, database, *filter(None, [role]))
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', one.get("ungesendet/" if role != "nobody" else "anmelden/").text
    )
    assert token
    wrong = []
    for path, methods in routes(app).items():
        if path == "abmelden/":  # ends the session
            continue
        allowed = role.partition(":")[0] in ROUTES[path]
        address = (
            path.replace("<reference>", submission.reference)
            .replace("<kind>", "csv")
            .replace("<path:rest>", "nirgends")
            .replace("<int:account_id>", "999")
        )
        for method in sorted(methods & {"GET", "POST"}):
            answer = one.get(address) if method == "GET" else one.post(address, token=token[1], state="new")
            shown = submission.answers["company"] and submission.answers["company"] in answer.text
            if role == "nobody":
                refused = answer.status_code == 403 or "/anmelden/" in (answer.location or "")
            else:  # the first page leads to another one that the account may open
                refused = answer.status_code == (303 if path == "" and role == "admin" and method == "GET" else 403)
            if refused == allowed and not path.startswith(("anbieter/", "anmelden/")):
                wrong.append((method, address, answer.status_code))
            assert allowed or not shown
    assert wrong == []


def test_an_account_without_a_role_is_told_so_and_sees_no_page(app: Flask, database: Database) -> None:
    one = log_in(app, database)
    answer = one.get()
    assert answer.status_code == 403
    assert "darf diese Seite nicht öffnen" in answer.text
    assert 'href="/eingang/person/"' not in answer.text


def test_a_role_that_is_taken_counts_at_the_next_click(app: Flask, database: Database) -> None:
    one = log_in(app, database, "inbox")
    assert one.get().status_code == 200
    change_roles(database, "inbox", [], ["inbox"], "probe", NOW)
    assert one.get().status_code == 403


@pytest.mark.parametrize(
    "text", ["office", "translate", "translate:", "translate:de", "translate:xx", "inbox:uk", "", "*"]
)
def test_a_role_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(RoleError):
        parse_role(text)


def test_each_change_of_roles_is_recorded_without_the_name(database: Database) -> None:
    accounts.add_account(database, "Probe", None, NOW)
    assert change_roles(database, "probe", ["edit", "translate:uk"], ["inbox"], "leitung", NOW) == {
        "edit",
        "translate:uk",
    }
    with database.read_connection() as connection:
        (row,) = connection.execute(event.select()).all()
    assert (row.actor, row.kind, row.detail) == ("leitung", "roles", "1 +edit +translate:uk -inbox")


def test_accounts_from_before_roles_keep_inbox_and_admin(settings: Settings) -> None:
    from alembic import command

    database = Database(settings)
    with database.transaction() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.execute(account.insert().values(name="alt", active=True, created_at=NOW))
        command.upgrade(config, "head")
    assert list_roles(database) == {"alt": {"inbox", "admin"}}
    database.engine.dispose()


def test_the_command_gives_shows_and_takes_roles(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KIM_DATA_DIR", "KIM_SITE_DIR"):
        monkeypatch.setenv(name, str(settings.data_dir if name == "KIM_DATA_DIR" else settings.site_dir))
    monkeypatch.setenv("KIM_SETTINGS", "none")
    run = CliRunner()

    def kim(*words: str) -> str:
        answer = run.invoke(main, ["users", *words])
        return answer.output if answer.exit_code == 0 else f"refused {answer.output}"

    assert "with: edit, translate:uk" in kim("add", "eva", "--no-password", "--role", "edit", "--role", "translate:uk")
    assert kim("add", "ida", "--no-password", "--role", "chief").startswith("refused")
    assert "eva  publish, translate:uk" in kim("roles", "eva", "--add", "publish", "--remove", "edit")
    assert kim("roles", "--add", "publish").startswith("refused")
    assert kim("roles", "niemand").startswith("refused")
    assert "eva  publish, translate:uk" in kim("roles")
    with database.transaction() as connection:
        connection.execute(account.delete())
        assert connection.execute(account_role.select()).all() == []
