"""Numbers, sums, days and addresses in headers and facts are read as they are written, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.contacts import load_fallback_contact
from core.findings import ContentError, Finding
from core.languages import LanguageTableError, parse_languages
from core.project import read_config
from core.text.values import dialable_number, parse_date, parse_email, parse_quantity, public_url_error
from core.text.yaml import YAMLError, load, load_strings
from editorial.content.data.facts import Facts, load_facts
from editorial.content.front_matter import PageFrontMatter, split_front_matter, validate_front_matter
from editorial.content.markup.shortcodes import expand_shortcodes

SOURCES = "own: {title: own}\n"


def facts(folder: Path, **files: str) -> Facts:
    """Read facts as the build does."""
    for name, text in {"sources": SOURCES, **files}.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return load_facts(folder)


def test_facts_with_the_same_content_are_read_once_and_a_changed_file_is_seen_at_once(tmp_path: Path) -> None:
    link = "a: {name: x, title: x, url: 'https://example.org/', source: own}\n"
    folders = [tmp_path / name / "docs" / "data" for name in ("one", "two")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "links.yml").write_text(link, "utf-8")
    first, second = map(load_facts, folders)
    assert first is second
    (folders[0] / "links.yml").write_text(link.replace("name: x", "name: y"), "utf-8")
    assert load_facts(folders[0]).links["a"].name == "y"
    assert load_facts(folders[1]).links["a"].name == "x"


def refused(folder: Path, **files: str) -> list[Finding]:
    with pytest.raises(ContentError) as error:
        facts(folder, **files)
    return error.value.findings


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("0204170300", "+49204170300"), ("02041 70-300", "+49204170300"), ("(02041) 70 300", "+49204170300"),
        ("02041/70300", "+49204170300"), ("0 20 41 / 70 300", "+49204170300"), ("02041–70300", "+49204170300"),
        ("+49 (0)2041 70-300", "+49204170300"), ("+49204170300", "+49204170300"), ("0049 (0) 2041 70300", "+49204170300"),
        ("+49 2041/70300", "+49204170300"), ("0211 38424-0", "+49211384240"), ("0151 23456789", "+4915123456789"),
        ("+44 20 7946 0000", "+442079460000"), ("02041\u00a070300", "+49204170300"), ("0211.38424.0", "+49211384240"),
        ("115", "115"), ("112", "112"), ("110", "110"), ("116117", "116117"), ("116 117", "116117"),
        ("0800 111 0 111", "08001110111"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_dialled_from_everywhere(written: str, dialled: str) -> None:
    """RFC 3966, 5.1.4: the global form wherever there is one."""
    assert dialable_number(written) == dialled


@pytest.mark.parametrize(
    "written",
    [
        "70-3000, 70-3001", "02041 70-3000 / -3001", "02041 70-3000/3001", "02041 70-3000 oder 3001", "02041 703000 703001",
        "02041 70-3000 -3001", "110 112", "112/110", "70-300", "34664640", "Tel. 02041 70300", "tel:115", "02041 70300 x12",
        "+49 02041 70300", "+49 (02041) 70300", "++49 2041 70300", "02041 (70300)", "٠٢٠٤١٧٠٣٠٠", "02041\u202e70300", "1", "+",
        "", "0204170300;ext=1", "02041 70300 02041 70301", "<b>115</b>",
    ],
)  # fmt: skip
def test_what_is_not_one_telephone_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"hier steht eine Telefonnummer|nach \+49 steht keine 0"):
        dialable_number(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [("1200", 1200), ("1.200", 1200), ("1.200,50", 1200.5), ("12,50", 12.5), ("13.90", 13.9), ("0", 0), ("0,5", 0.5),
     ("1.234.567", 1234567)],
)  # fmt: skip
def test_a_sum_is_read_as_german_offices_write_it(written: str, value: float) -> None:
    assert parse_quantity(written) == value


@pytest.mark.parametrize(
    "written",
    ["01200", "12:30", "1,200", "1_000", "1e3", "0x10", "0o7", ".5", ",5", "5.", "5,", "1.2000", "1.200.50", "1,200.50", "1200,505",
     "-5", "+5", "nan", ".inf", "٣", "½", "1 200", "12 €", "", "12.34.567", "999999999999", "1/2", "zwölf"],
)  # fmt: skip
def test_a_sum_that_could_be_another_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="hier steht eine Zahl wie"):
        parse_quantity(written)


@pytest.mark.parametrize(
    "written",
    ["2027-02-29", "2027-02-30", "2027-13-01", "2027-00-10", "0001-01-01", "9999-12-31", "20270-01-01", "29.2.2027", "2027-2-9",
     "2027/02/28", "2027-02-28 10:00", "2027-02-28T10:00:00Z", "20270228", "2027-W01-1", "٢٠٢٧-٠٢-٢٨", "2027-02", "bald", ""],
)  # fmt: skip
def test_a_day_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="hier steht ein Datum wie 2027-11-23"):
        parse_date(written)


@pytest.mark.parametrize(
    "written",
    ["https://www..example/", f"https://{'a' * 64}.example/", "https://a.example:99999/", "https://a.example:x/", "https://a.example:/",
     "https://a b.example/", "https://-a.example/", "https://a_b.example/", "https://localhost/", "https://127.0.0.1/", "https://[::1]/",
     "https://[", "https:///x", "https://u:p@a.example/", "//a.example/", "www.a.example", "mailto:a@a.example", "ftp://a.example/",
     "javascript:alert(1)", "https://a.example\\b", "https://a.example/\u202e", "https://a.example/\u00a0", "https://a.example/\nb", ""],
)  # fmt: skip
def test_an_address_that_cannot_be_opened_is_refused(written: str) -> None:
    assert public_url_error(written)


def test_addresses_with_other_letters_and_ports_are_right() -> None:
    for url in ("https://straße.example/ü?x=ä#b", "HTTPS://a.example/", "https://a.example.:8443/", "http://a.example"):
        assert public_url_error(url) == "", url


@pytest.mark.parametrize(
    "written", ["kim @stadt.example", "mailto:kim@stadt.example", "KIM <kim@stadt.example>", "a@b", "a@b.example, c@d.example",
                "a@b.example.", "kim(at)stadt.example", ""],
)  # fmt: skip
def test_a_mail_address_that_no_program_sends_to_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="hier steht eine E-Mail-Adresse"):
        parse_email(written)


def test_numbers_without_quotes_reach_the_page_as_they_are_written(tmp_path: Path) -> None:
    """YAML 1.1 would take them for octal, sexagesimal and signed numbers."""
    found = facts(
        tmp_path,
        contacts="a: {name: 012, phone: 0204170300, hours: {monday: 8:00-12:30}}\nb: {name: no, phone: +49204170300}\n",
        numbers="fire: {number: 112, label: 1_000}\n",
        amounts="a: {value: 1.200, unit: EUR}\nb: {value: 12.50, unit: EUR}\n",
        links="x: {name: 1e3, title: 0x1F, url: https://a.example/, languages: [no, on]}\n",
    )
    assert (found.contacts["a"].name, found.contacts["b"].name) == ("012", "no")
    assert found.contacts["a"].hours is not None
    assert found.contacts["a"].hours.monday.ranges == ((480, 750),)
    assert (found.links["x"].name, found.links["x"].title, found.links["x"].languages) == ("1e3", "0x1F", ["no", "on"])

    def shown(name: str) -> str:
        return expand_shortcodes(f"{{{{ {name} }}}}", found, "de", {})

    assert '<a href="tel:+49204170300" dir="ltr">0204170300</a>' in shown("contact.a")
    assert '<a href="tel:+49204170300" dir="ltr">+49204170300</a>' in shown("contact.b")
    assert shown("tel.fire") == '<a class="kim-tel" href="tel:112" dir="ltr">112</a>'
    assert shown("amount.a").replace("\u00a0", " ") == "<bdi>1.200 €</bdi>"
    assert shown("amount.b").replace("\u00a0", " ") == "<bdi>12,50 €</bdi>"


@pytest.mark.parametrize("nothing", ["", " null", " ~", " Null"])
def test_what_is_left_empty_is_nothing(tmp_path: Path, nothing: str) -> None:
    (contact,) = facts(tmp_path, contacts=f"a:\n  name: A\n  phone:{nothing}\n  email:{nothing}\n").contacts.values()
    assert (contact.phone, contact.email) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "70-3000, 70-3001"), ("email", "kim @stadt.example"), ("url", "https://www..example/"), ("review_by", "2027-02-29"),
     ("as_of", "2026-13"), ("as_of", "2026-11-01"), ("as_of", "[2026-11]"), ("review_by", "{a: b}"), ("confirmed", "vielleicht"),
     ("name", "null"), ("name", "''"), ("phone", "''"), ("hours", "[a]"), ("nonsense", "1")],
)  # fmt: skip
def test_every_fact_that_does_not_fit_is_named_with_its_line(tmp_path: Path, field: str, value: str) -> None:
    rows = {"name": "A", "unit": "x", field: value}
    text = "# Wer\na:\n" + "".join(f"  {key}: {said}\n" for key, said in rows.items())
    (one,) = refused(tmp_path, contacts=text)
    assert (one.file, one.line) == ("docs/data/contacts.yml", 3 + list(rows).index(field))
    assert f"„a“: {field}: " in one.message


@pytest.mark.parametrize(
    ("name", "value"),
    [("order", "010"), ("order", "1_0"), ("order", "1:30"), ("order", "0x1F"), ("order", "1e3"), ("order", "1.5"), ("order", "٣"),
     ("order", "10000000000"), ("order", "ja"), ("review_by", "2027-02-29"), ("review_by", "[2027-03-01]"), ("review_by", "01.03.2027"),
     ("as_of", "2٠26-11"), ("as_of", "November"), ("confirmed", "1"), ("topics", "no")],
)  # fmt: skip
def test_every_value_in_a_header_that_does_not_fit_is_named_with_its_line(name: str, value: str) -> None:
    rows = {
        "title": "A",
        "description": "Ein ganzer Satz über Kurse.",
        "source": "[own]",
        "review_by": "2027-03-01",
        name: value,
    }
    text = "---\n" + "".join(f"{key}: {said}\n" for key, said in rows.items()) + "---\ntext\n"
    parsed = split_front_matter(text, "docs/de/a.md")
    assert not isinstance(parsed, Finding)
    found = validate_front_matter(PageFrontMatter, parsed, "docs/de/a.md")
    assert isinstance(found, list)
    assert [(one.file, one.line) for one in found] == [("docs/de/a.md", 2 + list(rows).index(name))]


def test_a_header_says_what_stands_there() -> None:
    text = (
        "---\ntitle: 007\ndescription: 2027-02-29 gibt es nicht, 12:30 schon.\nsource: [own]\nreview_by: '2027-03-01'\n"
        "order: 10\nlanguages: [de, no]\nconfirmed: no\nconfirm: 1_000\n---\ntext\n"
    )
    parsed = split_front_matter(text, "a.md")
    assert not isinstance(parsed, Finding)
    header = validate_front_matter(PageFrontMatter, parsed, "a.md")
    assert isinstance(header, PageFrontMatter), header
    assert (header.title, header.order, header.languages, header.confirmed) == ("007", 10, ["de", "no"], False)
    assert (header.review_by.isoformat(), header.confirm) == ("2027-03-01", "1_000")


def test_a_place_inside_a_block_of_the_header_has_its_own_line() -> None:
    text = "---\ntitle: A\ndescription: Ein ganzer Satz über Kurse.\nsource: [own]\nreview_by: 2027-03-01\noffer:\n  cost: much\n---\nx\n"
    parsed = split_front_matter(text, "a.md")
    assert not isinstance(parsed, Finding)
    found = validate_front_matter(PageFrontMatter, parsed, "a.md")
    assert isinstance(found, list)
    assert [one.line for one in found] == [7]


def test_the_handlers_number_is_the_one_that_is_written(tmp_path: Path) -> None:
    file = tmp_path / "contacts.yml"
    file.write_text("stadt: {name: Amt, phone: 0204170300, confirmed: no}\n")
    found = load_fallback_contact(file)
    assert found is not None
    assert (found.phone, found.phone_href, found.confirmed) == ("0204170300", "tel:+49204170300", False)


def test_the_municipality_is_read_as_text(tmp_path: Path) -> None:
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        "site_name: 0115\nsite_url: https://a.example/\nextra: {municipality: {office: no, name: 1e3}}\nstrict: yes\n"
    )
    assert read_config(config) == {
        "site_name": "0115", "site_url": "https://a.example/", "strict": True,
        "extra": {"municipality": {"office": "no", "name": "1e3"}},
    }  # fmt: skip


@pytest.mark.parametrize("row", ["{locale: no, name: Norsk}", "{locale: nb, name: 1e3}", "{name: Norsk}", "Norsk"])
def test_a_language_that_mkdocs_would_read_as_something_else_is_refused_with_a_sentence(row: str) -> None:
    config = load(f"plugins: [{{i18n: {{languages: [{{locale: de, name: Deutsch, default: true}}, {row}]}}}}]")
    if row.endswith("1e3}"):
        assert parse_languages(config)[1].name == "1e3", "YAML 1.1 takes this for a text"
        return
    with pytest.raises(LanguageTableError, match=r"in quotes|has no `"):
        parse_languages(config)


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "&a {b: *a}", "a: b\nc: {d: 1, d: 2}", "? [a]\n: b", "a: !!python/object:x {}\n b"]
)
def test_what_refers_to_itself_or_says_a_thing_twice_is_no_data(text: str) -> None:
    with pytest.raises(YAMLError):
        load_strings(text)


def test_a_text_that_unfolds_without_end_is_refused() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    with pytest.raises(YAMLError, match="auf sich selbst bezogen"):
        load_strings("\n".join(lines))
    for deep in ("[" * 100_000, "{a: " * 100_000, "- " * 100_000, "[\n" * 100_000):
        with pytest.raises(YAMLError, match="zu tief verschachtelt"):
            load_strings(deep)


@pytest.mark.parametrize("text", ["a: 2027-02-29", "a: 0x_", "a: !!int x", "a: !!timestamp x", "a: !!float x"])
def test_a_setting_that_cannot_be_is_no_traceback(text: str) -> None:
    with pytest.raises(YAMLError):
        load(text)
