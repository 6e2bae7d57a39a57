"""Progress of long work on stderr: a bar on a terminal, plain lines elsewhere."""

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator

import click

Step = Callable[[str], None]


@contextlib.contextmanager
def steps(label: str, total: int) -> Iterator[Step]:
    """Show the progress of work whose number of steps is known; call the yielded function once after each step.

    A terminal gets click's bar with the name of the last step and the remaining time, everything else a line for each tenth
    of the work.
    """
    if sys.stderr.isatty():
        shown = click.progressbar(length=total, label=label, item_show_func=lambda name: name, file=sys.stderr)
        with shown as bar:
            yield lambda name: bar.update(1, name)
        return
    done = 0

    def line(name: str) -> None:
        nonlocal done
        done += 1
        if done == total or done * 10 // max(total, 1) > (done - 1) * 10 // max(total, 1):
            click.echo(f"{label}: {done}/{total} {name}", err=True)

    yield line


@contextlib.contextmanager
def phases() -> Iterator[Step]:
    """Show the current phase of work of unknown length; call the yielded function at the beginning of each phase.

    A terminal gets one line that is rewritten and removed at the end, everything else a line for each phase.
    """
    if not sys.stderr.isatty():
        yield lambda name: click.echo(f"{name} …", err=True)
        return
    width = shutil.get_terminal_size().columns - 3
    try:
        yield lambda name: click.echo(f"\r\033[K{name[:width]} …", err=True, nl=False)
    finally:
        click.echo("\r\033[K", err=True, nl=False)
