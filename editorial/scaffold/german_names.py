"""German names of places and administrations: their nouns, articles and cases."""

import re
from collections.abc import Mapping

# Nouns that a name may begin with, and their gender; the first may also be the end of a longer word ("Rhein-Sieg-Kreis").
ENDINGS: Mapping[str, str] = {"landkreis": "m", "kreis": "m", "verband": "m", "region": "f", "gemeinde": "f"}
WORDS: Mapping[str, str] = {
    "stadt": "f",
    "hansestadt": "f",
    "universitätsstadt": "f",
    "landeshauptstadt": "f",
    "amt": "n",
}
DISTRICT_NOUNS, TOWN_NOUNS = ("landkreis", "kreis", "verband", "region"), ("gemeinde", "amt", "markt")
# What a place is and what it is called are one word here: "im Markt Beispielau", but "in Markt Schwaben".
AMBIGUOUS_NOUNS = ("markt", "flecken")
# German articles in the nominative and genitive by the end of the first word of an administration's name.
_NEUTER, _MASCULINE = ("amt",), ("kreis", "verband", "magistrat", "bezirk", "markt", "flecken")


def german_noun(name: str) -> str:
    """Return the noun by which a German name has an article: "kreis" of "Märkischer Kreis"; empty for a plain name."""
    first, *rest = name.casefold().split() or [""]
    words = [first, *(rest[:1] if _is_adjective(name) else [])]
    for word in words:
        if word in AMBIGUOUS_NOUNS or word in WORDS:
            return word
        if found := next((noun for noun in ENDINGS if word.endswith(noun)), ""):
            return found
    return ""


def _is_adjective(name: str) -> bool:
    """Return whether a name begins with an adjective and its noun: "Märkischer Kreis", "Freie Hansestadt"."""
    first, _blank, rest = name.partition(" ")
    noun = rest.partition(" ")[0].casefold()
    return first.endswith(("er", "e")) and noun in {*ENDINGS, *WORDS}


def decline(name: str) -> str:
    """Return a name with its adjective as in the dative: "Märkischen Kreis"."""
    return re.sub(r"^(\S*?)(?:er|e) ", r"\1en ", name) if _is_adjective(name) else name


def authority_words(authority: str) -> dict[str, str]:
    """Return the name of an administration with its German articles, by name of the form."""
    first, _blank, rest = authority.partition(" ")
    word = first.casefold()
    if _is_adjective(authority) and ENDINGS.get(german_noun(authority)) == "m":  # Märkischer Kreis
        nominative = re.sub(r"er ", "e ", authority, count=1)
        return {"the": f"der {nominative}", "The": f"Der {nominative}", "of": f"des {decline(authority)}es"}
    genitive = f"{first}s {rest}".strip()
    if word.endswith(_NEUTER):
        return {"the": f"das {authority}", "The": f"Das {authority}", "of": f"des {genitive}"}
    if word.endswith(_MASCULINE):
        genitive = f"{first}es {rest}".strip() if word.endswith(("kreis", "verband", "markt")) else genitive
        return {"the": f"der {authority}", "The": f"Der {authority}", "of": f"des {genitive}"}
    return {"the": f"die {authority}", "The": f"Die {authority}", "of": f"der {authority}"}


def without_noun(name: str) -> str:
    """Return a name without the noun that it begins with: "Beispielheim" of "Kreis Beispielheim"."""
    first, _blank, rest = name.partition(" ")
    return rest if rest and german_noun(first) == first.casefold() else name
