"""What runs inside the machine of drill_debian.py: people who send forms, somebody who asks for a page, a mail server.

Usage: in_machine.py people FORM-BODY STOP-FILE | ask METHOD PATH [HEADER: VALUE …] | mail FOLDER. Standard library only.
"""

from __future__ import annotations

import asyncio
import html
import http.client
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path

HOST, FORM = "kim.example.org", "/arbeitgeber/mitmachen/"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
REFERENCE = re.compile(r"KIM-[2-9A-HJKMNP-TV-Z]{6}")


def ask(
    method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask nginx; the certificate is checked as a browser does."""
    connection = http.client.HTTPSConnection(HOST, 443, context=ssl.create_default_context(), timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    connection.request(method, path, body, {**form, **(headers or {})})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


def send_form(values: dict[str, str]) -> str:
    """Read a page, send a form with its review; return the reference."""
    page, _data = ask("GET", "/")
    review, data = ask("POST", FORM, urllib.parse.urlencode(values))
    if (page.status, review.status) != (200, 200):
        raise RuntimeError(f"page {page.status}, form {review.status}")
    cookie = "; ".join(one.split(";")[0] for one in review.headers.get_all("Set-Cookie") or [])
    hidden = [(name, html.unescape(value)) for name, value in HIDDEN.findall(data.decode())]
    receipt, data = ask("POST", f"{FORM}absenden/", urllib.parse.urlencode(hidden), {"Cookie": cookie})
    if receipt.status == 303:
        place = urllib.parse.urlsplit(str(receipt.headers["Location"]))
        receipt, data = ask("GET", f"{place.path}?{place.query}", headers={"Cookie": cookie})
    found = REFERENCE.search(data.decode())
    if found is None:
        raise RuntimeError(f"receipt {receipt.status}")
    return found[0]


def people(body: str, stop: Path) -> None:
    """Send forms until the file ``stop`` is there; print references, faults and the longest wait as JSON."""
    values = dict(urllib.parse.parse_qsl(body))
    sent: list[str] = []
    faults: list[str] = []
    waits: list[float] = []

    def act(number: int) -> None:
        turn = 0
        while not stop.exists():
            turn += 1
            began = time.monotonic()
            try:
                sent.append(send_form({**values, "company": f"Beispielbetrieb {number}-{turn}"}))
            except Exception as error:
                faults.append(f"{type(error).__name__}: {error}")
            waits.append(time.monotonic() - began)
            stop.with_suffix(".sent").write_text(str(len(sent)))
            time.sleep(0.2)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps({"sent": sent, "faults": faults, "longest": max(waits)}))


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
        people(words[1], Path(words[2]))
    elif words[0] == "mail":
        asyncio.run(mail(Path(words[1])))
    else:
        headers = dict(word.split(": ", 1) for word in words[3:])
        answer, data = ask(words[1], words[2], headers=headers)
        found = {name.lower(): value for name, value in answer.headers.items()}
        sys.stdout.write(
            json.dumps({"status": answer.status, "headers": found, "text": data.decode("utf-8", "replace")[:3000]})
        )


if __name__ == "__main__":
    main(sys.argv[1:])
