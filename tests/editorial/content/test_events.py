"""Events and courses: when they take place, what of them is wrong, and the calendar files made from them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from core.findings import ContentError, Finding
from core.gettext import use_language
from editorial.build.listings.calendars import calendar
from editorial.checks.facts import check_events, check_phrases
from editorial.content.data.events import occurrences, upcoming_events
from editorial.content.data.facts import Contact, Event, Facts, Phrase, load_facts
from tests.editorial.conftest import FACTS, LANGUAGES

TODAY = datetime.date(2026, 11, 30)
HOSTILE = '<script>alert(1)</script>; "Erste Hilfe", für alle\nBEGIN:VALARM' + " sehr lang" * 20


def load(tmp_path: Path, text: str) -> Facts:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "events.yml").write_text(text, "utf-8")
    return load_facts(data)


def event(tmp_path: Path, rows: str, key: str = "treffen") -> Event:
    return load(
        tmp_path, f"{key}:\n  title: Treffen\n  place: Musterhaus\n" + "".join(f"  {row}\n" for row in rows.split("\n"))
    ).events[key]


def findings(facts: Facts) -> list[Finding]:
    return list(check_events(facts, LANGUAGES, TODAY))


def with_events(**events: Event) -> Facts:
    return Facts(FACTS.contacts, {}, {}, {}, {}, {}, FACTS.sources, events=events)


def test_a_weekly_course_begins_at_the_same_time_on_the_clock_before_and_after_the_change_to_summer_time(
    tmp_path: Path,
) -> None:
    course = event(
        tmp_path,
        "start: 2027-03-16 17:00\nend: 2027-03-16 19:00\nrepeat: weekly\nuntil: 2027-04-06\npauses: [2027-03-23]",
    )
    times = list(occurrences("kurs", course))
    assert [one.start.isoformat() for one in times] == [
        "2027-03-16T17:00:00+01:00", "2027-03-30T17:00:00+02:00", "2027-04-06T17:00:00+02:00",
    ]  # fmt: skip
    assert [one.end.isoformat() for one in times if one.end][1] == "2027-03-30T19:00:00+02:00"
    assert len({one.uid for one in times}) == 3


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ("start: 2026-11-29 20:00", False),
        ("start: 2026-11-29 20:00\nend: 2026-11-30 01:00", True),
        ("start: 2026-11-30 00:00", True),
        ("start: 2026-11-02 10:00\nrepeat: weekly\nuntil: 2026-11-23", False),
        ("start: 2026-11-02 10:00\nrepeat: weekly\nuntil: 2026-12-07", True),
    ],
)
def test_what_is_over_is_gone_on_the_day_after(tmp_path: Path, rows: str, shown: bool) -> None:
    row = event(tmp_path, rows)
    assert bool(upcoming_events({"treffen": row}, TODAY)) is shown
    assert [one.message for one in findings(with_events(treffen=row))] == (
        [] if shown else ["„treffen“ ist vorbei und steht auf keiner Seite mehr."]
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("start: 2027-01-12", "hier stehen Tag und Uhrzeit"),
        ("start: 12.01.2027 17:00", "hier stehen Tag und Uhrzeit"),
        ("start: 2027-02-30 17:00", "den Tag 30.2.2027 gibt es nicht"),
        ("start: 2027-01-12 24:00", "die Uhrzeit 24:00 gibt es nicht"),
        ("start: 2027-01-12 17:00\nend: 2027-01-12 17:00", "end: liegt nicht nach start:"),
        ("start: 2027-01-12 17:00\nrepeat: weekly", "repeat: und until: gehören zusammen"),
        ("start: 2027-01-12 17:00\nrepeat: daily\nuntil: 2027-02-01", "erlaubt ist nur: weekly"),
        ("start: 2027-01-12 17:00\npauses: [2027-01-19]", "pauses: gehört zu repeat:"),
        ("start: 2027-01-12 17:00\naudience: [refugees]", "erlaubt ist nur"),
        ("start: 2027-01-12 17:00\ncost: umsonst", "hier steht eine Zahl"),
        ("start: 2027-01-12 17:00\nplaec: x", "kennt hier niemand"),
        ("end: 2027-01-12 17:00", "fehlt"),
    ],
)  # fmt: skip
def test_a_slip_in_an_event_is_named_with_its_line(tmp_path: Path, rows: str, words: str) -> None:
    with pytest.raises(ContentError) as refused:
        event(tmp_path, rows)
    (finding, *_more) = refused.value.findings
    assert words in str(finding)
    assert finding.file == "docs/data/events.yml"
    assert finding.line > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contact": "kmi"}, "Meinten Sie „kim“?"),
        ({"title": {"en": "Meeting"}}, "Der Text fehlt auf Deutsch"),
        ({"title": {"de": "Treffen", "xx": "?"}}, "Die Sprache xx gibt es auf dieser Website nicht"),
        ({"languages": ["deutsch"]}, "Die Sprache „deutsch“ ist unbekannt"),
        ({"start": "2027-03-28 02:30"}, "die Uhren vorgestellt werden"),
        ({"source": ["nirgends"]}, "Die Quelle nirgends gibt es nicht"),
    ],
)
def test_an_event_names_only_what_exists(tmp_path: Path, tree: Any, change: dict[str, Any], words: str) -> None:
    import msgspec

    from editorial.content.schema import validate

    row = {"title": "Treffen", "place": "Haus", "start": "2027-01-12 17:00", "source": ["own"], **change}
    made = validate(Event, row)
    assert isinstance(made, Event), msgspec.json.encode(made)
    assert any(words in str(one) for one in tree.check_facts(with_events(treffen=made)))


@pytest.mark.parametrize("key", ["../../index", "termine", "Treffen 1", "a/b", "ä", ""])
def test_a_key_that_is_no_name_of_a_file_is_refused(tmp_path: Path, key: str) -> None:
    row = event(tmp_path, "start: 2027-01-12 17:00")
    assert any("passt nicht in eine Adresse" in one.message for one in findings(with_events(**{key: row})))


def test_a_calendar_is_read_back_with_utc_times_and_escaped_texts(tmp_path: Path) -> None:
    rows = {
        "kurs": Event(title={"de": HOSTILE, "ar": "دورة"}, start=event(tmp_path, "start: 2027-06-01 17:00").start, place="Haus, 1. Stock; links", cost=None, contact="kim", cancelled=True),
    }  # fmt: skip
    contacts = {"kim": Contact(key="kim", name="KIM, Amt", phone=None, email=None)}
    times = upcoming_events(rows, TODAY)
    for language in LANGUAGES:
        with use_language(language.code):
            data = calendar(times, contacts, language, "KIM", "https://kim.example.org/x/", TODAY)
        lines = data.split(b"\r\n")
        assert lines[-1] == b""
        assert b"\n" not in data.replace(b"\r\n", b"")
        assert max(map(len, lines)) <= 75, "RFC 5545, 3.1"
        (entry,) = Calendar.from_ical(data).walk("VEVENT")
        assert entry["summary"] == ("دورة" if language.code == "ar" else HOSTILE)
        assert entry["dtstart"].dt == datetime.datetime(2027, 6, 1, 15, 0, tzinfo=datetime.UTC)
        assert b"DTSTART:20270601T150000Z" in lines
        assert entry["location"] == "Haus, 1. Stock; links"
        assert entry["status"] == "CANCELLED"
        assert entry["uid"] == "kurs@kim.example.org"
        assert b"BEGIN:VALARM" not in lines


def test_a_calendar_without_events_holds_the_component_that_every_calendar_needs() -> None:
    """RFC 5545, 3.6; clients that subscribe to it keep it and show nothing."""
    data = calendar([], {}, LANGUAGES[0], "KIM", "https://kim.example.org/x/", TODAY)
    assert [part.name for part in Calendar.from_ical(data).subcomponents] == ["VTIMEZONE"]
    assert b"TZID:Europe/Berlin\r\n" in data


def test_a_sentence_to_show_is_there_in_every_language() -> None:
    def check(**words: str) -> list[str]:
        other = Phrase(words={"de": "Guten Tag.", "en": "Good day.", "ar": "نهارك سعيد."})
        rows = {"satz": Phrase(words=words), "gruss": other}
        facts = Facts(FACTS.contacts, {}, {}, {}, {}, {}, FACTS.sources, phrases=rows)
        return [one.message for one in check_phrases(facts, LANGUAGES)]

    whole = {"de": "Ich spreche {language}.", "en": "I speak {language}.", "ar": "أتكلم {language}."}
    assert check(**whole) == []
    assert check(**{**whole, "ar": " "}) == ["„satz“: Der Satz fehlt in ar."]
    assert check(**{**whole, "fr": "Je parle {language}."}) == [
        "„satz“: Die Sprache fr gibt es auf dieser Website nicht."
    ]
    assert "steht nicht in jeder Sprache" in check(**{**whole, "en": "I speak English."})[0]
    assert "steht etwas anderes in Klammern" in check(**{**whole, "en": "I speak {language} {name}."})[0]
