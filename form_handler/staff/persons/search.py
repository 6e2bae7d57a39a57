"""Finding everything of one person (Art. 15 GDPR) by e-mail address, telephone number, reference, or name.

The same address, number or reference is the same person. The same name, or anything merely similar, may be another
person: it is listed apart and belongs to a copy or a deletion only if a colleague has ticked it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core.folding import fold_text
from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.forms.contact_details import (
    DOT_INSENSITIVE_DOMAINS,
    address_spellings,
    canonical_address,
    find_phones,
    mailbox_key,
)
from form_handler.storage.database import Database
from form_handler.storage.search import (
    PHONE_WORD,
    contains_text,
    fold_umlauts,
    matches_query,
    phones_of,
    reference_spellings,
)
from form_handler.storage.submissions import Submission, from_row
from form_handler.storage.tables import message, note, submission

MAX_QUERY = 320
# The maximum number of similar entries; a name like "Ali" needs a second word instead.
MAX_SIMILAR = 100
# A possible e-mail address inside a text.
ADDRESS_IN_TEXT = re.compile(r"[^\s<>()\[\],;:\"'„“”‚‘’]{1,80}[@＠][^\s<>()\[\],;:\"'„“”‚‘’]{1,255}")


@dataclass(frozen=True)
class Match:
    """A submission that was found, and why: sentences in the current language."""

    submission: Submission
    reasons: list[str]


@dataclass(frozen=True)
class PersonMatches:
    """The result of a search.

    :ivar kind: the kind of query: ``address``, ``phone``, ``reference``, ``name``, or empty.
    :ivar exact: the submissions with this address, number or reference; the oldest first.
    :ivar similar: submissions that may be of the same person; those with the same name first.
    :ivar more: whether there is more that is similar than is listed.
    """

    kind: str = ""
    exact: list[Match] = field(default_factory=list)
    similar: list[Match] = field(default_factory=list)
    more: bool = False


def find_person(database: Database, text: str) -> PersonMatches:
    """Return the submissions of a person, and separately those that may be theirs.

    :param text: e-mail address, telephone number, reference, name or company, in any spelling.
    """
    text = text.strip().encode("utf-8", "replace").decode()
    if not text or len(text) > MAX_QUERY or "\x00" in text:
        return PersonMatches()
    folded = fold_text(text)
    with database.read_connection() as connection:
        if "@" in folded:
            key = canonical_address(text)
            reasons, condition = [_("same e-mail address")], submission.c.sender == key
            return _with_similar(connection, "address", condition, reasons, address=key)
        numbers = find_phones(text)
        if numbers and not any(c.isalpha() for c in PHONE_WORD.sub("", folded)):
            reasons, condition = [_("same phone number")], _has_phone(numbers)
            return _with_similar(connection, "phone", condition, reasons, phones=numbers)
        references = reference_spellings(text)
        if references:
            found = _with_similar(connection, "reference", submission.c.reference.in_(references), [_("this reference")])  # fmt: skip
            right = [one for one in found.exact if one.submission.reference == references[0]]
            if right or len(found.exact) == 1:
                return replace(found, exact=right or found.exact)
            if found.exact:  # signs that look alike leave several: none of them is certain
                return PersonMatches("reference", [], found.exact)
        return _by_name(connection, text)


def find_exact(database: Database, text: str) -> list[Submission]:
    """Return only the submissions with this address, number or reference; see :func:`find_person`."""
    return [one.submission for one in find_person(database, text).exact]


def find_selected(database: Database, references: Iterable[str]) -> list[Submission]:
    """Return the submissions that a colleague has ticked, the oldest first; one that is gone is left out."""
    known = sorted({reference for reference in references if reference.isprintable()})
    found: list[Submission] = []
    with database.read_connection() as connection:
        for start in range(0, len(known), 500):
            some = submission.c.reference.in_(known[start : start + 500])
            found += [from_row(row) for row in connection.execute(sa.select(submission).where(some))]
    return sorted(found, key=lambda row: (row.received_at, row.reference))


def name_key(name: str) -> str:
    """Return a name for comparison: folded, without punctuation, with its words sorted."""
    return " ".join(sorted(map(fold_umlauts, re.findall(r"\w+", fold_text(name)))))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold_text(text)))


def _names(found: Submission) -> set[str]:
    definition = FORMS.get(found.form)
    names = definition.name_fields if definition else ()
    return {key for name in names if (key := name_key(str(found.answers.get(name) or "")))}


def _has_phone(numbers: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(submission.c.phones.contains(f" {one} ", autoescape=True) for one in numbers))


def _read(connection: sa.Connection, condition: Any, limit: int | None = None) -> list[Submission]:
    query = sa.select(submission).where(condition).order_by(submission.c.received_at, submission.c.reference)
    return [from_row(row) for row in connection.execute(query.limit(limit) if limit else query)]


def _by_name(connection: sa.Connection, text: str) -> PersonMatches:
    wanted = name_key(text)
    rows = _read(connection, matches_query(_words(text)), MAX_SIMILAR + 1) if wanted else []
    mentioned = _in_notes(connection, lambda words: wanted != "" and _contains_all(words, wanted))
    found = {row.reference: Match(row, [_("same name") if wanted in _names(row) else _("these words occur in it")]) for row in rows}  # fmt: skip
    _add(found, mentioned, lambda _row: _("mentioned in a note, an answer or a reply"))
    ordered = sorted(found.values(), key=lambda one: wanted not in _names(one.submission))
    return PersonMatches("name", [], ordered[:MAX_SIMILAR], len(ordered) > MAX_SIMILAR)


def _contains_all(text: str, words: str) -> bool:
    return set(words.split()) <= set(name_key(text).split())


def _with_similar(
    connection: sa.Connection,
    kind: str,
    condition: Any,
    reasons: list[str],
    address: str = "",
    phones: list[str] | None = None,
) -> PersonMatches:
    """Return the submissions that fit a condition, and those that share or mention their address, number or name."""
    exact = [Match(row, reasons) for row in _read(connection, condition)]
    seeds = [one.submission for one in exact]
    taken = {row.reference for row in seeds}
    similar: dict[str, Match] = {}

    def add(rows: Iterable[Submission], reason: Callable[[Submission], str]) -> None:
        _add(similar, (row for row in rows if row.reference not in taken), reason)

    senders = {row.sender: row.reference for row in reversed(seeds) if row.sender and row.sender != address}
    numbers = {
        one: row.reference for row in reversed(seeds) for one in phones_of(row.answers) if one not in (phones or [])
    }
    names = {one: row.reference for row in reversed(seeds) for one in _names(row)}
    limit = MAX_SIMILAR + 1
    if senders:
        rows = _read(connection, submission.c.sender.in_(senders), limit)
        add(rows, lambda row: _("same e-mail address as %(reference)s", reference=senders[row.sender or ""]))
    if numbers:
        rows = _read(connection, _has_phone(numbers), limit)
        add(rows, lambda row: _("same phone number as %(reference)s", reference=next(numbers[one] for one in phones_of(row.answers) if one in numbers)))  # fmt: skip
    for name, reference in list(names.items())[:20]:
        rows = [row for row in _read(connection, matches_query(name), limit) if name in _names(row)]
        add(rows, lambda _row, reference=reference: _("same name as %(reference)s", reference=reference))  # type: ignore[misc]
    if address:
        add(_similar_addresses(connection, address), lambda _row: _("nearly the same e-mail address"))
        # Folded, so that any spelling is read; compared in its one spelling, so that no other address is shown.
        spelled = sa.or_(*(contains_text(fold_text(one)) for one in address_spellings(address)))
        rows = [row for row in _read(connection, spelled) if _mentions(row, address)]
        add(rows, lambda _row: _("the address is mentioned in the answers"))
        add(
            _in_notes(connection, lambda text: address in _addresses(text)),
            lambda _row: _("mentioned in a note, an answer or a reply"),
        )
    for number in phones or []:
        add(
            _read(connection, matches_query(number), limit),
            lambda _row: _("the number is mentioned, or begins or ends alike"),
        )
        add(_in_notes(connection, lambda text, number=number: number in find_phones(text)), lambda _row: _("mentioned in a note, an answer or a reply"))  # type: ignore[misc]  # fmt: skip
    rows_found = list(similar.values())
    return PersonMatches(kind, exact, rows_found[:MAX_SIMILAR], len(rows_found) > MAX_SIMILAR)


def _similar_addresses(connection: sa.Connection, address: str) -> list[Submission]:
    """Return the submissions from other addresses that are probably of the same mailbox, see :func:`mailbox`."""
    local, _at, domain = mailbox_key(address).rpartition("@")
    domains = [one for one, meant in DOT_INSENSITIVE_DOMAINS.items() if meant == domain] or [domain]
    ends = sa.or_(*(submission.c.sender.endswith(f"@{one}", autoescape=True) for one in domains))
    # Dots may be anywhere before the "@" of some providers; elsewhere the address begins alike.
    begins = (
        submission.c.sender.startswith(local[0] if domain in DOT_INSENSITIVE_DOMAINS else local, autoescape=True)
        if local
        else sa.false()
    )
    pairs = connection.execute(sa.select(submission.c.number, submission.c.sender).where(ends, begins))
    numbers = [row.number for row in pairs if row.sender != address and mailbox_key(row.sender) == mailbox_key(address)]
    return _read(connection, submission.c.number.in_(numbers[: MAX_SIMILAR + 1]))


def _add(found: dict[str, Match], rows: Iterable[Submission], reason: Callable[[Submission], str]) -> None:
    for row in rows:
        known = found.setdefault(row.reference, Match(row, []))
        known.reasons.append(reason(row))


def _addresses(text: str) -> set[str]:
    return {canonical_address(word) for word in ADDRESS_IN_TEXT.findall(text)}


def _mentions(row: Submission, address: str) -> bool:
    return any(address in _addresses(value) for value in row.answers.values() if isinstance(value, str))


def _in_notes(connection: sa.Connection, mentions: Callable[[str], bool]) -> list[Submission]:
    """Return the submissions with a note, an answer or a reply that mentions somebody."""
    numbers = {
        row.number
        for table in (note, message)
        for row in connection.execute(sa.select(table.c.number, table.c.text))
        if mentions(row.text)
    }
    return _read(connection, submission.c.number.in_(sorted(numbers)[:MAX_SIMILAR])) if numbers else []
