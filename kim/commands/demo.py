"""Demonstration data; every name is marked as an example."""

import datetime
import os
import random
import secrets
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import click

from core.clock import utc_now
from core.files import remove
from core.languages import load_languages
from core.overlay import CITY
from core.project import ROOT
from form_handler.forms import FORMS
from form_handler.forms.survey import OBSTACLES, SUCCESS_FACTORS, SUPPORTS, WANTED_SUPPORT, WOULD_REPEAT
from form_handler.mail.compose import submission_mails
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import change_roles
from form_handler.staff.inbox import quotations
from form_handler.storage.database import Database
from form_handler.storage.submissions import SpamVerdict, Submission, list_submissions, store_submission
from form_handler.survey.answers import decide, list_answers
from form_handler.survey.publication import publish
from kim.progress import phases

COMPANIES = 24
USER = "demo"
# The accounts of the demonstration: one that may do everything, and one for each task.
ACCOUNTS = {
    USER: ("inbox", "edit", "publish", "admin"),
    "redaktion": ("edit",),
    "freigabe": ("edit", "publish"),
    "uebersetzung": ("translate",),  # of the first language beside German
}


def seed_demo_data(
    database: Database, settings: Settings, survey_file: Path, now: datetime.datetime, password: str
) -> None:
    """Fill a separate database with example data, publish its survey to a separate file, and create an account."""
    if not list_submissions(database):
        rng = random.Random(1)  # noqa: S311 - the same example every time
        for number in range(COMPANIES):
            _survey(database, settings, rng, number, now - datetime.timedelta(days=rng.randint(1, 300)))
        for number in range(8):
            _participation(database, settings, rng, number, now - datetime.timedelta(days=rng.randint(0, 200)))
        _store_submission(
            database,
            settings,
            "barrier",
            "ar",
            {"problem": "Beispiel: القائمة لا تفتح"},
            now - datetime.timedelta(days=16),
        )
        _store_submission(
            database, settings, "callback", "tr", {"name": "Örnek Kişi", "phone": "0000", "topic": "work"}, now
        )
        _store_submission(
            database,
            settings,
            "participation",
            "en",
            {"company": "Spam Example", "email": "spam@example.org"},
            now,
            True,
        )
    for one in list_answers(database):
        if one.state == "undecided":
            decide(database, one.submission.reference, True, USER, now)
    survey_file.unlink(missing_ok=True)
    publish(database, survey_file, now)
    target = next((row.code for row in load_languages() if not row.default), None)
    for name, roles in ACCOUNTS.items():
        given = [
            f"translate:{target}" if role == "translate" and target else role
            for role in roles
            if role != "translate" or target
        ]
        try:
            accounts.add_account(database, name, password, now, given)
        except accounts.AccountError:
            accounts.set_password(database, name, password)
            change_roles(database, name, given, [], USER, now)


def copy_pages(database: Database, folder: Path) -> Path:
    """Return a folder with a copy of the pages for the demonstration; one in which something was published stays."""
    from editing.publication.store import list_publications

    if folder.exists() and list_publications(database, 1):
        return folder
    remove(folder)
    for name in ("docs", CITY):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    return folder


def _survey(database: Database, settings: Settings, rng: random.Random, number: int, at: datetime.datetime) -> None:
    def some(choices: Any, most: int) -> list[str]:
        keys = [key for key, _words in choices]
        return [key for key in keys if key in rng.sample(keys, rng.randint(1, most))]

    answers: dict[str, Any] = {
        "done": rng.choice([["none"], ["internship"], ["training"], ["job"], ["internship", "training"]]),
        "how_many": rng.choice(["0", "1", "2-5"]),
        "trade": rng.choice(["crafts", "care", "retail", "construction"]),
        "employees": rng.choice(["1-9", "10-49", "50-249"]),
        "worked": some(SUCCESS_FACTORS, 4),
        "wanted": some(WANTED_SUPPORT, 4),
        "again": rng.choice([key for key, _words in WOULD_REPEAT[:3]]),
        **{f"obstacle_{key}": rng.choice("0122" if key in {"language", "paperwork"} else "0012") for key, _words in OBSTACLES},
        **{f"support_{key}": rng.choice(["unused", "1", "2"]) for key, _words in SUPPORTS},
    }  # fmt: skip
    if number == 0:
        answers |= {
            "worked_text": "Beispiel: Eine feste Ansprechperson im Betrieb hat allen geholfen.",
            "consent_quote": True,
        }
    stored = _store_submission(database, settings, "survey", "de", answers, at)
    if number == 0:
        quotations.publish_quotation(database, stored, "worked_text", answers["worked_text"], False, USER, at)


def _participation(
    database: Database, settings: Settings, rng: random.Random, number: int, at: datetime.datetime
) -> None:
    answers = {
        "company": f"Beispielbetrieb {number + 1}",
        "email": f"betrieb{number + 1}@example.org",
        "trade": rng.choice(["crafts", "care", "retail"]),
        "employees": rng.choice(["1-9", "10-49"]),
        "ways": rng.sample(["talk", "internship", "training", "job"], 2),
    }
    _store_submission(database, settings, "participation", rng.choice(["de", "tr", "en"]), answers, at)


def _store_submission(
    database: Database,
    settings: Settings,
    form: str,
    language: str,
    answers: dict[str, Any],
    at: datetime.datetime,
    held: bool = False,
) -> Submission:
    definition = FORMS[form]
    whole = {**definition.answers(definition.form_class()), **answers}
    return store_submission(
        database, str(uuid.uuid4()), form, language, whole, partial(submission_mails, settings, definition), at,
        classify=lambda _connection: SpamVerdict("trap" if held else "", held),
    )  # fmt: skip


@click.command()
@click.option("--port", metavar="NUMBER", help="Port of the server, instead of the setting PORT.")
def demo(port: str | None) -> None:
    """Show the whole loop with made-up companies: a database and a site of their own, marked on every page."""
    from editorial.build.build import BuildError, build_site
    from form_handler.settings import read_settings
    from kim.database import open_database
    from kim.server import serve_foreground

    if os.environ.get("KIM_MODE", "development") != "development":
        raise click.ClickException("The demonstration does not run in production (KIM_MODE=production).")
    # Nothing of the demonstration may reach real data or a real mail server: it reads no settings file either.
    folder = (ROOT / (os.environ.get("KIM_DATA_DIR") or "var") / "demo").absolute()
    own = {"KIM_DATA_DIR": str(folder), "KIM_SITE_DIR": str(folder / "site")}
    own |= {"PORT": port or os.environ.get("PORT", "")}
    settings = read_settings(own)
    password = secrets.token_urlsafe(12)
    database = open_database(settings, create=True)
    own["KIM_CONTENT_DIR"] = str(copy_pages(database, folder / "content"))
    settings = read_settings(own)
    seed_demo_data(
        database,
        settings,
        folder / "survey.yml",
        utc_now(),
        password,
    )
    try:
        with phases() as report:
            build_site(
                settings.site_dir,
                docs_dir=folder / "content" / "docs",
                demo_survey=folder / "survey.yml",
                report=report,
            )
    except BuildError as error:
        raise click.ClickException(str(error)) from error
    (folder / "demonstration").touch()  # the staff area shows it, too
    click.echo(f"Demonstration. Log in at http://{settings.bind}:{settings.port}/eingang/ as {USER} with {password}")
    click.echo(f"Others with the same password: {', '.join(name for name in ACCOUNTS if name != USER)}")
    others = {name: value for name, value in os.environ.items() if not name.startswith("KIM_")}
    survey = ("--demo-survey", str(folder / "survey.yml"))
    serve_foreground(settings, worker_env={**others, "KIM_SETTINGS": "none", **own}, publish_options=survey)
