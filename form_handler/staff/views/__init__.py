"""The pages of the staff area; each module adds its routes to the one blueprint when it is imported."""

from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.blueprint import staff
from form_handler.staff.views import account, administration, auth, inbox, oidc, person, publication, statistics, work
from form_handler.staff.views.submission import answer, correction, deletion, notes, page, quotation, sender, state

VIEW_MODULES = (
    *(account, administration, auth, inbox, oidc, person, publication, statistics, work),
    *(answer, correction, deletion, notes, page, quotation, sender, state),
)


def register(app: Flask, settings: Settings) -> None:
    """Add the staff area to an application: ``/eingang/`` in German, ``/<code>/eingang/`` in further languages."""
    oidc.configure_oidc(app, settings)
    app.register_blueprint(staff, url_prefix="/eingang")
    app.register_blueprint(staff, url_prefix="/<code>/eingang", name="staff_localized")
