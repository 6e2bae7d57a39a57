"""What runs inside the machine of drill_debian.py: people who send forms, somebody who asks for a page, a mail server.

Usage: in_machine.py people FORM-BODY PAGES STOP-FILE | ask METHOD PATH [HEADER: VALUE …] | mail FOLDER. Standard library only.
"""

from __future__ import annotations

import asyncio
import html
import http.client
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path

HOST, FORM = "kim.example.org", "/arbeitgeber/mitmachen/"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
REFERENCE = re.compile(r"KIM-[2-9A-HJKMNP-TV-Z]{6}")


class Site:
    """The site behind its nginx, asked as a browser asks: the certificate is checked.

    :ivar address: where nginx listens; ``authority``: the file of the certificate to trust, by default those of the machine.
    :ivar waits: how long each request took, in seconds.
    """

    def __init__(self, address: str = HOST, port: int = 443, authority: str | None = None) -> None:
        self.place = (address, port)
        self.context = ssl.create_default_context(cafile=authority)
        self.waits: list[float] = []

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection for one request."""
        connection = http.client.HTTPSConnection(HOST, timeout=60)
        raw = socket.create_connection(self.place, timeout=60)
        connection.sock = self.context.wrap_socket(raw, server_hostname=HOST)
        return connection

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send one request, on a connection of its own."""
        began = time.monotonic()
        connection = self.connect()
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        connection.request(method, path, body, {**form, **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        self.waits.append(time.monotonic() - began)
        return answer, data

    def read(self, path: str) -> str:
        """Read a page; return its text.

        :raises RuntimeError: with the status, if it is not there.
        """
        page, data = self.ask("GET", path)
        if page.status != 200:
            raise RuntimeError(f"{path}: {page.status}")
        return data.decode()

    def send_form(self, values: dict[str, str]) -> str:
        """Read a page, send a form with its review; return the reference.

        :raises RuntimeError: with the status, where a step fails.
        """
        self.read("/")
        review, data = self.ask("POST", FORM, urllib.parse.urlencode(values))
        if review.status != 200:
            raise RuntimeError(f"form {review.status}")
        cookie = "; ".join(one.split(";")[0] for one in review.headers.get_all("Set-Cookie") or [])
        hidden = [(name, html.unescape(value)) for name, value in HIDDEN.findall(data.decode())]
        receipt, data = self.ask("POST", f"{FORM}absenden/", urllib.parse.urlencode(hidden), {"Cookie": cookie})
        if receipt.status == 303:
            place = urllib.parse.urlsplit(str(receipt.headers["Location"]))
            receipt, data = self.ask("GET", f"{place.path}?{place.query}", headers={"Cookie": cookie})
        found = REFERENCE.search(data.decode())
        if found is None:
            raise RuntimeError(f"receipt {receipt.status}")
        return found[0]


class People:
    """People who read pages and send forms all the time.

    :ivar sent: the references of the forms that were acknowledged; ``faults``: what went wrong, each with the time of day.
    """

    def __init__(
        self, site: Site, values: dict[str, str], pages: list[str], writers: int = 3, readers: int = 2
    ) -> None:
        self.site, self.values, self.pages = site, values, pages
        self.sent: list[str] = []
        self.faults: list[str] = []
        self.is_over = threading.Event()
        acts = [self._send_forms] * writers + [self._read_pages] * readers
        self.threads = [threading.Thread(target=act, args=(number,), daemon=True) for number, act in enumerate(acts)]

    def _send_forms(self, number: int) -> None:
        turn = 0
        while not self.is_over.wait(0.1):
            turn += 1
            try:
                self.sent.append(self.site.send_form({**self.values, "company": f"Beispielbetrieb {number}-{turn}"}))
            except Exception as error:
                self.faults.append(f"{time.strftime('%T')} form: {type(error).__name__}: {error}")

    def _read_pages(self, _number: int) -> None:
        while not self.is_over.is_set():
            for path in self.pages:
                try:
                    self.site.read(path)
                except Exception as error:
                    self.faults.append(f"{time.strftime('%T')} page: {type(error).__name__}: {error}")
                if self.is_over.wait(0.05):
                    break

    def start(self) -> None:
        """Begin."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End after what was begun."""
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def figures(self) -> dict[str, object]:
        """Return how many requests were sent, which forms were acknowledged, what went wrong and the longest wait in seconds."""
        waits = self.site.waits
        return {
            "requests": len(waits),
            "sent": self.sent,
            "faults": self.faults,
            "longest": round(max(waits, default=0), 2),
        }


def people(body: str, pages: str, stop: Path) -> None:
    """Read pages and send forms until the file ``stop`` is there; print the figures as JSON."""
    crowd = People(Site(), dict(urllib.parse.parse_qsl(body)), pages.split(","))
    crowd.start()
    while not stop.exists():
        stop.with_suffix(".sent").write_text(str(len(crowd.sent)))
        time.sleep(0.1)
    crowd.stop()
    sys.stdout.write(json.dumps(crowd.figures()))


async def mail(folder: Path) -> None:
    """Take mails on port 25 and keep them."""
    folder.mkdir(exist_ok=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                (folder / f"{time.monotonic_ns()}.eml").write_bytes(await reader.readuntil(b"\r\n.\r\n"))
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            await writer.drain()
            if word == b"QUIT":
                break
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 25, limit=2**24) as server:
        await server.serve_forever()


def main(words: list[str]) -> None:
    """Do what the words say."""
    if words[0] == "people":
        people(words[1], words[2], Path(words[3]))
    elif words[0] == "mail":
        asyncio.run(mail(Path(words[1])))
    else:
        headers = dict(word.split(": ", 1) for word in words[3:])
        answer, data = Site(os.environ.get("ADDRESS", HOST)).ask(words[1], words[2], headers=headers)
        found = {name.lower(): value for name, value in answer.headers.items()}
        sys.stdout.write(
            json.dumps({"status": answer.status, "headers": found, "text": data.decode("utf-8", "replace")[:3000]})
        )


if __name__ == "__main__":
    main(sys.argv[1:])
