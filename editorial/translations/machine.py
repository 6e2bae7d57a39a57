"""Machine drafts from any server with LibreTranslate's HTTP interface (``POST /translate``); off unless a setting names one.

Text that a machine must not change – inserts, addresses of links, ids, marks for bold – is sent as ``[[1]]`` and
comes back in its place; where a machine loses one, the words between them are translated one by one.
"""

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from msgspec import Struct

URL_VARIABLE, KEY_VARIABLE = "KIM_TRANSLATE_URL", "KIM_TRANSLATE_KEY"
TIMEOUT_SECONDS = 60  # seconds for one request
BATCH_SIZE = 20  # texts in one request
MAX_RESPONSE_BYTES = 5_000_000  # bytes of an answer
# An insert; an image's or a link's end with its address; classes and ids; bold; code; a table's stroke.
_PLACEHOLDER_PATTERN = re.compile(r"\{\{.*?\}\}|!\[|\]\([^)]*\)|\{[^{}]*\}|\*\*|`[^`]*`|(?<!\\)\|")
_TOKEN = re.compile(r"\[\[\s*(\d+)\s*\]\]")
MAX_LENGTHS = {"title": 90, "nav_title": 40, "description": 240}  # the limits of editorial.content.front_matter
TranslateFunction = Callable[[list[str]], list[str]]


class MachineTranslationError(Exception):
    """No draft came about; the message names cause and remedy."""


class Provider(Struct, frozen=True):
    """Where drafts come from."""

    url: str
    key: str | None

    def translate(self, texts: list[str], source: str, target: str, timeout: int = TIMEOUT_SECONDS) -> list[str]:
        """Return the translations of some texts.

        :param timeout: seconds for the answer.

        :raises MachineTranslationError: if the server does not answer as it should.
        """
        asked: dict[str, object] = {"q": texts, "source": source, "target": target, "format": "text"}
        if self.key:
            asked["api_key"] = self.key
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked where the setting is read
            self.url.rstrip("/") + "/translate",
            json.dumps(asked).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                data = json.loads(answer.read(MAX_RESPONSE_BYTES))
        except urllib.error.HTTPError as error:
            error.close()
            raise MachineTranslationError(
                f"Der Übersetzungsdienst lehnt ab ({error.code} {error.reason}). Prüfen Sie {KEY_VARIABLE}, und ob er die Sprache „{target}“ kann."
            ) from error
        except (OSError, ValueError) as error:
            raise MachineTranslationError(
                f"Der Übersetzungsdienst antwortet nicht ({error}). Prüfen Sie {URL_VARIABLE}."
            ) from error
        got = data.get("translatedText") if isinstance(data, dict) else None
        if not isinstance(got, list) or len(got) != len(texts) or not all(isinstance(text, str) for text in got):
            raise MachineTranslationError(
                f"Der Übersetzungsdienst antwortet anders als erwartet. Prüfen Sie {URL_VARIABLE}."
            )
        return got


def read_provider(env: Mapping[str, str] = os.environ) -> Provider:
    """Return the provider that the settings name.

    :raises MachineTranslationError: if none is named.
    """
    url = env.get(URL_VARIABLE, "")
    if not url:
        raise MachineTranslationError(
            f"Es ist kein Übersetzungsdienst eingestellt. {URL_VARIABLE} nennt die Adresse eines Dienstes, der wie LibreTranslate "
            f"antwortet, zum Beispiel http://127.0.0.1:5000; {KEY_VARIABLE} seinen Schlüssel, wenn er einen will."
        )
    if not url.startswith(("https://", "http://")):
        raise MachineTranslationError(
            f"{URL_VARIABLE} ist keine Adresse: „{url}“. Sie beginnt mit https:// oder http://."
        )
    return Provider(url, env.get(KEY_VARIABLE) or None)


def translate(texts: list[str], ask: TranslateFunction) -> list[str]:
    """Return texts translated by ``ask``, with everything unchanged that a machine must not touch."""
    shielded = [mask_placeholders(text) for text in texts]
    drafts = _in_batches([text for text, _ in shielded], ask)
    done: list[str] = []
    for text, draft, (_, placeholders) in zip(texts, drafts, shielded, strict=True):
        restored = restore_placeholders(draft, placeholders)
        done.append(_translate_pieces(text, ask) if restored is None else restored)
    return done


def _in_batches(texts: list[str], ask: TranslateFunction) -> list[str]:
    return [text for at in range(0, len(texts), BATCH_SIZE) for text in ask(texts[at : at + BATCH_SIZE])]


def mask_placeholders(text: str) -> tuple[str, list[str]]:
    """Replace protected text by numbers in double brackets; return it beside the text."""
    placeholders: list[str] = []

    def take(match: re.Match[str]) -> str:
        placeholders.append(match[0])
        return f"[[{len(placeholders)}]]"

    return _PLACEHOLDER_PATTERN.sub(take, text), placeholders


def restore_placeholders(text: str, placeholders: list[str]) -> str | None:
    """Restore protected text; None if a number is missing, doubled or out of order."""
    numbers = [int(number) for number in _TOKEN.findall(text)]
    inserts = [
        number for number in numbers if 0 < number <= len(placeholders) and placeholders[number - 1].startswith("{{")
    ]
    ordered = [number for number in numbers if number not in inserts]
    if sorted(numbers) != list(range(1, len(placeholders) + 1)) or ordered != sorted(ordered):
        return None
    return " ".join(_TOKEN.sub(lambda match: placeholders[int(match[1]) - 1], text).split())


def _translate_pieces(text: str, ask: TranslateFunction) -> str:
    pieces = re.split(f"({_PLACEHOLDER_PATTERN.pattern})", text)
    words = [
        piece for piece in pieces if not _PLACEHOLDER_PATTERN.fullmatch(piece) and any(char.isalpha() for char in piece)
    ]
    drafts = iter(_in_batches(words, ask)) if words else iter(())
    out = []
    for piece in pieces:
        if _PLACEHOLDER_PATTERN.fullmatch(piece) or not any(char.isalpha() for char in piece):
            out.append(piece)
        else:
            before, after = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
            out.append(before + next(drafts).strip() + after)
    return "".join(out)


def truncate_to_limit(kind: str, text: str) -> str:
    """Return a draft cut at a word where the header of a page allows no more."""
    longest = MAX_LENGTHS.get(kind)
    return text if longest is None or len(text) <= longest else text[: longest - 1].rsplit(" ", 1)[0] + "…"
