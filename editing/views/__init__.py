"""The pages of the editor below ``/eingang/seiten/`` and ``/eingang/uebersetzen/``; each module adds its routes to a blueprint."""

from pathlib import Path

from flask import Flask

from core.gettext import use_catalogs
from core.overlay import CITY
from editing.findings import findings_path
from editing.paths import CATALOGS
from editing.views import header, overview, page_files, pictures, publish, structure, upstream
from editing.views.blueprint import pages, translating
from editing.views.facts import confirmation, entries, lists
from editing.views.page import conflicts, paragraph, session
from editing.views.translation import overview as translation_overview
from editing.views.translation import paragraph as translated_paragraph
from editing.views.translation import signing, words
from editing.workspace import Workspace
from form_handler.settings import Settings

VIEW_MODULES = (
    confirmation, conflicts, entries, header, lists, overview, page_files, paragraph, pictures, publish, session,
    signing, structure, translated_paragraph, translation_overview, upstream, words,
)  # fmt: skip


def register(app: Flask, settings: Settings) -> None:
    """Add the editor to the application, where the settings name a folder of pages."""
    if settings.content_dir is None:
        return
    open_workspace(app, settings.content_dir, settings.data_dir)
    follow_catalogs(app)
    app.register_blueprint(pages, url_prefix="/eingang/seiten")
    app.register_blueprint(pages, url_prefix="/<code>/eingang/seiten", name="staff_pages_localized")
    app.register_blueprint(translating, url_prefix="/eingang/uebersetzen")
    app.register_blueprint(translating, url_prefix="/<code>/eingang/uebersetzen", name="staff_translating_localized")


def open_workspace(app: Flask, content_dir: Path, data_dir: Path) -> None:
    """Set which folder of pages an application edits."""
    app.extensions["kim_workspace"] = Workspace(content_dir / "docs", findings_path(data_dir))


def follow_catalogs(app: Flask) -> None:
    """Take the words of the catalogs beside the pages, and read them again after a publication has changed one."""
    known: list[tuple[tuple[str, int], ...]] = []

    def follow() -> None:
        docs: Path = app.extensions["kim_workspace"].docs
        files = (path for name in (CATALOGS, f"{CITY}/locale") for path in sorted((docs.parent / name).glob("*.po")))
        stamp = tuple((str(path), path.stat().st_mtime_ns) for path in files)
        if known != [stamp]:
            known[:] = [stamp]
            use_catalogs(docs)

    follow()
    app.before_request(follow)
