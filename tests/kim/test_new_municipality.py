"""The questions of ``kim new municipality``: each answer is checked at once, and stopping leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.project import ROOT
from core.text import yaml
from editorial.content.pages import page_files
from editorial.content.place_names import Kind, load_offices
from editorial.scaffold.municipality import Answers, place_forms, used_forms
from kim.commands.new import new
from tests.project import copy_project

ENTER = ""
WHOLE = ["Kreis Musterstadt", ENTER, "nw", ENTER, ENTER, ENTER, "https://willkommen.example.org/", "j", ENTER, "j"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("new") / "project", {"de", "en"}, city=False)


@pytest.fixture
def folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project without a municipality, before and after."""
    monkeypatch.setattr("kim.commands.new.ROOT", project)
    yield project
    shutil.rmtree(project / "city", ignore_errors=True)


def answer(*lines: str, args: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(new, ["municipality", *args], "".join(f"{line}\n" for line in lines))


def settings(folder: Path) -> dict[str, object]:
    return dict(yaml.load_strings((folder / "city/city.yml").read_text("utf-8")))


def test_ten_answers_make_the_folder_of_a_district(folder: Path) -> None:
    done = answer(*WHOLE)
    assert done.exit_code == 0, done.output
    place = yaml.load_strings((folder / "city/place.yml").read_text("utf-8"))
    assert place["kind"] == "district", "proposed because the name says so"
    assert place["forms"]["de"]["in"] == "im Kreis Musterstadt"
    made = settings(folder)
    assert made["languages"] == ["de", "en"]
    assert "!allianz/umfrage" in made["without"], "the results of the survey stay although nobody has written the section yet"  # type: ignore[operator]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "wrong", "reason"),
    [
        (0, "x", "mindestens 2 Zeichen"), (0, "Muster_stadt", "ohne Zeichen von Markdown"), (0, "n" * 45, "höchstens 44 Zeichen"),
        (1, "Dorf", "district_town"), (2, "xx", "das Kürzel des Landes"), (2, "Preußen", "das Kürzel des Landes"),
        (3, "de ro", "kim new language ro"), (3, "deutsch", "Diese Sprachen gibt es noch nicht"), (4, "<b>Amt</b>", "ohne Zeichen von Markdown"),
        (6, "http://willkommen.example.org/", "eine Adresse wie https://"), (6, "https://example.org/kim/", "eine Adresse wie https://"),
        (7, "vielleicht", "j (ja) oder n (nein)"), (8, "alianz", "Meinten Sie „allianz“"), (9, "hm", "j (ja) oder n (nein)"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_asked_for_again_with_the_reason(folder: Path, place: int, wrong: str, reason: str) -> None:
    done = answer(*WHOLE[:place], wrong, *WHOLE[place:])
    assert done.exit_code == 0, done.output
    assert reason in done.output
    assert settings(folder)["site_name"] == "KIM Kreis Musterstadt"


@pytest.mark.parametrize("place", range(len(WHOLE)))
def test_whoever_stops_leaves_nothing_behind_and_goes_on_with_what_was_answered(
    folder: Path, tmp_path: Path, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = answer(*WHOLE[:place])  # the input ends there
    assert stopped.exit_code == 1
    assert "Es ist nichts angelegt." in stopped.output
    assert not (folder / "city").exists()
    if place == 0:
        return
    lines = stopped.output.partition("bis hierher:\n\n")[2].partition("\nSpeichern Sie")[0]
    (tmp_path / "antworten.yml").write_text(lines, "utf-8")
    monkeypatch.setattr("kim.commands.new.is_terminal", lambda: True)
    done = answer(*WHOLE[place:], args=("--from", str(tmp_path / "antworten.yml")))
    assert done.exit_code == 0, done.output
    assert settings(folder)["site_url"] == "https://willkommen.example.org/"


def test_what_is_not_confirmed_at_the_end_is_not_made(folder: Path) -> None:
    done = answer(*WHOLE[:-1], "n")
    assert done.exit_code == 1
    assert "ändern Sie dort, was nicht stimmt" in " ".join(done.output.split())
    assert not (folder / "city").exists()


def test_no_question_is_asked_where_there_is_a_municipality(folder: Path) -> None:
    assert answer(*WHOLE).exit_code == 0
    done = answer(*WHOLE)
    assert done.exit_code == 1
    assert "city/ gibt es schon" in done.output
    assert "Name des Ortes" not in done.output


def test_without_a_survey_its_form_and_its_results_are_left_out(folder: Path) -> None:
    done = answer(*WHOLE[:7], "n", *WHOLE[8:])
    assert done.exit_code == 0, done.output
    assert {"arbeitgeber/erfahrungen", "allianz/umfrage"} <= set(settings(folder)["without"])  # type: ignore[call-overload]


def test_a_district_is_told_which_offices_lie_elsewhere_and_which_sections_nobody_has_written(folder: Path) -> None:
    """Every page that names such an office is told; a city knows its own."""
    told = answer(*WHOLE).output
    for role, name in load_offices(folder / "docs").items():
        pages = [
            key
            for key, path in page_files(folder / "docs", "de").items()
            if path.is_relative_to(folder / "docs") and name in path.read_text("utf-8")
        ]
        (line,) = [line for line in told.splitlines() if f"({role}): " in line] or [""]
        assert role == "integration" or not pages or all(key in line or "Seiten" in line for key in pages), (
            role,
            pages,
        )
    assert "noch niemand geschrieben" in told
    assert "betriebe" in told
    assert "city/docs/de/betriebe/index.md" in told or "city/docs/de/allianz/index.md" in told
    shutil.rmtree(folder / "city")
    assert "(youth): " not in answer("Beispielheim", "Stadt", *WHOLE[2:]).output


def test_the_results_of_the_survey_do_not_go_unnoticed_with_their_section(folder: Path) -> None:
    told = answer(*WHOLE[:8], "allianz", "j").output
    assert "!allianz/umfrage" in told
    stay = settings(folder)["without"]
    assert {"allianz", "!allianz/umfrage"} <= set(stay)  # type: ignore[call-overload]


def test_a_state_is_known_by_its_name_and_a_kind_by_its_german_word(folder: Path) -> None:
    done = answer("Beispielau", "Gemeinde", "Bayern", *WHOLE[3:])
    assert done.exit_code == 0, done.output
    assert settings(folder)["extra"]["municipality"]["state"] == "by"  # type: ignore[index]
    assert "kind: district_town" in (folder / "city/place.yml").read_text("utf-8")


@pytest.mark.parametrize("words", [["--from", "teil.yml"], ["--from", "leer.yml"]])
def test_a_file_that_is_not_whole_is_refused_where_nobody_can_be_asked(
    folder: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "teil.yml").write_text("name: Kreis Musterstadt\n", "utf-8")
    (tmp_path / "leer.yml").write_text("", "utf-8")
    done = answer(args=(words[0], str(tmp_path / words[1])))
    assert done.exit_code == 1
    assert "authority" in done.output or "keine Antworten" in done.output
    assert not (folder / "city").exists()


@pytest.mark.slow
def test_control_c_at_a_real_terminal_leaves_nothing_behind_and_the_next_call_works(folder: Path) -> None:
    def type_in(keys: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "kim", "new", "municipality"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: os.set_blocking(0, True),
        ) as process:  # fmt: skip
            os.close(theirs)
            os.write(ours, keys.encode())
            shown = b""
            while chunk := read(ours):
                shown += chunk
            os.close(ours)
            return process.wait(), shown.decode("utf-8", "replace")

    def read(ours: int) -> bytes:
        try:
            return os.read(ours, 4096)
        except OSError:  # the command has ended
            return b""

    code, shown = type_in("Kreis Musterstadt\n\n\x04")
    assert code == 1, shown
    assert "Es ist nichts angelegt." in shown
    assert "Traceback" not in shown
    assert not (folder / "city").exists()
    code, shown = type_in("".join(f"{line}\n" for line in WHOLE))
    assert code == 0, shown
    assert "geschrieben: city/place.yml" in shown
    assert not list(folder.glob(".city*"))


@pytest.mark.parametrize(
    ("kind", "name", "code", "form", "expected"),
    [
        ("district", "Kreis Musterstadt", "uk", "in", "в районі Musterstadt"),
        ("district", "Landkreis Musterstadt", "uk", "with_authority", "управлінням району Musterstadt"),
        ("district", "Rhein-Muster-Kreis", "ru", "of", "района Rhein-Muster-Kreis"),
        ("district", "Kreis Musterstadt", "pl", "near", "w powiecie Musterstadt lub w pobliżu"),
        ("district", "Kreis Musterstadt", "de", "near", "im Kreis Musterstadt oder in der Nähe"),
        ("district", "Region Musterstadt", "de", "near", "in der Region Musterstadt oder in der Nähe"),
        ("district", "Kreis Musterstadt", "en", "near", "in Kreis Musterstadt or nearby"),
        ("city", "Beispielheim", "de", "near", "in der Nähe von Beispielheim"),
        ("district", "Kreis Musterstadt", "tr", "from", "Musterstadt ilçesinden"),
        ("district", "Kreis Musterstadt", "ar", "by", "بمقاطعة Musterstadt"),
        ("district", "Kreis Musterstadt", "fa", "in", "در شهرستان Musterstadt"),
        ("district", "Kreis Musterstadt", "fa", "programme", "KIM Kreis Musterstadt"),
        ("city", "Beispielheim", "pl", "in", "w mieście Beispielheim"),
        ("city", "Hansestadt Beispielheim", "ru", "dative", "городу Beispielheim"),
        ("district_town", "Beispielheim", "tr", "which_in", "Beispielheim şehrindeki"),
        ("district_town", "Gemeinde Beispieldorf", "uk", "in", "Gemeinde Beispieldorf"),
    ],
)
def test_in_languages_with_cases_a_noun_bears_the_ending_of_a_new_place(
    kind: Kind, name: str, code: str, form: str, expected: str
) -> None:
    answers = Answers(name=name, authority="Verwaltung", url="https://willkommen.example.org/", kind=kind)
    assert place_forms(answers, code, [form])[form] == expected


def test_each_form_that_a_language_uses_is_known_for_city_and_district() -> None:
    rows = yaml.load_strings((ROOT / "docs/data/place_forms.yml").read_text("utf-8"))
    for kind, languages in rows.items():
        for code, forms in languages.items():
            assert set(used_forms(ROOT, code)) - {"name", "programme"} <= set(forms), (kind, code)
            assert all("{name}" in form for form in forms.values())


@pytest.mark.slow
def test_the_first_check_of_a_district_finds_nothing_in_any_language(tmp_path: Path) -> None:
    """No left-over city, no office word without its German, no faulty form of the name."""
    folder = copy_project(tmp_path / "project", city=False)
    (folder / "answers.yml").write_text(
        "name: Kreis Musterstadt\nkind: district\nauthority: Kreisverwaltung Musterstadt\nurl: https://willkommen.example.org/\n"
        "without: [allianz]\n",
        "utf-8",
    )
    for words in (["new", "municipality", "--from", "answers.yml"], ["translations", "update"], ["check"]):
        done = subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
    assert [line for line in done.stdout.splitlines() if re.search(r"^\S+ +(?:city/)?docs/\w\w/", line)] == []
