"""The command line: which module holds which command."""

import importlib
from typing import Any

import click

from core.errors import UserError

# The module of each command in kim/commands/; it is imported when the command is called.
LAZY_COMMANDS = {
    **dict.fromkeys(("build", "pdf", "check", "dashboard", "catalogs", "serve"), "site"),
    "new": "new",
    **dict.fromkeys(("submissions", "purge"), "submissions"),
    **dict.fromkeys(("doctor", "secret"), "operations"),
    **dict.fromkeys(("backup", "restore", "restore-drill"), "backup"),
    **{name: name for name in ("bench", "db", "demo", "mail", "publish", "survey", "translations", "update", "users")},
}


class LazyGroup(click.Group):
    """A group that imports the module of a command when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(LAZY_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, None if there is none of this name."""
        if cmd_name not in LAZY_COMMANDS:
            return None
        module = importlib.import_module(f"kim.commands.{LAZY_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error for its caller ends it with its sentence instead of a traceback."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kim-bottrop", prog_name="kim", message="%(prog)s %(version)s")
def main() -> None:
    """KIM: the site, its forms and what came in."""
