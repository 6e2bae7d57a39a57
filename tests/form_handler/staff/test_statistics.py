"""The office's figures: answer times, pages that help least, measures that are called for."""

from __future__ import annotations

import datetime
import json
import re
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.reports.charts import percentile
from form_handler.staff.reports.statistics import answer_days, answer_time_charts, page_feedback, page_name
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission
from form_handler.toolkit.recommend import DATA_PATH
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk, put

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def entry(form: str, days: float | None, language: str = "tr", month: int = 10, **answers: object) -> Submission:
    """Return an entry that was answered after so many days."""
    at = datetime.datetime(2026, month, 5, 9, tzinfo=datetime.UTC)
    answered = None if days is None else at + days * DAY
    state = "new" if days is None else "answered"
    return Submission("n", "KIM-222222", form, language, state, at, answers, answered_at=answered)


@pytest.mark.parametrize(
    ("numbers", "share", "found"),
    [([1], 0.9, 1), (range(1, 11), 0.9, 9), (range(1, 12), 0.9, 10), ([5, 1, 3], 0.5, 3), (range(1, 101), 0.9, 90)],
)
def test_a_percentile_is_a_number_of_the_list_by_nearest_rank(numbers: list[int], share: float, found: int) -> None:
    assert percentile(list(numbers), share) == found


def test_answer_times_are_median_and_ninety_percent_by_form_language_and_month() -> None:
    rows = [entry("participation", days) for days in (1, 2, 3, 30)] + [
        entry("participation", None, "ar", 9),
        entry("barrier", 4, "de", 9),
        entry("feedback", 1),
    ]
    form, language, month = answer_time_charts(rows, ZONE)
    assert list(zip([label for label, _n in form.bars], form.cells, strict=True)) == [
        ("Als Betrieb mitmachen", (2.5, 30, 4, 1)),
        ("Eine Barriere melden", (4, 4, 1, 0)),
    ], "no answer is promised to feedback"
    assert dict(language.bars) == {"Türkisch": 2.5, "Arabisch": None, "Deutsch": 4}
    assert language.cells[[label for label, _n in language.bars].index("Arabisch")] == (None, None, 0, 1)
    assert [label for label, _n in month.bars] == ["Sept. 2026", "Okt. 2026"]


def test_days_are_calendar_days_over_the_change_of_clocks() -> None:
    received = datetime.datetime(2026, 10, 24, 21, 30, tzinfo=datetime.UTC)  # 23:30, the clocks change that night
    row = Submission("n", "KIM-222222", "barrier", "de", "answered", received, {}, answered_at=received + 2 * DAY)
    assert answer_days(row, ZONE) == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [("/tr/angebote/sprachcafe/", "/angebote/sprachcafe/"), ("https://kim.example.org/angebote/sprachcafe/?x=1#a", "/angebote/sprachcafe/"),
     ("/angebote/sprachcafe/index.html", "/angebote/sprachcafe/"), ("/", "/"), ("/ar/", "/"), ("Sprachcafé", "Sprachcafé"),
     ("  Die   Seite\nüber Wohnen ", "Die Seite über Wohnen"), ("", ""), ("//[", "//["), ("/%", "/%/"), ("https://x", "/")],
)  # fmt: skip
def test_all_spellings_and_languages_of_a_page_are_one(text: str, name: str) -> None:
    assert page_name(text)[0] == name


def test_the_pages_that_help_least_come_first_and_one_voice_weighs_little() -> None:
    def said(page: str, *words: str) -> list[Submission]:
        return [entry("feedback", None, page=page, helpful=word, missing="x" if word == "no" else "") for word in words]

    rows = said("/de/x/", "no") + said("/tr/wohnen/", "no", "no", "no") + said("/wohnen/", "partly", "no") + said("/gut/", *["yes"] * 9)  # fmt: skip
    found = page_feedback(rows)
    assert [one.page for one in found] == ["/wohnen/", "/de/x/", "/gut/"]
    assert (found[0].total, found[0].answers["no"], found[0].texts) == (5, 4, 4)


def test_the_page_shows_figures_as_charts_and_tables(app: Flask, database: Database, settings: Settings) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    measures = {
        key: {"title": title, "want": ["job"], "obstacle": [], "document": [], "size": []}
        for key, title in (("kurs", "Deutsch im Betrieb"), ("talk", "Ein Gespräch"))
    }
    data = {"rules": [{"when": {"want": "job"}, "show": ["kurs"], "first": False}], "measures": measures, "always": "talk", "most": 5}  # fmt: skip
    path = settings.site_dir / DATA_PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    for _ in range(2):
        put(database, settings, company="B", email="a@example.org", ways=["job"])
    put(database, settings, "survey", wanted=["german"])
    put(database, settings, "feedback", page="/wohnen/", helpful="no")
    one = Clerk(app)
    one.log_in()
    text = one.get("zahlen/").text
    assert re.search(r"Deutsch im Betrieb</th><td[^>]*>2</td>", text)
    assert "Ein Gespräch" not in text, "is recommended to everybody"
    assert re.search(r"Deutschkurse, die zu den Arbeitszeiten passen</th><td[^>]*>1</td>", text)
    assert re.search(
        r'form=feedback&amp;q=wohnen"[^>]*>/wohnen/</a></th><td[^>]*>0</td><td[^>]*>0</td><td[^>]*>1</td>', text
    )
    charts = text.split('<section class="kim-staff-chart"')[1:]
    assert sum("<svg" in one for one in charts) > 5
    assert all("<caption" in one for one in charts if "<svg" in one), "each chart has its table"
    assert one.get("ausgabe.csv?form=feedback&q=wohnen").data.count(b"\r\n") == 2
