"""Search: columns that are computed when a submission is stored or corrected, and the conditions on them.

Both sides are folded by :func:`core.folding.fold_text`, so that SQLite and PostgreSQL find the same.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.folding import fold_text, folding_digest
from core.gettext import use_language
from core.languages import default_language
from form_handler.forms.contact_details import address_spellings, canonical_address, find_phones
from form_handler.storage.state import read_state, write_state
from form_handler.storage.tables import submission

# Raised when what is computed here changes; then stored columns are computed anew.
VERSION = 3
COLUMNS = ("sender", "phones", "search_text")
ADDRESS_FIELD, PHONE_FIELD = "email", "phone"
SENDER_LENGTH, PHONES_LENGTH = 320, 200
# Umlauts that are written out; "aue", "eue" and "que" are no umlauts.
TRANSLITERATED_UMLAUT = re.compile(r"[ao]e|(?<![aeq])ue")
DIGITS = re.compile(r"(?<!\w)[+(]*\d[\d ()/.+-]*\d(?!\w)")
# A reference as people say, type and copy it. Its alphabet lacks what is mistaken for something else (see submissions).
REFERENCE = re.compile(r"\W*k\W*[i1l|]\W*m\W*((?:[0-9a-z]\W*){6})", re.IGNORECASE)
PARTIAL_REFERENCE = re.compile(r"\s*kim[\s-]?([0-9a-z]{1,5})\s*", re.IGNORECASE)
LOOK_ALIKES = {"0": "0OQD", "O": "0OQD", "1": "1ILJ", "I": "1ILJ", "L": "1ILJ", "U": "UV"}
# Cyrillic and Greek capitals that look like Latin ones, for whoever types on another keyboard.
LATIN_LOOK_ALIKES = str.maketrans("АВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABCEHIJKMOPSTXYABEZHIKMNOPTYX")
MAX_SPELLINGS = 256
BATCH_ROWS = 500


def search_columns(reference: str, form: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns by which a submission is found: address, telephone numbers, and all text folded."""
    address = str(answers.get(ADDRESS_FIELD) or "")
    # Without "KIM", which would make each submission one of somebody called Kim.
    words, numbers = [reference.partition("-")[2]], []
    chosen = german_choice_labels(form)
    for name, value in answers.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str) or not one:
                continue
            words += [one, chosen.get((name, one), "")]
            numbers += find_phones(one)
    if address:
        words += address_spellings(address)
    folded = fold_text("\n".join(word for word in dict.fromkeys(words) if word))
    plain = " ".join(dict.fromkeys(short for word in folded.split() if (short := fold_umlauts(word)) != word))
    phones = " ".join(find_phones(str(answers.get(PHONE_FIELD) or "")))
    return {
        "sender": canonical_address(address)[:SENDER_LENGTH] or None if address else None,
        "phones": f" {phones} "[:PHONES_LENGTH] if phones else None,
        "search_text": "\n".join([folded, plain, *dict.fromkeys(numbers)]),
    }


@functools.lru_cache
def german_choice_labels(form: str) -> dict[tuple[str, str], str]:
    """Return the German words of each choice, by name of the field and key; scales and consents have none."""
    from wtforms import RadioField, SelectField, SelectMultipleField

    from form_handler.forms import FORMS
    from form_handler.forms.fields import RatingField, choice_labels

    definition = FORMS.get(form)
    if definition is None:
        return {}
    with use_language(default_language().code):
        return {
            (name, key): str(label)
            for name, field in definition.form_class()._fields.items()
            if isinstance(field, SelectField | SelectMultipleField | RadioField) and not isinstance(field, RatingField)
            for key, label in choice_labels(field).items()
            if key
        }


def fold_umlauts(word: str) -> str:
    """Return a folded word with ``ae``, ``oe`` and ``ue`` as the folded umlauts: ``mueller`` as ``muller``."""
    return TRANSLITERATED_UMLAUT.sub(lambda match: match[0][0], word)


def matches_query(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a submission holds all words of a query, or is the one whose reference it is.

    ``%`` and ``_`` are characters like others. A query in which nothing can be read finds nothing.
    """
    words = _words_match(text)
    references = reference_spellings(text)
    if references:
        return sa.or_(submission.c.reference.in_(references), words)
    begun = PARTIAL_REFERENCE.fullmatch(text)
    return sa.or_(submission.c.reference.startswith(f"KIM-{begun[1].upper()}"), words) if begun else words


def _words_match(text: str) -> sa.ColumnElement[bool]:
    conditions = []
    numbers = DIGITS.findall(folded := fold_text(text))
    for number in numbers:
        conditions.append(
            sa.or_(*(contains_text(one) for one in _number_needles(number)), _contain_all(number.split()))
        )
    rest = DIGITS.sub(" ", folded).split() if numbers else folded.split()
    typed = {fold_text(word): word for word in text.split() if "@" in word}
    conditions += [_word_matches(word, typed.get(word, "")) for word in rest]
    return sa.and_(*conditions) if conditions else sa.false()


def _word_matches(word: str, address: str) -> sa.ColumnElement[bool]:
    """Return the condition for one folded word.

    :param address: the word as it was typed, if it is an address.
    """
    ways = [contains_text(one) for one in dict.fromkeys([word, fold_umlauts(word)])]
    if address:
        ways.append(submission.c.sender.contains(canonical_address(address), autoescape=True))
    return sa.or_(*ways)


def _number_needles(number: str) -> list[str]:
    """Return what a number that was typed, whole or its beginning or end, looks like in the search text."""
    digits = "".join(c for c in number if c.isdigit())
    return list(dict.fromkeys([*find_phones(number), digits])) if len(digits) > 3 else []


def contains_text(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that the search text holds this folded text."""
    return submission.c.search_text.contains(text, autoescape=True)


def _contain_all(words: list[str]) -> sa.ColumnElement[bool]:
    return sa.and_(*map(contains_text, words))


def reference_spellings(text: str) -> list[str]:
    """Return the references that somebody may mean, in any case and with blanks; empty if it is none.

    Digits and letters that references do not have, because they are mistaken for others, stand for all that look alike.
    """
    found = REFERENCE.fullmatch(text.upper().translate(LATIN_LOOK_ALIKES)) if len(text) < 100 else None
    if found is None:
        return []
    signs = re.sub(r"[\W_]", "", found[1])
    ways = itertools.product(*(LOOK_ALIKES.get(sign, sign) for sign in signs))
    return ["KIM-" + "".join(way) for way in itertools.islice(ways, MAX_SPELLINGS)]


def recompute_search_columns(connection: sa.Connection) -> None:
    """Compute the search columns of everything stored anew, and note by which table."""
    columns = [submission.c[name] for name in ("number", "reference", "form", "answers")]
    last = ""
    while True:
        query = sa.select(*columns).where(submission.c.number > last).order_by(submission.c.number)
        # Locked on PostgreSQL, so that a correction meanwhile waits and is not overwritten.
        rows = connection.execute(query.limit(BATCH_ROWS).with_for_update()).all()
        if not rows:
            break
        last = rows[-1].number
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in COLUMNS}
        statement = submission.update().where(submission.c.number == sa.bindparam("which")).values(values)
        changes = []
        for row in rows:
            computed = search_columns(row.reference, row.form, json.loads(row.answers))
            changes.append({"which": row.number, **{f"new_{name}": value for name, value in computed.items()}})
        connection.execute(statement, changes)
    write_state(connection, "search_mark", search_version())


def has_stale_columns(connection: sa.Connection) -> bool:
    """Return whether the search columns were computed by another table of letters, or other words of choices."""
    return read_state(connection, "search_mark") != search_version()


def search_version() -> str:
    """Return a version that changes when the search columns would be computed differently."""
    from form_handler.forms import FORMS

    words = [sorted(german_choice_labels(form).items()) for form in FORMS]
    return hashlib.sha256(repr([VERSION, folding_digest(), words]).encode()).hexdigest()[:32]
