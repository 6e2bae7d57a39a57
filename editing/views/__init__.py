"""The pages of the editor below ``/eingang/seiten/`` and ``/eingang/uebersetzen/``; each module adds its routes to a blueprint."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from core.gettext import use_catalogs
from editing.findings import findings_path
from editing.paths import CATALOGS
from editing.views import desk, page, publish, structure, translate, translate_desk, words
from editing.views.blueprint import pages, translating
from editing.workspace import Workspace
from form_handler.settings import Settings

VIEW_MODULES = (desk, page, publish, structure, translate, translate_desk, words)


def register(app: Flask, settings: Settings) -> None:
    """Add the editor to the application, where the settings name a folder of pages."""
    if settings.content_dir is None:
        return
    follow_catalogs(app, settings.content_dir / "docs")
    app.extensions["kim_workspace"] = Workspace(settings.content_dir / "docs", findings_path(settings.data_dir))
    app.register_blueprint(pages, url_prefix="/eingang/seiten")
    app.register_blueprint(pages, url_prefix="/<code>/eingang/seiten", name="staff_pages_localized")
    app.register_blueprint(translating, url_prefix="/eingang/uebersetzen")
    app.register_blueprint(translating, url_prefix="/<code>/eingang/uebersetzen", name="staff_translating_localized")


def follow_catalogs(app: Flask, docs: Path) -> None:
    """Take the words of the catalogs beside the pages, and read them again after a publication has changed one."""
    known: list[tuple[int, ...]] = []

    def follow() -> None:
        stamp = tuple(path.stat().st_mtime_ns for path in sorted((docs.parent / CATALOGS).glob("*.po")))
        if known != [stamp]:
            known[:] = [stamp]
            use_catalogs(docs)

    follow()
    app.before_request(follow)
