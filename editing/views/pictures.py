"""A picture is uploaded into a page: encoded again, stored with the draft, and published with the page."""

import base64
import hashlib
import posixpath

from flask import Response, g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.overlay import CITY_PAGES, city_dir
from editing import drafts
from editing.companions import pictures_of
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.arranging import insert_after
from editing.paragraphs.reading import EditError, list_paragraphs, locate, read_file_text
from editing.paragraphs.replacing import check_words
from editing.pictures import MAX_UPLOAD_BYTES, PictureError, encode_picture
from editing.views.blueprint import READERS, PageFile, change_file, editor_view, pages, workspace
from editing.views.page.paragraph import describe_paragraph
from editing.views.page.rendering import anchor, button_label
from editorial.content.published_files import DECORATIVE, UPLOADS
from editorial.scaffold.page import ScaffoldError, make_slug
from editorial.translations.segments import HEADER_SECTION
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import flash, render

MAX_PICTURES = 10
MAX_ALT_CHARS = 300


def picture_problem(kind: str) -> str:
    """Return why a file cannot be used, in words."""
    return {
        "kind": _("This is no picture that can be used. Take a JPEG, PNG, WebP or GIF."),
        "svg": _("SVG files are not taken here, because they may hold programs. Save the picture as PNG, or ask whoever runs the server."),
        "size": _("The file is too large: more than %(limit)s MB. Make the picture smaller first.", limit="7.5"),
        "pixels": _("The picture has too many pixels: more than 50 million. Make it smaller first."),
        "broken": _("The picture cannot be read. Open it in a program for pictures and save it anew."),
    }[kind]  # fmt: skip


@pages.route("/bild/<lang>/<path:key>/", methods=["GET", "POST"], role=EDIT, max_body=MAX_UPLOAD_BYTES + 64 * 1024, uploads=True,
             saved_fields=("alt", "place", "digest"), describe=describe_paragraph)  # fmt: skip
@editor_view
def add_picture(file: PageFile) -> BaseResponse:
    """Ask for a picture, its description and its position; store it with the draft of the page."""
    if file.raw is None:
        raise NotFound
    error, form = "", g.form
    if request.method == "POST":
        try:
            place = store_picture(file)
            flash(_("The picture stands in the draft."))
            return redirect(f"{file.address}#{anchor(place)}", 303)
        except PictureError as refused:
            error = picture_problem(str(refused))
        except EditError as refused:
            error = str(refused)
        except ChangedMeanwhileError:
            error = _("Somebody else has changed the page meanwhile. Choose the place once more.")
    places = [(f"{one.id} {one.digest}", button_label(one)) for one in list_paragraphs(read_file_text(file.raw))
              if (one.section != HEADER_SECTION and one.kind in ("p", "ul", "ol", "quote")) or one.kind[:1] == "h"]  # fmt: skip
    return render("pages/picture", status=422 if error else 200, title=_("Add a picture"), file=file, error=error, places=places, place=form.get("place", ""),
                  alt=form.get("alt", ""), decorative=form.get("decorative") == "1", consent=form.get("consent") == "1")  # fmt: skip


def store_picture(file: PageFile) -> str:
    """Store an uploaded picture and its Markdown in the drafts; return the paragraph before it.

    :raises PictureError: if the file cannot be used.
    :raises EditError: if something is missing, or the picture is not allowed there.
    :raises ChangedMeanwhileError: if the paragraph is not there any more.
    """
    form, alt = g.form, " ".join(g.form.get("alt", "").split())
    decorative = form.get("decorative") == "1"
    check_words(alt)
    if decorative == bool(alt):
        raise EditError(_("Say what the picture shows, or choose “decoration only”: one of the two."))
    if len(alt) > MAX_ALT_CHARS or any(sign in alt for sign in "[]<>{}`\\"):
        raise EditError(
            _("The description is one sentence of at most %(limit)s characters without brackets.", limit=MAX_ALT_CHARS)
        )
    if form.get("consent") != "1":
        raise EditError(_("Confirm that everybody who can be recognised has agreed, and that you may use the picture."))
    upload = g.uploads.get("picture")
    if not upload:
        raise PictureError("kind")
    if len(pictures_of(file.raw) - pictures_of(file.published)) >= MAX_PICTURES:
        raise EditError(_("A draft takes at most %(limit)s new pictures. Publish it first.", limit=MAX_PICTURES))
    made = encode_picture(upload)
    try:
        slug = make_slug(alt or file.key.rpartition("/")[2])[:40].strip("-")
    except ScaffoldError:
        slug = "bild"
    name = f"{UPLOADS}/{DECORATIVE if decorative else ''}{slug}-{hashlib.sha256(made).hexdigest()[:10]}.webp"
    identity, _blank, wanted = form.get("place", "").partition(" ")
    target = f"../{posixpath.relpath(name, posixpath.dirname(file.key) or '.')}"
    words = f"![{alt}]({target})"

    def edit(raw: str | None) -> drafts.Change:
        text = read_file_text(raw or "")
        place = locate(text, identity, wanted)
        if place is None:
            raise ChangedMeanwhileError
        if place.kind in ("ul", "ol"):  # behind the list, not in it
            raise EditError(_("A picture stands behind a paragraph or a heading, not in a list."))
        return drafts.Change(insert_after(text, place, words), place.section, "", words)

    path = f"{CITY_PAGES}/{name}" if city_dir(workspace().docs).is_dir() else name
    text = base64.b64encode(made).decode()
    picture = drafts.change_draft(
        database(),
        path,
        workspace().published(path),
        lambda raw: drafts.Change(text, "", "", name),
        g.account.name,
        utc_now(),
    )
    try:
        change_file(file, edit)
    except (EditError, ChangedMeanwhileError):
        if picture is not None and picture.version == 1 and name not in pictures_of(file.raw):
            drafts.discard_draft(database(), path, 1)
        raise
    return str(identity)


@pages.route("/bild/<name>", role=READERS)
def show_picture(name: str) -> BaseResponse:
    """Show a picture that is in a draft."""
    found = next(
        (
            draft
            for path in (f"{UPLOADS}/{name}", f"{CITY_PAGES}/{UPLOADS}/{name}")
            if (draft := drafts.find_draft(database(), path))
        ),
        None,
    )
    if found is None or found.text is None or not name.endswith(".webp"):
        raise NotFound
    response = Response(base64.b64decode(found.text), mimetype="image/webp")
    response.headers["Cache-Control"] = "no-store"
    return response
