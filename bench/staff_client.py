"""A clerk's browser for the benchmarks of the staff area, and the command that starts the production server."""

from __future__ import annotations

import http.client
import re
import sys
import urllib.parse

PASSWORD = "ein-langes-passwort-zum-messen"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
START = "from form_handler.settings import read_settings; from kim.server import serve_foreground; serve_foreground(read_settings())"


def production_command() -> list[str]:
    """Return the command that serves with the settings of the environment, without building a site."""
    return [sys.executable, "-c", START]


class StaffClient:
    """A clerk's browser with an open connection and its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        token = TOKEN.search(self.get("anmelden/"))
        assert token, "no token on the log-in page"
        form = {"csrf_token": token[1], "name": "probe", "password": PASSWORD}
        self.post("anmelden/", form)

    def get(self, path: str) -> str:
        """Return a page."""
        return self.request("GET", path, None, 200)

    def post(self, path: str, fields: dict[str, str], status: int = 303) -> str:
        """Send a form and return the text of the answer."""
        return self.request("POST", path, urllib.parse.urlencode(fields), status)

    def request(self, method: str, path: str, body: str | None, status: int) -> str:
        """Send a request and return the text of the answer.

        :raises RuntimeError: if the answer has another status.
        """
        head = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            head["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, f"/eingang/{path}", body, head)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != status:
            raise RuntimeError(f"{method} /eingang/{path}: {answer.status} instead of {status}")
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return text
