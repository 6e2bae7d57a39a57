"""``kim translations``: the state of all translations, and the ways to bring them up to date."""

import datetime
import json
from pathlib import Path

import click
from msgspec import Struct

from core import project
from core.files import write_files
from core.findings import errors
from core.languages import Language, default_language, load_languages
from core.overlay import file_of, is_local, page_path, shown_path, written_page
from core.project import ROOT
from core.text.characters import shorten_text
from editorial.checks.wording.recurring_lines import load_recurring_lines, replace_other_wordings
from editorial.content.pages import Content, Page, read_content
from editorial.content.structure import is_in_easy_language
from editorial.translations.exchange import (
    ExportScope,
    ImportRejectedError,
    ImportResult,
    apply_translations,
    export,
    import_files,
    page_units,
    preserve_newlines,
)
from editorial.translations.lockfile import Lock, load_lock, write_lock
from editorial.translations.machine import MachineTranslationError, read_provider, translate, truncate_to_limit
from editorial.translations.report import as_data, catalog_stats, format_table
from editorial.translations.state import STATE_LABELS, TranslationState, translation_states
from editorial.translations.units import set_review
from editorial.translations.update import accept_pages, update_entries, update_lock


class CommandContext(Struct, frozen=True):
    """The shared values of all commands."""

    docs: Path
    languages: tuple[Language, ...]
    content: Content

    @property
    def lock(self) -> Lock:
        """Return the lock, or end with a sentence that names its error."""
        return load_lock(self.docs)

    def target_languages(self, code: str | None) -> list[Language]:
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
            parts = name.removesuffix(".md").removeprefix("./").removeprefix("city/").removeprefix("docs/").split("/")
            key = "/".join(parts[1:] if parts[0] in {row.code for row in self.languages} else parts)
            if key not in self.content.pages:
                raise click.ClickException(
                    f"Die Seite „{name}“ gibt es nicht oder sie hat einen Fehler im Kopf. Nennen Sie sie wie ihre Datei: "
                    "ankommen/wohnen oder docs/de/ankommen/wohnen.md. `kim check` nennt Fehler."
                )
            found.append(self.content.pages[key])
        return found


def load_context(docs: Path) -> CommandContext:
    """Read the pages."""
    languages = load_languages()
    return CommandContext(docs, languages, read_content(docs, languages))


@click.group()
@click.option(
    "--docs", type=click.Path(path_type=Path, file_okay=False, exists=True), default=ROOT / "docs", hidden=True
)
@click.pass_context
def translations(context: click.Context, docs: Path) -> None:
    """Übersetzungen: was fehlt, was veraltet ist, Austausch mit Übersetzenden."""
    context.obj = load_context(docs)
    for one in errors(context.obj.content.findings):
        click.echo(f"Übergangen: {one}", err=True)


@translations.command()
@click.option("--lang", help="Nur diese Sprache.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def status(context: CommandContext, lang: str | None, form: str) -> None:
    """Eine Tabelle: Seiten × Sprachen, und die Wörter der Oberfläche."""
    others = context.target_languages(lang)
    states = translation_states(context.docs, context.content, tuple(others), context.lock)
    words = catalog_stats(tuple(others))
    if form == "json":
        click.echo(json.dumps(as_data(states, words), ensure_ascii=False, indent=1))
        return
    click.echo(format_table(states, others, words))
    for state in states.values():
        if state.is_stale:
            click.echo("\n" + describe(state))


def describe(state: TranslationState) -> str:
    """Return the description of a stale page for editors."""
    since = f"{state.since:%d.%m.%Y}" if state.since else ""
    seen = f"bemerkt am {since}" if state.since_is_exact else f"noch aktuell am {since}"
    lines = [f"{state.file}: {STATE_LABELS[state.state]} ({seen})"]
    for change in state.changed:
        place = f"{state.source_file}:{change.line}" if change.line else state.source_file
        own = f"{state.file}:{change.own_line}" if change.own_line else "noch nicht übersetzt"
        lines.append(f"  {place} → {own}: {shorten_text(change.text, 80)}")
    return "\n".join(lines)


@translations.command()
@click.pass_obj
def update(context: CommandContext) -> None:
    """Festhalten, was nachgezogen ist; von Veraltetem den Tag, an dem es bemerkt wurde."""
    lock = update_lock(context.docs, context.content, context.languages, context.lock, datetime.date.today())
    states = translation_states(context.docs, context.content, context.languages, lock)
    click.echo(
        "Festgehalten, worauf die Übersetzungen beruhen."
        if write_lock(context.docs, lock)
        else "Es war schon alles festgehalten."
    )
    stale = [state for state in states.values() if state.is_stale]
    for state in stale:
        click.echo(describe(state))
    click.echo(f"{len(stale)} Übersetzungen sind veraltet.")


@translations.command()
@click.argument("pages", nargs=-1, required=True)
@click.option("--lang", help="Nur für diese Sprache (sonst für alle).")
@click.pass_obj
def accept(context: CommandContext, pages: tuple[str, ...], lang: str | None) -> None:
    """Kleine Änderung, nichts zu übersetzen: Die Übersetzungen dieser Seiten gelten als aktuell."""
    others = context.target_languages(lang)
    chosen = context.pages(pages)
    lock = accept_pages(context.docs, chosen, tuple(others), context.lock, datetime.date.today())
    write_lock(context.docs, lock)
    for page in chosen:
        codes = [row.code for row in others if page.is_translated(row)]
        click.echo(f"{page.key}: gilt als aktuell in {', '.join(codes) or 'keiner Sprache (nicht übersetzt)'}.")


@translations.command()
@click.pass_obj
def lines(context: CommandContext) -> None:
    """Feste Zeilen: den früheren Wortlaut (other:) aus recurring_lines.yml auf allen Seiten durch den jetzigen ersetzen."""
    listed = load_recurring_lines(context.docs / "data")
    if isinstance(listed, list):
        raise click.ClickException("\n".join(map(str, listed)))
    current = {key for key, state in translation_states(context.docs, context.content, context.languages, context.lock).items() if not state.is_stale}  # fmt: skip
    changed: dict[Path, bytes] = {}
    german = set[str]()
    for page in (one for one in context.content.pages.values() if not is_in_easy_language(one.key)):
        for code in page.texts:
            path = page_path(context.docs, code, page.key)
            if not (project.keeps_shared_pages() or is_local(context.docs, path)):
                continue  # the keeper of the shared page replaces it
            before = path.read_text("utf-8")
            if (after := replace_other_wordings(before, listed, code)) != before:
                changed[path] = after.encode()
                german.update([page.key] if code == default_language().code else ())
    write_files(changed)
    for path in changed:
        click.echo(f"geschrieben: {shown_path(context.docs, path)}")
    # The translations of a line are in the list; so a page that was up to date still is.
    again = load_context(context.docs)
    lock = update_lock(context.docs, again.content, context.languages, again.lock, datetime.date.today())
    for row in again.target_languages(None):
        pages = [again.content.pages[key] for key in sorted(german) if (key, row.code) in current]
        lock = accept_pages(context.docs, pages, (row,), lock, datetime.date.today())
    write_lock(context.docs, lock)
    click.echo(f"{len(changed)} Dateien geändert.")


@translations.command("export")
@click.argument("pages", nargs=-1)
@click.option("--lang", required=True, help="Für diese Sprache.")
@click.option(
    "--only",
    type=click.Choice(["stale", "missing", "all"]),
    default="all",
    help="Nur Veraltetes, nur Fehlendes, alles.",
)
@click.option("--format", "form", type=click.Choice(["xliff", "po"]), default="xliff")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("uebersetzen"),
    help="Ordner (sonst uebersetzen/).",
)
@click.pass_obj
def export_command(
    context: CommandContext, pages: tuple[str, ...], lang: str, only: ExportScope, form: str, out: Path
) -> None:
    """Eine Datei für Übersetzende schreiben: XLIFF 1.2 oder PO, Absatz für Absatz."""
    (language,) = context.target_languages(lang)
    chosen = context.pages(pages) or list(context.content.pages.values())
    text, count = export(context.docs, chosen, language, context.lock, only, form)
    if not count:
        click.echo("Nichts zu übersetzen.")
        return
    path = out / f"kim-{lang}{'' if only == 'all' else '-' + only}.{'po' if form == 'po' else 'xlf'}"
    write_files({path: text.encode()})
    click.echo(f"{path}: {count} Absätze. Zurück damit: kim translations import {path}")


@translations.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--lang", help="Die Sprache, wenn die Datei sie nicht nennt.")
@click.option("--reviewed-by", help="Ein Mensch hat übersetzt oder geprüft: sein Name. Er steht dann auf den Seiten.")
@click.pass_obj
def import_command(context: CommandContext, files: tuple[Path, ...], lang: str | None, reviewed_by: str | None) -> None:
    """Dateien von Übersetzenden einlesen: alles oder nichts."""
    if lang:
        context.target_languages(lang)
    try:
        made = import_files(context.docs, context.content.pages, context.languages, context.lock, files, lang)
    except ImportRejectedError as error:
        raise click.ClickException(f"Nichts wurde geändert.\n{error}") from error
    if reviewed_by:
        set_reviewer(context.docs, made, reviewed_by)
    save(context, made.files, made.pages)
    for path in made.files:
        click.echo(f"geschrieben: {shown_path(context.docs, path)}")
    for key in made.skipped:
        click.echo(f"übersprungen, noch nichts übersetzt: {key}")
    if made.untouched:
        click.echo(
            f"{len(made.untouched)} veraltete Absätze kamen unverändert zurück und bleiben veraltet, zum Beispiel "
            f"{made.untouched[0]}. War nichts zu übersetzen: kim translations accept SEITE --lang …"
        )
    click.echo(f"{len(made.files)} von {len(made.pages)} Seiten geändert.")


def set_reviewer(docs: Path, made: ImportResult, name: str) -> None:
    """Put a reviewer and today into the header of every page of an import."""
    for key, code in made.pages:
        path = file_of(docs, written_page(docs, code, key))
        data = made.files.get(path) or page_path(docs, code, key).read_bytes()
        text = set_review(data.decode("utf-8").replace("\r\n", "\n"), name, datetime.date.today())
        made.files[path] = (text.replace("\n", "\r\n") if b"\r\n" in data else text).encode()


def save(context: CommandContext, files: dict[Path, bytes], places: set[tuple[str, str]]) -> None:
    """Write pages and lock together, or nothing; the pages are put back if the lock cannot be written."""
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    lock = context.lock
    write_files(files)
    try:
        content = read_content(context.docs, context.languages)
        write_lock(
            context.docs, update_entries(context.docs, content, context.languages, lock, places, datetime.date.today())
        )
    except BaseException:
        for path, data in before.items():
            path.unlink() if data is None else path.write_bytes(data)
        raise


@translations.command()
@click.argument("page")
@click.option("--lang", required=True, help="In diese Sprache.")
@click.pass_obj
def draft(context: CommandContext, page: str, lang: str) -> None:
    """Ein Entwurf von einer Maschine für das, was fehlt oder veraltet ist; er gilt als ungeprüft."""
    (language,) = context.target_languages(lang)
    (chosen,) = context.pages((page,))
    try:
        provider = read_provider()
        german, own, known = page_units(context.docs, chosen, language, context.lock)
        wanted = [unit for unit in known if unit.need != "done"]
        if not wanted:
            click.echo("Nichts zu übersetzen: Die Seite ist aktuell.")
            return
        whole = [unit for unit in wanted if unit.is_section]
        if whole:
            raise MachineTranslationError(
                f"Der Abschnitt #{whole[0].id.partition('#')[2]} ist in beiden Sprachen verschieden aufgebaut. "
                "Gleichen Sie die Zahl der Absätze an, dann geht es."
            )
        texts = translate(
            [unit.source for unit in wanted], lambda rows: provider.translate(rows, default_language().code, lang)
        )
        answers = {
            unit.id.partition("#")[2]: truncate_to_limit(unit.kind, text)
            for unit, text in zip(wanted, texts, strict=True)
        }
        path, text = apply_translations(context.docs, chosen, language, german, own, wanted, answers)
        text = set_review(text, None, datetime.date.today())
    except (MachineTranslationError, ImportRejectedError) as error:
        raise click.ClickException(f"Nichts wurde geändert.\n{error}") from error
    save(context, {path: preserve_newlines(path, text)}, {(chosen.key, lang)})
    click.echo(
        f"{shown_path(context.docs, path)}: {len(wanted)} Absätze entworfen, ungeprüft. Lesen Sie gegen, dann reviewed_by: eintragen."
    )
