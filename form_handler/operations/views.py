"""``/healthz`` and ``/readyz``: for a watchdog, a load balancer and a monitor; the proxy hides them from the public."""

from flask import Flask, Response, jsonify

from core.clock import utc_now
from form_handler import current
from form_handler.operations.health import check_health, worst

# Answered for every host name: a watchdog requests it by an address.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


def register(app: Flask) -> None:
    """Add the two routes."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    """Say that this process answers; nothing else is looked at, so that a restart is asked for only where it helps."""
    return _no_store(jsonify(status="ok"))


def readyz() -> Response:
    """Say whether forms can be stored (status 200, else 503), and of each part whether somebody has to act.

    Mails that wait and a site that is old are warnings: forms are stored all the same.
    """
    findings = check_health(current.database(), current.settings(), utc_now())
    status = worst(findings)
    parts = {
        one.name: {"status": one.status, **({"message": one.message} if one.message else {}), **one.values}
        for one in findings
    }
    response = _no_store(jsonify(status=status, parts=parts))
    response.status_code = 503 if status == "failed" else 200
    return response


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
