"""Text files are read in one way, whatever wrote them; what cannot be read is named with file and line."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalogs import check_catalog, extract_messages
from core.findings import ContentError, Finding
from core.gettext import LOCALE_DIR, read_catalog
from core.languages import Language
from core.project import read_config
from core.text.text_files import decode, normalize_spaces
from editorial.checks.wording.glossary import load_glossary
from editorial.content.data.accessibility import load_accessibility_run
from editorial.content.data.facts import load_facts
from editorial.content.data.survey_results import load_survey
from editorial.content.data.toolkit import load_rules
from editorial.translations.lockfile import LOCK_FILENAME, read_lock
from tests.editorial.conftest import GERMAN, HEADER, Tree

PAGE = "---\n" + GERMAN.format(title="Kurse").replace("über", "zu") + "---\n\n# Kurse { #kurse }\n\nFür alle.\n"
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
One = Callable[[], Finding]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_page_says_the_same_with_any_line_ends_and_with_a_byte_order_mark(
    tree: Tree, encoding: str, end: str
) -> None:
    tree.write("de", "kurse", "Kurse")
    tree.docs.joinpath("de/kurse.md").write_bytes(PAGE.encode())
    plain = tree.read().pages["kurse"].texts["de"]
    tree.docs.joinpath("de/kurse.md").write_bytes(PAGE.replace("\n", end).encode(encoding))
    assert tree.check() == []
    assert tree.read().pages["kurse"].texts["de"] == plain


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_an_old_encoding_is_named_with_its_line_and_the_words(tree: Tree, only: One, encoding: str) -> None:
    tree.docs.joinpath("de/kurse.md").write_bytes(PAGE.encode(encoding))
    found = only()
    assert (found.code, found.line) == ("file-encoding", 10)
    assert "Für alle." in found.message


@pytest.mark.parametrize("encoding", WIDE)
def test_two_bytes_a_letter_are_named(tree: Tree, only: One, encoding: str) -> None:
    tree.docs.joinpath("de/kurse.md").write_bytes(PAGE.encode(encoding))
    assert only().code == "file-encoding"
    assert "UTF-16" in only().message or "UTF-32" in only().message


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ufffd", "\ufeff", "\uffff", "\uf0b7", "\uf0a7"])  # fmt: skip
def test_a_control_character_is_named_with_its_line(tree: Tree, only: One, sign: str) -> None:
    tree.docs.joinpath("de/kurse.md").write_text(PAGE.replace("alle", f"al{sign}le"), "utf-8", newline="")
    found = only()
    assert (found.code, found.line) == ("character", 10)
    assert f"U+{ord(sign):04X}" in found.message


@pytest.mark.parametrize(
    ("key", "value"),
    [("title", '"Kur\\vse"'), ("title", '"Kurse\\u2028"'), ("description", '"Ein ganzer Satz\\x00 hier steht er."')],
)
def test_a_control_character_behind_an_escape_is_named(tree: Tree, only: One, key: str, value: str) -> None:
    lines = {"title": "Kurse", "description": "Ein ganzer Satz hier steht er.", key: value}
    header = "".join(f"{name}: {said}\n" for name, said in lines.items()) + "source: [own]\nreview_by: 2099-01-01\n"
    tree.write("de", "kurse", "x", header=header)
    assert (only().code, only().line) == ("character", 2 + list(lines).index(key))


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        ("title: Kurs #3\ndescription: Ein ganzer Satz hier.\n", 2, "Ab dem #"),
        ("title: Kurse\ndescription: Ein ganzer Satz # und mehr.\n", 3, "Ab dem #"),
        ("title: Kurse\ndescription: Ein ganzer\n  Satz hier # und mehr.\n", 4, "Ab dem #"),
        ("title: &Kurse und mehr\ndescription: Ein ganzer Satz hier.\n", 2, "& oder !"),
        ("title: !Kurse und mehr\ndescription: Ein ganzer Satz hier.\n", 2, "& oder !"),
        ("title: *Kurse\ndescription: Ein ganzer Satz hier.\n", 2, "YAML"),
        ("title: @Kurse\ndescription: Ein ganzer Satz hier.\n", 2, "beginnt mit einem Zeichen"),
        ("title: %Kurse\ndescription: Ein ganzer Satz hier.\n", 2, "beginnt mit einem Zeichen"),
        ("title: `Kurse`\ndescription: Ein ganzer Satz hier.\n", 2, "beginnt mit einem Zeichen"),
        ("title: Kurse: mehr\ndescription: Ein ganzer Satz hier.\n", 2, "Doppelpunkt"),
        ('title: "Kurse" und mehr\ndescription: Ein ganzer Satz hier.\n', 2, "YAML"),
        ("title: Kurse\n---\ndescription: Ein ganzer Satz hier.\n", 4, "endet schon vor"),
        (
            "title: Kurse\ndescription: Ein ganzer Satz hier.\n\n# Kurse { #kurse }\n\nText.\n\n",
            5,
            "nicht abgeschlossen",
        ),
        ("title: Kurse\ndescription: Ein ganzer Satz hier.\noffer:\n  cost: free\n  cost: partly\n", 6, "zweimal"),
    ],
)
def test_what_yaml_would_take_in_another_way_is_named(tree: Tree, header: str, line: int, words: str) -> None:
    tree.write("de", "kurse", "x", header=header)
    found = tree.check()
    assert (found[0].file, found[0].line) == ("docs/de/kurse.md", line), list(map(str, found))
    assert words in str(found[0])


@pytest.mark.parametrize("value", ["'Kurs #3'", '"Kurs #3"', "Kurs#3", "C# lernen", "Kurs 3   "])
def test_a_sharp_sign_that_cuts_nothing_is_none(tree: Tree, value: str) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="A").replace("title: A", f"title: {value}"))
    assert tree.check() == []


def test_a_remark_in_a_line_of_its_own_and_after_a_number_is_none(tree: Tree) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="A") + "# eine Anmerkung\norder: 3 # der dritte\n")
    assert tree.check() == []


def test_a_value_of_the_data_that_is_cut_is_named(tmp_path: Path) -> None:
    (tmp_path / "links.yml").write_text(
        "a:\n  name: Raum #3\n  title: x # eine Anmerkung\n  url: https://example.org/\n"
    )
    with pytest.raises(ContentError) as raised:
        load_facts(tmp_path)
    assert [(one.file, one.line) for one in raised.value.findings] == [("docs/data/links.yml", 2)]


@pytest.mark.parametrize("data", [b"- de: f\xfcr\n", *("- de: für\n".encode(name) for name in WIDE), b"- de: a\x0bb\n", b"- de: \xe2\x80\xa8\n", b"\xff\xfe", b"\x80"])  # fmt: skip
def test_a_data_file_that_cannot_be_read_is_a_sentence_with_its_file(tmp_path: Path, data: bytes) -> None:
    for name in ("glossary", "links", "chooser", "accessibility", "survey"):
        (tmp_path / f"{name}.yml").write_bytes(data)
    (tmp_path / LOCK_FILENAME).write_bytes(data)
    found = [load_glossary(tmp_path / "glossary.yml"), *([table] if isinstance(table := load_rules(tmp_path / "chooser.yml"), Finding) else table)]  # fmt: skip
    found += [
        load_accessibility_run(tmp_path / "accessibility.yml"),
        load_survey(tmp_path / "survey.yml"),
        read_lock(tmp_path),
    ]
    for one in found:
        assert isinstance(one, Finding)
        assert one.file
        assert one.hint
    with pytest.raises(ContentError, match=r"docs/data/links\.yml"):
        load_facts(tmp_path)


def test_a_data_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "links.yml").write_bytes("\ufeffa:\n  name: x\n  title: x\n  url: https://example.org/\n".encode())
    assert load_facts(tmp_path).links["a"].name == "x"
    (tmp_path / "glossary.yml").write_bytes("\ufeff- de: Amt\n  en: office\n".encode())
    assert not isinstance(load_glossary(tmp_path / "glossary.yml"), Finding)
    config = tmp_path / "mkdocs.yml"
    config.write_bytes("\ufeffsite_name: x\n".encode())
    assert read_config(config)["site_name"] == "x"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_catalogue_in_another_encoding_is_a_finding_and_a_sentence_of_the_build(
    tmp_path: Path, encoding: str
) -> None:
    text = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Search"\nmsgstr "Für"\n'
    (tmp_path / "tr.po").write_bytes(text.encode(encoding))
    (found,) = check_catalog(Language("tr", "Türkçe", "ltr", False), extract_messages(), tmp_path)
    assert "UTF-8" in found.message
    with pytest.raises(ContentError, match="UTF-8"):
        read_catalog(tmp_path / "tr.po", "tr")


def test_a_catalogue_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "tr.po").write_bytes(b"\xef\xbb\xbf" + (LOCALE_DIR / "tr.po").read_bytes())
    assert list(check_catalog(Language("tr", "Türkçe", "ltr", False), extract_messages(), tmp_path)) == []


def test_plain_blanks_keep_the_length_and_leave_other_blanks(tree: Tree) -> None:
    text = "#\u00a0A\u00a0B \u202f{\u00a0#b\u2009}\n\u00a0\n10\u00a0000 Menschen { so }\u00a0\n"
    assert normalize_spaces(text) == "# A\u00a0B  { #b }\n \n10\u00a0000 Menschen { so }\u00a0\n"
    assert len(normalize_spaces(text)) == len(text)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("de/kontakt.md.bak", "notice"),
        ("de/kontakt.md.orig", "notice"),
        ("de/kontakt.md.rej", "notice"),
        ("de/kontakt.md~", "notice"),
        ("de/#kontakt.md#", "notice"),
        ("de/~$kontakt.docx", "notice"),
        ("de/kontakt.docx", "notice"),
        ("de/Notizen.txt", "notice"),
        ("de/kontakt.swp", "notice"),
        ("de/Thumbs.db", "notice"),
        ("de/desktop.ini", "notice"),
        ("de/Kopie von kontakt.md", "notice"),
        ("de/kontakt - Kopie.md", "notice"),
        ("de/kontakt - Kopie (2).md", "notice"),
        ("de/kontakt (1).md", "notice"),
        ("de/kontakt.orig.md", "notice"),
        ("de/kontakt_LOCAL_4711.md", "notice"),
        ("de/kontakt.sync-conflict-20261130-101010-ABC.md", "notice"),
        ("de/Kopie von plan.png", "notice"),
        ("de/plan.png.bak", "notice"),
        ("de/ohne-endung", "notice"),
        ("de/skript.js", "notice"),
        ("de/archiv.zip", "notice"),
        ("plan.png", "notice"),
        ("data/contacts.yml.bak", "notice"),
        ("data/contacts.yaml", "notice"),
        ("de/kurse.markdown", "error"),
        ("de/kurse.MD", "error"),
        ("de/kurse.mdown", "error"),
        ("de/kurse.html", "error"),
        ("de/README.md", "error"),
        ("README.md", "error"),
        ("entwurf/kurse.md", "error"),
    ],
)
def test_a_file_that_is_not_published_is_named(tree: Tree, only: One, name: str, level: str) -> None:
    path = tree.docs / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(PAGE, "utf-8")
    found = only()
    assert (found.file, found.code, found.level) == (f"docs/{name}", "file-unpublished", level)
    assert found.hint
    assert tree.read().pages.keys() == {"index", "kontakt"}


@pytest.mark.parametrize("name", ["de/plan.png", "de/Plan (1) neu.JPG", "assets/plan.webp", "de/blatt.pdf"])
def test_a_picture_beside_pages_is_published(tree: Tree, name: str) -> None:
    (tree.docs / name).parent.mkdir(exist_ok=True)
    (tree.docs / name).write_bytes(b"x")
    assert tree.check() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    ["[" * 60_000, "[\n" * 30_000, "[ \n\n" * 4_000, "`" * 100_000, "{{" * 50_000, "{{ \n\n" * 2_000, "Ein Wort. " * 100_000,
     "- x\n" * 30_000, ">" * 5_000, "[a](x " * 10_000, "*a **b \n\n" * 2_000, "\u00a0" * 90_000, "!" * 90_000],
    ids=lambda body: repr(body[:10]),
)  # fmt: skip
def test_no_page_keeps_the_check_for_long(tree: Tree, body: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{body}")
    begin = time.process_time()
    tree.check()
    assert time.process_time() - begin < 20  # it is below one; before, minutes


@pytest.mark.parametrize(("body", "line"), [("Wort. " * 30_000, 0), ("[ " * 400, 9), ("x" * 30_000, 9)])
def test_what_is_too_much_is_named(tree: Tree, body: str, line: int) -> None:
    tree.write("en", "kontakt", "Contact", f"# Contact {{ #top }}\n\nText.\n\n{body}", header=HEADER.format(title="x"))
    (found,) = tree.check()
    assert (found.code, found.line) == ("page-size", line + 1 if line else 0)


def test_decode_names_no_line_it_does_not_know() -> None:
    found = decode("a".encode("utf-16"), "docs/de/a.md")
    assert isinstance(found, Finding)
    assert found.line == 0
