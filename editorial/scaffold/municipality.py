"""``kim new municipality``: the folder ``city/`` of a municipality that takes over the site, and the open tasks.

Everything that the municipality changes is there; no shared file is touched.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml as pyyaml
from msgspec import Meta

from core.findings import closest_match
from core.languages import default_language, load_languages
from core.overlay import CITY, city_dir
from core.project import ROOT, is_left_out
from core.states import HOLIDAYS_EVERYWHERE, STATE_NAMES
from core.text import yaml
from editorial.content.data.survey_results import RESULTS
from editorial.content.foreign_state import ForeignState, adapt_page, load_foreign_state
from editorial.content.kind_words import load_kind_words, replace_kind_words
from editorial.content.pages import page_files
from editorial.content.place_names import PLACE_SHORTCODE, USED_FORMS, Kind, load_offices
from editorial.content.schema import StrictStruct, validate
from editorial.content.structure import PROGRAMME, SECTIONS, index_of
from editorial.scaffold.german_names import (
    AMBIGUOUS_NOUNS,
    ENDINGS,
    TOWN_NOUNS,
    WORDS,
    authority_words,
    decline,
    german_noun,
    without_noun,
)
from editorial.scaffold.page import ScaffoldError, ScaffoldResult
from form_handler.forms import FORMS

# The first version of the pages that each municipality writes itself, in the structure of ``city/``.
DRAFTS = "redaktion/city/docs"
# Forms that follow from the name alone, where a language has no endings for foreign names; of other languages they are in FORMS_FILE.
FORMS_FILE = "place_forms.yml"
REGULAR_FORMS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "in": "in {place}", "In": "In {place}", "from": "aus {place}", "for": "für {place}", "near": "in der Nähe von {place}",
        "of_authority": "{of}", "authority_the": "{the}", "Authority_the": "{The}",
        "authority": "{authority}", "programme": "{programme}", "name": "{place}",
    },
    "en": {
        "in": "in {place}", "In": "In {place}", "from": "from {place}", "for": "for {place}", "near": "near {place}",
        "authority_the": "the {administration} of {place}", "Authority_the": "The {administration} of {place}", "City": "{place}",
        "programme": "{programme}", "name": "{place}",
    },
}  # fmt: skip
# Names that begin with a noun have an article: "im Kreis Beispielheim", "in der Region Beispielheim".
ARTICLE_FORMS: Mapping[str, Mapping[str, str]] = {
    "m": {"in": "im {dative}", "In": "Im {dative}", "from": "aus dem {dative}", "for": "für den {dative}", "near": "in der Nähe vom {dative}"},
    "f": {"in": "in der {dative}", "In": "In der {dative}", "from": "aus der {dative}", "for": "für die {place}", "near": "in der Nähe der {dative}"},
    "n": {"in": "im {dative}", "In": "Im {dative}", "from": "aus dem {dative}", "for": "für das {place}", "near": "in der Nähe vom {dative}"},
}  # fmt: skip
# Who gives advice near a district gives it in the district as well.
NEAR_DISTRICT: Mapping[str, str] = {"de": "{} oder in der Nähe", "en": "{} or nearby"}
# Default names of contacts that texts name; others bear the name of the administration.
CONTACT_NAMES = {
    "kim": "{programme}", "auslaenderbehoerde": "Ausländerbehörde", "ldi": "Aufsichtsbehörde für den Datenschutz",
    "ombudsstelle": "Ombudsstelle für Barrierefreiheit",
}  # fmt: skip
CONTACTS_HEAD = """# Wer wie zu erreichen ist. Alles ist noch zu bestätigen. Was niemand bestätigt hat, bleibt weg und wird nicht gezeigt.
# Ein ganzer Eintrag; ist er bestätigt, streichen Sie confirmed: und confirm::
#   stadt:
#     name: Kreisverwaltung Beispielheim
#     unit: Behördennummer
#     address: Beispielweg 1, 00000 Beispielheim
#     phone: "0000 000000"        # eine Nummer mit Vorwahl
#     email: amt@example.org
#     url: https://www.example.org/
#     appointment: https://www.example.org/termin
#     hours:                      # ein Tag, der fehlt, ist geschlossen
#       monday: 8:00–12:30, 13:30–16:00
#       friday: nach Vereinbarung
#       exceptions:
#         - {from: 2026-12-24, to: 2026-12-31, hours: geschlossen}
#     source: [own]
# Keine Namen von Personen: Ämter und Funktionen bleiben, Personen wechseln.
"""
_CONTACT = re.compile(r"^contact: *([\w-]+)|\{\{ *contact\.([\w-]+) *\}\}", re.MULTILINE)
_SCOPE = re.compile(r"^scope: *(\S+)", re.MULTILINE)
# The longest names of places in Germany have some forty letters; titles of pages hold them.
MAX_NAME_CHARS = 44
MAX_LISTED_PAGES = 12  # a list of more is read by nobody
OPERATING_OFFICE = "integration"
_PLAIN = r"^(?=.*\w)[^\n\t{}<>*_`\\\[\]|~!#]*$"
Text = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=MAX_NAME_CHARS,
        pattern=_PLAIN,
        description=f"eine Zeile mit 2 bis {MAX_NAME_CHARS} Zeichen, ohne Zeichen von Markdown",
    ),
]
# The placeholder for a provision of another federal state; the check before going public names it.
STATE_LAW = {
    "de": "[Vorschrift des Landes: wird noch ergänzt]", "en": "[state law: to be added]", "ar": "[قانون الولاية: يُستكمل لاحقاً]",
    "fa": "[قانون ایالت: بعداً تکمیل می‌شود]", "tr": "[Eyalet mevzuatı: eklenecek]", "pl": "[przepis kraju związkowego: do uzupełnienia]",
    "uk": "[закон федеральної землі: буде додано]", "ru": "[закон федеральной земли: будет добавлено]",
}  # fmt: skip


# The English name of an administration, by kind: "the authority" alone has no meaning for a reader.
_ENGLISH_ADMINISTRATION: Mapping[Kind, str] = {
    "city": "city administration", "district": "district administration", "district_town": "town administration",
}  # fmt: skip


class Answers(StrictStruct, frozen=True, kw_only=True):
    """The answers for a new municipality.

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
    state: Annotated[
        str,
        Meta(pattern=f"^({'|'.join(STATE_NAMES)})$", description=f"das Kürzel des Landes: {', '.join(STATE_NAMES)}"),
    ] = "nw"
    languages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def load_answers(path: Path) -> dict[str, Any]:
    """Return the answers that a YAML file holds, not all of them perhaps, unchecked.

    :raises ScaffoldError: if it holds none.
    """
    try:
        data = yaml.load_strings(path.read_text("utf-8"))
    except OSError as error:
        raise ScaffoldError(f"{path}: Die Datei kann nicht gelesen werden ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"{path}: Die Datei ist kein gültiges YAML in UTF-8 ({error}).") from error
    if not isinstance(data, dict):
        raise ScaffoldError(f"{path}: Die Datei hat keine Antworten. Ein Beispiel steht in UEBERNAHME.md.")
    return data


def read_answers(path: Path) -> Answers:
    """Return the answers of a YAML file.

    :raises ScaffoldError: with everything that is wrong with it.
    """
    return parse_answers(load_answers(path), str(path))


def parse_answers(data: Mapping[str, Any], shown: str) -> Answers:
    """Return answers in their shape.

    :param shown: where they come from, for the message.
    :raises ScaffoldError: with everything that is wrong with them.
    """
    read = validate(Answers, data)
    if isinstance(read, list):
        raise ScaffoldError("\n".join(f"{shown}: „{one.dotted_path or 'Datei'}“: {one.message}." for one in read))
    return read


def dump_answers(data: Mapping[str, Any]) -> str:
    """Return answers as a file with which they are given again."""
    return _dump(dict(data))


def result_pages(docs: Path) -> list[str]:
    """Return the keys of the shared pages that show the results of the survey."""
    return [key for key, path in page_files(docs, "de").items() if RESULTS.search(path.read_text("utf-8"))]


def require_no_city(docs: Path) -> None:
    """Raise a :class:`ScaffoldError` if there is a municipality already."""
    folder = city_dir(docs)
    if folder.exists() and any(folder.iterdir()):
        raise ScaffoldError(f"{CITY}/ gibt es schon. Löschen Sie den Ordner, wenn er zu einer anderen Gemeinde gehört.")


def new_municipality(answers: Answers, root: Path = ROOT) -> ScaffoldResult:
    """Write ``city/`` and return its files and the next tasks.

    :raises ScaffoldError: if there is one already, or a language is not in the table; nothing is written then.
    """
    docs = root / "docs"
    folder = city_dir(docs)
    require_no_city(docs)
    codes = built_languages(root, answers.languages)
    check_parts(docs, answers.without)
    unchecked = [code for code in codes if code not in REGULAR_FORMS or (code == "de" and not is_regular(answers))]
    forms = {code: place_forms(answers, code, used_forms(root, code), root) for code in codes}
    start = first_pages(root, codes, answers.without)
    foreign = load_foreign_state(docs, answers.state)
    kind_words = load_kind_words(docs, answers.kind)
    if foreign.state:  # it names who is responsible in another state
        for pages in start.values():
            pages.pop(f"{PROGRAMME}/wer-ist-wer", None)
    missing_parts = [
        one for one in SECTIONS if not any(index_of(one) == key for key in {*page_files(docs, "de"), *start["de"]})
    ]
    # A section that nobody has written yet does not take the survey's results with it.
    kept = [
        f"!{key}"
        for key in result_pages(docs)
        if is_left_out(key, missing_parts) and not is_left_out(key, answers.without)
    ]
    without = list(dict.fromkeys([*answers.without, *missing_parts, *kept]))
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
        "data/contacts.yml": CONTACTS_HEAD + _dump(contact_stubs(root, answers)),
        "data/companies.yml": "# Betriebe, die mitmachen. Gezeigt wird, wer schriftlich zugestimmt hat.\n{}\n",
    }
    if answers.state not in yaml.load_strings((docs / "data" / "states.yml").read_text("utf-8")):
        files["data/states.yml"] = (
            "# Worauf sich Formulare und Meldungen von Barrieren in diesem Land stützen; was gilt, prüft, wer dafür zuständig ist.\n"
            "# Das Muster steht in docs/data/states.yml. public_holidays: die Feiertage des Landes; hier nur die in ganz Deutschland.\n"
            + _dump({answers.state: {"name": STATE_NAMES[answers.state], "data_protection": None, "accessibility": None, "law_portal": None, "public_holidays": list(HOLIDAYS_EVERYWHERE)}})
        )  # fmt: skip
    for code, pages in start.items():
        for key, path in pages.items():
            text = replace_kind_words(path.read_text("utf-8"), kind_words, code)
            files[f"docs/{code}/{key}.md"] = draft_text(text, foreign, code)
    write_whole(folder, files)
    return ScaffoldResult([folder / name for name in files], next_steps(docs, answers, unchecked, list(start["de"])))


def built_languages(root: Path, answered: Collection[str]) -> list[str]:
    """Return the codes of the languages that a municipality builds, the source language first; all if it names none.

    :raises ScaffoldError: if one of them is not there.
    """
    known = {row.code: row for row in load_languages(root / "mkdocs.yml")}
    source = default_language(tuple(known.values())).code
    if missing := [code for code in answered if code not in known]:
        raise ScaffoldError(
            f"Diese Sprachen gibt es noch nicht: {', '.join(missing)}. Nehmen Sie sie aus der Antwort, und rufen Sie danach "
            f"`kim new language {missing[0]}` auf."
        )
    return list(dict.fromkeys([source, *(answered or known)]))


def write_whole(folder: Path, files: Mapping[str, str]) -> None:
    """Write a folder with these files, or nothing: it is made beside its place and moved there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
        for name, text in files.items():
            path = Path(made, folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        if folder.exists():
            folder.rmdir()  # it is empty
        Path(made, folder.name).rename(folder)


def check_parts(docs: Path, parts: Iterable[str]) -> None:
    """Raise a :class:`ScaffoldError` for a part that no page belongs to."""
    known = {*page_files(docs, "de"), *SECTIONS}
    for part in parts:
        part = part.removeprefix("!")
        if not any(key == part or key.startswith(f"{part}/") for key in known):
            close = closest_match(part, known)
            hint = f" Meinten Sie „{close}“?" if close else ""
            raise ScaffoldError(
                f"„without“: Einen Bereich „{part}“ gibt es nicht.{hint} Es gibt {', '.join(SECTIONS)}."
            )


def draft_text(text: str, foreign: ForeignState, code: str) -> str:
    """Return a page to begin with: without content of another state, with a gap where a provision of the own state belongs."""
    for key in foreign.keys:
        if key.startswith("law."):
            text = re.sub(rf"\{{\{{ *{re.escape(key)} *\}}\}}", STATE_LAW.get(code, STATE_LAW["en"]), text)
    return adapt_page(text, foreign, code)


def is_regular(answers: Answers) -> bool:
    """Return whether the German forms of a name follow from the name alone."""
    noun = german_noun(answers.name)
    return noun not in AMBIGUOUS_NOUNS and (answers.kind != "district" or bool(noun))


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
    return sorted({name for text in texts for name in PLACE_SHORTCODE.findall(text)} | {*USED_FORMS})


def place_forms(answers: Answers, code: str, names: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """Return a first version of the forms of one language; the bare name where none is known."""
    regular = {**REGULAR_FORMS.get(code, {}), **_forms_with_noun(answers, code, root)}
    noun = german_noun(answers.name)
    if code == "de" and (gender := ENDINGS.get(noun) or WORDS.get(noun)):
        regular |= ARTICLE_FORMS[gender]
    if answers.kind == "district" and code in NEAR_DISTRICT:
        regular["near"] = NEAR_DISTRICT[code].format(regular["in"])
    words = {
        "place": answers.name,
        "name": without_noun(answers.name),
        "dative": decline(answers.name),
        "authority": answers.authority,
        "programme": answers.programme or f"KIM {answers.name}",
        "administration": _ENGLISH_ADMINISTRATION[answers.kind],
        **authority_words(answers.authority),
    }
    return {
        name: regular.get(name, "{programme}" if name == "programme" else "{place}").format(**words) for name in names
    }


def _forms_with_noun(answers: Answers, code: str, root: Path) -> Mapping[str, str]:
    """Return forms in which a noun bears the ending: "у місті Beispielheim"; none for what is neither city nor district."""
    if german_noun(answers.name) in TOWN_NOUNS:
        return {}
    rows = yaml.load_strings((root / "docs" / "data" / FORMS_FILE).read_text("utf-8"))
    return dict(rows["district" if answers.kind == "district" else "city"].get(code, {}))


def contact_stubs(root: Path, answers: Answers) -> dict[str, dict[str, object]]:
    """Return an entry for each contact that pages name and no shared file has: without number and address, to be confirmed."""
    shared = yaml.load_strings((root / "docs" / "data" / "contacts.yml").read_text("utf-8"))
    paths = [*page_files(root / "docs", "de").values(), *page_files(root / DRAFTS, "de").values()]
    used = {key for path in paths for pair in _CONTACT.findall(path.read_text("utf-8")) for key in pair if key}
    return {
        key: {
            "name": CONTACT_NAMES.get(key, "{authority}").format(authority=answers.authority, programme=answers.programme or f"KIM {answers.name}"),
            "unit": None if key in shared else answers.authority,
            "source": "own",
            "confirmed": False,
            "confirm": f"Name, Anschrift, Nummer, E-Mail und Sprechzeiten – {answers.authority}",
        }
        for key in sorted(used)
        if key not in shared or shared[key].get("scope", "local") == "local" or shared[key].get("state") not in (None, answers.state)
    }  # fmt: skip


def office_pages(docs: Path, answers: Answers) -> list[tuple[str, str, list[str]]]:
    """Return role and usual name of each office, with the shared German pages that name it; the office that runs the site is known."""
    texts = {
        key: path.read_text("utf-8")
        for key, path in page_files(docs, "de").items()
        if not is_left_out(key, answers.without)
    }
    offices = load_offices(docs)
    found = [
        (role, name, [key for key, text in texts.items() if name in text or f"office.{role} " in text])
        for role, name in offices.items()
        if role != OPERATING_OFFICE
    ]
    return [row for row in found if row[2]]


def next_steps(docs: Path, answers: Answers, unchecked: list[str], drafts: list[str]) -> list[str]:
    """Return the tasks before the site may go public, in German."""
    scopes: dict[str, list[str]] = {}
    for key, path in page_files(docs, "de").items():
        if not is_left_out(key, answers.without):
            found = _SCOPE.search(path.read_text("utf-8"))
            scopes.setdefault(found[1] if found else "nation", []).append(key)
    state = [key for scope, keys in scopes.items() if scope.startswith("state:") for key in keys]
    steps = [f"Schreiben Sie diese Seiten in {CITY}/docs/ zu Ende, auf Deutsch und in jeder Sprache: {', '.join(drafts)}. Was fehlt, steht in eckigen Klammern."]  # fmt: skip
    if load_foreign_state(docs, answers.state).state:
        steps.append(f"Ihr Land ist {STATE_NAMES[answers.state]}. Tragen Sie in {CITY}/data/states.yml ein, worauf sich Formulare und Meldungen von Barrieren stützen, wo das Recht des Landes veröffentlicht ist (law_portal:) und welche Feiertage gelten. Die Stelle, die bei Streit über Barrieren hilft, heißt in jedem Land anders; der Entwurf der Erklärung nennt sie Ombudsstelle.")  # fmt: skip
        steps.append(f"Diese Seiten gelten in einem anderen Land und fehlen bei Ihnen: {', '.join(state)}. Was es bei Ihnen gibt, schreiben Sie unter {CITY}/docs/de/. `kim check` nennt außerdem jeden Satz, der weggelassen ist.")  # fmt: skip
    unwritten = [
        one
        for one in SECTIONS
        if not is_left_out(one, answers.without) and index_of(one) not in {*page_files(docs, "de"), *drafts}
    ]
    if unwritten:
        steps.append(f"Diese Bereiche hat noch niemand geschrieben, sie stehen deshalb in {CITY}/city.yml unter without: {', '.join(unwritten)}. Gibt es sie bei Ihnen, schreiben Sie {CITY}/docs/de/{unwritten[0]}/index.md, und streichen Sie die Zeile.")  # fmt: skip
    if gone := [key for key in result_pages(docs) if is_left_out(key, answers.without)]:
        steps.append(f"Die Ergebnisse der Umfrage fehlen mit ihrem Bereich. Sollen sie bleiben, schreiben Sie '!{gone[0]}' zu without:. Soll es keine Umfrage geben, dazu {FORMS['survey'].slug.rstrip('/')}.")  # fmt: skip
    if answers.kind != "city":
        steps += [
            "`kim check` nennt Sätze, in denen noch „Stadt“ steht, wo es nicht passt.",
            f"Diese Stellen gehören bei Ihnen zum Kreis oder zu den Gemeinden. Entscheiden Sie, welche zuständig ist, tragen Sie den Namen in {CITY}/place.yml unter offices: ein, und prüfen Sie die Sätze der Seiten:",
            *(f"  {name} ({role}): {', '.join(keys) if len(keys) <= MAX_LISTED_PAGES else f'{len(keys)} Seiten'}" for role, name, keys in office_pages(docs, answers)),
        ]  # fmt: skip
    if unchecked:
        steps.append(f"Lassen Sie die Formen in {CITY}/place.yml prüfen, für: {', '.join(unchecked)}. Wer die Sprache spricht, streicht sie aus unchecked:.")  # fmt: skip
    return [
        *steps,
        f"Tragen Sie in {CITY}/data/contacts.yml ein, was bestätigt ist; `kim check --pending` nennt, was fehlt.",
        "`kim check --publish` sagt, was der Veröffentlichung noch im Weg steht; `make run` zeigt die Seite.",
    ]


def _dump(data: object) -> str:
    return str(pyyaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=200))
