"""Objects of the running application: settings, database, page layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from form_handler.layout import PageLayouts
    from form_handler.settings import Settings
    from form_handler.storage.database import Database


def settings() -> Settings:
    """Return the settings of the running service."""
    found: Settings = current_app.extensions["kim_settings"]
    return found


def database() -> Database:
    """Return the database of the running service."""
    found: Database = current_app.extensions["kim_database"]
    return found


def page_layouts() -> PageLayouts:
    """Return the built pages of the running service."""
    found: PageLayouts = current_app.extensions["kim_layouts"]
    return found
