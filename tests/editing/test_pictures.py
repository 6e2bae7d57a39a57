"""Uploaded pictures are written anew: small, without metadata, within limits; stored with the draft, published with the page."""

from __future__ import annotations

import gc
import io
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from editing import drafts
from editing.paths import decode_file, encode_file
from editing.pictures import MAX_PICTURE_BYTES, MAX_SIDE, PictureError, encode_picture
from editing.publication import store, worker
from editing.publication.publisher import Publisher
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import PAGE, Editor
from tests.editing.test_facts import form_values
from tests.editing.test_publication import ask, checkout, git  # noqa: F401

ADD = f"seiten/bild/{PAGE}/"


def photo(size: tuple[int, int] = (800, 600), form: str = "JPEG", noise: bool = False, **options: Any) -> bytes:
    """Return a picture, of JPEG with the place and the turn that a camera writes."""
    made = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, "#7a1f2b")
    out = io.BytesIO()
    if form == "JPEG":
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "Geheimer Ort"
        options["exif"] = exif
    made.save(out, format=form, **options)
    return out.getvalue()


def upload(editor: Editor, data: bytes, name: str = "IMG_1.jpg", **values: str) -> Any:
    """Send the form of a picture."""
    form: dict[str, Any] = {
        key: one[-1] for key, one in form_values(editor.get(ADD).text, ADD).items() if key != "picture"
    }
    form |= {"alt": "Der Eingang mit einer Rampe", "consent": "1", **values, "picture": (io.BytesIO(data), name)}
    return editor.post(ADD, {key: one for key, one in form.items() if one != ""})


def test_a_photo_becomes_a_small_webp_without_metadata_and_upright() -> None:
    made = encode_picture(photo((3000, 2000), noise=True))
    assert len(made) <= MAX_PICTURE_BYTES
    assert b"Geheimer Ort" not in made
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.format == "WEBP"
        assert max(picture.size) <= MAX_SIDE
        assert picture.width < picture.height  # turned as the camera was held
        assert not picture.getexif()
    for form in ("PNG", "WEBP", "GIF"):
        assert encode_picture(photo(form=form))[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "kind"), (b"<svg onload=alert(1)>", "svg"), (b'<?xml version="1.0"?><svg/>', "svg"), (b"GIF89a<script>", "broken"), (b"%PDF-1.7", "kind"),
     (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "broken"), (photo()[:400], "broken"), (b"\xff\xd8\xff" + b"\0" * 8_000_000, "size"), (b"RIFF\0\0\0\0WAVE", "kind")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(PictureError, match=why):
        encode_picture(data)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, format="PNG")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(PictureError, match="pixels"):
        encode_picture(out.getvalue())


def test_a_picture_is_stored_with_the_draft_shown_and_published_in_one_commit(
    editor: Editor,
    database: Database,
    checkout: Path,  # noqa: F811
    editing_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    answer = upload(editor, photo())
    assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    draft = drafts.find_draft(database, f"{PAGE}.md")
    assert draft is not None
    name = re.search(
        r"!\[Der Eingang mit einer Rampe\]\(\.\./(assets/bilder/der-eingang-mit-einer-rampe-[0-9a-f]{10}\.webp)\)",
        draft.text or "",
    )
    assert name, draft.text
    page = editor.get(f"seiten/{PAGE}/").text
    assert f'src="/eingang/seiten/bild/{name[1].rpartition("/")[2]}"' in page
    shown = editor.get(f"seiten/bild/{name[1].rpartition('/')[2]}")
    assert shown.mimetype == "image/webp"
    assert ask(editor).status_code == 303
    worker.run_once(database, editing_settings)
    file = checkout / "city/docs" / name[1]
    assert file.exists(), [one.problem for one in store.list_publications(database)]
    assert file.read_bytes() == shown.data
    assert drafts.list_drafts(database) == []
    assert git(checkout, "log", "--format=%B").count("KIM-Publication:") == 1
    assert {f"docs/{PAGE}.md", f"city/docs/{name[1]}"} <= set(
        git(checkout, "diff", "--name-only", "HEAD^").splitlines()
    )
    assert git(checkout, "status", "--porcelain") == ""
    one = store.list_publications(database)[0]
    store.queue_undo(database, one, "eva", one.created_at)
    worker.run_once(database, editing_settings)
    assert not file.exists()


def test_a_picture_needs_words_or_decoration_and_consent_and_nothing_half_stays(
    editor: Editor, database: Database
) -> None:
    for values in (
        {"alt": ""},
        {"decorative": "1"},
        {"consent": ""},
        {"alt": "a]("},
        {"alt": "x" * 301},
        {"place": "nichts.9 abc"},
    ):
        answer = upload(editor, photo((40, 40)), **values)
        assert answer.status_code == 422, values
        assert drafts.list_drafts(database) == []
    assert upload(editor, b"<svg/>", "x.svg").status_code == 422
    assert upload(editor, photo((40, 40)), alt="", decorative="1").status_code == 303
    draft = drafts.find_draft(database, f"{PAGE}.md")
    assert draft is not None
    assert "![](../assets/bilder/schmuckbild-seite-1-" in (draft.text or "")
    assert "Fehler:" not in editor.get(f"seiten/{PAGE}/").text
    fields = editor.fields(f"seiten/verwerfen/{PAGE}/", "verwerfen/")
    editor.post(f"seiten/verwerfen/{PAGE}/", fields)
    assert drafts.list_drafts(database) == []


def test_an_upload_without_token_or_too_large_stores_nothing(editor: Editor, database: Database) -> None:
    data = {"picture": (io.BytesIO(photo((40, 40))), "a.jpg"), "alt": "x", "consent": "1"}
    assert editor.post(ADD, data).status_code == 403
    assert upload(editor, b"\xff\xd8\xff" + b"\0" * 9_000_000).status_code == 413
    with warnings.catch_warnings():  # the test client does not close its copy of a large body
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert editor.get("seiten/bild/..%2fkim.webp").status_code in (404, 308)
    assert drafts.list_drafts(database) == []


def test_a_picture_goes_through_the_database_as_text() -> None:
    data = photo((20, 20), "WEBP")
    assert encode_file("a.webp", decode_file("a.webp", data)) == data
    assert encode_file("a.md", decode_file("a.md", "ä\r\n".encode())) == "ä\r\n".encode()
