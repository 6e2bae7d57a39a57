"""Opening hours are read as people write them, or every fault is named with its line and its remedy."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from core.findings import ContentError, Finding
from core.languages import find_language
from core.project import ConfigError, load_site_settings
from core.text import yaml
from core.text.values import DayHours, parse_day_hours
from editorial.content.data.facts import Facts, load_facts
from editorial.content.data.opening_hours import OpeningHours
from editorial.render.contact_box import closed_days, hours_view
from tests.conftest import ROOT

TODAY = datetime.date(2026, 11, 30)  # a Monday
NRW = yaml.load_file(ROOT / "docs" / "data" / "states.yml")[0]["nw"]["public_holidays"]


def hours(tmp_path: Path, text: str) -> OpeningHours:
    """Return the hours that a file of contacts gives."""
    found = read(tmp_path, text).contacts["amt"].hours
    assert found is not None
    return found


def read(tmp_path: Path, text: str) -> Facts:
    lines = "".join(f"    {line}\n" for line in text.strip().split("\n"))
    (tmp_path / "contacts.yml").write_text(f"amt:\n  name: Amt\n  hours:\n{lines}", "utf-8")
    return load_facts(tmp_path)


@pytest.mark.parametrize(
    ("written", "ranges", "by_appointment"),
    [
        ("8:00–12:30", ((480, 750),), False),
        ("08:00-12:30, 13:30-16:00", ((480, 750), (810, 960)), False),
        ("8.00 – 12.30 Uhr und 14 bis 16 Uhr", ((480, 750), (840, 960)), False),
        ("8-12", ((480, 720),), False),
        ("0:00–24:00", ((0, 1440),), False),
        ("8:00–12:00, 12:00–16:00", ((480, 720), (720, 960)), False),
        ("nach Vereinbarung", (), True),
        ("Nach vereinbarung", (), True),
        ("8:00–12:00, nach Vereinbarung", ((480, 720),), True),
        ("geschlossen", (), False),
    ],
)  # fmt: skip
def test_the_hours_of_a_day_are_read_as_people_write_them(
    written: str, ranges: tuple[tuple[int, int], ...], by_appointment: bool
) -> None:
    assert parse_day_hours(written) == DayHours(ranges, by_appointment)


@pytest.mark.parametrize(
    "written",
    ["", "zu", "8:00", "12:00–8:00", "8:00–8:00", "8:00–12:00, 11:00–16:00", "14–16, 8–12", "8:60–9:00", "25–26", "8:00–24:01",
     "8:00–12:00 nach Vereinbarung", "nach Vereinbarung, 8–12", "8–12;14–16", "8:00–12:00,", "geschlossen, 8–12", "٨–١٢", "8" * 5000],
)  # fmt: skip
def test_hours_that_are_no_hours_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"hier stehen Zeiten|folgen nicht|gibt es nicht"):
        parse_day_hours(written)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("montag: 8:00–12:00", 4, "montag"),
        ("monday: 12:00–8:00", 4, "hours.monday: die Zeiten folgen nicht aufeinander"),
        ("monday: 8:00–12:00\ntuesday: mittags", 5, "hours.tuesday: hier stehen Zeiten wie"),
        ("monday: geschlossen", 3, "kein Tag ist offen"),
        ("monday: 8–12\nexceptions:\n- {from: 2026-12-24, to: 2026-12-20, hours: geschlossen}", 6, "to: liegt vor from:"),
        ("monday: 8–12\nexceptions:\n- {from: 2026-12-24, to: 2026-12-31, hours: geschlossen}\n- {from: 2026-12-31, hours: 8–12}", 3,
         "für den 31.12.2026 gibt es zwei Ausnahmen"),
        ("monday: 8–12\nexceptions:\n- {hours: geschlossen}", 6, "from: fehlt"),
        ("monday: 8–12\nexceptions:\n- {from: 24.12.2026, hours: geschlossen}", 6, "hier steht ein Datum wie"),
        ("monday: [8–12]", 4, "hours.monday"),
    ],
)  # fmt: skip
def test_a_fault_in_opening_hours_is_named_with_its_line_and_how_it_is_written(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(ContentError) as caught:
        read(tmp_path, text)
    found: list[Finding] = list(caught.value.findings)
    assert any(message in one.message and one.line == line for one in found), [str(one) for one in found]
    assert all("monday: 8:00–12:30" in one.hint for one in found)


def test_a_line_of_text_in_the_place_of_hours_is_answered_with_how_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "contacts.yml").write_text("amt:\n  name: Amt\n  hours: Mo–Fr 8–12 Uhr\n", "utf-8")
    with pytest.raises(ContentError) as caught:
        load_facts(tmp_path)
    (one,) = caught.value.findings
    assert (one.line, "monday: 8:00–12:30" in one.hint) == (3, True)


WEEK = """
monday: 8:00–12:30, 13:30–16:00
tuesday: 8:00–12:30, 13:30–16:00
thursday: nach Vereinbarung
friday: 8:00–12:00
exceptions:
- {from: 2026-12-23, to: 2027-01-01, hours: geschlossen}
- {from: 2026-12-05, hours: 9:00–13:00}
- {from: 2026-11-20, hours: geschlossen}
"""


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("code", "first", "closed", "appointment", "special"),
    [
        ("de", ["Montag – Dienstag", "08:00 – 12:30"], "geschlossen", "nach Vereinbarung", "Samstag, 5. Dezember"),
        ("en", ["Monday – Tuesday", "8:00\u202fAM – 12:30\u202fPM"], "closed", "by appointment", "Saturday, December 5"),
        ("fa", ["دوشنبه – سه‌شنبه", "۸:۰۰ – ۱۲:۳۰"], "تعطیل", "با وقت قبلی", "شنبه, ۵ دسامبر"),
    ],
)  # fmt: skip
def test_the_table_is_in_the_pages_language_with_its_digits_and_without_what_is_over(
    tmp_path: Path, code: str, first: list[str], closed: str, appointment: str, special: str
) -> None:
    from core.gettext import use_language

    language = find_language(code)
    assert language is not None
    with use_language(code):
        view = hours_view(hours(tmp_path, WEEK), language, TODAY, NRW)
    rows = view["rows"]
    assert [
        rows[0]["days"],
        rows[0]["times"][0].replace("8:00 AM", "8:00\u202fAM").replace("12:30 PM", "12:30\u202fPM"),
    ] == first
    assert [row["times"] for row in rows[1:]] == [[closed], [appointment], rows[3]["times"], [closed]]
    assert len(rows) == 5
    assert view["special"][0]["days"] == special
    assert len(view["special"]) == 2


def test_public_holidays_are_closed_unless_an_exception_names_them(tmp_path: Path) -> None:
    own = hours(
        tmp_path, WEEK + "- {from: 2027-05-06, hours: 8–10}\n- {from: 2027-01-08, to: 2027-01-09, hours: 10–11}\n"
    )
    days = own.special_days(TODAY, closed_days(TODAY, NRW))
    assert days["2027-05-06"].ranges == ((480, 600),), "Christi Himmelfahrt, named by an exception"
    assert days["2027-03-26"] == DayHours(), "Karfreitag"
    assert days["2027-01-08"].ranges == days["2027-01-09"].ranges == ((600, 660),)
    assert "2026-11-20" not in days
    assert "2027-10-03" not in days, "a Sunday is closed anyway"


def test_public_holidays_of_the_state_are_the_known_ones() -> None:
    found = {day for day in closed_days(TODAY, NRW) if day.year == 2027}
    assert found == {
        datetime.date(2027, month, day)
        for month, day in [(1, 1), (3, 26), (3, 29), (5, 1), (5, 6), (5, 17), (5, 27), (10, 3), (11, 1), (12, 25), (12, 26)]
    }  # fmt: skip


@pytest.mark.parametrize("day", ["13-01", "02-30", "easter+x", "1.5.", "05-1"])
def test_a_public_holiday_that_is_no_day_is_refused(tmp_path: Path, day: str) -> None:
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        f"site_name: x\nsite_url: https://kim.example.org/\nextra: {{municipality: {{public_holidays: [01-01, '{day}']}}}}\n"
    )
    with pytest.raises(ConfigError, match="public_holidays"):
        load_site_settings(config)
