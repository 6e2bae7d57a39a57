"""The rule table of the toolkit (``docs/data/chooser.yml``): reading it, checking it, and writing it for handler and browser."""

import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from core.findings import Finding
from core.languages import Language, default_language
from core.project import ROOT
from core.text import yaml
from editorial.content.data_file import read_data_file
from editorial.content.front_matter import NON_EMPTY, Document, Obstacle, OfferKind, Size
from editorial.content.pages import Content, Page
from editorial.content.schema import StrictStruct, set_fields
from editorial.content.structure import TOOLKIT, index_of
from form_handler.toolkit.recommend import all_answer_combinations, is_applicable, reason_texts, recommend

RULES_PATH = "docs/data/chooser.yml"


class Condition(StrictStruct, frozen=True, kw_only=True):
    """The answers of an employer; every answer named here has to be given."""

    want: OfferKind | None = None
    obstacle: Obstacle | None = None
    document: Document | None = None
    size: Size | None = None

    def __post_init__(self) -> None:
        """Refuse a rule without an answer, which would always hold; for that there is ``always``."""
        if not set_fields(self):
            raise ValueError("eine Regel braucht mindestens eine Antwort; was immer passt, steht unter always")


class Rule(StrictStruct, frozen=True, kw_only=True):
    """If these answers were given, show these measures."""

    when: Condition
    show: Annotated[list[str], NON_EMPTY]
    first: bool = False


class RuleSet(StrictStruct, frozen=True, kw_only=True):
    """All rules, the fallback measure and the length of a list."""

    rules: Annotated[list[Rule], NON_EMPTY]
    always: str
    most: Annotated[int, Meta(ge=1, le=12)]


def load_rules(path: Path = ROOT / RULES_PATH) -> RuleSet | list[Finding]:
    """Return the rules, or findings if the file cannot be read."""
    hint = "Oben in der Datei steht, welche Wörter erlaubt sind."
    return read_data_file(RuleSet, path, RULES_PATH, hint, code="toolkit")


def rule_lines(path: Path = ROOT / RULES_PATH) -> dict[int, int]:
    """Return the line on which each rule begins."""
    data, node = yaml.load_file(path)
    return {number: yaml.line_of(node, ("rules", number)) for number in range(len(data["rules"]))}


def toolkit_json(table: RuleSet, content: Content, language: Language) -> dict[str, Any]:
    """Return rules, measures and words of one language as plain data for handler and browser."""
    from form_handler.forms import FORMS  # late: WTForms is loaded where forms or their addresses are needed

    measures = {}
    for page in measure_pages(content):
        text = page.text(language)
        facts = page.front_matter.measure
        assert facts is not None
        translated = page.is_translated(language)
        measures[page.key.rpartition("/")[2]] = {
            "title": text.front_matter.title,
            "text": text.front_matter.description,
            "url": page.url(language),
            "lang": None if translated else default_language().code,
            "order": page.front_matter.order,
            "stages": list(facts.stages),
            "want": list(facts.wants),
            "document": list(facts.documents),
            "size": list(facts.sizes),
        }
    return {
        "rules": [
            {"when": set_fields(rule.when), "show": offered_measures(rule.show, content), "first": rule.first}
            for rule in table.rules
        ],
        "always": table.always,
        "most": table.most,
        "measures": measures,
        "take_part": language.root + FORMS["participation"].slug,
        "reasons": reason_texts(),
    }


def offered_measures(keys: Iterable[str], content: Content) -> list[str]:
    """Return the measures of a rule without those whose page the municipality leaves out."""
    return [key for key in keys if not content.leaves_out(f"{TOOLKIT}/{key}")]


def measure_pages(content: Content) -> list[Page]:
    """Return the pages of the toolkit, in their order."""
    pages = [page for page in content.pages.values() if page.front_matter.measure is not None]
    return sorted(pages, key=lambda page: (page.front_matter.order, page.key))


def check_rules(content: Content, path: Path = ROOT / RULES_PATH) -> list[Finding]:
    """Return findings on the rules: unknown measures, contradictions, unreachable rules, measures on no list."""
    table = load_rules(path)
    if isinstance(table, list):
        return table
    if content.leaves_out(index_of(TOOLKIT)):
        return []
    lines = rule_lines(path)
    data = toolkit_json(table, content, default_language())
    known = data["measures"]
    found: list[Finding] = []
    for number, rule in enumerate(table.rules):
        when = {question: (key,) for question, key in set_fields(rule.when).items()}
        for key in offered_measures(rule.show, content):
            if key not in known:
                found.append(
                    Finding(RULES_PATH, lines[number], f"Die Hilfe „{key}“ gibt es nicht.",
                            f"Der Name ist der einer Datei in docs/de/{TOOLKIT}/ mit measure: im Kopf.", code="toolkit")
                )  # fmt: skip
            elif not is_applicable(known[key], when):
                found.append(
                    Finding(RULES_PATH, lines[number], f"Widerspruch: „{key}“ ist für diese Antwort gar nicht gedacht.",
                            f"Prüfen Sie measure: in docs/de/{TOOLKIT}/{key}.md oder streichen Sie die Hilfe aus der Regel.", code="toolkit")
                )  # fmt: skip
        twins = [other for other in table.rules[:number] if other.when == rule.when]
        if twins:
            found.append(
                Finding(RULES_PATH, lines[number], "Diese Antworten hat schon eine Regel weiter oben.",
                        "Fassen Sie beide Regeln zu einer zusammen.", code="toolkit")
            )  # fmt: skip
    if table.always not in known:
        found.append(
            Finding(
                RULES_PATH,
                1,
                f"Die Hilfe „{table.always}“ gibt es nicht.",
                "Prüfen Sie die Zeile always:.",
                code="toolkit",
            )
        )
    if not found:
        found += _unreachable_rules(table, data, lines)
    return found


def _unreachable_rules(table: RuleSet, data: Mapping[str, Any], lines: Mapping[int, int]) -> Iterator[Finding]:
    """Yield rules that never bring a measure onto a list, and measures that are on no list."""
    shown: set[str] = set()
    at_work: set[int] = set()
    combinations = list(all_answer_combinations())
    random.Random(0).shuffle(combinations)  # noqa: S311 - so that each rule and measure is seen soon
    for answers in combinations:
        listed = {one["key"] for one in recommend(data, answers)}
        shown |= listed
        for number, rule in enumerate(data["rules"]):
            if number not in at_work and all(key in answers[question] for question, key in rule["when"].items()):
                at_work |= {number} if listed & set(rule["show"]) else set()
        if len(at_work) == len(table.rules) and shown >= data["measures"].keys():
            break  # each rule and each measure has been seen
    for number in range(len(table.rules)):
        if number not in at_work and data["rules"][number]["show"]:
            yield Finding(RULES_PATH, lines[number], "Diese Regel bringt nie eine Hilfe auf die Liste.",
                          "Streichen Sie sie oder stellen Sie sie weiter nach oben.", code="toolkit")  # fmt: skip
    for key in sorted(data["measures"].keys() - shown):
        yield Finding(f"docs/de/{TOOLKIT}/{key}.md", 0, "Keine Regel des Werkzeugkastens führt zu dieser Hilfe.",
                      f"Nennen Sie sie in {RULES_PATH}, oder nehmen Sie measure: aus dem Kopf.", code="toolkit")  # fmt: skip
