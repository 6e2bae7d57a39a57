"""``kim translations``: the state of all translations, and the ways to bring them up to date."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

import click

from editorial.content import Content, Page, read_content
from editorial.findings import ContentError
from editorial.languages import ROOT, Language, load_languages
from editorial.translations.lock import NAME, Lock, load_lock, write_lock
from editorial.translations.record import accepted, updated
from editorial.translations.state import STATES, TranslationState, shorten, site_states
from editorial.translations.status import as_data, interface_words, table


@dataclass(frozen=True)
class Desk:
    """What every command works on."""

    docs: Path
    languages: tuple[Language, ...]
    content: Content

    @property
    def lock(self) -> Lock:
        """Return the lock, or end with a sentence that says what is wrong with it."""
        try:
            return load_lock(self.docs)
        except ContentError as error:
            raise click.ClickException(str(error)) from error

    def others(self, code: str | None) -> list[Language]:
        """Return the languages that are translated into, or the one that was asked for."""
        rows = [row for row in self.languages if not row.default and code in (None, row.code)]
        if not rows:
            known = ", ".join(row.code for row in self.languages if not row.default)
            raise click.ClickException(f"Die Sprache „{code}“ gibt es nicht. Bekannt sind: {known}.")
        return rows

    def pages(self, names: tuple[str, ...]) -> list[Page]:
        """Return the pages that were named: by key, or by the path of one of their files."""
        found = []
        for name in names:
            parts = name.removesuffix(".md").removeprefix("./").removeprefix("docs/").split("/")
            key = "/".join(parts[1:] if parts[0] in {row.code for row in self.languages} else parts)
            if key not in self.content.pages:
                raise click.ClickException(
                    f"Die Seite „{name}“ gibt es nicht oder sie hat einen Fehler im Kopf. Nennen Sie sie wie ihre Datei: "
                    "ankommen/wohnen oder docs/de/ankommen/wohnen.md. `kim check` nennt Fehler."
                )
            found.append(self.content.pages[key])
        return found


def open_desk(docs: Path) -> Desk:
    """Read the pages."""
    languages = load_languages()
    return Desk(docs, languages, read_content(docs, languages))


@click.group()
@click.option(
    "--docs", type=click.Path(path_type=Path, file_okay=False, exists=True), default=ROOT / "docs", hidden=True
)
@click.pass_context
def translations(context: click.Context, docs: Path) -> None:
    """Übersetzungen: was fehlt, was veraltet ist, Austausch mit Übersetzenden."""
    context.obj = open_desk(docs)


@translations.command()
@click.option("--lang", help="Nur diese Sprache.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def status(desk: Desk, lang: str | None, form: str) -> None:
    """Eine Tabelle: Seiten × Sprachen, und die Wörter der Oberfläche."""
    others = desk.others(lang)
    states = site_states(desk.docs, desk.content, tuple(others), desk.lock)
    words = interface_words(tuple(others))
    if form == "json":
        click.echo(json.dumps(as_data(states, words), ensure_ascii=False, indent=1))
        return
    click.echo(table(states, others, words))
    for state in states.values():
        if state.is_stale:
            click.echo("\n" + describe(state))


def describe(state: TranslationState) -> str:
    """Return what an editor reads about a stale page."""
    since = f"{state.since:%d.%m.%Y}" if state.since else ""
    seen = f"bemerkt am {since}" if state.noticed else f"noch aktuell am {since}"
    lines = [f"docs/{state.language}/{state.key}.md: {STATES[state.state]} ({seen})"]
    for change in state.changed:
        place = f"docs/de/{state.key}.md:{change.line}" if change.line else f"docs/de/{state.key}.md"
        own = f"docs/{state.language}/{state.key}.md:{change.own_line}" if change.own_line else "noch nicht übersetzt"
        lines.append(f"  {place} → {own}: {shorten(change.text, 80)}")
    return "\n".join(lines)


@translations.command()
@click.pass_obj
def update(desk: Desk) -> None:
    """Festhalten, was nachgezogen ist; von Veraltetem den Tag, an dem es bemerkt wurde."""
    lock = updated(desk.docs, desk.content, desk.languages, desk.lock, datetime.date.today())
    states = site_states(desk.docs, desk.content, desk.languages, lock)
    click.echo(f"docs/{NAME} geschrieben." if write_lock(desk.docs, lock) else f"docs/{NAME} war schon aktuell.")
    stale = [state for state in states.values() if state.is_stale]
    for state in stale:
        click.echo(describe(state))
    click.echo(f"{len(stale)} Übersetzungen sind veraltet.")


@translations.command()
@click.argument("pages", nargs=-1, required=True)
@click.option("--lang", help="Nur für diese Sprache (sonst für alle).")
@click.pass_obj
def accept(desk: Desk, pages: tuple[str, ...], lang: str | None) -> None:
    """Kleine Änderung, nichts zu übersetzen: Die Übersetzungen dieser Seiten gelten als aktuell."""
    others = desk.others(lang)
    chosen = desk.pages(pages)
    lock = accepted(desk.docs, chosen, tuple(others), desk.lock, datetime.date.today())
    write_lock(desk.docs, lock)
    for page in chosen:
        codes = [row.code for row in others if page.is_translated(row)]
        click.echo(f"{page.key}: gilt als aktuell in {', '.join(codes) or 'keiner Sprache (nicht übersetzt)'}.")
