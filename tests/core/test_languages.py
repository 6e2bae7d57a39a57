"""The table of languages is the one place, and a slip in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalogs import check_catalog, extract_messages, is_english_copy
from core.gettext import LOCALE_DIR, SOURCE_LANGUAGE
from core.languages import LanguageTableError, load_languages, parse_languages, split_language
from core.project import ConfigError, load_site_settings


def table(*rows: dict[str, object]) -> dict[str, object]:
    return {"plugins": [{"i18n": {"languages": list(rows)}}]}


GERMAN = {"locale": "de", "name": "Deutsch", "default": True}


@pytest.mark.usefixtures("all_languages")
def test_the_published_table_has_german_at_the_root_and_arabic_right_to_left() -> None:
    rows = {language.code: language for language in load_languages()}
    assert rows["de"].root == "/"
    assert rows["uk"].root == "/uk/"
    assert [code for code, language in rows.items() if language.dir == "rtl" and code != "fa"] == ["ar"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "no languages"),
        (table(GERMAN, GERMAN), "stands twice"),
        (table({"locale": "de", "name": "Deutsch"}), "exactly one"),
    ],
)
def test_a_broken_table_says_what_to_do(config: dict[str, object], words: str) -> None:
    with pytest.raises(LanguageTableError, match=words):
        parse_languages(config)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "mkdocs.yml: It cannot be read"),
        ("site_name: x\nplugins: [\n- y\n", "mkdocs.yml:3: No valid YAML"),
        ("", "mkdocs.yml: It holds no settings"),
        ("site_name: x\nsite_url: y\nextra: {}\n", "mkdocs.yml: 'municipality' is missing"),
        ("site_name: x\nsite_url: y\nextra:\n", "mkdocs.yml: .* is missing"),
    ],
)
def test_a_broken_configuration_says_where_and_what_to_do(tmp_path: Path, text: str | None, words: str) -> None:
    config = tmp_path / "mkdocs.yml"
    if text is not None:
        config.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        load_site_settings(config)


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("path", "code", "rest"),
    [
        ("/tr/arbeitgeber/mitmachen/", "tr", "arbeitgeber/mitmachen/"),
        ("/arbeitgeber/mitmachen/", "de", "arbeitgeber/mitmachen/"),
        ("/de/kontakt/", "de", "de/kontakt/"),
        ("/xx/kontakt/", "de", "xx/kontakt/"),
        ("/tr", "tr", ""),
        ("/", "de", ""),
    ],
)
def test_a_path_tells_its_language(path: str, code: str, rest: str) -> None:
    language, below = split_language(path)
    assert (language.code, below) == (code, rest)


@pytest.mark.usefixtures("all_languages")
def test_every_language_has_a_catalogue_and_every_catalogue_a_language() -> None:
    wanted = {language.code for language in load_languages()} - {SOURCE_LANGUAGE}
    assert {path.stem for path in LOCALE_DIR.glob("*.po")} == wanted


@pytest.mark.usefixtures("all_languages")
def test_a_damaged_catalogue_is_named_with_its_line(tmp_path: Path) -> None:
    turkish = next(language for language in load_languages() if language.code == "tr")
    template = extract_messages()
    text = (LOCALE_DIR / "tr.po").read_text("utf-8")
    (tmp_path / "tr.po").write_text(text, "utf-8")
    assert list(check_catalog(turkish, template, tmp_path)) == []
    (tmp_path / "tr.po").write_text(text + 'msgid "x\n', "utf-8")
    (finding,) = check_catalog(turkish, template, tmp_path)
    assert f"core/locale/tr.po:{text.count(chr(10)) + 1}: Die Datei ist beschädigt" in str(finding)


@pytest.mark.parametrize(
    ("english", "words", "is_copy"),
    [
        ("Report an accessibility problem", "XReport an accessibility problem", True), ("Report an accessibility problem", "XReport Xan Xaccessibility Xproblem", True),
        ("%(num)s companies have answered", "x%(num)s companies have answered", True), ("Search", "XSearch", True),
        ("Thank you, your answers have arrived", "Thank you, your answers have arrived.", True),
        ("Report an accessibility problem", "Raportați o problemă de accesibilitate", False), ("%(num)s companies have answered", "Au răspuns %(num)s firme", False),
        ("Search", "Căutare", False), ("Name", "Name", False), ("IT and media", "IT i media", False), ("Form", "Formular", False), ("10, 20, 30 …", "10, 20, 30 …", False),
    ],
)  # fmt: skip
def test_the_english_words_with_a_letter_in_front_are_no_translation(english: str, words: str, is_copy: bool) -> None:
    assert is_english_copy(english, words) is is_copy
