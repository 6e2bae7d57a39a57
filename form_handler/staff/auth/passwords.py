"""Which passwords are refused, and why (NIST SP 800-63B, 5.1.1.2): words that a guesser tries first.

No rules of composition are set. A password is refused if little is left of it without digits and guessable
parts: common words, the own name, names of the city and of this service, repetitions and sequences.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import KindError
from core.project import load_site_settings

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 200
# The minimum number of characters that cannot be guessed.
MIN_UNGUESSABLE_CHARS = 6
MIN_DISTINCT_CHARS = 5
MIN_RUN_LENGTH = 4  # from this length on, a sequence or repetition counts as one
SEQUENCES = tuple((Path(__file__).parent / "key_sequences.txt").read_text("utf-8").splitlines())
REVERSED_WORDS = ("passwort", "password", "kennwort", "geheim", "willkommen")
# Words, first names and cities that a guesser tries early, those around the Ruhr among them.
COMMON_WORDS = (Path(__file__).parent / "common_words.txt").read_text("utf-8").split()
COMMON = frozenset([*COMMON_WORDS, *(word[::-1] for word in REVERSED_WORDS)])
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})


class WeakPasswordError(KindError):
    """A password can be guessed; the message names the cause.

    :ivar kind: why: ``length``, ``blank``, ``digits``, ``repeats``, ``sequence``, ``own-name``, ``city`` or ``common``.
    """


def check_password(password: str, name: str) -> None:
    """Refuse a password that can be guessed.

    :param name: the name of the account.
    :raises WeakPasswordError: with a sentence why.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise WeakPasswordError("length", f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.")
    text = _fold(password)
    if not text.strip():
        raise WeakPasswordError("blank", "The password consists of blanks only.")
    if all(character.isdecimal() or not character.isalnum() for character in text):
        raise WeakPasswordError("digits", "The password consists of digits and signs only. Take several words.")
    if len(set(text)) < MIN_DISTINCT_CHARS:
        raise WeakPasswordError("repeats", "The password repeats few characters. Take several unrelated words.")
    letters = "".join(character for character in text if character.isalnum())
    variants = {form for one in (text, letters) for form in (one, one.translate(LEET))}
    for kind, words, reason in (
        ("sequence", (), "consists almost only of sequences (abcd, 1234, qwertz) or repetitions"),
        ("own-name", _name_parts(name), "consists almost only of the account's own name"),
        (
            "city",
            (*_name_parts(name), *_municipality_words()),
            "consists almost only of the names of the city, this service or the person",
        ),
        ("common", (*_name_parts(name), *_municipality_words(), *COMMON), "consists almost only of very common words"),
    ):
        spelled = _with_spellings(words)
        if any(_count_unguessable(variant, spelled) < MIN_UNGUESSABLE_CHARS for variant in variants):
            raise WeakPasswordError(kind, f"The password {reason} and is easy to guess. Take several unrelated words.")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _name_parts(name: str) -> tuple[str, ...]:
    """Return an account's name and its parts: of an e-mail address, of first and last name."""
    folded = _fold(name)
    parts = (folded, *re.split(r"[\W_\d]+", folded))
    return tuple({form for part in parts if len(part) >= 3 for form in (part, part[::-1])})


def _municipality_words() -> Iterator[str]:
    site = load_site_settings()
    for value in (site["name"], site["url"], *site["municipality"].values()):
        for part in re.split(r"[\W_\d]+", _fold(str(value))):
            if len(part) >= 3:
                yield from (part, part[::-1])


def _with_spellings(words: Iterable[str]) -> set[str]:
    """Return words with their umlauts written as two letters, and without their marks."""
    found: set[str] = set()
    for word in words:
        plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
        found |= {word, word.translate(UMLAUTS), plain}
    return found


def _count_unguessable(text: str, words: Iterable[str]) -> int:
    """Return how many characters are left without words, digits, sequences and repetitions."""
    for word in sorted(words, key=len, reverse=True):
        for form in {word, word.translate(LEET)}:
            text = text.replace(form, " ")
    text = _without_runs(text)
    text = re.sub(r"(.{1,8}?)\1{2,}|(.{3,8}?)\2", lambda found: found[1] or found[2], text)
    return sum(not (character.isspace() or character.isdecimal()) for character in text)


def _without_runs(text: str) -> str:
    """Return a text without sequences and repetitions of one character, forwards and backwards."""
    rest, start = "", 0
    while start < len(text):
        end = max(_run_end(text, start, row) for row in _rows())
        if end - start >= MIN_RUN_LENGTH:
            start = end
        else:
            rest += text[start]
            start += 1
    return rest


def _rows() -> Iterator[str]:
    yield ""
    for row in SEQUENCES:
        yield row
        yield row[::-1]


def _run_end(text: str, start: int, row: str) -> int:
    """Return where a run that begins at ``start`` ends: of one character, or along a row of them."""
    end = start + 1
    if not row:
        while end < len(text) and text[end] == text[start]:
            end += 1
        return end
    position = row.find(text[start])
    while (
        position >= 0
        and end < len(text)
        and position + end - start < len(row)
        and row[position + end - start] == text[end]
    ):
        end += 1
    return end
