"""Commands of the experience survey: which answers count, and their publication."""

import sys
from collections.abc import Mapping, Sequence

import click

from core.clock import local_day, utc_now
from form_handler.forms import FORMS
from form_handler.settings import read_settings
from form_handler.survey.answers import DecisionError, State, count_states, decide, list_answers
from form_handler.survey.publication import publish, withdraw, write_results
from form_handler.survey.results_file import RESULTS_PATH
from kim.database import OPERATOR, open_database
from kim.terminal import replace_control_characters


@click.group()
def survey() -> None:
    """The experience survey."""


STATE_LABELS: dict[State, str] = {
    "undecided": "undecided",
    "counts": "counts",
    "excluded": "excluded",
    "duplicate": "duplicate, does not count",
    "published": "published",
}


@survey.command("list")
def list_survey_command() -> None:
    """List the answers and whether each counts, the oldest first."""
    settings = read_settings()
    found = list_answers(open_database(settings))
    for one in found:
        hints = [
            *([f"same company as {', '.join(one.same_company)}"] if one.same_company else []),
            *([f"same answers as {', '.join(one.same_answers)}"] if one.same_answers else []),
        ]
        row = one.submission
        sender = FORMS["survey"].sender_label(row.answers) or "unnamed"
        click.echo(
            f"{row.reference}  {local_day(row.received_at, settings.time_zone)}  {STATE_LABELS[one.state]}  {replace_control_characters(sender)}"
            + (f"  ({'; '.join(hints)})" if hints else "")
        )
    click.echo(format_states(count_states(found)))


def format_states(states: Mapping[State, int]) -> str:
    """Return how many answers are in which state."""
    return ", ".join(f"{states[key]} {words}" for key, words in STATE_LABELS.items() if key in states) + "."


def decide_all(references: Sequence[str], counts: bool | None) -> None:
    """Decide on each answer; end with an error if one was not possible."""
    database, now, failed = open_database(read_settings()), utc_now(), False
    for reference in references:
        try:
            decide(database, reference, counts, OPERATOR, now)
        except DecisionError as error:
            click.echo(f"{replace_control_characters(reference)}: {error}", err=True)
            failed = True
    click.echo(format_states(count_states(list_answers(database))))
    if failed:
        sys.exit(1)


@survey.command("count")
@click.argument("references", nargs=-1, required=True)
def count_command(references: tuple[str, ...]) -> None:
    """Confirm that answers count: each is of a company, and of a different one."""
    decide_all(references, True)


@survey.command("exclude")
@click.argument("references", nargs=-1, required=True)
def exclude_command(references: tuple[str, ...]) -> None:
    """Decide that answers do not count: tests, jokes, the same company again."""
    decide_all(references, False)


@survey.command("reopen")
@click.argument("references", nargs=-1, required=True)
def reopen_command(references: tuple[str, ...]) -> None:
    """Take decisions back; until the next one these answers do not count."""
    decide_all(references, None)


@survey.command("publish")
@click.option("--dry-run", is_flag=True, help="Only say what would be published.")
def publish_command(dry_run: bool) -> None:
    """Publish results and quotations to city/data/survey.yml; the next build shows them."""
    database, path = open_database(read_settings()), RESULTS_PATH
    done = publish(database, path, utc_now(), dry_run, OPERATOR)
    found = done.content
    cells = sum(len(table) for table in found["tables"].values())
    what = f"{found['answers']} companies, {cells} numbers, {len(found['quotations'])} quotations"
    click.echo(f"{what} would be published." if dry_run else f"{what}. Written: {path}. Now build the site: make build")
    click.echo(f"Answers: {format_states(done.states)}")


@survey.command("withdraw")
def withdraw_command() -> None:
    """Take the published results back; counted answers stay counted, the next build shows no results."""
    database = open_database(read_settings())
    if not withdraw(database, OPERATOR, utc_now()):
        raise click.ClickException("Nothing is published.")
    write_results(database, RESULTS_PATH)
    click.echo(f"Taken back. Deleted: {RESULTS_PATH}. Now build the site: make build")


@survey.command("write")
def write_command() -> None:
    """Write city/data/survey.yml as the database has it: what the inbox published, or took back."""
    changed = write_results(open_database(read_settings()), RESULTS_PATH)
    click.echo(f"{RESULTS_PATH} " + ("is written. Now build the site: make build" if changed else "is up to date."))
