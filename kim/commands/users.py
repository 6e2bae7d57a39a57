"""``kim users``: accounts of the staff area and their roles."""

import sys

import click

from core.clock import utc_now
from form_handler.settings import read_settings
from form_handler.staff.auth import second_factor
from form_handler.staff.auth.accounts import (
    account_by_name,
    add_account,
    list_accounts,
    set_active,
    set_password,
)
from form_handler.staff.auth.roles import INBOX, change_roles, list_roles, parse_role
from kim.database import OPERATOR, open_database
from kim.terminal import replace_control_characters


@click.group()
def users() -> None:
    """Who may log in to the staff area /eingang/."""


def ask_password(from_stdin: bool) -> str:
    """Return a new password, typed twice or read from the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt="Repeat")
    return password


@users.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--no-password", is_flag=True, help="Only the city's own log-in (OpenID Connect) opens this account.")
@click.option(
    "--role", "roles", multiple=True, default=(INBOX,), show_default=True,
    help="What it opens: inbox, edit, publish, translate:LANGUAGE or admin; may be given several times.",
)  # fmt: skip
def add_user_command(name: str, password_stdin: bool, no_password: bool, roles: tuple[str, ...]) -> None:
    """Make an account."""
    database = open_database(read_settings())
    given = [parse_role(role) for role in roles]
    password = None if no_password else ask_password(password_stdin)
    add_account(database, name, password, utc_now(), given)
    click.echo(f"{name} can now log in at /eingang/ with: {', '.join(sorted(given))}.")


@users.command("roles")
@click.argument("name", required=False)
@click.option("--add", multiple=True, metavar="ROLE", help="A role to give; may be given several times.")
@click.option("--remove", multiple=True, metavar="ROLE", help="A role to take; may be given several times.")
def roles_command(name: str | None, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Show the roles of all accounts, or change those of one.

    inbox opens what people sent; edit changes pages, publish makes changes public, translate:LANGUAGE changes the
    pages of one language, admin gives roles. Changes count from the next click of the person.
    """
    database = open_database(read_settings())
    if name is None and (add or remove):
        raise click.UsageError("Name the account whose roles are to change.")
    changed = {name: change_roles(database, name, add, remove, OPERATOR, utc_now())} if name else list_roles(database)
    for who, roles in changed.items():
        if roles is None:
            raise click.ClickException(f"There is no account {who}. List all accounts: kim users list")
        click.echo(f"{replace_control_characters(who)}  {', '.join(sorted(roles)) or 'no role'}")


@users.command("set-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password_command(name: str, password_stdin: bool) -> None:
    """Set a new password and end the account's sessions."""
    database = open_database(read_settings())
    set_password(database, name, ask_password(password_stdin))
    click.echo(f"{name} has a new password.")


@users.command("reset-second-factor")
@click.argument("name")
def reset_second_factor_command(name: str) -> None:
    """Turn an account's second factor off, for somebody who has lost device and recovery codes."""
    database = open_database(read_settings())
    who = account_by_name(database, name)
    if who is None or not second_factor.disable(database, who.id, OPERATOR, utc_now()):
        raise click.ClickException(
            f"There is no open account {name} with a second factor. List all accounts: kim users list"
        )
    click.echo(f"{name} logs in with the password alone.")


@users.command("disable")
@click.argument("name")
def disable_command(name: str) -> None:
    """Disable an account; notes and history keep its name."""
    _set_active(name, False)
    click.echo(f"{name} can no longer log in.")


@users.command("enable")
@click.argument("name")
def enable_command(name: str) -> None:
    """Enable a disabled account again."""
    _set_active(name, True)
    click.echo(f"{name} can log in again.")


def _set_active(name: str, active: bool) -> None:
    set_active(open_database(read_settings()), name, active)


@users.command("list")
def list_users_command() -> None:
    """List all accounts."""
    found = list_accounts(open_database(read_settings()))
    for name, active in found:
        click.echo(f"{replace_control_characters(name)}  {'enabled' if active else 'disabled'}")
    if not found:
        click.echo("There is no account yet. Make the first one: kim users add NAME")
