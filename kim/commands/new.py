"""``kim new``: a page, a language, a municipality; the questions about a municipality."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.project import ROOT

if TYPE_CHECKING:
    from editorial.scaffold.municipality import Answers

ANSWERS_FILE = "antworten.yml"
YES, NO = ("j", "ja", "y", "yes"), ("n", "nein", "no")


@click.command()
@click.argument("kind", type=click.Choice(["offer", "company", "measure", "page", "language", "municipality"]))
@click.argument("name", required=False)
@click.option(
    "--from",
    "answers",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Für eine Gemeinde: eine YAML-Datei mit den Antworten. Am Bildschirm wird gefragt, was darin fehlt.",
)
@click.option("--for-all", is_flag=True, help="Eine Seite oder Sprache für alle Gemeinden, in docs/ statt in city/.")
@click.option("--in", "folder", help="Für eine Seite: der Bereich, in dem sie steht, zum Beispiel ankommen.")
def new(kind: str, name: str | None, answers: Path | None, folder: str | None, for_all: bool) -> None:
    """Eine Seite (kim new offer "Titel"), Sprache (kim new language fr) oder Gemeinde anlegen; dann steht dort, was folgt."""
    from editorial.scaffold.language import new_language
    from editorial.scaffold.municipality import new_municipality
    from editorial.scaffold.page import ScaffoldError, new_page

    try:
        if kind == "municipality":
            made = new_municipality(municipality_answers(name, answers), ROOT)
        elif answers:
            raise ScaffoldError(f"Nennen Sie einen Namen: kim new {kind} NAME. --from gibt es nur für eine Gemeinde.")
        elif kind == "language":
            made = new_language(
                click.prompt("Kürzel der Sprache, zum Beispiel ro") if name is None else name, ROOT, for_all
            )
        else:
            made = new_page(
                kind,
                click.prompt("Titel") if name is None else name,
                ROOT / "docs",
                datetime.date.today(),
                folder,
                for_all,
            )
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    for path in made.files:
        click.echo(f"geschrieben: {path.relative_to(ROOT)}")
    for step in made.next_steps:
        click.echo(f"- {step}")


def municipality_answers(name: str | None, file: Path | None) -> Answers:
    """Return the answers for a municipality's folder, from a file, from questions, or from both.

    :raises ScaffoldError: if there is such a folder already, or an answer of the file is not valid.
    """
    from editorial.scaffold import municipality, questions

    municipality.require_no_city(ROOT / "docs")
    given = municipality.load_answers(file) if file else {}
    if file and (set(questions.REQUIRED) <= given.keys() or not is_terminal()):
        return municipality.read_answers(file)
    return ask_answers(({"name": name} if name else {}) | given)


def is_terminal() -> bool:
    """Return whether somebody sits in front of the command."""
    return sys.stdin.isatty()


def ask_answers(given: Mapping[str, Any]) -> Answers:
    """Ask for each missing answer; repeat the question with the reason after a wrong one.

    Whoever stops is shown the answers so far, so that the next call asks for the rest only; nothing is written.
    """
    from editorial.scaffold import municipality, questions

    answers = dict(given)
    try:
        for field in questions.QUESTIONS:
            if field.name in answers:
                if not (why := field.problem(answers[field.name], ROOT / "docs")):
                    continue
                click.echo(why, err=True)
            answers[field.name] = _ask(field.words, field.default(answers), lambda text, one=field: one.read(text, ROOT / "docs"))  # type: ignore[misc]  # fmt: skip
        if "without" not in answers:
            shows = _ask("Möchten Sie Betriebe befragen und die Ergebnisse zeigen? (j/n)", "j", _read_truth)
            answers["without"] = questions.survey_parts(ROOT / "docs", bool(shows))
            more = _ask(f"Welche Bereiche gibt es bei Ihnen nicht, mit Leerzeichen (leer: keine weiteren; es gibt {', '.join(questions.parts_to_leave_out())})", "", lambda text: questions.read_parts(text, ROOT / "docs"))  # fmt: skip
            answers["without"] = list(dict.fromkeys([*more, *answers["without"]]))
        click.echo("\n" + municipality.dump_answers(answers))
        if not _ask("Stimmt das so? (j/n)", "j", _read_truth):
            raise click.Abort
    except click.Abort:
        click.echo("\nEs ist nichts angelegt.", err=True)
        if answers:
            click.echo(
                f"Ihre Antworten bis hierher:\n\n{municipality.dump_answers(answers)}\nSpeichern Sie diese Zeilen zum Beispiel als {ANSWERS_FILE}, und ändern "
                f"Sie dort, was nicht stimmt. `kim new municipality --from {ANSWERS_FILE}` fragt dann nur nach dem, was fehlt.",
                err=True,
            )  # fmt: skip
        raise
    return municipality.parse_answers(answers, "Antworten")


def _ask(question: str, default: str | None, read: Callable[[str], Any]) -> Any:
    """Return an answer as it was read; a wrong one is named with its reason, and the question comes again."""
    from editorial.scaffold.page import ScaffoldError

    while True:
        try:
            return read(str(click.prompt(question, default=default)).strip())
        except ScaffoldError as error:
            click.echo(f"  {error}", err=True)


def _read_truth(text: str) -> bool:
    from editorial.scaffold.page import ScaffoldError

    if text.casefold() in YES or text.casefold() in NO:
        return text.casefold() in YES
    raise ScaffoldError("Antworten Sie mit j (ja) oder n (nein).")
