"""Plain German: long sentences, the Wiener Sachtextformel, and the rules of Leichte Sprache."""

import re
from collections.abc import Iterator

from core.findings import Finding
from core.text.characters import shorten_text
from editorial.checks.text_lines import blocks, strip_markdown
from editorial.content.pages import PageText

# Words of a sentence that a B1 reader can follow, and school year up to which a page may go.
MAX_SENTENCE_WORDS = 22
MAX_READABILITY_SCORE = 11.0
# DIN SPEC 33429 asks for short sentences with one statement each; most rule books stop at twelve words.
MAX_EASY_SENTENCE_WORDS = 12
# The rules for Leichte Sprache that a program can check. Source: BITV 2.0, annex 2, part 2, numbers 1, 4, 5 and 6.
LONG_WORD = "Ein langes Wort"
EASY_LANGUAGE_RULES = {
    "Ein Sonderzeichen": (re.compile(r"[;§%&/()]"), "Schreiben Sie es mit Wörtern, ohne Klammern."),
    "Konjunktiv": (
        re.compile(r"\b(?:würden?|könnten?|sollten?|müssten?|dürften?|hätten?|wären?)\b"),
        "Sagen Sie es in der Wirklichkeitsform.",
    ),
    "Eine Verneinung": (
        re.compile(r"\b(?:[Nn]ichts?|[Kk]ein(?:e[mnrs]?)?|[Nn]ie(?:mals)?|[Nn]iemand(?:e[mn])?)\b"),
        "Sagen Sie, was ist oder was man tun kann.",
    ),
    "Passiv": (
        re.compile(r"\b(?:wird|werden|wurden?|worden)\b[^.?!:]*?\b[a-zäöüß]*ge[a-zäöüß]{2,}(?:t|en)\b"),
        "Sagen Sie, wer es tut.",
    ),
    "Genitiv": (
        re.compile(r"\b(?:des|eines|meines|unseres|Ihres|dieses) [A-ZÄÖÜ][\w-]*s\b"),
        "Nehmen Sie „von“: der Name von dem Kind.",
    ),
    LONG_WORD: (
        re.compile(r"(?<![-\w])[A-ZÄÖÜ][a-zäöüß]{14,}(?![-\w])"),
        "Trennen Sie es mit einem Bindestrich: Aufenthalts-Erlaubnis.",
    ),
    "Eine Aufzählung": (re.compile(r"(?:[^,]*,){3}"), "Machen Sie eine Liste daraus."),
}
EASY_LANGUAGE_WORDS = {"Barrierefreiheit", "Diskriminierung"}  # the name of a page; one word that is explained
VOWELS = re.compile(r"[aeiouyäöü]+", re.IGNORECASE)
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]+(?:-[A-Za-zÄÖÜäöüß]+)*")
SENTENCE = re.compile(r"(?<=[.!?…])[\"“”»)]*\s+(?=[A-ZÄÖÜ„»\"(\d])|:\s+(?=[A-ZÄÖÜ„»])")
ABBREVIATION = re.compile(r"\b(?:z\. ?B|u\. ?a|d\. ?h|bzw|usw|ca|ggf|evtl|inkl|Nr|Abs)\.")
ABBREVIATION_WITH_DOT = re.compile(
    r"\b(?:z\. ?B\.|u\. ?a\.|d\. ?h\.|bzw\.|usw\.|ca\.|ggf\.|evtl\.|inkl\.|Nr\.|Abs\.|\d+\.)(?=\s)"
)


def sentences(text: PageText) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each sentence of a German page; headings and tables are left out."""
    for number, block in blocks(text):
        if block.lstrip().startswith(("#", "|", "!!!", "???")):
            continue
        whole = ABBREVIATION_WITH_DOT.sub(lambda match: match[0].replace(".", "․"), strip_markdown(block))
        for sentence in SENTENCE.split(whole):
            if WORD.search(sentence):
                yield number, sentence.replace("․", ".").strip()


def count_syllables(word: str) -> int:
    """Return a word's syllables, counted by its groups of vowels."""
    return max(1, len(VOWELS.findall(word)))


def wiener_sachtextformel(found: list[str]) -> float:
    """Return the first Wiener Sachtextformel of sentences: about the school year that can read them.

    Source: Bamberger, Vanecek: Lesen – Verstehen – Lernen – Schreiben, 1984.
    """
    words = [word for sentence in found for word in WORD.findall(sentence)]
    if not words:
        return 0.0
    count = len(words)
    long_words = 100 * sum(count_syllables(word) >= 3 for word in words) / count
    letters = 100 * sum(len(word) > 6 for word in words) / count
    short = 100 * sum(count_syllables(word) == 1 for word in words) / count
    return 0.1935 * long_words + 0.1672 * count / len(found) + 0.1297 * letters - 0.0327 * short - 0.875


def check_readability(text: PageText) -> Iterator[Finding]:
    """Name the longest sentences of a page, at most three, and a page that is hard as a whole; hints only."""
    found = list(sentences(text))
    counted = sorted(((len(WORD.findall(sentence)), number, sentence) for number, sentence in found), reverse=True)
    for words, number, sentence in counted[:3]:
        if words > MAX_SENTENCE_WORDS:
            yield Finding(text.file, number, f"Ein Satz mit {words} Wörtern: „{shorten_text(sentence, 90)}“",
                          "Machen Sie zwei Sätze daraus.", "notice", "hard-german")  # fmt: skip
    level = wiener_sachtextformel([sentence for _number, sentence in found])
    if level > MAX_READABILITY_SCORE and len(found) >= 5:
        yield Finding(text.file, text.body_line,
                      f"Der Text ist schwer: Wiener Sachtextformel {level:.1f}, gut ist bis {MAX_READABILITY_SCORE:.0f}.",
                      "Nehmen Sie kürzere Wörter und Sätze.", "notice", "hard-german")  # fmt: skip


def check_easy_language(text: PageText) -> Iterator[Finding]:
    """Hints where a page in Leichte Sprache breaks one of the rules that a program can see."""
    for number, sentence in sentences(text):
        count = len(WORD.findall(sentence))
        if count > MAX_EASY_SENTENCE_WORDS:
            yield Finding(text.file, number, f"Ein Satz mit {count} Wörtern: „{shorten_text(sentence, 90)}“",
                          f"In Leichter Sprache hat ein Satz höchstens {MAX_EASY_SENTENCE_WORDS} Wörter.", "notice",
                          "easy-language")  # fmt: skip
        if match := ABBREVIATION.search(sentence):
            yield Finding(text.file, number, f"Eine Abkürzung: „{match[0]}“", "Schreiben Sie sie aus.", "notice",
                          "easy-language")  # fmt: skip
        for kind, (pattern, remedy) in EASY_LANGUAGE_RULES.items():
            match = pattern.search(sentence)
            if match is None or match[0] in EASY_LANGUAGE_WORDS:
                continue
            if kind != LONG_WORD or match[0] in text.source:  # an insert brings the name of the administration
                yield Finding(text.file, number, f"{kind}: „{match[0]}“", remedy, "notice", "easy-language")
