"""``kim bench``: the benchmarks of a checkout."""

import importlib
import sys

import click

from core.project import CODE


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument(
    "what", type=click.Choice(["build", "page", "search", "serve", "edit", "form", "inbox", "nginx", "municipalities"])
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(what: str, options: tuple[str, ...]) -> None:
    """Measure beside peers in the same run and write it into bench/results.md (developers).

    What follows WHAT goes to that benchmark: kim bench build --peer stock,hugo --size 8x60 --rounds 1.
    """
    sys.path.insert(0, str(CODE))  # benchmarks are not installed with the commands
    try:
        module = importlib.import_module(f"bench.{what}")
        sys.exit(module.main(list(options)))
    except Exception as error:
        from bench.needs import missing_part  # late: see above

        if sentence := missing_part(error):
            raise click.ClickException(f"bench {what}: {sentence}") from error
        raise
