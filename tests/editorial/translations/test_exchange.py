"""What goes to translators comes back byte for byte; what must not come in does not, and nothing is half written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from core.files import write_files
from editorial.content.pages import read_content
from editorial.translations.exchange import (
    ImportRejectedError,
    ImportResult,
    export,
    import_files,
    page_units,
    read_file,
)
from editorial.translations.lockfile import Lock, load_lock
from editorial.translations.segments import normalize
from editorial.translations.units import Unit, merge_translations, yaml_scalar
from editorial.translations.validation import segment_errors
from tests.conftest import full_or_sample
from tests.editorial.conftest import LANGUAGES, Tree
from tests.editorial.translations.conftest import Desk
from tests.languages import SAMPLE_LANGUAGES

TOOLS = Path(sys.executable).parent


def sent(desk: Desk, code: str, only: str = "all", form: str = "xliff") -> Path:
    """Write the file for a translator."""
    content = read_content(desk.docs, desk.languages)
    language = next(row for row in desk.languages if row.code == code)
    lock = load_lock(desk.docs)
    text, _ = export(desk.docs, content.pages.values(), language, lock, only, form)  # type: ignore[arg-type]
    path = desk.docs.parent / f"{code}.{'po' if form == 'po' else 'xlf'}"
    path.write_text(text, "utf-8")
    return path


def came_back(desk: Desk, path: Path, code: str | None = None) -> ImportResult:
    """Read a file from a translator."""
    content = read_content(desk.docs, desk.languages)
    return import_files(desk.docs, content.pages, desk.languages, load_lock(desk.docs), [path], code)


def refused(desk: Desk, path: Path, code: str | None = None) -> str:
    """Return why a file is not taken; every reason names file and remedy."""
    with pytest.raises(ImportRejectedError) as caught:
        came_back(desk, path, code)
    assert all(finding.file and finding.hint for finding in caught.value.findings)
    return str(caught.value)


def edit(path: Path, old: str, new: str) -> Path:
    """Replace words in a translator's file."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return path


@pytest.mark.slow
def test_every_page_comes_back_unchanged_through_standard_tools_as_well(real: Desk) -> None:
    content, lock = read_content(real.docs, real.languages), load_lock(real.docs)
    translated = 0
    for language in full_or_sample(real.languages, SAMPLE_LANGUAGES):
        if language.default:
            continue
        files = {form: sent(real, language.code, form=form) for form in ("xliff", "po")}
        ways = {"xliff2po": (files["xliff"], ".tool.po"), "po2xliff": (files["po"], ".tool.xlf")}
        if language.code in {"uk", "ar"}:  # each tool starts for seconds; a left-to-right and a right-to-left language
            for tool, (path, end) in ways.items():
                command = [TOOLS / tool, "--progress=none", path, path.with_suffix(end)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                assert done.stderr == ""
                files[tool] = path.with_suffix(end)
        for path in files.values():
            made = import_files(real.docs, content.pages, real.languages, lock, [path], language.code)
            assert made.files == {}, path
            mine = {page.key for page in content.pages.values() if page.is_translated(language)}
            assert {key for key, _ in made.pages} == mine
            translated += len(mine)
    assert translated > 300


def test_every_paragraph_put_back_into_its_place_gives_the_same_file(real: Desk) -> None:
    content, lock = read_content(real.docs, real.languages), load_lock(real.docs)
    for language in real.languages:
        for page in content.pages.values():
            if not language.default and page.is_translated(language):
                german, own, units = page_units(real.docs, page, language, lock)
                assert own
                answers = {unit.id.partition("#")[2]: unit.target for unit in units if unit.target}
                assert merge_translations(german, own, answers) == own.text, own


def test_a_standard_checker_reads_the_file(real: Desk) -> None:
    code = real.languages[-1].code if all(row.code != "uk" for row in real.languages) else "uk"
    path = sent(real, code, form="po")
    out = path.with_suffix(".filter.po")
    tests = [f"--test={name}" for name in ("blank", "escapes", "newlines", "doublespacing", "printf")]
    command = [TOOLS / "pofilter", "--progress=none", f"--language={code}", *tests, path, out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "(pofilter) escapes" not in (out.read_text("utf-8") if out.exists() else "")


@pytest.mark.parametrize("form", ["xliff", "po"])
def test_a_translated_paragraph_lands_in_its_place_and_nowhere_else(desk: Desk, form: str) -> None:
    before = (desk.docs / "en/kurse.md").read_text("utf-8")
    path = edit(sent(desk, "en", form=form), "The book costs money.", "You pay for the book.")
    made = came_back(desk, path)
    assert list(made.files) == [desk.docs / "en/kurse.md"]
    assert made.files[desk.docs / "en/kurse.md"].decode() == before.replace(
        "The book costs money.", "You pay for the book."
    )


@pytest.mark.parametrize("form", ["xliff", "po"])
def test_a_new_page_takes_its_form_from_the_german_one(desk: Desk, form: str) -> None:
    (desk.docs / "en/kurse.md").unlink()
    path = sent(desk, "en", "missing", form)
    text = path.read_text("utf-8")
    words = {"Kurse": "Courses: all", "Das Buch kostet Geld.": "The book costs money."}
    if form == "po":
        text = re.sub(
            r'msgid "(.+)"\nmsgstr ""', lambda m: f'msgid "{m[1]}"\nmsgstr "{words.get(m[1], "EN " + m[1])}"', text
        )
    else:
        text = re.sub(
            r"(<source[^>]*>)([^<]+)(</source>\n<target[^>]*>)</target>",
            lambda m: f"{m[1]}{m[2]}{m[3]}{words.get(m[2], 'EN ' + m[2])}</target>",
            text,
        )
    path.write_text(text, "utf-8")
    (made,) = [data.decode() for file, data in came_back(desk, path).files.items() if file.name == "kurse.md"]
    german = (desk.docs / "de/kurse.md").read_text("utf-8")
    assert made.startswith(
        "---\ntitle: 'Courses: all'\ndescription: EN Ein ganzer Satz über diese Seite.\n---\n\n# Courses: all { #kurse }"
    )
    assert "- EN Der Kurs ist kostenlos.\n- The book costs money.\n\n| EN Tag | Ort |\n|---|---|\n" in made
    assert len(made.strip().splitlines()) == len(german.strip().splitlines()) - 2


def test_only_what_is_stale_goes_out_and_coming_back_renews_it(desk: Desk) -> None:
    desk.change("de/kurse.md", "Ein Kurs beginnt im März.", "Ein Kurs beginnt im April.")
    path = sent(desk, "en", "stale")
    assert path.read_text("utf-8").count("<trans-unit") == 1
    assert 'state="needs-adaptation">A course begins in March.' in path.read_text("utf-8")
    assert came_back(desk, path).untouched == ["kurse#kurse.1"], "nothing was done, so nothing is renewed"
    write_files(came_back(desk, edit(path, "March", "April")).files)
    assert list(desk.stale()) == [("kurse", "ar")]


def test_a_new_german_section_goes_out_and_comes_back_in_its_place(desk: Desk) -> None:
    desk.change("de/kurse.md", "## Kosten", "## Termine { #termine }\n\nIm März.\n\n## Kosten")
    path = sent(desk, "en", "stale")
    edit(
        edit(path, 'needs-translation"></target>', 'needs-translation">Dates</target>'),
        'Im März.</source>\n<target xml:lang="en" state="needs-translation">Dates',
        'Im März.</source>\n<target xml:lang="en" state="needs-translation">In March.',
    )
    (made,) = came_back(desk, path).files.values()
    assert "You can register now.\n\n## Dates { #termine }\n\nIn March.\n\n## Costs" in made.decode()


def test_a_section_that_is_cut_differently_goes_out_as_one_piece(desk: Desk) -> None:
    desk.change("de/kurse.md", "- Das Buch kostet Geld.", "- Das Buch kostet Geld.\n- Essen gibt es auch.")
    path = sent(desk, "en", "stale")
    assert "kurse#kosten" in path.read_text("utf-8")
    assert came_back(desk, path).files == {}
    assert "anders aufgebaut" in refused(desk, edit(path, "- The course is free.\n", "- The course is free, really.\n"))
    edit(path, "- The book costs money.\n", "- The book costs money.\n- There is food.\n")
    write_files(came_back(desk, path).files)
    assert list(desk.stale()) == [("kurse", "ar")]


RICH = """# Kurse { #kurse }

Rufen Sie {{ tel.fire }} an, oder lesen Sie [Kontakt](kontakt.md#weg) **genau**.

!!! note "Wichtig"

    Ein Text im Kasten.

| Tag | Ort |
|---|---|
| Montag | Rathaus |

[Weiter](kontakt.md){ .button }
"""


@pytest.fixture
def rich(desk: Desk) -> Path:
    """A file for a translator with everything that can break."""
    for code in ("de", "en"):
        path = desk.docs / code / "kurse.md"
        path.write_text("---\n" + path.read_text("utf-8").split("---\n")[1] + "---\n\n" + RICH, "utf-8")
    desk.update()
    return sent(desk, "en")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{{ tel.fire }}", "{{ tel.feuer }}", "es fehlt {{ tel.fire }}"),
        ("{{ tel.fire }}", "112", "es fehlt {{ tel.fire }}"),
        ("{{ tel.fire }} an", "{{ tel.fire }} {{ an", "zu viel ist {{"),
        ("kontakt.md#weg", "kontakt.md#way", "andere Links"),
        ("[Kontakt](kontakt.md#weg)", "Kontakt", "es fehlt (kontakt.md#weg)"),
        ("{ .button }", "", "andere Kennungen"),
        ("**genau**", "**genau*", "einzelnes **"),
        ("genau", "&lt;b&gt;genau&lt;/b&gt;", "HTML"),
        ("Montag | Rathaus", "Montag, Rathaus", "1 Zellen, die Tabelle 2"),
        ("Wichtig", 'Sehr "wichtig"', "Anführungszeichen"),
        ("Ein Text im Kasten.", "# Ein Text im Kasten.", "anders aufgebaut"),
        ("Ein Text im Kasten.", "!!! tip", "anders aufgebaut"),
        ("Ein Text im Kasten.", "```", "anders aufgebaut"),
        ("Ein Text im Kasten.", "- Ein Text im Kasten.", "anders aufgebaut"),
        ("Ein Text im Kasten.", "\ue000 Text", "Steuerzeichen"),
        ("Ein Text im Kasten.", "", "ist leer"),
        ("Ein Text im Kasten.", "Натисніть тут, щоб прочитати текст у рамці.", "nicht auf English"),
        ("Ein ganzer Satz über diese Seite.", "Zu kurz.", "description"),
        ("Ein ganzer Satz über diese Seite.", "Ein Satz mit {Klammern} darin.", "description"),
    ],
)
@pytest.mark.parametrize("form", ["xliff", "po"])
def test_what_breaks_a_page_is_refused_with_the_reason(
    desk: Desk, rich: Path, form: str, old: str, new: str, words: str
) -> None:
    before = {path: path.read_bytes() for path in desk.docs.rglob("*.md")}
    path = sent(desk, "en", form=form)
    text = path.read_text("utf-8")
    if form == "po":
        new = new.replace("&lt;", "<").replace("&gt;", ">").replace('"', '\\"')
        text = re.sub(r"^msgstr.*$", lambda m: m[0].replace(old, new), text, flags=re.MULTILINE)
    else:
        text = re.sub(r"<target.*</target>", lambda m: m[0].replace(old, new), text)
    path.write_text(text, "utf-8")
    assert words in refused(desk, path)
    assert {path: path.read_bytes() for path in desk.docs.rglob("*.md")} == before


def test_what_was_made_from_an_older_german_text_is_refused_with_its_line(desk: Desk) -> None:
    path = sent(desk, "en")
    desk.change("de/kurse.md", "Ein Kurs beginnt im März.", "Ein Kurs beginnt im April.")
    assert re.search(r"en\.xlf:\d+: Absatz kurse#kurse\.1 beruht auf einem älteren deutschen Text", refused(desk, path))


def test_what_somebody_changed_here_in_the_meantime_is_not_overwritten(desk: Desk) -> None:
    path = edit(sent(desk, "en"), "The book costs money.", "You pay for the book.")
    desk.change("en/kurse.md", "A course begins in March.", "One course begins in March.")
    (made,) = came_back(desk, path).files.values()
    assert "One course begins" in made.decode(), "a paragraph that came back untouched stays as it is here"
    desk.change("en/kurse.md", "The book costs money.", "The book is not free.")
    assert "inzwischen geändert" in refused(desk, path)


def test_another_language_than_expected_is_refused(desk: Desk) -> None:
    path = sent(desk, "en")
    assert "nicht für „ar“" in refused(desk, path, "ar")
    assert "nennt keine Sprache" in refused(desk, edit(path, 'target-language="en"', 'target-language="fr"'))


def test_a_page_that_is_still_german_is_refused(desk: Desk) -> None:
    (desk.docs / "en/kurse.md").unlink()
    path = sent(desk, "en", "missing")
    text = re.sub(r"(<source[^>]*>)([^<]+)(</source>\n<target[^>]*>)", r"\1\2\3\2", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    assert "noch deutsch" in refused(desk, path)


def test_a_page_that_is_half_done_is_refused_and_one_not_begun_is_left_out(desk: Desk) -> None:
    (desk.docs / "en/kurse.md").unlink()
    path = sent(desk, "en", "missing")
    assert "Nichts darin ist übersetzt" in refused(desk, path)
    edit(
        path,
        'Ein Kurs beginnt im März.</source>\n<target xml:lang="en" state="needs-translation">',
        'Ein Kurs beginnt im März.</source>\n<target xml:lang="en" state="needs-translation">A course',
    )
    assert "ist leer" in refused(desk, path)


def test_what_other_programs_add_to_a_file_does_no_harm(desk: Desk) -> None:
    path = edit(sent(desk, "en"), 'state="translated">The book costs money.</target>',
                '><mrk mtype="seg" mid="0">You pay </mrk><mrk mtype="seg" mid="1">for the book.</mrk></target>'
                "<alt-trans><source>x</source><target>Something else</target></alt-trans>")  # fmt: skip
    edit(
        path,
        '</source>\n<target xml:lang="en" state="translated">You can',
        "</source><seg-source>x</seg-source>\n  <target>  You  can",
    )
    (made,) = came_back(desk, path).files.values()
    assert "- You pay for the book.\n" in made.decode()
    assert "You can register now." in made.decode()


HEAD = '<?xml version="1.0"?>\n'
ROOT = '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
BOMB = HEAD + "<!DOCTYPE x [\n" + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">\n' for n in range(12)
) + "]>\n" + ROOT + "<file><body>&a11;</body></file></xliff>"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlf", b"", "kein g\xfcltiges XML"),
        ("a.xlf", b"PK\x03\x04", "kein gültiges XML"),
        ("a.xlf", b"<xliff", "kein gültiges XML"),
        ("a.xlf", b"<html/>", "XLIFF 1.2"),
        ("a.xlf", b'<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0"/>', "XLIFF 1.2"),
        ("a.xlf", BOMB.encode(), "a.xlf:2: Die Datei bringt einen eigenen Dokumenttyp"),
        ("a.xlf", f'{HEAD}<!DOCTYPE x SYSTEM "file:///etc/passwd">{ROOT}</xliff>'.encode(), "Dokumenttyp"),
        (
            "a.xlf",
            f'{HEAD}<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>{ROOT}<file>&y;</file></xliff>'.encode(),
            "Dokumenttyp",
        ),
        ("a.xlf", b'<?xml version="1.0" encoding="x-none"?><a/>', "a.xlf"),
        ("a.xlf", f"{ROOT}</xliff>".encode(), "kein Absatz"),
        ("a.po", b"\xff\xfe\x00", "a.po"),
        ("a.po", b'msgid "a\nmsgstr "b"\n', "a.po"),
        ("a.po", b"", "kein Absatz"),
        ("a.docx", b"x", "Endung"),
    ],
)
def test_a_hostile_or_broken_file_is_refused(desk: Desk, tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert words in refused(desk, path, "en")


def test_a_place_outside_the_pages_is_not_written(desk: Desk) -> None:
    path = edit(sent(desk, "en"), "kurse#", "../../../tmp/x#")
    assert "gibt es nicht" in refused(desk, path)


def test_one_bad_page_keeps_all_good_ones_out(desk: Desk) -> None:
    text = (desk.docs / "en/kurse.md").read_text("utf-8")
    (desk.docs / "en/kontakt.md").write_text(text.split("# ")[0] + "# Contact { #top }\n", "utf-8")
    path = edit(sent(desk, "en"), ">Contact<", ">Contact us<")
    assert [file.name for file in came_back(desk, path).files] == ["kontakt.md"]
    assert "1 Zellen" in refused(desk, edit(path, "Monday | Town hall", "Monday"))


def test_line_ends_of_a_file_stay_as_they_are(desk: Desk) -> None:
    path = desk.docs / "en/kurse.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    (made,) = came_back(desk, edit(sent(desk, "en"), "You can register now.", "Register now.")).files.values()
    assert made == before.replace(b"You can register now.", b"Register now.")


def test_all_files_are_written_or_none(desk: Desk, tmp_path: Path) -> None:
    good, blocked = tmp_path / "a.md", tmp_path / "b.md"
    good.write_text("old")
    blocked.mkdir()
    (blocked / "x").touch()
    with pytest.raises(OSError):
        write_files({good: b"new", blocked: b"new"})
    assert good.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("text", ["Kurse", "a: b", "'x'", "- a", "yes", "2026-01-01", "#x", "{a}", "a #b", "»x«", ""])
def test_a_title_is_quoted_where_the_header_needs_it(text: str) -> None:
    import yaml

    assert yaml.safe_load(f"title: {yaml_scalar(text)}") == {"title": text}


WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)


@tried(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS, WORDS, st.sampled_from(["po", "xlf"]), st.sampled_from(["kurse", "a b (1)", "fragen & mehr", "ü", "x'y"]))
@example("a\x0bb", "b", "xlf", "kurse")
@example("a\u2028b\x85c", "b", "po", "kurse")
@example('"\\n" \\ <&]]>', "\ufffe", "xlf", "kurse")
def test_what_is_sent_out_is_read_back_word_for_word(
    tree: Tree, tmp_path: Path, german: str, english: str, form: str, key: str
) -> None:
    """Whatever a page may hold: if the check lets it pass, our own import reads what our own export wrote."""
    for name in ("kurse", "a b (1)", "fragen & mehr", "ü", "x'y"):
        for code in ("de", "en"):
            (tree.docs / code / f"{name}.md").unlink(missing_ok=True)
    tree.write("de", key, "Kurse", f"# Kurse {{ #kurse }}\n\n{german}")
    tree.write("en", key, "Courses", f"# Courses {{ #kurse }}\n\n{english}")
    content = tree.read()
    if key not in content.pages or "en" not in content.pages[key].texts:
        return
    page = content.pages[key]
    wanted = page_units(tree.docs, page, LANGUAGES[1], Lock())[2]
    text, count = export(tree.docs, [page], LANGUAGES[1], Lock(), "all", "po" if form == "po" else "xliff")
    path = tmp_path / f"out.{form}"
    path.write_text(text, "utf-8", newline="")
    answers = read_file(path)
    assert count == len(answers)
    assert [(one.id, normalize(one.source), normalize(one.target)) for one in answers] == [
        (unit.id, normalize(unit.source), normalize(unit.target)) for unit in wanted
    ]


@pytest.mark.parametrize("form", ["po", "xlf"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_may_come_back_with_a_byte_order_mark_and_other_line_ends(
    desk: Desk, tmp_path: Path, form: str, encoding: str, end: str
) -> None:
    page = read_content(desk.docs, desk.languages).pages["kurse"]
    text, count = export(
        desk.docs, [page], LANGUAGES[1], load_lock(desk.docs), "all", "po" if form == "po" else "xliff"
    )
    text = text.replace('encoding="UTF-8"', f'encoding="{"UTF-16" if encoding == "utf-16" else "UTF-8"}"')
    path = tmp_path / f"back.{form.upper()}"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    assert len(read_file(path)) == count


@pytest.mark.parametrize("sign", ["\x0b", "\u2028", "\x85", "\ufffd"])
def test_a_translation_with_a_control_character_is_refused(sign: str) -> None:
    unit = Unit("kurse#kurse.0", "Ein Satz.", "", "new", "p", 3)
    assert any("Steuerzeichen" in what for what, _remedy in segment_errors(unit, f"A sentence{sign}."))
