"""``kim new municipality``: the folder ``city/`` of a municipality that takes over the site, and what is left to do.

Everything that the municipality changes is there; no shared file is touched.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import yaml as pyyaml
from msgspec import Meta

from core.languages import load_languages
from core.overlay import CITY, city_dir
from core.project import ROOT
from core.text import yaml
from editorial.content.data.facts import load_facts
from editorial.content.pages import is_left_out, page_files
from editorial.content.place_names import PLACE_SHORTCODE, Kind
from editorial.content.schema import StrictStruct, validate
from editorial.content.structure import SECTIONS, index_of
from editorial.scaffold.page import ScaffoldError, ScaffoldResult

# Forms that follow from the name alone, where a language has no endings for foreign names.
# The first version of the pages that each municipality writes itself, laid out like ``city/``.
DRAFTS = "redaktion/city/docs"
REGULAR_FORMS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "in": "in {place}", "In": "In {place}", "from": "aus {place}", "for": "für {place}", "near": "in der Nähe von {place}",
        "of_authority": "der {authority}", "authority_the": "die {authority}", "Authority_the": "Die {authority}",
        "authority": "{authority}", "programme": "{programme}", "name": "{place}",
    },
    "en": {
        "in": "in {place}", "In": "In {place}", "from": "from {place}", "for": "for {place}", "near": "near {place}",
        "authority_the": "the authority of {place}", "Authority_the": "The authority of {place}", "City": "{place}",
        "programme": "{programme}", "name": "{place}",
    },
}  # fmt: skip
DISTRICT_FORMS = {
    "in": "im {place}", "In": "Im {place}", "from": "aus dem {place}", "for": "für den {place}", "near": "in der Nähe vom {place}"
}  # fmt: skip
# How contacts that texts name are called, as long as nobody says otherwise; others bear the name of the administration.
CONTACT_NAMES = {"kim": "{programme}", "auslaenderbehoerde": "Ausländerbehörde"}
_CONTACT = re.compile(r"^contact: *([\w-]+)|\{\{ *contact\.([\w-]+) *\}\}", re.MULTILINE)
_SCOPE = re.compile(r"^scope: *(\S+)", re.MULTILINE)
Text = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\n{}<>]*$", description="eine Zeile ohne { } < >")]


class Answers(StrictStruct, frozen=True, kw_only=True):
    """What is asked for a municipality.

    :ivar name: its name as it is in a sentence: "Beispielheim", "Kreis Beispielheim".
    :ivar kind: see :class:`editorial.content.place_names.PlaceNames`.
    :ivar authority: the name of its administration: "Stadt Beispielheim", "Kreisverwaltung Beispielheim".
    :ivar programme: the name of the site; default: "KIM" and the name.
    :ivar url: the public address of the site.
    :ivar state: the federal state, by its letters in ISO 3166-2:DE.
    :ivar languages: the codes to build; default: all.
    :ivar without: pages or sections to leave out, such as "allianz".
    """

    name: Text
    authority: Text
    url: Annotated[str, Meta(pattern=r"^https://[^/\s]+/?$", description="eine Adresse wie https://kim.example.org/")]
    kind: Kind = "city"
    programme: Text | None = None
    state: Annotated[str, Meta(pattern=r"^[a-z]{2}$", description="das Kürzel des Landes, zum Beispiel nw")] = "nw"
    languages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def read_answers(path: Path) -> Answers:
    """Return the answers that a YAML file holds.

    :raises ScaffoldError: with everything that is wrong with it.
    """
    try:
        data = yaml.load_strings(path.read_text("utf-8"))
    except OSError as error:
        raise ScaffoldError(f"{path}: Die Datei kann nicht gelesen werden ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"{path}: Die Datei ist kein gültiges YAML in UTF-8 ({error}).") from error
    read = validate(Answers, data)
    if isinstance(read, list):
        raise ScaffoldError("\n".join(f"{path}: „{one.dotted_path or 'Datei'}“: {one.message}." for one in read))
    return read


def new_municipality(answers: Answers, root: Path = ROOT) -> ScaffoldResult:
    """Write ``city/`` and return its files and what people have to do next.

    :raises ScaffoldError: if there is one already, or a language is not in the table; nothing is written then.
    """
    docs = root / "docs"
    folder = city_dir(docs)
    if folder.exists() and any(folder.iterdir()):
        raise ScaffoldError(f"{CITY}/ gibt es schon. Löschen Sie den Ordner, wenn er zu einer anderen Gemeinde gehört.")
    known = {row.code: row for row in load_languages(root / "mkdocs.yml")}
    codes = list(answers.languages or known)
    if missing := [code for code in codes if code not in known]:
        raise ScaffoldError(
            f"Die Sprachen {', '.join(missing)} stehen nicht in mkdocs.yml; `kim new language` legt sie an."
        )
    unchecked = [code for code in codes if code not in REGULAR_FORMS]
    forms = {code: place_forms(answers, code, used_forms(root, code)) for code in codes}
    start = first_pages(root, codes, answers.without)
    missing_parts = [
        one for one in SECTIONS if not any(index_of(one) == key for key in {*page_files(docs, "de"), *start["de"]})
    ]
    without = list(dict.fromkeys([*answers.without, *missing_parts]))
    settings = {
        "site_name": answers.programme or f"KIM {answers.name}",
        "site_url": answers.url.rstrip("/") + "/",
        "languages": codes,
        "without": without,
        "extra": {
            "draft": True,
            "municipality": {
                "name": answers.name, "authority": answers.authority, "programme": answers.programme or f"KIM {answers.name}",
                "state": answers.state, "office": "kim", "switchboard": "stadt", "domain": re.sub(r"^https://|/$", "", answers.url),
            },
        },
    }  # fmt: skip
    files = {
        "city.yml": "# Die Einstellungen dieser Gemeinde. Sie gehen denen in mkdocs.yml vor.\n" + _dump(settings),
        "place.yml": "# Die Namen des Ortes in den Formen, die die Texte brauchen. Ist eine Sprache geprüft, streichen Sie sie aus unchecked:.\n"
        + _dump({"kind": answers.kind, "unchecked": unchecked, "forms": forms}),
        "data/contacts.yml": "# Wer wie zu erreichen ist. Alles ist noch zu bestätigen.\n"
        + _dump(contact_stubs(root, answers)),
        "data/companies.yml": "# Betriebe, die mitmachen. Gezeigt wird, wer schriftlich zugestimmt hat.\n{}\n",
    }
    made = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        made.append(path)
    for code, pages in start.items():
        for key, source in pages.items():
            path = folder / "docs" / code / f"{key}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
            made.append(path)
    return ScaffoldResult(made, next_steps(docs, answers, unchecked, list(start["de"])))


def first_pages(root: Path, codes: Iterable[str], without: Collection[str]) -> dict[str, dict[str, Path]]:
    """Return the drafts of the pages that a municipality has to write, by language and key."""
    drafts = root / DRAFTS
    return {
        code: {key: path for key, path in page_files(drafts, code).items() if not is_left_out(key, without)}
        for code in dict.fromkeys(["de", *codes])
    }


def used_forms(root: Path, code: str) -> list[str]:
    """Return the names of the forms that texts of a language use, in a stable order."""
    paths = [*page_files(root / "docs", code).values(), *page_files(root / DRAFTS, code).values()]
    texts = (path.read_text("utf-8") for path in paths)
    return sorted({name for text in texts for name in PLACE_SHORTCODE.findall(text)} | {"name"})


def place_forms(answers: Answers, code: str, names: Iterable[str]) -> dict[str, str]:
    """Return a first version of the forms of one language; of a language with endings, the bare name in each."""
    regular = dict(REGULAR_FORMS.get(code, {}))
    if code == "de" and answers.kind == "district":
        regular |= DISTRICT_FORMS
    words = {
        "place": answers.name,
        "authority": answers.authority,
        "programme": answers.programme or f"KIM {answers.name}",
    }
    return {
        name: regular.get(name, "{programme}" if name == "programme" else "{place}").format(**words) for name in names
    }


def contact_stubs(root: Path, answers: Answers) -> dict[str, dict[str, object]]:
    """Return an entry for each contact that pages name and no shared file has: without number and address, to be confirmed."""
    shared = load_facts(root / "docs" / "data").contacts
    paths = [*page_files(root / "docs", "de").values(), *page_files(root / DRAFTS, "de").values()]
    used = {key for path in paths for pair in _CONTACT.findall(path.read_text("utf-8")) for key in pair if key}
    return {
        key: {
            "name": CONTACT_NAMES.get(key, "{authority}").format(authority=answers.authority, programme=answers.programme or f"KIM {answers.name}"),
            "unit": answers.authority,
            "source": "own",
            "confirmed": False,
            "confirm": f"Name, Anschrift, Nummer, E-Mail und Sprechzeiten – {answers.authority}",
        }
        for key in sorted(used)
        if key not in shared or shared[key].scope == "local"
    }  # fmt: skip


def next_steps(docs: Path, answers: Answers, unchecked: list[str], drafts: list[str]) -> list[str]:
    """Return what people have to do before the site may go public, in German."""
    scopes: dict[str, list[str]] = {}
    for key, path in page_files(docs, "de").items():
        if not is_left_out(key, answers.without):
            found = _SCOPE.search(path.read_text("utf-8"))
            scopes.setdefault(found[1] if found else "nation", []).append(key)
    state = [key for scope, keys in scopes.items() if scope.startswith("state:") for key in keys]
    steps = [f"Schreiben Sie diese Seiten in {CITY}/docs/ zu Ende, auf Deutsch und in jeder Sprache: {', '.join(drafts)}. Was fehlt, steht in eckigen Klammern."]  # fmt: skip
    if state and f"state:{answers.state}" not in scopes:
        steps.append(f"Diese Seiten gelten für ein anderes Land. Prüfen Sie sie für Ihr Land: {', '.join(state)}.")
    if answers.kind != "city":
        steps.append(
            "`kim check` nennt Sätze, in denen „Stadt“ steht. Entscheiden Sie, welche Stelle bei Ihnen zuständig ist."
        )
    if unchecked:
        steps.append(f"Lassen Sie die Formen in {CITY}/place.yml prüfen, für: {', '.join(unchecked)}. Wer die Sprache spricht, streicht sie aus unchecked:.")  # fmt: skip
    return [
        *steps,
        f"Tragen Sie in {CITY}/data/contacts.yml ein, was bestätigt ist; `kim check --pending` nennt, was fehlt.",
        "`kim check --publish` sagt, was der Veröffentlichung noch im Weg steht; `make run` zeigt die Seite.",
    ]


def _dump(data: object) -> str:
    return str(pyyaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=200))
