"""The pages of the editor below ``/eingang/seiten/`` and ``/eingang/uebersetzen/``; each module adds its routes to a blueprint."""

from __future__ import annotations

from flask import Flask

from editing.findings import findings_path
from editing.views import desk, page, publish, structure, translate, translate_desk
from editing.views.blueprint import pages, translating
from editing.workspace import Workspace
from form_handler.settings import Settings

VIEW_MODULES = (desk, page, publish, structure, translate, translate_desk)


def register(app: Flask, settings: Settings) -> None:
    """Add the editor to the application, where the settings name a folder of pages."""
    if settings.content_dir is None:
        return
    app.extensions["kim_workspace"] = Workspace(settings.content_dir / "docs", findings_path(settings.data_dir))
    app.register_blueprint(pages, url_prefix="/eingang/seiten")
    app.register_blueprint(pages, url_prefix="/<code>/eingang/seiten", name="staff_pages_localized")
    app.register_blueprint(translating, url_prefix="/eingang/uebersetzen")
    app.register_blueprint(translating, url_prefix="/<code>/eingang/uebersetzen", name="staff_translating_localized")
