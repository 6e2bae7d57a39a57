"""The survey in the browser: what is previewed is what is published; spam and taking back reveal nothing."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
import yaml
from flask import Flask

from form_handler.settings import read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import actions, quotations
from form_handler.staff.reports.survey_preview import preview_publication
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.submissions import find_by_reference
from form_handler.survey.answers import count_states, decide, list_answers
from form_handler.survey.disclosure import MIN_BATCH_SIZE
from form_handler.survey.publication import TooFewAnswersError, list_publications, publish, withdraw, write_results
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk
from tests.form_handler.survey.test_disclosure import put, survey

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
PAGE = "umfrage/veroeffentlichen/"


def fill(database: Database, german: int, total: int = MIN_BATCH_SIZE) -> None:
    """Store confirmed answers, some of which want help with German."""
    for number in range(total):
        put(database, survey(done=["job"], wanted=["german"] if number < german else []))


@pytest.fixture
def clerk(app: Flask, database: Database, tmp_path: Path) -> Clerk:
    """A clerk, and a file of results of their own."""
    app.extensions["kim_results_file"] = tmp_path / "survey.yml"
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    one.log_in()
    return one


def digest(page: str) -> str:
    """Return the hidden digest of the preview."""
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_the_preview_says_what_is_shown_and_why_the_rest_is_hidden(database: Database, tmp_path: Path) -> None:
    fill(database, 8)
    found = preview_publication(database, tmp_path / "survey.yml", NOW)
    assert (found.companies, found.waiting) == (MIN_BATCH_SIZE, MIN_BATCH_SIZE)
    cells = {question.label: {c.label: c for c in question.cells} for question in found.questions}
    ticked = [table for table in cells.values() if set(table) == {"Ja", "Nein"}]
    (german,) = [table for table in ticked if table["Ja"].count == 8]
    assert (german["Ja"].reason, german["Ja"].published) == ("", (8, MIN_BATCH_SIZE))
    hidden = [table for table in ticked if table["Ja"].count == 0]
    assert {(one["Ja"].reason, one["Nein"].reason) for one in hidden} == {("few", "most")}
    assert all(cell.published is None for one in hidden for cell in one.values())
    assert list_publications(database) == [], "a preview changes nothing"


def test_a_clerk_publishes_what_the_page_showed_and_takes_it_back(
    clerk: Clerk, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "survey.yml"
    assert "Es gibt nichts Neues" in clerk.get(PAGE).text
    fill(database, 8)
    page = clerk.get(PAGE).text
    assert clerk.post(PAGE, PAGE, action="publish", shown=digest(page)).status_code == 303
    assert yaml.safe_load(path.read_text("utf-8"))["current"]["tables"]["wanted:german"] == {"yes": 8, "no": 12}
    assert [row.published_by for row in list_publications(database)] == ["probe"]
    text = path.read_text("utf-8")
    assert clerk.post(PAGE, PAGE, action="withdraw").status_code == 303
    assert path.exists(), "not without the tick"
    clerk.post(PAGE, PAGE, action="withdraw", sure="yes")
    assert not path.exists()
    assert count_states(list_answers(database))["published"] == MIN_BATCH_SIZE, "counted for good"
    page = clerk.get(PAGE).text
    assert "zurückgenommen von probe" in page
    clerk.post(PAGE, PAGE, action="publish", shown=digest(page))
    assert {**yaml.safe_load(path.read_text("utf-8"))["current"], "published_on": ""} == {
        **yaml.safe_load(text)["current"],
        "published_on": "",
    }


def test_what_changed_since_the_preview_is_not_published(clerk: Clerk, database: Database) -> None:
    fill(database, 8)
    page = clerk.get(PAGE).text
    fill(database, 1, 1)
    answer = clerk.post(PAGE, PAGE, action="publish", shown=digest(page))
    assert answer.status_code == 409
    assert list_publications(database) == []


def test_results_are_published_where_the_server_may_not_write_them(
    app: Flask, clerk: Clerk, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    app.extensions["kim_results_file"] = tmp_path / "file" / "survey.yml"
    fill(database, 8)
    answer = clerk.post(PAGE, PAGE, action="publish", shown=digest(clerk.get(PAGE).text))
    assert "kim survey write" in clerk.client.get(answer.location, base_url="http://127.0.0.1").text
    assert write_results(database, tmp_path / "survey.yml")
    assert not write_results(database, tmp_path / "survey.yml"), "nothing to do the second time"


def test_what_an_older_backup_has_forgotten_is_learned_from_the_file(database: Database, tmp_path: Path) -> None:
    """Else the companies of the lost batch would be counted again in a batch with others, and the difference be seen."""
    path = tmp_path / "survey.yml"
    fill(database, 8)
    publish(database, path, NOW)
    write_backup(database, tmp_path / "kim.zip")
    fill(database, 7)
    publish(database, path, NOW + DAY)
    back = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "new")}))
    restore_backup(back, tmp_path / "kim.zip")
    for one in list_answers(database):  # the answers of the second batch are asked for anew, and some more
        if one.submission.number not in {row.submission.number for row in list_answers(back)}:
            put(back, one.submission, at=one.submission.received_at)
    for _ in range(3):
        put(back, survey(done=["job"], wanted=["german"]), at=NOW + DAY)
    with pytest.raises(TooFewAnswersError):
        publish(back, path, NOW + 2 * DAY)
    shown = json.loads(list_publications(back)[0].content)
    assert (shown["answers"], shown["tables"]["wanted:german"]) == (2 * MIN_BATCH_SIZE, {"yes": 15, "no": 25})
    assert count_states(list_answers(back))["counts"] == 0, "whoever may be in the lost batch is not counted again"
    back.engine.dispose()


def test_spam_that_was_published_keeps_its_company_from_being_counted_again(database: Database, tmp_path: Path) -> None:
    fill(database, 8)
    put(database, survey(done=["job"], company="Doppelbetrieb"), counts=None)
    first = next(one.submission for one in list_answers(database) if one.submission.answers.get("company"))
    decide(database, first.reference, True, "probe", NOW)
    publish(database, tmp_path / "survey.yml", NOW)
    assert {one.state for one in list_answers(database)} == {"published"}
    actions.mark_as_spam(database, first, "probe", NOW)
    put(database, survey(done=["job"], company="Doppelbetrieb GmbH"))
    assert sorted(one.state for one in list_answers(database)).count("duplicate") == 1


def test_spam_marked_by_hand_counts_nowhere_until_it_is_released(clerk: Clerk, database: Database) -> None:
    put(database, survey(done=["job"], worked_text="Gut", consent_quote=True))
    (one,) = list_answers(database)
    quotations.publish_quotation(database, one.submission, "worked_text", "Gut", False, "probe", NOW)
    reference = one.submission.reference
    assert clerk.post(f"v/{reference}/spam", f"v/{reference}/").status_code == 303
    assert "ein Kollege oder eine Kollegin hat ihn markiert" in clerk.get(f"v/{reference}/").text
    assert list_answers(database) == []
    clerk.post(f"v/{reference}/freigeben", f"v/{reference}/")
    assert [row.state for row in list_answers(database)] == ["counts"]
    found = find_by_reference(database, reference)
    assert found is not None
    assert not found.held


def test_taking_back_twice_does_nothing(database: Database, tmp_path: Path) -> None:
    fill(database, 8)
    assert not withdraw(database, "probe", NOW)
    publish(database, tmp_path / "survey.yml", NOW)
    assert withdraw(database, "probe", NOW)
    assert not withdraw(database, "probe", NOW)
