"""Files by the letter of HTTP (RFC 9110), and addresses as people type, copy and shorten them."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from core.files import write_atomically
from form_handler.server.run import make_wsgi
from form_handler.server.static_files import choose_encoding
from form_handler.settings import read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.url_correction import find_canonical_path, location_header
from tests.form_handler.conftest import write_shells

TEXT = b"<!doctype html><p>" + b"Willkommen " * 100
PDF = bytes(range(200))
FORM = "/arbeitgeber/mitmachen/"


@pytest.fixture(scope="module", params=["production", "development"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The whole service in front of a few files; the two modes look files up in two ways."""
    folder = tmp_path_factory.mktemp("service")
    site = folder / "site"
    write_shells(site)
    for name in (
        "index.html",
        "kontakt/index.html",
        "ar/index.html",
        "ar/kontakt/index.html",
        "grüße für alle/index.html",
    ):
        write_atomically(site / name, TEXT)
        write_atomically(site / f"{name}.gz", gzip.compress(TEXT))
    write_atomically(site / "heft.pdf", PDF)
    write_atomically(site / "sitemap.xml", b"<urlset/>")
    settings = read_settings({"KIM_DATA_DIR": str(folder / "var"), "KIM_SITE_DIR": str(site)})
    database = Database(settings)
    upgrade(database)
    yield Client(make_wsgi(dataclasses.replace(settings, mode=request.param), database))
    database.engine.dispose()


def ask(client: Client, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """Ask as a browser does; ``path`` is sent as it is."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, base_url="http://localhost/", headers=names, buffered=True)


def body(answer: TestResponse) -> bytes:
    return gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data


GZIP, PLAIN, NEITHER = "gzip", "identity", None


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, PLAIN), ("", PLAIN), ("gzip", GZIP), ("GZip", GZIP), ("x-gzip", GZIP), ("br, gzip", GZIP), ("deflate , gzip;q=0.1", GZIP),
        ("gzip;q=0", PLAIN), ("gzip; q=0.000", PLAIN), ("gzip ;Q=0", PLAIN), ("gzip ; q = 0", PLAIN), ("gzip;q=0, *", PLAIN),
        ("*;q=0", NEITHER), ("identity;q=0", NEITHER), ("br", PLAIN), ("notgzip", PLAIN), ("gzip2", PLAIN), ("*", GZIP),
        ("*;q=0, gzip", GZIP), ("gzip, identity;q=0", GZIP), ("identity, gzip;q=0.5", PLAIN), ("gzip;q=0.5, identity;q=0.2", GZIP),
        ("*;q=0.1, gzip;q=0", PLAIN), ("identity;q=0, *;q=0.5", GZIP), (",, gzip ,", GZIP),
    ],
)  # fmt: skip
def test_the_encoding_is_what_the_client_wants_most(accepted: str | None, chosen: str | None) -> None:
    assert choose_encoding(accepted, [GZIP, PLAIN]) == chosen


def test_a_page_is_served_in_the_encoding_and_says_that_it_depends_on_it(client: Client) -> None:
    for accepted, status, encoding in (("gzip", 200, "gzip"), ("gzip;q=0", 200, None), ("*;q=0", 406, None)):
        answer = ask(client, "/kontakt/", Accept_Encoding=accepted)
        assert answer.status_code == status
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        if status == 200:
            assert body(answer) == TEXT
    assert "Vary" not in ask(client, "/heft.pdf").headers


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_page_that_the_client_has_is_not_sent_again(client: Client, encoding: str) -> None:
    first = ask(client, "/kontakt/", Accept_Encoding=encoding)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    old = "Mon, 01 Jan 2024 00:00:00 GMT"
    for known in (tag, f"W/{tag}", f'"a", W/"b" ,{tag}', f'"a",W/{tag}', "*"):
        for method in ("GET", "HEAD"):
            answer = ask(client, "/kontakt/", method, Accept_Encoding=encoding, If_None_Match=known)
            assert answer.status_code == 304, known
            assert answer.headers["ETag"] == tag
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.data == b""
    assert (
        ask(client, "/kontakt/", Accept_Encoding=encoding, If_None_Match='"a"', If_Modified_Since=date).status_code
        == 200
    )
    assert (
        ask(client, "/kontakt/", Accept_Encoding=encoding, If_None_Match=tag, If_Modified_Since=old).status_code == 304
    )
    assert ask(client, "/kontakt/", Accept_Encoding=encoding, If_Modified_Since=date).status_code == 304
    assert ask(client, "/kontakt/", Accept_Encoding=encoding, If_Modified_Since=old).status_code == 200
    assert ask(client, "/kontakt/", Accept_Encoding=encoding, If_Modified_Since="yesterday").status_code == 200


def test_the_two_encodings_have_different_tags(client: Client) -> None:
    packed, plain = (ask(client, "/kontakt/", Accept_Encoding=one).headers["ETag"] for one in ("gzip", "identity"))
    assert packed != plain
    assert ask(client, "/kontakt/", Accept_Encoding="identity", If_None_Match=packed).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=-5", 195, 200), ("bytes=-999", 0, 200), ("bytes=190-", 190, 200), ("bytes=199-999", 199, 200)],
)  # fmt: skip
def test_a_part_of_a_file(client: Client, wanted: str, start: int, stop: int) -> None:
    answer = ask(client, "/heft.pdf", Range=wanted)
    assert answer.status_code == 206
    assert answer.data == PDF[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/200"
    assert int(answer.headers["Content-Length"]) == stop - start


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-9", "bytes=x", "lines=1-2", "bytes=9-3", "0-5"])
def test_a_range_that_is_not_understood_gives_the_whole_file(client: Client, wanted: str) -> None:
    answer = ask(client, "/heft.pdf", Range=wanted)
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_ranges_that_do_not_apply(client: Client) -> None:
    beyond = ask(client, "/heft.pdf", Range="bytes=200-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */200")
    head = ask(client, "/heft.pdf", "HEAD", Range="bytes=0-9")
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, "200", b"")
    tag = head.headers["ETag"]
    assert ask(client, "/heft.pdf", Range="bytes=0-9", If_Range=tag).status_code == 206
    assert ask(client, "/heft.pdf", Range="bytes=0-9", If_Range=head.headers["Last-Modified"]).status_code == 206
    for other in ('"a"', f"W/{tag}", "Mon, 01 Jan 2024 00:00:00 GMT"):
        assert ask(client, "/heft.pdf", Range="bytes=0-9", If_Range=other).status_code == 200


MEANT = [
    ("/kontakt", "/kontakt/"), ("/KONTAKT/", "/kontakt/"), ("/Kontakt", "/kontakt/"), ("/AR/Kontakt/", "/ar/kontakt/"), ("/AR", "/ar/"),
    ("//kontakt//", "/kontakt/"), ("/ar//kontakt", "/ar/kontakt/"), ("/./kontakt/", "/kontakt/"), ("/ar/%2e%2e/kontakt/", "/kontakt/"),
    ("/kontakt/.", "/kontakt/"), ("/kontakt.", "/kontakt/"), ("/kontakt/).", "/kontakt/"), ("/kontakt/index.html", "/kontakt/"),
    ("/index.html", "/"), ("/kontakt/INDEX.HTM", "/kontakt/"), ("/kontakt;jsessionid=1/", "/kontakt/"), ("/kontakt/;v=1", "/kontakt/"),
    ("/sitemap.xml/", "/sitemap.xml"), ("/SITEMAP.XML", "/sitemap.xml"), ("/heft.pdf,", "/heft.pdf"),
    ("/gr%C3%BC%C3%9Fe%20f%C3%BCr%20alle", "/gr%C3%BC%C3%9Fe%20f%C3%BCr%20alle/"),
    ("/gru%CC%88%C3%9Fe%20fu%CC%88r%20alle/", "/gr%C3%BC%C3%9Fe%20f%C3%BCr%20alle/"),
    ("/arbeitgeber/mitmachen", FORM), ("/Arbeitgeber/Mitmachen/", FORM),
    ("/arbeitgeber/mitmachen/eingegangen", FORM + "eingegangen/"), ("/TR/arbeitgeber/mitmachen/absenden", "/tr" + FORM + "absenden/"),
    ("/arbeitgeber/werkzeugkasten/auswahl", "/arbeitgeber/werkzeugkasten/auswahl/"),
    ("/Arbeitgeber//werkzeugkasten/auswahl.", "/arbeitgeber/werkzeugkasten/auswahl/"),
]  # fmt: skip
QUERY = "want=job&x=%C3%A4%26+b&y=%2F%2Fevil.example&z"


@pytest.mark.parametrize(("typed", "meant"), MEANT)
def test_an_address_that_is_not_quite_right_leads_to_the_one_meant(client: Client, typed: str, meant: str) -> None:
    for query in ("", f"?{QUERY}"):
        for method in ("GET", "HEAD"):
            answer = follow(client, typed + query, method)
            assert answer == meant + query


def follow(client: Client, address: str, method: str) -> str:
    """Return where the redirects of an address end; each has to stay on this host."""
    for _ in range(3):
        # The test client would tidy the path up; a browser sends it as it is.
        path, _mark, query = address.partition("?")
        environ = {
            "PATH_INFO": unquoted(path),
            "QUERY_STRING": query,
            "REQUEST_METHOD": method,
            "HTTP_HOST": "localhost",
        }
        answer = client.open(environ_overrides=environ, base_url="http://localhost/", path="/", buffered=True)
        if answer.status_code not in {301, 302, 308}:
            return address
        address = answer.headers["Location"].removeprefix("http://localhost")
        assert address.startswith("/")
        assert not address.startswith("//")
    raise AssertionError(f"{address} leads on and on")


def unquoted(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "//evil.example/", "//evil.example/%2e%2e", "///evil.example/kontakt", "/\\evil.example/", "/%5cevil.example",
     "//evil.example//kontakt/..", "/%2f%2fevil.example/", "/.//evil.example", "/http://evil.example/", "/kontakt/%0d%0aSet-Cookie:a",
     "//localhost:80@evil.example/", "/%00", "/\u202ekontakt", "/" + "a" * 5000],
)  # fmt: skip
def test_no_address_leads_to_another_host(client: Client, path: str) -> None:
    for method in ("GET", "POST"):
        environ = {
            "PATH_INFO": unquoted(quote(path, safe="/%\\:@.")),
            "REQUEST_METHOD": method,
            "HTTP_HOST": "localhost",
        }
        answer = client.open(environ_overrides=environ, base_url="http://localhost/", path="/", buffered=True)
        assert answer.status_code in {200, 301, 308, 404, 405}
        to = answer.headers.get("Location", "/").removeprefix("http://localhost")
        assert to.startswith("/")
        assert not to.startswith(("//", "/\\"))
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "method", "status", "allowed"),
    [
        (FORM, "DELETE", 405, {"GET", "HEAD", "POST", "OPTIONS"}), ("/tr" + FORM + "absenden/", "PUT", 405, {"GET", "HEAD", "POST", "OPTIONS"}),
        (FORM + "eingegangen/", "POST", 405, {"GET", "HEAD", "OPTIONS"}), ("/ar/adresse-bestaetigen/", "PATCH", 405, {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/arbeitgeber/werkzeugkasten/auswahl/", "POST", 405, {"GET", "HEAD", "OPTIONS"}), ("/", "POST", 405, {"GET", "HEAD"}),
        ("/kontakt/", "POST", 405, {"GET", "HEAD"}), ("/heft.pdf", "DELETE", 405, {"GET", "HEAD"}), ("/ar/kontakt/", "PUT", 405, {"GET", "HEAD"}),
        ("/nope/", "POST", 404, set()), ("/xx" + FORM, "POST", 404, set()), ("/de" + FORM, "POST", 404, set()), ("/../../etc/passwd", "POST", 404, set()),
    ],
)  # fmt: skip
def test_a_method_that_a_path_does_not_take_is_named_with_those_it_takes(
    client: Client, path: str, method: str, status: int, allowed: set[str]
) -> None:
    answer = ask(client, path, method)
    assert answer.status_code == status
    assert set(answer.headers.get("Allow", "").replace(" ", "").split(",")) - {""} == allowed
    assert answer.mimetype == "text/html"


def test_a_form_sent_to_an_address_without_its_stroke_keeps_its_answers(client: Client) -> None:
    answer = client.post(FORM[:-1], data={"company": "Beispielbetrieb"}, base_url="http://localhost/")
    assert (answer.status_code, answer.headers["Location"]) == (308, FORM)


def test_an_address_that_exists_is_never_led_elsewhere() -> None:
    known = {"/a/", "/A/", "/b", "/b/"}
    assert [find_canonical_path(one, known.__contains__) for one in sorted(known)] == [None] * 4
    assert find_canonical_path("/a", known.__contains__) == "/a/"
    assert find_canonical_path("/B/", known.__contains__) == "/b/"
    assert find_canonical_path("/b/.", known.__contains__) == "/b/"


def test_a_location_is_escaped() -> None:
    assert location_header("/ä b/", "q=\xff\"<>'|a%20b") == "/%C3%A4%20b/?q=%FF%22%3C%3E'|a%20b"
    assert location_header("//evil.example/", "") == "/evil.example/"


def test_a_compressed_copy_has_no_address_of_its_own(client: Client) -> None:
    assert ask(client, "/index.html.gz").status_code == 404
