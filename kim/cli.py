"""The command line: which module holds which command."""

from __future__ import annotations

import importlib

import click

# The module of each command; it is imported when the command is called.
LAZY_COMMANDS = {
    **dict.fromkeys(("build", "pdf", "check", "dashboard", "new", "catalogs", "serve"), "kim.site"),
    **dict.fromkeys(("submissions", "db", "mail", "users", "purge"), "kim.service"),
    **dict.fromkeys(("doctor", "secret", "backup", "restore", "restore-drill"), "kim.operations"),
    "publish": "kim.publish",
    "survey": "kim.survey",
    "translations": "kim.translations",
    "demo": "kim.demo",
    "bench": "kim.bench",
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
        command: click.Command = getattr(importlib.import_module(LAZY_COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kim-bottrop", prog_name="kim", message="%(prog)s %(version)s")
def main() -> None:
    """KIM: the site, its forms and what came in."""
