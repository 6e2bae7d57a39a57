"""Search: columns that are computed when a submission is stored or corrected, and the conditions on them.

Both sides are folded by :func:`core.folding.fold_text`, so that SQLite and PostgreSQL find the same.
"""

import functools
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.folding import fold_text, folding_digest
from core.gettext import STAFF_LANGUAGES, use_language
from form_handler.forms.contact_details import address_spellings, canonical_address, find_phones
from form_handler.storage.state import read_state, write_state
from form_handler.storage.tables import message, note, submission

# Raised when the computation changes; then stored columns are recomputed.
VERSION = 5
COLUMNS = ("sender", "phones", "search_text")
SENDER_LENGTH, PHONES_LENGTH = 320, 200
# Umlauts that are written out; "aue", "eue" and "que" are no umlauts.
TRANSLITERATED_UMLAUT = re.compile(r"[ao]e|(?<![aeq])ue")
DIGITS = re.compile(r"(?<!\w)[+(]*\d[\d ()/.+-]*\d(?!\w)")
# Words before a telephone number, folded.
PHONE_WORD = re.compile(r"\b(?:tel|telefon|telefonnummer|fon|phone|mobil|mobile|handy|nummer|nr|call)\b[.:]*")
# "&" and "+" between two words of a name, spoken as "und" or "and".
AND_SIGN = re.compile(r"(?<=\s)[&+](?=\s)")
HYPHENATED = re.compile(r"\w+(?:[-\u2010-\u2015]\w+)+")
# A reference as people write it. Its alphabet has no ambiguous characters (see submissions).
REFERENCE = re.compile(r"[\W_]*k[\W_]*[i1l|][\W_]*m[\W_]*((?:[0-9a-z][\W_]*){6})", re.IGNORECASE)
PARTIAL_REFERENCE = re.compile(r"\s*kim[\s-]?([0-9a-z]{1,5})\s*", re.IGNORECASE)
LOOK_ALIKES = {"0": "0OQD", "O": "0OQD", "1": "1ILJ", "I": "1ILJ", "L": "1ILJ", "U": "UV"}
# Cyrillic and Greek capitals that look like Latin ones, for text typed on another keyboard.
LATIN_LOOK_ALIKES = str.maketrans("АВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABCEHIJKMOPSTXYABEZHIKMNOPTYX")
MAX_SPELLINGS = 256
BATCH_ROWS = 500
Columns = tuple[sa.Column[str], ...]


def search_columns(reference: str, form: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns by which a submission is found: address, telephone numbers, and all text folded."""
    address = str(answers.get("email") or "")
    # Without "KIM", which would make each submission one of somebody called Kim.
    words, numbers = [reference.partition("-")[2]], []
    chosen = choice_words(form)
    for name, value in answers.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str) or not one:
                continue
            words += [one, chosen.get((name, one), "")]
            numbers += find_phones(one)
    if address:
        words += address_spellings(address)
    folded = fold_with_variants("\n".join(word for word in dict.fromkeys(words) if word))
    phones = " ".join(phones_of(answers))
    return {
        "sender": canonical_address(address)[:SENDER_LENGTH] or None if address else None,
        "phones": f" {phones} "[:PHONES_LENGTH] if phones else None,
        "search_text": "\n".join([folded, *dict.fromkeys(numbers)]),
    }


def phones_of(answers: Mapping[str, Any]) -> list[str]:
    """Return the telephone numbers that somebody gave as their own."""
    return find_phones(str(answers.get("phone") or ""))


def fold_with_variants(text: str) -> str:
    """Return folded text and further ways to write its words.

    ``mueller`` also as ``muller``, ``Haus-Meister`` also as ``hausmeister``, ``Kaya & Co`` also as ``und`` and ``and``.
    """
    folded = fold_text(text)
    joined = [fold_text(re.sub(r"[^\w]", "", word)) for word in HYPHENATED.findall(text)]
    and_words = ["und", "and"] if AND_SIGN.search(text) else []
    plain = [short for word in [*folded.split(), *joined] if (short := fold_umlauts(word)) != word]
    return "\n".join([folded, " ".join(dict.fromkeys([*plain, *joined, *and_words]))])


def note_search_text(text: str) -> str:
    """Return a note's text as it is searched: folded, with its telephone numbers in their one spelling."""
    return "\n".join([fold_with_variants(text), *find_phones(text)])


@functools.lru_cache
def choice_words(form: str) -> dict[tuple[str, str], str]:
    """Return the words of each choice in the languages of the staff area, by name of the field and key.

    Scales and consents have none.
    """
    from wtforms import RadioField, SelectField, SelectMultipleField

    from form_handler.forms import FORMS
    from form_handler.forms.fields import RatingField, choice_labels

    definition = FORMS.get(form)
    if definition is None:
        return {}
    found: dict[tuple[str, str], list[str]] = {}
    for code in STAFF_LANGUAGES:
        with use_language(code):
            for name, field in definition.form_class()._fields.items():
                if isinstance(field, RatingField) or not isinstance(
                    field, SelectField | SelectMultipleField | RadioField
                ):
                    continue
                for key, label in choice_labels(field).items():
                    if key:
                        found.setdefault((name, key), []).append(str(label))
    return {choice: "\n".join(labels) for choice, labels in found.items()}


def fold_umlauts(word: str) -> str:
    """Return a folded word with ``ae``, ``oe`` and ``ue`` as the folded umlauts: ``mueller`` as ``muller``."""
    return TRANSLITERATED_UMLAUT.sub(lambda match: match[0][0], word)


def matches_query(text: str, with_notes: bool = False) -> sa.ColumnElement[bool]:
    """Return the condition that a submission holds all words of a query, or is the one whose reference it is.

    ``%`` and ``_`` are characters like others. A query in which nothing can be read finds nothing.

    :param with_notes: whether words may also be in the office's notes, its answers and the replies to them.
    """
    columns = (submission.c.search_text, submission.c.note_text) if with_notes else (submission.c.search_text,)
    words = _words_match(text, columns)
    references = reference_spellings(text)
    if references:
        return sa.or_(submission.c.reference.in_(references), words)
    begun = PARTIAL_REFERENCE.fullmatch(text)
    return sa.or_(submission.c.reference.startswith(f"KIM-{begun[1].upper()}"), words) if begun else words


def _contain(columns: Columns, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that one of the columns holds this folded text."""
    return sa.or_(*(column.contains(text, autoescape=True) for column in columns))


def _words_match(text: str, columns: Columns) -> sa.ColumnElement[bool]:
    conditions = []
    numbers = DIGITS.findall(folded := fold_text(text))
    for number in numbers:
        ways = [_contain(columns, one) for one in _number_needles(number)]
        conditions.append(sa.or_(*ways, sa.and_(*(_contain(columns, one) for one in number.split()))))
    rest = DIGITS.sub(" ", folded) if numbers else folded
    rest_words = (PHONE_WORD.sub(" ", rest) if numbers and find_phones(text) else rest).split()
    # A sign between words ("Kaya & Co") need not occur; a sign that is all that was typed must.
    readable = [word for word in rest_words if any(map(str.isalnum, word))]
    typed = {fold_text(word): word for word in text.split() if "@" in word}
    conditions += [
        _word_matches(word, typed.get(word, ""), columns) for word in (readable if readable or numbers else rest_words)
    ]
    return sa.and_(*conditions) if conditions else sa.false()


def _word_matches(word: str, address: str, columns: Columns) -> sa.ColumnElement[bool]:
    """Return the condition for one folded word.

    :param address: the word as it was typed, if it is an address.
    :param columns: the texts to look into.
    """
    ways = [_contain(columns, one) for one in dict.fromkeys([word, fold_umlauts(word)])]
    if address:
        ways.append(submission.c.sender.contains(canonical_address(address), autoescape=True))
    return sa.or_(*ways)


def _number_needles(number: str) -> list[str]:
    """Return the forms of a typed number, whole or its beginning or end, in the search text."""
    digits = "".join(c for c in number if c.isdigit())
    return list(dict.fromkeys([*find_phones(number), digits])) if len(digits) > 3 else []


def contains_text(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that the search text holds this folded text."""
    return _contain((submission.c.search_text,), text)


def reference_spellings(text: str) -> list[str]:
    """Return the references that somebody may mean, in any case and with blanks; empty if there is none.

    Digits and letters that references do not have, because they are mistaken for others, mean all that look alike.
    """
    found = REFERENCE.fullmatch(text.upper().translate(LATIN_LOOK_ALIKES)) if len(text) < 100 else None
    if found is None:
        return []
    signs = re.sub(r"[\W_]", "", found[1])
    ways = itertools.product(*(LOOK_ALIKES.get(sign, sign) for sign in signs))
    return ["KIM-" + "".join(way) for way in itertools.islice(ways, MAX_SPELLINGS)]


def recompute_search_columns(connection: sa.Connection) -> None:
    """Compute the search columns of all stored rows again, and record by which table."""

    def compute(row: sa.Row[Any]) -> dict[str, Any]:
        return search_columns(row.reference, row.form, json.loads(row.answers))

    recompute_columns(connection, ("reference", "form", "answers"), COLUMNS, compute)
    write_state(connection, "search_mark", search_version())


def recompute_columns(
    connection: sa.Connection, read: Sequence[str], written: Sequence[str], compute: Callable[[sa.Row[Any]], dict[str, Any]]
) -> None:  # fmt: skip
    """Compute columns of all stored submissions again, in batches.

    :param read: the columns that ``compute`` reads.
    :param compute: returns the values of the ``written`` columns.
    """
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in written}
    statement = submission.update().where(submission.c.number == sa.bindparam("which")).values(values)
    columns, last = [submission.c[name] for name in ("number", *read)], ""
    query = sa.select(*columns).order_by(submission.c.number).limit(BATCH_ROWS)
    # Locked on PostgreSQL, so that a concurrent correction waits and is not overwritten.
    while rows := connection.execute(query.where(submission.c.number > last).with_for_update()).all():
        last = rows[-1].number
        changes = [(row.number, compute(row)) for row in rows]
        connection.execute(
            statement, [{"which": number, **{f"new_{name}": one[name] for name in written}} for number, one in changes]
        )


def recompute_note_texts(connection: sa.Connection, tables: Sequence[sa.Table] = (note, message)) -> None:
    """Compute the searched text of all notes, answers and replies again.

    :param tables: those that exist, for a migration.
    """
    last = ""
    while True:
        known = sa.union(*(sa.select(table.c.number) for table in tables)).subquery()
        query = sa.select(known.c.number).where(known.c.number > last).order_by(known.c.number)
        numbers = list(connection.execute(query.limit(BATCH_ROWS)).scalars())
        if not numbers:
            return
        last = numbers[-1]
        # Locked on PostgreSQL, so that a note written meanwhile waits.
        connection.execute(sa.select(submission.c.number).where(submission.c.number.in_(numbers)).with_for_update())
        texts: dict[str, list[str]] = {number: [] for number in numbers}
        for table in tables:
            columns = sa.select(table.c.number, table.c.text).where(table.c.number.in_(numbers))
            for row in connection.execute(columns.order_by(table.c.id)):
                texts[row.number].append(note_search_text(row.text))
        statement = submission.update().where(submission.c.number == sa.bindparam("which"))
        connection.execute(
            statement.values(note_text=sa.bindparam("new_text")),
            [{"which": number, "new_text": "\n".join(found)} for number, found in texts.items()],
        )


def add_note_text(connection: sa.Connection, number: str, text: str) -> None:
    """Let a submission be found by the words of a new note, answer or reply."""
    connection.execute(
        submission.update()
        .where(submission.c.number == number)
        .values(note_text=submission.c.note_text + "\n" + note_search_text(text))
    )


def has_stale_columns(connection: sa.Connection) -> bool:
    """Return whether the search columns were computed by another table of letters, or other words of choices."""
    return read_state(connection, "search_mark") != search_version()


def search_version() -> str:
    """Return a version that changes when the search columns would be computed differently."""
    from form_handler.forms import FORMS

    words = [sorted(choice_words(form).items()) for form in FORMS]
    return hashlib.sha256(repr([VERSION, folding_digest(), words]).encode()).hexdigest()[:32]
