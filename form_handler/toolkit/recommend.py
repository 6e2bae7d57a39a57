"""The rules of the toolkit: recommend measures for an employer's answers, in order, with reasons.

:func:`recommend` runs on plain data, which the build writes as
``massnahmen.json`` for each language and the handler reads. ``overrides/assets/chooser.js`` holds the same rules
in the browser; a test compares both over every kind of answer.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.gettext import gettext as _
from core.project import is_left_out, parts_left_out

# Addresses below a language's root: the toolkit, the list for given answers, and the data of both.
TOOLKIT_PATH = "arbeitgeber/werkzeugkasten/"
RESULT_PATH = TOOLKIT_PATH + "auswahl/"
DATA_PATH = TOOLKIT_PATH + "massnahmen.json"
QUESTIONS = ("want", "obstacle", "document", "size")
Answers = Mapping[str, Sequence[str]]


def is_offered() -> bool:
    """Return whether the site has the toolkit: a municipality may leave it out (``without:`` in ``city/city.yml``)."""
    return not is_left_out(f"{TOOLKIT_PATH}index", parts_left_out())


def recommend(data: Mapping[str, Any], answers: Answers) -> list[dict[str, Any]]:
    """Return the measures that fit, the first step first and the talk with the office last.

    ``answers`` holds for each of :data:`QUESTIONS` the keys that were chosen (at most one for all but ``obstacle``).
    Each result has ``key``, ``first`` and ``why``: the answers it is there for, as ``"question:key"``.
    The list is never empty.
    """
    found: dict[str, dict[str, Any]] = {}
    for position, rule in enumerate(data["rules"]):
        if not all(key in answers.get(question, ()) for question, key in rule["when"].items()):
            continue
        for rank, key in enumerate(rule["show"]):
            if not is_applicable(data["measures"][key], answers):
                continue
            entry = found.setdefault(
                key, {"key": key, "first": False, "why": [], "points": 0, "place": (position, rank)}
            )
            entry["first"] = entry["first"] or rule["first"]
            entry["points"] += len(rule["when"])
            why = [f"{question}:{answer}" for question, answer in rule["when"].items()]
            entry["why"] += [reason for reason in why if reason not in entry["why"]]
    best = sorted(found.values(), key=lambda one: (not one["first"], -one["points"], one["place"]))
    selected = [one for one in best if one["key"] != data["always"]][: data["most"]]
    last = {
        "key": data["always"],
        "first": not selected,
        "why": ["always"],
        "points": 0,
        "place": (len(data["rules"]), 0),
    }
    return [{name: one[name] for name in ("key", "first", "why")} for one in [*selected, last]]


def is_applicable(measure: Mapping[str, Any], answers: Answers) -> bool:
    """Return whether a measure applies to these answers; an unanswered question excludes nothing."""
    return all(
        not answers.get(question) or set(answers[question]) & set(measure[question])
        for question in ("want", "document", "size")
    )


def choice_labels() -> dict[str, list[tuple[str, str]]]:
    """Return the choices of each question, in the current language."""
    return {
        "want": [
            ("internship", _("An internship")),
            ("training", _("Vocational training")),
            ("job", _("A job")),
        ],
        "obstacle": [
            ("language", _("German")),
            ("paperwork", _("Applications and immigration status")),
            ("qualification", _("Qualifications and certificates")),
            ("housing", _("Housing")),
            ("childcare", _("Childcare")),
            ("mobility", _("The journey to work")),
            ("culture", _("Different habits at work")),
            ("candidates", _("Finding the right people")),
        ],
        "document": [
            ("eu", _("Citizen of the European Union")),
            ("settlement", _("Settlement permit (Niederlassungserlaubnis)")),
            ("residence", _("Residence permit (Aufenthaltserlaubnis)")),
            ("section24", _("Temporary protection, § 24 (people from Ukraine)")),
            ("gestattung", _("Still in the asylum procedure (Aufenthaltsgestattung)")),
            ("duldung", _("Temporary suspension of deportation (Duldung)")),
            ("abroad", _("The person still lives abroad")),
            ("unknown", _("I do not know")),
        ],
        "size": [
            ("small", _("Up to 49 people")),
            ("medium", _("50 to 249 people")),
            ("large", _("250 people or more")),
        ],
    }


def reason_texts() -> dict[str, str]:
    """Return the sentence for each reason why a measure is there, in the current language."""
    sentences = {
        "want": lambda words: _("because you want to offer: %(answer)s", answer=words),
        "obstacle": lambda words: _("because you named this as a difficulty: %(answer)s", answer=words),
        "document": lambda words: _("because of the person's document: %(answer)s", answer=words),
        "size": lambda words: _("because of the size of your company: %(answer)s", answer=words),
    }
    found = {
        f"{question}:{key}": sentences[question](words)
        for question, choices in choice_labels().items()
        for key, words in choices
    }
    return {**found, "always": _("because a conversation always helps and is without obligation")}


def stage_labels() -> list[tuple[str, str]]:
    """Return the stages from application to employment, in order, with their words."""
    return [
        ("meet", _("Getting to know each other")),
        ("start", _("Starting work")),
        ("train", _("Vocational training")),
        ("keep", _("Staying with the company")),
    ]


def parse_answers(given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the valid choices of a query, each once; at most one for a question with one answer."""
    found = {}
    for question, choices in choice_labels().items():
        selected = [key for key, _words in choices if key in given.get(question, ())]
        found[question] = selected if question == "obstacle" else selected[:1]
    return found


def all_answer_combinations(most_obstacles: int = 2) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield every combination of answers, with a maximum number of obstacles."""

    def keys(question: str) -> list[str]:
        return [key for key, _words in choice_labels()[question]]

    one = {question: [(), *((key,) for key in keys(question))] for question in ("want", "document", "size")}
    obstacles = [
        some for count in range(most_obstacles + 1) for some in itertools.combinations(keys("obstacle"), count)
    ]
    for want, document, size, some in itertools.product(one["want"], one["document"], one["size"], obstacles):
        yield {"want": want, "obstacle": some, "document": document, "size": size}
