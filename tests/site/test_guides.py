"""Sentences to show and events, on a small site with artificial ones."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from icalendar import Calendar

from core.languages import load_languages
from core.project import load_site_settings
from editorial.build.build import build_site
from editorial.content.pages import read_content
from tests.site.conftest import SITE_URL, Site
from tests.site.small_tree import write, write_small_tree
from tests.site.test_stack_regressions import one

pytestmark = pytest.mark.slow
HEADER = "---\ntitle: {title}\ndescription: Ein ganzer Satz über diese Seite.\nlayout: {layout}\naudience: [newcomers]\ntopics: [work]\nsource: [own]\nreview_by: 2099-01-01\n---\n\n# {title} {{ #a }}\n\nText.\n\n## Mehr {{ #mehr }}\n\nMehr Text.\n"
TITLE = '</script><img src=x> & "mehr"'
EVENT = """
{key}:
  title: {title}
  start: {day} 10:00
  place: Haus <b>
  topics: [{topic}]
  audience: [{audience}]
  languages: [de, ckb]
  cost: {cost}
  contact: kim
  source: own
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with an artificial past event, six to come, and a page of all sentences."""
    folder = tmp_path_factory.mktemp("guides")
    docs = write_small_tree(folder / "docs")
    (docs / "data" / "search_words.yml").unlink(missing_ok=True)  # they name pages of the real site
    today = datetime.date.today()
    rows = [("vorbei", "Gestern", today - datetime.timedelta(days=2), "work", "employers", "0")]
    rows += [
        (f"termin-{n}", json.dumps(TITLE if n == 1 else f"Termin {n}"), today + datetime.timedelta(days=n), "work" if n % 2 else "school", "newcomers" if n % 3 else "helpers", '"12,50"' if n == 2 else "0")
        for n in range(1, 7)
    ]  # fmt: skip
    text = "".join(EVENT.format(key=k, title=t, day=d, topic=p, audience=a, cost=c) for k, t, d, p, a, c in rows)
    (folder / "city" / "data" / "events.yml").write_text(text, "utf-8")
    for key, title, layout in (("angebote/termine", "Termine", "events"), ("ankommen/saetze", "Sätze", "phrases")):
        path = write(docs, "de", key, title, "")
        path.write_text(HEADER.format(title=title, layout=layout), "utf-8")
    for key in ("angebote/index", "ankommen/index"):
        path = write(docs, "de", key, f"Titel {key}", "Text.", "kim")
        path.write_text(path.read_text("utf-8").replace("(kontakt.md)", "(../kontakt.md)"), "utf-8")
    amt = write(docs, "de", "amt", "Amt", "Text.", "residence")
    amt.write_text(amt.read_text("utf-8").replace("source: [own]", "source: [own]\ncontact: kim"), "utf-8")
    write(docs, "en", "amt", "Office", "Text.")
    build_site(folder / "site", f"{SITE_URL}/", docs)
    languages = load_languages()
    return Site(folder / "site", read_content(docs, languages), languages)


def test_events_to_come_are_cards_that_can_be_narrowed_down(small: Site) -> None:
    page = small.page("/angebote/termine/")
    cards = page.select(".kim-event")
    assert [one(card, "h3").get_text() for card in cards] == [TITLE, *(f"Termin {n}" for n in range(2, 7))]
    assert "Gestern" not in page.get_text()
    assert page.select(".kim-event img") == []
    words = cards[1].get_text(" ", strip=True)
    assert "12,50" in words
    assert "kostenlos" in cards[0].get_text()
    assert "Haus <b>" in words
    assert {group["name"] for group in page.select(".kim-filter__form input")} == {"topic", "audience"}
    assert cards[0]["data-tags"] == "work newcomers de"
    assert one(page, "head link[type='text/calendar']")["href"] == "/angebote/termine/termine.ics"
    assert (
        one(page, "a[href^='webcal:']")["href"]
        == f"webcal://{urlsplit(str(load_site_settings()['url'])).netloc}/angebote/termine/termine.ics"
    )


def test_each_event_and_all_of_them_are_calendars_in_every_language(small: Site) -> None:
    for root in ("/", "/ar/"):
        whole = Calendar.from_ical(small.file(f"{root}angebote/termine/termine.ics").read_bytes())
        assert next(str(entry["summary"]) for entry in whole.walk("VEVENT")) == TITLE
        assert len(whole.walk("VEVENT")) == 6
        (own,) = Calendar.from_ical(small.file(f"{root}angebote/termine/termin-3.ics").read_bytes()).walk("VEVENT")
        assert own["dtstart"].dt.tzinfo is not None
        assert not small.file(f"{root}angebote/termine/vorbei.ics").exists()


def test_search_engines_learn_of_events_and_no_title_leaves_its_place(small: Site) -> None:
    script = one(small.page("/angebote/termine/"), "script[type='application/ld+json']")
    events = [row for row in json.loads(script.get_text())["@graph"] if row["@type"] == "Event"]
    assert next(row["name"] for row in events) == TITLE
    assert datetime.datetime.fromisoformat(events[0]["startDate"]).utcoffset() is not None
    assert events[1]["offers"] == {"@type": "Offer", "price": 12.5, "priceCurrency": "EUR"}


def test_a_page_with_a_visit_to_an_office_shows_sentences_in_both_languages(small: Site) -> None:
    page = small.page("/en/amt/")
    phrases = page.select("details.kim-phrase")
    assert 4 <= len(phrases) <= 7
    first = phrases[0]
    assert one(first, "summary").get_text() == "I would like to make an appointment, please."
    german = one(first, "[lang=de]")
    assert german.get_text() == "Ich möchte bitte einen Termin vereinbaren."
    assert german["dir"] == "ltr"
    assert "Ich spreche Englisch." in page.get_text()
    assert "I speak English." in page.get_text()
    assert small.page("/seite-1/").select(".kim-phrase") == [], "no contact, no visit"


def test_the_page_of_all_sentences_holds_each_of_them_open(small: Site) -> None:
    german, arabic = small.page("/ankommen/saetze/"), small.page("/ar/ankommen/saetze/")
    assert len(arabic.select("li.kim-phrase")) == len(german.select("li.kim-phrase")) + 1, (
        "the one that names the language"
    )
    assert german.select("details.kim-phrase") == []


def test_the_real_site_has_no_event_and_says_what_to_do(site: Site) -> None:
    for language in site.languages:
        page: BeautifulSoup = site.page(f"{language.root}angebote/termine/")
        assert page.select(".kim-event") == []
        box = one(page, ".kim-events")
        assert one(box, "a")["href"] == f"{language.root}kontakt/"
        assert len(page.select("#mehr ~ ul a")) == 4
        Calendar.from_ical(Path(site.file(f"{language.root}angebote/termine/termine.ics")).read_bytes())
