"""The words of the interface: English and German sentence beside the translation; each is stored, checked and published alone."""

import functools
from collections.abc import Callable
from typing import Any

from flask import g, redirect, request
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.findings import Finding
from core.folding import fold_text
from core.gettext import SOURCE_LANGUAGE
from core.gettext import gettext as _
from core.languages import default_language
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.translation.words import Entry, list_entries, plural_examples, replace_words, word_errors
from editing.views.blueprint import (
    MAX_FORM_BYTES,
    WRITERS,
    WordsFile,
    change_file,
    find_words,
    may_edit,
    translating,
    words_text,
    workspace,
)
from editing.views.page.rendering import anchor
from editing.views.page.session import session_seconds
from editorial.checks.wording.traps import check_messages, load_traps
from form_handler.current import database
from form_handler.staff.blueprint import render_forbidden
from form_handler.staff.layout import flash, private_response, render, render_part

PAGE_SIZE = 40
WHAT = ("missing", "changed")
SAVED_FIELDS = ("place", "digest", "words", "words_1", "words_2", "words_3", "words_4", "words_5")


class OpenWords(Struct, frozen=True):
    """A form with something else than the stored words in it."""

    id: str
    words: tuple[str, ...]
    errors: tuple[str, ...] = ()
    checked: bool = False
    theirs: tuple[str, ...] = ()


def words_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the catalog of the language that the path names to a view, if the account may change it."""

    @functools.wraps(view)
    def wrapped(lang: str) -> BaseResponse:
        if not may_edit(lang):
            return render_forbidden()
        found = find_words(lang)
        if found is None:
            return render("translate/no-words", status=404, title=_("Words of the interface"), language_code=lang)
        result: BaseResponse = view(found)
        return result

    return wrapped


def describe_words(lang: str) -> str:
    """Return the action of the form, for the list of unsent forms."""
    return _("Words of the interface (%(language)s)", language=lang)


@translating.route("/woerter/<lang>/", methods=["GET", "POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
                   saved_fields=SAVED_FIELDS, describe=describe_words)  # fmt: skip
@words_view
def interface_words(file: WordsFile) -> BaseResponse:
    """Show the sentences; store or check one."""
    if request.method != "POST":
        return render_words(file)
    entry = next((one for one in list_entries(file.catalog) if one.id == g.form.get("place")), None)
    if entry is None:
        raise NotFound
    given = typed(entry)
    errors = tuple(word_errors(entry, given, file.language))
    if g.form.get("action") == "check":
        drafts.store_scratch(database(), g.account.id, file.path, entry.id, entry.digest, "\n".join(given), utc_now())
        if g.form.get("teil") == "1":
            return private_response(render_part("translate/checked", errors=errors, findings=traps_in(file, given)))
        return render_words(file, OpenWords(entry.id, given, errors, True))
    if errors:
        return render_words(file, OpenWords(entry.id, given, errors), 422)
    try:
        change_file(file, lambda raw: change(raw or "", entry.id, given))
    except ChangedMeanwhileError:
        now = next(one for one in list_entries(find_words(file.language.code).catalog) if one.id == entry.id)  # type: ignore[union-attr]
        words = _(
            "Somebody else has changed this sentence meanwhile. Your words stand in the field; store again to use them."
        )
        return render_words(file, OpenWords(entry.id, given, (words,), theirs=now.words), 409)
    drafts.delete_scratch(database(), g.account.id, file.path, entry.id)
    flash(_("Stored in the draft."))
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"{file.address}{'?' if query else ''}{query}#{anchor(entry.id)}", 303)


def traps_in(file: WordsFile, words: tuple[str, ...]) -> list[Finding]:
    """Return the words that readers of the language stumble over."""
    traps = load_traps(workspace().docs / "data", file.language.code)
    return [] if isinstance(traps, Finding) else list(check_messages(file.path, [(0, one) for one in words], traps))


def typed(entry: Entry) -> tuple[str, ...]:
    """Return the typed texts, one for each plural form, in one line each."""
    names = ["words", *(f"words_{number}" for number in range(1, len(entry.words)))]
    return tuple(" ".join(g.form.get(name, "").split()) for name in names)


def change(raw: str, identity: str, words: tuple[str, ...]) -> drafts.Change:
    """Return the change that stores words, made in the current catalog.

    :raises ChangedMeanwhileError: if somebody else has changed the sentence.
    """
    entry = next((one for one in list_entries(raw) if one.id == identity), None)
    if entry is None:
        raise ChangedMeanwhileError
    if entry.words != words and entry.digest != g.form.get("digest"):
        raise ChangedMeanwhileError
    return drafts.Change(replace_words(raw, entry, words), identity, "\n".join(entry.words), "\n".join(words))


def render_words(file: WordsFile, opened: OpenWords | None = None, status: int = 200) -> BaseResponse:
    """Return the sentences that the filter requests."""
    query, what = request.args.get("q", "")[:100], request.args.get("what", "")
    published = {one.id: one.words for one in list_entries(file.published or "")}
    german = {one.id: one.words for one in list_entries(words_text(default_language().code) or "")}
    entries = list_entries(file.catalog)
    wanted = fold_text(query).split()
    if opened is not None:
        shown = [one for one in entries if one.id == opened.id]
    else:
        shown = [one for one in entries if matches_query(one, german.get(one.id, ()), wanted)]
        shown = [one for one in shown if what != "missing" or not one.is_translated]
        shown = [one for one in shown if what != "changed" or published.get(one.id) != one.words]
    pages = max(1, -(-len(shown) // PAGE_SIZE))
    number = request.args.get("page", "1")
    at = min(pages, max(1, int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1))
    return render(
        "translate/words", status=status, title=_("Words of the interface"), file=file, entries=shown[(at - 1) * PAGE_SIZE : at * PAGE_SIZE],
        german=german, opened=opened, total=len(shown), q=query, what=what if what in WHAT else "", at=at, pages=pages, anchor=anchor,
        examples=plural_examples(file.published or ""), changed={one.id for one in entries if published.get(one.id) != one.words},
        missing=sum(not one.is_translated for one in entries), source=default_language(), english=SOURCE_LANGUAGE,
        error=_("This was not stored.") if opened and opened.errors and not opened.checked else "", session_seconds=session_seconds(),
        traps=traps_in(file, opened.words) if opened and opened.checked else [],
        scratches={one.place: one for one in drafts.list_scratches(database(), g.account.id, file.path)},
    )  # fmt: skip


def matches_query(entry: Entry, german: tuple[str, ...], wanted: list[str]) -> bool:
    """Return whether a sentence holds all words that were searched for, in one of the three languages."""
    text = fold_text(" ".join([*entry.english, *entry.words, *german]))
    return all(word in text for word in wanted)
