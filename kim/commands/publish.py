"""``kim publish``: pages that were changed in the browser go live."""

from pathlib import Path

import click

from form_handler.operations.logs import configure_logging
from form_handler.settings import read_settings
from kim.database import open_database
from kim.progress import phases
from kim.terminal import replace_control_characters


@click.group()
def publish() -> None:
    """Publications of pages that were changed in the browser."""


@publish.command("run")
@click.option("--once", is_flag=True, help="Publish what is due now, then end.")
@click.option("--parent", type=int, hidden=True, help="Process id of the server; the worker ends with it.")
@click.option("--demo-survey", type=click.Path(path_type=Path), hidden=True, help="Survey results of a demonstration.")
def run_command(once: bool, parent: int | None, demo_survey: Path | None) -> None:
    """Publish what is due, until SIGTERM; in production a service of its own (deploy/systemd/kim-publish.service).

    One worker runs at a time for a data folder, and a further one waits.
    """
    from editing.publication import worker
    from form_handler.server.worker_process import AnotherWorkerError, stop_event

    settings = read_settings()
    if settings.content_dir is None:
        raise click.ClickException("Pages are not edited here: KIM_CONTENT_DIR names no folder.")
    if not once:
        configure_logging(settings.log_format)
    database = open_database(settings, service=not once)
    if not once:
        worker.run_worker(database, settings, stop_event(parent), demo_survey)
        return
    try:
        with phases() as report:
            done = worker.run_once(database, settings, report=report)
        click.echo(f"{done} published.")
    except AnotherWorkerError:
        click.echo("A publication worker is running; it publishes what is due.")


@publish.command("list")
def list_command() -> None:
    """List the newest publications, those that wait first, and why they do."""
    from editing.publication.store import list_publications

    found = list_publications(open_database(read_settings()))
    for one in found:
        files = ", ".join(file.path for file in one.files)
        problem = f"  {one.problem.splitlines()[0]}" if one.problem else ""
        click.echo(
            replace_control_characters(f"{one.id[:8]}  {one.state}  {one.due_at:%Y-%m-%d %H:%M} UTC  {files}{problem}")
        )
    if not found:
        click.echo("Nothing has been published from the browser yet.")
