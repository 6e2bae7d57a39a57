"""``kim new``: a new page with commented front matter.

No existing file is overwritten; on an error nothing is written.
"""

import datetime
import re
import unicodedata
from pathlib import Path

from msgspec import Struct

from core.errors import UserError
from core.findings import errors
from core.languages import load_languages
from core.overlay import CITY_PAGES, city_dir, language_dirs, page_path, shown_path
from core.project import CITY_SETTINGS
from core.text.yaml import YAMLError, load_strings
from core.text.yaml import load as load_yaml
from editorial.content.pages import Content, read_content
from editorial.content.structure import COMPANIES, HOME, OFFERS, TOOLKIT

TEMPLATES = Path(__file__).parent / "templates"
KINDS = ("offer", "company", "measure", "page")
FOLDERS = {"offer": OFFERS, "company": COMPANIES, "measure": TOOLKIT, "page": ""}
UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l", "ı": "i", "đ": "d", "ð": "d",
     "þ": "th", "ħ": "h", "ŋ": "n"}
)  # fmt: skip
# Names that Windows forbids for files, with any suffix.
WINDOWS_DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10))}
)
# Addresses that are taken at the top of the site: the staff area, and files of the build.
RESERVED_SLUGS = frozenset(
    {
        "eingang",
        "assets",
        "data",
        "pdf",
        "pagefind",
        "kim-preview",
        "404",
        "offline-fallback",
        "unavailable",
        "feed",
        "sitemap",
        "robots",
        "offline",
    }
)


class ScaffoldError(UserError):
    """Nothing was written; the German message gives reason and remedy."""


class ScaffoldResult(Struct, frozen=True):
    """The result of creating a page or a language.

    :ivar files: paths that are new or changed.
    :ivar next_steps: the next steps for a person, in German.
    """

    files: list[Path]
    next_steps: list[str]


def make_slug(title: str) -> str:
    """Return a title as part of an address: ``"Hilfe für Väter"`` becomes ``"hilfe-fuer-vaeter"``.

    :raises ScaffoldError: if nothing is left of it, or if it cannot be a file on every computer.
    """
    composed = unicodedata.normalize("NFC", title).casefold()
    plain = (
        unicodedata.normalize("NFKD", composed.translate(UMLAUTS))
        .replace("\u2044", "-")
        .encode("ascii", "ignore")
        .decode()
    )
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if not slug or slug == HOME:
        raise ScaffoldError(
            f"Aus „{title}“ lässt sich keine Adresse machen. Nehmen Sie einen deutschen Titel mit lateinischen Buchstaben; "
            "andere Sprachen bekommen ihren Titel in der Übersetzung."
        )
    if slug in WINDOWS_DEVICE_NAMES:
        raise ScaffoldError(f"„{slug}“ kann auf manchen Computern keine Datei heißen. Nehmen Sie einen längeren Titel.")
    return slug


def normalize_title(text: str) -> str:
    """Return a title as it is written into a page: composed letters, single blanks.

    :raises ScaffoldError: if it cannot be a title.
    """
    title = " ".join(unicodedata.normalize("NFC", text).split())
    if strange := next((sign for sign in title if not sign.isprintable()), None):
        raise ScaffoldError(f"Der Titel enthält das unsichtbare Zeichen U+{ord(strange):04X}. Tippen Sie ihn neu ab.")
    if not title or len(title) > 90 or re.search(r"[{}<>]", title):
        raise ScaffoldError("Der Titel hat 1 bis 90 Zeichen, ohne { } < und >.")
    return title


def unique_heading_id(slug: str, body: str) -> str:
    """Return the id of a page's first heading: it begins with a letter, and no other heading of the page has it."""
    return f"seite-{slug}" if slug[0].isdigit() or f"{{ #{slug} }}" in body else slug


def escape_markdown(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def german_dirs(docs: Path) -> list[Path]:
    """Return the folders with German pages; a section that only the municipality has is in its own."""
    return language_dirs(docs, "de")


def find_section(kind: str, folder: str | None, docs: Path) -> str:
    """Return the folder below ``docs/de`` that holds a page; empty for the top.

    :raises ScaffoldError: if there is none.
    """
    if folder and kind != "page":
        raise ScaffoldError(
            f"--in gilt nur für eine Seite (page). Dieser Befehl legt sie in docs/de/{FOLDERS[kind]} an."
        )
    named = (folder or "").replace("\\", "/").removeprefix("./").removeprefix("city/").removeprefix("docs/de/")
    parts = [part for part in named.split("/") if part] if kind == "page" else FOLDERS[kind].split("/")
    section = "/".join(parts)
    if any(part.startswith(".") for part in parts) or not any((one / section).is_dir() for one in german_dirs(docs)):
        raise ScaffoldError(
            f"Den Bereich „{section}“ gibt es unter docs/de nicht. Legen Sie zuerst seine Startseite {CITY_PAGES}/de/{section}/index.md an; "
            f"steht er in {CITY_SETTINGS} unter without:, streichen Sie ihn dort."
        )
    return section


def yaml_quote(text: str) -> str:
    """Return a text as a YAML scalar in one line."""
    return "'" + text.replace("'", "''") + "'"


def yaml_scalar(word: str) -> str:
    """Return a word as YAML 1.1 takes it for a text: ``no`` alone would be false."""
    try:
        plain = load_yaml(f"{{a: {word}}}") == {"a": word}
    except YAMLError:
        plain = False
    return word if plain else yaml_quote(word)


EXTRA_FRONT_MATTER = {
    "offer": "# Was es kostet: free, partly oder varies; und in welchen Sprachen es das Angebot gibt\noffer: {cost: varies}\n",
    "company": "",
    "measure": "# Wann der Werkzeugkasten die Hilfe zeigt. Ist der Text fertig: # am Anfang der nächsten Zeile löschen, anpassen,\n"
    "# und die Hilfe in docs/data/chooser.yml nennen. Welche Wörter gelten, steht dort oben.\n"
    "# measure: {wants: [job], stages: [start], obstacles: [], documents: [unknown], sizes: [small, medium, large], pays: nobody}\n",
    "page": "",
}
DEFAULT_AUDIENCE = {"offer": "newcomers", "company": "employers, everyone", "measure": "employers", "page": "everyone"}
DEFAULT_TOPIC = {"offer": "advice", "company": "companies", "measure": "work", "page": "kim"}


def draft_page(kind: str, title: str, section: str, content: Content, today: datetime.date) -> tuple[str, str]:
    """Return key and text of a new German page with its header explained; nothing is written.

    :param kind: one of :data:`KINDS`.
    :param section: the folder of a plain page; empty for the top.
    :raises ScaffoldError: if the title cannot be one, or the address is taken.
    """
    title = normalize_title(title)
    section, slug = FOLDERS[kind] or section, make_slug(title)
    key = f"{section}/{slug}" if section else slug
    if key in content.pages or any(name.startswith(f"{key}/") for name in content.pages):
        raise ScaffoldError(
            f"Unter der Adresse {key} gibt es schon etwas. Nehmen Sie einen anderen Titel oder ändern Sie die Seite."
        )
    old = next((page.key for page in content.pages.values() if key in page.front_matter.redirect_from), None)
    if old is not None:
        raise ScaffoldError(f"Die alte Adresse {key} führt zur Seite {old}. Nehmen Sie einen anderen Titel.")
    if not section and slug in RESERVED_SLUGS | {row.code for row in load_languages()}:
        raise ScaffoldError(f"Die Adresse /{slug}/ hat schon eine andere Bedeutung. Nehmen Sie einen anderen Titel.")
    body = (TEMPLATES / f"{kind}.md").read_text("utf-8")
    header = (TEMPLATES / "front_matter.md").read_text("utf-8").format(
        title=yaml_quote(title), order=next_order(content, section), audience=DEFAULT_AUDIENCE[kind], topics=DEFAULT_TOPIC[kind],
        extra=EXTRA_FRONT_MATTER[kind], as_of=f"{today:%Y-%m}", review_by=today + datetime.timedelta(days=183),
        heading=escape_markdown(title), anchor=unique_heading_id(slug, body),
    )  # fmt: skip
    return key, header + body


def new_page(
    kind: str, title: str, docs: Path, today: datetime.date, folder: str | None = None, for_all: bool = False
) -> ScaffoldResult:
    """Create a German page with its header explained.

    :param kind: one of :data:`KINDS`.
    :param folder: for a plain page, the section below ``docs/de`` that holds it; default is the top.
    :param for_all: whether other municipalities get the page, too; else it is in ``city/``, where there is such a folder.
    :raises ScaffoldError: if the title cannot be one, or the page exists.
    """
    title = normalize_title(title)
    section, slug = find_section(kind, folder, docs), make_slug(title)
    existing = page_path(docs, "de", f"{section}/{slug}" if section else slug)
    if existing.exists():
        raise ScaffoldError(
            f"{shown_path(docs, existing)} gibt es schon. Nehmen Sie einen anderen Titel oder ändern Sie die Seite."
        )
    if any((one / section / slug).exists() for one in german_dirs(docs)):
        raise ScaffoldError(
            f"Unter dieser Adresse steht schon der Bereich docs/de/{section and section + '/'}{slug}. Nehmen Sie einen anderen Titel."
        )
    shared, own = german_dirs(docs)
    path = (own if city_dir(docs).is_dir() and not for_all else shared) / section / f"{slug}.md"
    content = read_content(docs, load_languages())
    _key, text = draft_page(kind, title, section, content, today)
    files = [path]
    steps = [
        f"Schreiben Sie den Text in {shown_path(docs, path)}.",
        "`make check` sagt, was noch fehlt; `make run` zeigt die Seite.",
        "`.venv/bin/kim translations status` zeigt, welche Sprachen die Seite noch nicht haben.",
    ]
    facts = city_dir(docs) / "data" / "companies.yml"
    listed = add_company(facts, slug, title, today) if kind == "company" else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    if listed is not None:
        try:
            facts.parent.mkdir(parents=True, exist_ok=True)
            facts.write_text(listed, "utf-8")
        except OSError:
            path.unlink()  # nothing half
            raise
        files.append(facts)
        steps.insert(
            1, "Holen Sie die Zustimmung schriftlich ein. Erst dann: consent: given in city/data/companies.yml."
        )
        steps.insert(
            1,
            "Keine Namen von Beschäftigten, nichts über Aufenthaltsstatus oder Flucht, keine Werbung; auf Fotos nur, wer zugestimmt hat.",
        )
    if kind == "measure":
        steps.insert(1, "Danach: das # vor measure: löschen und die Hilfe in docs/data/chooser.yml nennen.")
    steps += [f"Eine andere Seite hat einen Fehler: {one}" for one in errors(content.findings)]
    return ScaffoldResult(files, steps)


def add_company(facts: Path, key: str, name: str, today: datetime.date) -> str:
    """Return ``companies.yml`` with an entry more.

    :raises ScaffoldError: if the company is there already, or the file cannot take one.
    """
    try:
        before = facts.read_text("utf-8") if facts.exists() else ""
        known = load_strings(before) or {}
        if key in known and not known[key].get("page"):  # so far a row of the list of companies
            line = f"  page: {COMPANIES}/{key}\n"
            after = re.sub(rf"(?m)^{re.escape(key)}:[^\S\n]*\n", lambda match: match[0] + line, before, count=1)
            if load_strings(after)[key].get("page") != f"{COMPANIES}/{key}":
                raise ValueError(key)
            return after
        if key in known:
            raise ScaffoldError(f"city/data/companies.yml hat schon einen Eintrag {key}.")
        after = before + ("" if before.endswith("\n") or not before else "\n") + company_entry(key, name, today)
        if load_strings(after)[key]["name"] != name:
            raise ValueError(key)
    except (YAMLError, UnicodeDecodeError, ValueError, TypeError, LookupError) as error:
        raise ScaffoldError(
            "In city/data/companies.yml lässt sich kein Betrieb eintragen. `make check` sagt, was daran nicht stimmt."
        ) from error
    return after


def company_entry(key: str, name: str, today: datetime.date) -> str:
    """Return a company's entry in ``companies.yml``, unconfirmed."""
    return (
        f"{key}:\n  name: {yaml_quote(name)}\n  role: wird ergänzt\n  consent: unknown\n  page: {COMPANIES}/{key}\n  source: own\n"
        f"  as_of: {today:%Y-%m}\n  confirmed: false\n  confirm: schriftliche Zustimmung und Angaben – Betrieb\n"
    )


def next_order(content: Content, section: str) -> int:
    """Return the place behind the last page of a section."""
    mine = [page.front_matter.order for page in content.pages.values()
            if page.key.rpartition("/")[0] == section and not page.key.endswith(HOME) and page.front_matter.order < 1000]  # fmt: skip
    return max(mine, default=0) + 10
