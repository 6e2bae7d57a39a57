"""``kim build``, ``pdf``, ``check``, ``dashboard``, ``catalogs`` and ``serve``: the site and its pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.project import ROOT
from kim.progress import phases, steps

if TYPE_CHECKING:
    from form_handler.search_misses import SearchMiss


@click.command()
@click.option("--site-dir", type=click.Path(path_type=Path), default=ROOT / "site", help="Wohin (sonst: site/).")
@click.option(
    "--site-url", help="Öffentliche Adresse, zum Beispiel https://kim.example.org/ (sonst: wie beim letzten Bau)."
)
@click.option("--pdf/--no-pdf", default=True, help="Mit oder ohne PDF-Hefte (sonst: mit).")
@click.option(
    "--cache/--no-cache", default=True, help="Nur Geändertes oder alles neu erzeugen (sonst: nur Geändertes)."
)
def build(site_dir: Path, site_url: str | None, pdf: bool, cache: bool) -> None:
    """Die ganze Seite bauen, mit Suche und PDF-Heften; bei einem Fehler bleibt die alte."""
    build_here(site_dir, site_url, pdf, cache)


def content_dir() -> Path:
    """Return the folder of the pages: in ``KIM_CONTENT_DIR`` where they are edited in the browser, else that of the project.

    :raises ClickException: if it holds no pages.
    """
    from form_handler.settings.file import merge_settings
    from form_handler.settings.values import parse_folder

    named = merge_settings(os.environ).get("KIM_CONTENT_DIR")
    docs = (parse_folder("KIM_CONTENT_DIR", named) if named else ROOT) / "docs"
    if not docs.is_dir():
        raise click.ClickException(
            f"{docs}: Hier liegen keine Seiten. KIM_CONTENT_DIR nennt den Ordner, in dem docs/ liegt."
        )
    return docs


def build_here(site_dir: Path, site_url: str | None, pdf: bool, cache: bool = True) -> None:
    """Build the site unless nothing has changed, and say so.

    :raises ClickException: if the build fails; the site before stays.
    """
    from editorial.build.fingerprint import choose_site_url, is_current, read_inputs

    docs = content_dir()
    inputs = read_inputs(docs, choose_site_url(site_dir.resolve(), site_url))
    if cache and is_current(site_dir.resolve(), inputs, pdf):
        click.echo(f"Nichts hat sich geändert: {site_dir}")
        return
    from editorial.build.build import BuildError, build_site  # late: not needed where nothing has changed

    try:
        with phases() as report:
            missing = build_site(site_dir, site_url, docs, pdf=pdf, cache=cache, inputs=inputs, report=report)
    except BuildError as error:
        raise click.ClickException(str(error)) from error
    if missing:
        click.echo(missing)
    click.echo(f"Fertig: {site_dir}")


@click.command()
@click.option(
    "--site-dir", type=click.Path(path_type=Path), default=ROOT / "site", help="Die gebaute Seite (sonst: site/)."
)
@click.option(
    "--site-url", help="Öffentliche Adresse, zum Beispiel https://kim.example.org/ (sonst: wie beim letzten Bau)."
)
def pdf(site_dir: Path, site_url: str | None) -> None:
    """Geändertes bauen und die PDF-Hefte drucken: Leitfaden und Werkzeugkasten, in jeder Sprache."""
    from editorial.build.pdf import find_chromium

    if find_chromium() is None:
        raise click.ClickException(
            "Ohne PDF: Es ist kein Chromium da (sudo apt-get install chromium, oder KIM_CHROMIUM nennt es)."
        )
    build_here(site_dir, site_url, pdf=True)
    for path in sorted((site_dir / "pdf").glob("*.pdf")):
        click.echo(f"{path} ({path.stat().st_size // 1000} kB)")


@click.command()
@click.option("--pending", is_flag=True, help="Auch auflisten, was noch zu bestätigen ist.")
@click.option("--publish", is_flag=True, help="Auch melden, was nicht öffentlich werden darf.")
@click.option("--links", is_flag=True, help="Auch alle fremden Adressen abrufen; das dauert einige Minuten.")
@click.option(
    "--format", "form", type=click.Choice(["text", "github", "json"]), default="text", show_default=True,
    help="Für Menschen, für GitHub oder für Programme.",
)  # fmt: skip
def check(pending: bool, publish: bool, links: bool, form: str) -> None:
    """Seiten, Angaben und Wörter der Oberfläche prüfen: Datei, Zeile, Grund und Abhilfe zu jedem Fehler."""
    from core.findings import as_github, as_json, as_text, errors
    from editorial.checks.runner import run_checks

    report = run_checks(show_pending=pending, publish=publish)
    found = report.findings
    if links:
        from editorial.checks.links.external_links import check_links

        say = click.echo if form == "text" else None
        found = sorted([*found, *check_links(report.facts, say, progress=steps)])
    shown = {"text": as_text, "github": as_github, "json": as_json}[form](found)
    if shown:
        click.echo(shown)
    wrong = errors(found)
    if form == "text":
        click.echo(f"{report.pages} Seiten in {report.languages} Sprachen geprüft, {len(wrong)} Fehler.")
    sys.exit(1 if wrong else 0)


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Eine andere Datei als var/dashboard/index.html."
)
def dashboard(out: Path | None) -> None:
    """Den Redaktionstisch schreiben: eine Seite mit allem, was zu tun ist (var/dashboard/index.html, nie öffentlich)."""
    from editorial.checks.dashboard import DEFAULT_PATH, write_dashboard

    click.echo(f"Der Redaktionstisch steht in {write_dashboard(out or DEFAULT_PATH, misses=_search_misses())}")


def _search_misses() -> list[SearchMiss] | None:
    """Return searches without a hit; None where no service has a database."""
    from sqlalchemy.exc import SQLAlchemyError

    from core.clock import utc_now
    from form_handler.search_misses import list_misses
    from form_handler.settings import SettingsError, read_settings
    from form_handler.storage.database import Database, DatabaseBusyError, MissingDatabaseError
    from form_handler.storage.schema_version import is_current

    try:
        settings = read_settings()
        if settings.sqlite_path is not None and not settings.sqlite_path.exists():
            return None
        database = Database(settings, create=False)
        try:
            return list_misses(database, utc_now())[0] if is_current(database) else None
        finally:
            database.engine.dispose()
    except (SettingsError, MissingDatabaseError, DatabaseBusyError, SQLAlchemyError, OSError):
        return None


@click.group()
def catalogs() -> None:
    """Wörter der Oberfläche: die Kataloge in core/locale/."""


@catalogs.command("update")
def update_catalogs() -> None:
    """Die Kataloge an den Code anpassen: fehlende Einträge anlegen, überflüssige entfernen."""
    from core.catalogs import STAFF_SOURCE_DIRS, extract_messages, update_catalog
    from core.gettext import SOURCE_LANGUAGE, STAFF_LANGUAGES, STAFF_LOCALE_DIR
    from core.languages import load_languages

    template, office = extract_messages(), extract_messages(dirs=STAFF_SOURCE_DIRS)
    for language in load_languages():
        if language.code == SOURCE_LANGUAGE:
            continue
        if update_catalog(language, template):
            click.echo(f"core/locale/{language.code}.po geändert")
        if language.code in STAFF_LANGUAGES and update_catalog(language, office, STAFF_LOCALE_DIR):
            click.echo(f"core/locale/office/{language.code}.po geändert")


@catalogs.command("compile")
def compile_catalogs() -> None:
    """Die Kataloge einmal übersetzen, damit der erste Bau es nicht tun muss; `make` ruft es nach der Installation auf."""
    from core.gettext import load_catalog
    from core.languages import load_languages

    for language in load_languages():
        load_catalog(language.code)


@click.command()
@click.option("--port", metavar="NUMBER", help="Port of the server, instead of the setting PORT.")
@click.option("--watch/--no-watch", default=True, help="Bring saved pages into the site at once (not in production).")
@click.option(
    "--show-bar", is_flag=True, help="Show the preview's bar from the beginning, not only once a page was saved."
)
def serve(port: str | None, watch: bool, show_bar: bool) -> None:
    """Serve site and forms; in development build a site that changed first, with a live preview.

    In production nothing is built: the site in place is served, whatever its age.
    """
    from form_handler.settings import read_settings
    from kim.server import serve_foreground

    if port:
        os.environ["PORT"] = port
    settings = read_settings()
    if settings.mode == "production":
        serve_foreground(settings)
        return
    from editorial.build.build import BuildError, build_if_changed

    try:
        with phases() as report:
            built = build_if_changed(settings.site_dir, report=report, docs_dir=content_dir())
    except BuildError as error:
        raise click.ClickException(str(error)) from error
    click.echo("The site has been built." if built else "The site is up to date.")
    if not watch:
        serve_foreground(settings)
        return
    from editorial.preview.middleware import Preview, start_watcher

    always = show_bar or sys.stdout.isatty()
    watcher, parent = start_watcher(settings.site_dir), os.getpid()
    try:
        serve_foreground(settings, lambda app: Preview(app, settings.site_dir, always))
    finally:
        if os.getpid() == parent:  # gunicorn's workers are copies of this process and pass here too
            watcher.terminate()
