"""``kim submissions`` and ``kim purge``: the submissions, and their deletion at the end of retention."""

import json

import click

from core.clock import utc_now
from core.gettext import use_language
from core.languages import default_language
from form_handler.forms import FORMS
from form_handler.settings import read_settings
from form_handler.staff.reports.export import as_record
from form_handler.storage.submissions import find_by_reference, list_submissions
from form_handler.worker.purge import purge as purge_submissions
from kim.database import open_database
from kim.terminal import escape_control_characters, replace_control_characters


@click.group()
def submissions() -> None:
    """Submissions of the forms."""


@submissions.command("list")
@click.option("--form", type=click.Choice(list(FORMS)), help="Only this form.")
@click.option("--state", help="Only this state, for example new.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON array.")
def list_command(form: str | None, state: str | None, as_json: bool) -> None:
    """List submissions, the newest first."""
    settings = read_settings()
    found, zone = list_submissions(open_database(settings), form, state), settings.time_zone
    if as_json:
        click.echo(
            escape_control_characters(json.dumps([as_record(row, zone) for row in found], ensure_ascii=False, indent=2))
        )
        return
    for row in found:
        sender = FORMS[row.form].sender_label(row.answers) or "–"
        click.echo(
            f"{row.reference}  {row.received_at.astimezone(zone):%Y-%m-%d %H:%M}  {row.language}  {row.form}  {row.state}  {replace_control_characters(sender)}"
        )
    if not found:
        click.echo("Nothing has been submitted yet.")


@submissions.command("show")
@click.argument("reference")
def show_command(reference: str) -> None:
    """Show one submission with all its answers."""
    settings = read_settings()
    found = find_by_reference(open_database(settings), reference)
    if found is None:
        raise click.ClickException(f"There is no submission {replace_control_characters(reference)}.")
    received = found.received_at.astimezone(settings.time_zone)
    click.echo(f"{found.reference}  {received:%Y-%m-%d %H:%M}  language {found.language}  {found.state}")
    with use_language(default_language().code):
        for field, words in FORMS[found.form].display_rows(found.answers):
            click.echo(f"\n{field.label.text}\n  {replace_control_characters(words) or '–'}")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option(
    "--confirm", "confirmed", type=click.IntRange(0), metavar="NUMBER",
    help="Delete so many now, all that is past its retention, announced or not; this confirms the clock, too.",
)  # fmt: skip
def purge(dry_run: bool, confirmed: int | None) -> None:
    """Delete announced submissions past their retention; the mail worker does this once a day."""
    settings = read_settings()
    now = utc_now()
    lines = purge_submissions(open_database(settings), settings, now, dry_run, confirmed)
    for line in lines:
        click.echo(line)
