"""The city's own log-in, with a real OpenID Connect provider on loopback: who it names gets in, if we know the name."""

from __future__ import annotations

import dataclasses
import datetime
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from form_handler.app import create_app
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from tests.conftest import PATIENCE
from tests.form_handler.staff.test_concurrent_edits import fields, idle, send
from tests.form_handler.staff.test_staff_area import Clerk, put

CLIENT, SECRET = "kim", "geheimnis"
NOW = datetime.datetime.now(datetime.UTC)


class Provider:
    """A small but real provider: discovery, keys, authorization code with PKCE, signed tokens."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.claims: dict[str, Any] = {"preferred_username": "Probe"}
        self.issuer = ""
        self.audience = CLIENT
        self.codes: dict[str, str | None] = {}
        self.app = Flask("provider")
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        self.app.add_url_rule(
            "/keys", view_func=lambda: jsonify({"keys": [self.key.as_dict(private=False)]}), endpoint="keys"
        )
        self.app.add_url_rule("/authorize", view_func=self.authorize)
        self.app.add_url_rule("/token", view_func=self.token, methods=["POST"])

    def discovery(self) -> Any:
        return jsonify(
            issuer=self.issuer, authorization_endpoint=f"{self.issuer}/authorize", token_endpoint=f"{self.issuer}/token",
            jwks_uri=f"{self.issuer}/keys", id_token_signing_alg_values_supported=["RS256"],
        )  # fmt: skip

    def authorize(self) -> Any:
        code = f"code{len(self.codes)}"
        self.codes[code] = request.args.get("nonce")
        assert request.args["code_challenge_method"] == "S256"
        query = urlencode({"code": code, "state": request.args["state"]})
        return redirect(f"{request.args['redirect_uri']}?{query}")

    def token(self) -> Any:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "1", "aud": self.audience, "iat": now, "exp": now + 60,
            "nonce": self.codes.pop(request.form["code"]), **self.claims,
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return jsonify(access_token="x", token_type="Bearer", id_token=signed)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A running provider."""
    one = Provider()
    server = make_server("127.0.0.1", 0, one.app, threaded=True)
    one.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield one
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clerk(provider: Provider, settings: Settings, database: Database) -> Clerk:
    """Somebody in front of a service with the provider."""
    with_provider = dataclasses.replace(
        settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        public_url="http://127.0.0.1/",
    )
    accounts.add_account(database, "Probe", None, NOW)
    return Clerk(create_app(with_provider, database))


def through_the_provider(clerk: Clerk) -> Any:
    """Click the button, follow the provider, come back."""
    began = clerk.post("anbieter/", "anmelden/", weiter="/eingang/zahlen/")
    assert began.status_code == 302, began.text
    opener = urllib.request.build_opener(_Stay())
    with opener.open(began.location, timeout=PATIENCE) as response:
        back = urlsplit(response.headers["Location"])
    return clerk.client.get(f"{back.path}?{back.query}", base_url="http://127.0.0.1")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Do not follow."""

    def http_error_302(self, _req: Any, fp: Any, _code: int, _msg: str, _headers: Any) -> Any:
        return fp


def test_whom_the_provider_names_gets_in_and_lands_where_they_wanted(clerk: Clerk) -> None:
    done = through_the_provider(clerk)
    assert (done.status_code, done.location) == (303, "/eingang/zahlen/")
    assert "probe" in clerk.get().text


def test_an_account_without_password_opens_by_the_provider_only(clerk: Clerk) -> None:
    assert clerk.log_in(password="").status_code == 403


@pytest.mark.parametrize(
    "claims", [{"preferred_username": "Fremd"}, {"preferred_username": "", "email": "probe", "email_verified": False}]
)
def test_a_name_that_we_do_not_know_stays_outside(clerk: Clerk, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    done = through_the_provider(clerk)
    assert done.status_code == 403
    assert "kein Konto" in done.text
    assert clerk.get().status_code == 303


def test_a_closed_account_stays_outside(clerk: Clerk, database: Database) -> None:
    accounts.set_active(database, "probe", False)
    assert through_the_provider(clerk).status_code == 403


def test_a_token_for_somebody_else_or_with_a_wrong_key_is_refused(clerk: Clerk, provider: Provider) -> None:
    provider.audience = "other-service"
    assert through_the_provider(clerk).status_code == 403
    provider.audience = CLIENT
    genuine = provider.key
    provider.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    served = genuine.as_dict(private=False)
    provider.app.view_functions["keys"] = lambda: jsonify({"keys": [served]})
    assert through_the_provider(clerk).status_code == 403
    assert clerk.get().status_code == 303


def test_an_answer_that_nobody_asked_for_is_refused(clerk: Clerk) -> None:
    assert clerk.get("anbieter/zurueck?code=x&state=y").status_code == 403


def test_a_note_is_kept_through_the_citys_own_log_in(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    through_the_provider(clerk)
    path = f"/eingang/v/{found.reference}/notiz"
    form = fields(clerk.get(f"v/{found.reference}/"), path)
    idle(database)
    assert send(clerk, path, form, note="Angerufen.").status_code == 303
    assert "aufgehoben" in clerk.get("anmelden/").text
    assert through_the_provider(clerk).location == "/eingang/ungesendet/"
    assert send(clerk, path, fields(clerk.get("ungesendet/"), path)).status_code == 303
    assert "Angerufen." in clerk.get(f"v/{found.reference}/").text
