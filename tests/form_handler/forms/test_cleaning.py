"""What is typed or pasted is cleaned in linear time, and what cannot be cleaned is named with its place."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

import pytest
from werkzeug.datastructures import MultiDict

from core.folding import fold_text
from core.gettext import use_language
from form_handler.forms import FORMS, cleaning
from form_handler.forms.cleaning import MAX_COMBINING_MARKS, clean_line, clean_text, find_overlong_marks
from form_handler.forms.contact_details import (
    canonical_address,
    clean_address,
    clean_phone,
    find_phones,
    mailbox_key,
)
from form_handler.server.static_files import choose_encoding
from form_handler.url_correction import find_canonical_path
from tests.form_handler.conftest import FORM, Browser

DEFINITION = FORMS["participation"]
VALID_FORM = {"company": "Beispielbetrieb", "email": "beispiel@example.org"}


def fault(**answers: str) -> str:
    """Return the one error that these answers meet, in German; empty if there is none."""
    with use_language("de"):
        form = DEFINITION.bind(MultiDict({**VALID_FORM, **answers}))
        form.validate()
    found = [error for errors in form.errors.values() for error in errors]
    assert len(found) <= 1, found
    return "".join(found)


def kept(name: str, value: str) -> str:
    """Return what is kept of a value of a field, which must be right."""
    form = DEFINITION.bind(MultiDict({**VALID_FORM, name: value}))
    assert form.validate(), form.errors
    return str(form[name].data)


# Work

HOSTILE = {
    "marks of two classes": lambda n: "a" + "\u0301" * (n // 2) + "\u0323" * (n // 2),
    "marks between starters": lambda n: "a\u0323\u0301" * (n // 3),
    "marks that decompose": lambda n: "\u0344" * n,
    "vowels signs of class 0 that decompose": lambda n: "\u0f73\u0f71" * (n // 2),
    "hangul": lambda n: "\u1100\u1161\u11a8" * (n // 3),
    "blanks": lambda n: " \u00a0" * (n // 2),
    "invisible": lambda n: "\u200b\u200d" * (n // 2) + "x",
    "brackets": lambda n: "<" * n,
    "at signs with blanks": lambda n: "a" + " " * n + "b",
    "line ends": lambda n: "\r\n\x0b" * (n // 3),
    "dots": lambda n: "a@" + "." * n,
    "mailto": lambda n: "mailto:" * (n // 7),
}


@pytest.mark.parametrize("text", [make(24_000) for make in HOSTILE.values()], ids=list(HOSTILE))
@pytest.mark.parametrize("name", ["message", "company", "email", "phone"])
def test_no_long_text_and_no_long_run_of_marks_reaches_the_normalisation(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    seen: list[tuple[int, int]] = []
    normalize = unicodedata.normalize

    def watched(form: str, value: str) -> str:
        runs, run = [0], 0
        for char in normalize("NFKD", value) if len(value) < 20_000 else "":
            run = run + 1 if unicodedata.combining(char) else 0
            runs.append(run)
        seen.append((len(value), max(runs)))
        return normalize(form, value)

    monkeypatch.setattr(cleaning.unicodedata, "normalize", watched)
    with use_language("de"):
        DEFINITION.bind(MultiDict({**VALID_FORM, name: text})).validate()
    assert max(length for length, _run in seen) <= cleaning.MAX_DECOMPOSITION * 4000
    assert max(run for _length, run in seen) <= MAX_COMBINING_MARKS


CLEANERS: list[Callable[[str], object]] = [
    clean_line, clean_text, clean_address, clean_phone, canonical_address, mailbox_key, find_overlong_marks, find_phones, fold_text,
]  # fmt: skip


def seconds(run: Callable[[str], object], text: str) -> float:
    """Return the processor time of one call, the least of three."""
    times = []
    for _ in range(3):
        before = time.thread_time()
        run(text)
        times.append(time.thread_time() - before)
    return min(times)


@pytest.mark.parametrize("clean", CLEANERS, ids=lambda clean: clean.__name__)
def test_sixteen_times_the_text_takes_nowhere_near_its_square_of_the_time(clean: Callable[[str], object]) -> None:
    for kind, make in HOSTILE.items():
        small, large = seconds(clean, make(1_000)), seconds(clean, make(16_000))
        assert large < 100 * max(small, 0.0001), kind  # linear: 16 times, quadratic: 256 times


def test_no_header_takes_the_square_of_its_length() -> None:
    def choose(text: str) -> object:
        return choose_encoding(text, ["gzip", "identity"])

    for unit in ("gzip;q=0.5,", "gzip = ", ",", ";", '"', "=", "\\", " "):
        small, large = (seconds(choose, f"a{unit * (size // len(unit))}b") for size in (1_000, 16_000))
        assert large < 100 * max(small, 0.0001), unit
    assert choose_encoding("gzip ; q = 0.5", ["gzip", "identity"]) == "gzip"


def test_a_path_with_a_long_run_of_marks_is_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        cleaning.unicodedata, "normalize", lambda form, text: seen.append(len(text)) or normalize(form, text)
    )
    assert find_canonical_path("/a" + "\u0301" * 3000 + "\u0323" * 3000, lambda _path: False) is None
    assert max(seen) == 1
    assert find_canonical_path("/u\u0308ber", {"/über/"}.__contains__) == "/über/"


HOSTILE_BODIES = {
    "marks": lambda n: ("message=a" + "\u0301" * (n // 4) + "\u0323" * (n // 4)).encode(),
    "address of marks": lambda n: ("email=a@" + "\u0323\u0301" * (n // 4)).encode(),
    "address of at signs": lambda n: b"email=" + b"@+" * (n // 2),
    "fields": lambda n: b"ways=x&" * (n // 7),
    "unknown fields": lambda n: b"&".join(b"%dx=1" % number for number in range(n // 9)),
    "separators": lambda n: b"&" * n,
    "escapes": lambda n: b"message=" + b"%0b%0d" * (n // 6),
    "stamp": lambda n: b"_stamp=" + b"." * n + b"&_number=" + b"0" * n,
}


@pytest.mark.parametrize("step", ["", "absenden/"])
@pytest.mark.parametrize("kind", HOSTILE_BODIES)
def test_no_body_takes_the_square_of_its_length(browser: Browser, kind: str, step: str) -> None:
    def post(size: str) -> None:
        body = HOSTILE_BODIES[kind](int(size))
        browser.post(FORM + step, body, content_type="application/x-www-form-urlencoded")

    post("100")
    small, large = seconds(post, "12000"), seconds(post, "192000")
    assert large < 100 * max(small, 0.002)


def test_a_letter_may_have_thirty_marks_and_not_one_more() -> None:
    assert find_overlong_marks("a" + "\u0301" * 30) is None
    assert find_overlong_marks("xa" + "\u0301" * 31) == 32
    assert find_overlong_marks("a" + "\u0344" * 16) == 16, "each decomposes into two"
    text = fault(message="Zeile eins\nHallo a" + "\u0301" * 31 + " Welt")
    assert "Ihre Nachricht" in text
    assert "Hallo a…" in text
    assert "30" in text


def test_text_is_measured_as_it_was_sent_before_anything_else() -> None:
    assert "20001" in fault(message="a" + "\u0301" * 20_000)
    assert "4001" in fault(message="x" * 4001)
    assert kept("message", "u\u0308" * 4000) == "ü" * 4000, "decomposed letters count as what is stored"


# Cleaning


@pytest.mark.parametrize(
    ("pasted", "phone"),
    [
        ("\u202d+49 2041 70\u202c", "+49 2041 70"), ("\u2066(02041) 70 30\u2069", "(02041) 70 30"),
        ("\u200e0204 1\u200f", "0204 1"), ("\ufeff02041\u200b70", "0204170"), ("02041\u00a070", "02041 70"),
        ("tel:+49-2041-70", "+49-2041-70"), ("<02041 70>", "02041 70"), ("02041 70.", "02041 70"),
        ("\t02041 70\x0b", "02041 70"), ("٠٢٠٤١", "٠٢٠٤١"), ("02041/70-30 (App. 4)", "02041/70-30 (App. 4)"),
    ],
)  # fmt: skip
def test_what_is_pasted_around_a_phone_number_goes(pasted: str, phone: str) -> None:
    assert kept("phone", pasted) == phone


@pytest.mark.parametrize(
    "pasted",
    ["mailto:max@example.org", "MAILTO:max@example.org?subject=Hallo", "<max@example.org>", "Max Muster <max@example.org>",
     "<mailto:max@example.org>.", "max@example.org.", "max@example.org,", "(max@example.org)", "„max@example.org“",
     "\u202amax@example.org\u202c", "max@example.org\u200b", "\ufeffmax@example.org", "max @ example.org",
     "\u00a0max@example.org\u2009", "max@exa\u00admple.org", "max＠example.org", "E-Mail <max@example.org>;",
     "mailto:max%40example.org", "E-Mail: max@example.org", "Mail：max@example.org", "البريد: max@example.org", "max@example.org،",
     "max@example.org۔", "max@example.org؟", "•\tmax@example.org", "…max@example.org…", "max@example.org –", "「max@example.org」",
     "max@example.org\u2028", "<E-Mail: max@example.org>"],
)  # fmt: skip
def test_what_is_pasted_around_an_address_goes(pasted: str) -> None:
    assert kept("email", pasted) == "max@example.org"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("\u200fشركة مثال\u200f", "شركة مثال"), ("می\u200cخواهم", "می\u200cخواهم"), ("👩🏽\u200d🔧 Technik", "👩🏽\u200d🔧 Technik"),
        ("क्\u200dष", "क्\u200dष"), ("Bei\u200bspiel", "Beispiel"), ("Beispiel\u00ad", "Beispiel"), ("A\tB", "A B"),
        ("A\x0bB", "A B"), ("\ufeffA", "A"), ("\u2068A\u2069 B", "A B"), ("Auf\u200clage", "Auflage"), ("\u202dA\u202c", "A"),
        ("A\u2028B", "A B"), ("A\u2029B\u2029", "A B"), ("O’Brien & Söhne + Co.", "O’Brien & Söhne + Co."), ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"),
    ],
)  # fmt: skip
def test_a_name_keeps_what_its_script_needs_and_nothing_invisible_else(typed: str, stored: str) -> None:
    assert kept("company", typed) == stored


@pytest.mark.parametrize("nothing", ["\u200b", "\u200f\u200e", " \u00a0\u2060 ", "\u2066\u2069", "\u3164", "\u2800", "\u00ad",
                                     "\ufe0f", "\U000e0041", "\u034f", "\u0301"])  # fmt: skip
def test_what_cannot_be_seen_is_no_name(nothing: str) -> None:
    assert fault(company=nothing) == "Geben Sie den Namen Ihres Betriebs an."
    assert kept("message", nothing) == ""


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("eins\x0bzwei", "eins\nzwei"), ("eins\x0czwei", "eins\nzwei"), ("eins\u2028zwei\u2029drei", "eins\nzwei\ndrei"),
        ("eins\x85zwei", "eins\nzwei"), ("a\x00b\x07c\x9f", "a b c "), ("tab\tstop", "tab\tstop"), ("a\r\nb\rc", "a\nb\nc"),
    ],
)  # fmt: skip
def test_control_characters_in_a_message_become_a_line_end_or_a_blank(typed: str, stored: str) -> None:
    assert kept("message", typed) == stored


def test_a_company_may_have_a_long_name() -> None:
    name = "Beispielgesellschaft " * 23 + "mit beschränkter"
    assert len(name) > 490
    assert kept("company", name) == name
    assert "501" in fault(company="x" * 501)


@pytest.mark.parametrize("clean", [clean_line, clean_text, clean_address, clean_phone])
def test_what_is_clean_stays_as_it_is(clean: Callable[[str], str]) -> None:
    for make in HOSTILE.values():
        once = clean(make(300))
        assert clean(once) == once


# What cannot be cleaned


@pytest.mark.parametrize(
    ("field", "value", "parts"),
    [
        ("company", "Beispiel\u202ebetrieb", ["Betrieb", "Zeichen 9", "U+202E", "Beispiel…betrieb"]),
        ("company", "A\nB", ["Zeichen 2", "U+000A"]),
        ("phone", "02041\x00", ["Telefonnummer", "Zeichen 6", "U+0000"]),
        ("message", "gut\nauch gut\nhier \uffff nicht", ["Ihre Nachricht", "Zeile 3", "Zeichen 6", "U+FFFF", "hier … nicht"]),
        ("message", "\U0001fffe", ["Zeile 1", "Zeichen 1", "U+1FFFE"]),
        ("email", "max muster@example.org", ["ein Leerzeichen", "max muster@e"]),
        ("email", "jörg@example.org", ["“ö” (U+00F6)", "jörg"]),
        ("email", "max..muster@example.org", ["U+002E", "max..muster"]),
        ("email", "max@exa_mple.org", ["U+005F"]),
        ("email", "a@example.org, b@example.org", ["nur eine Adresse"]),
        ("email", "a@example.org; b@example.org", ["nur eine Adresse"]),
        ("email", "=?utf-8?q?x?=@example.org", ["U+003D"]),
    ],
)  # fmt: skip
def test_a_fault_names_field_character_and_place(field: str, value: str, parts: list[str]) -> None:
    text = fault(**{field: value})
    assert [part for part in parts if part not in text] == [], text


@pytest.mark.parametrize("value", ["http://max@example.org", "https://example.org/?an=max@example.org"])
def test_a_web_address_is_no_e_mail_address(value: str) -> None:
    assert "U+003A" in fault(email=value)


@pytest.mark.parametrize("value", ["x@", "a@b", "max", "@example.org", "max@-example.org"])
def test_an_address_that_is_not_whole_is_asked_for_in_full(value: str) -> None:
    assert "name@example.org" in fault(email=value)


# One address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Max@Example.ORG", "max@example.org"), ("max@münchen.example", "max@xn--mnchen-3ya.example"),
        ("max@mu\u0308nchen.example", "max@münchen.example"), ("max@MÜNCHEN.example", "max@münchen.example"),
        ("max@example.org\u200b", "max@example.org"), ("<max@example.org>", "max@example.org"),
    ],
)  # fmt: skip
def test_two_spellings_of_an_address_are_one(one: str, other: str) -> None:
    assert canonical_address(one) == canonical_address(other)


def test_two_addresses_stay_two() -> None:
    assert canonical_address("max@straße.example") != canonical_address("max@strasse.example")
    assert canonical_address("max+a@example.org") != canonical_address("max+b@example.org"), (
        "only counting takes them as one"
    )


@pytest.mark.parametrize(
    "other", ["Max@example.org", "max+1@example.org", "max+abc@EXAMPLE.org", "max@example.org\u200b"]
)
def test_whoever_gets_the_mail_is_one_mailbox(other: str) -> None:
    assert mailbox_key(other) == mailbox_key("max@example.org")
    assert mailbox_key("m.a.x+1@googlemail.com") == mailbox_key("max@gmail.com")
    assert mailbox_key("m.ax@example.org") != mailbox_key("max@example.org")


SAME_MAILBOX = [
    "max@straße.example", "MAX@STRASSE.example".replace("SS", "ẞ"), "max@xn--strae-oqa.example", "Max@XN--STRAE-OQA.EXAMPLE",
    "max@straße.example.", "max@straße.example\u200b", "\u200emax@straße.example\u200f", "max@straße.example\ufe0f", "max@\u00adstraße.example",
    "ｍａｘ＠ｓｔｒａße．ｅｘａｍｐｌｅ", "max@straße。example", "<mailto:max@straße.example>", "Max Muster <max@straße.example>", " max @ straße.example ",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SAME_MAILBOX)
def test_all_spellings_of_an_address_have_one_key(spelling: str) -> None:
    assert canonical_address(spelling) == "max@xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("max@straße.example", "max@strasse.example"), ("max@xn--strae-oqa.example", "max@strasse.example"),
        ("max@stra_ße.example", "max@stra_sse.example"), ("max@-ß.example", "max@-ss.example"),
        ("max@βόλος.example", "max@βόλοσ.example"), ("max@نامه\u200cای.example", "max@نامهای.example"),
        ("ß@example.org", "ss@example.org"), ("ﬁ@example.org", "fi@example.org"), ("max@münchen.example", "max@muenchen.example"),
        ("max@münchen.example", "max@munchen.example"), ("max+a@example.org", "max@example.org"), ("m.ax@example.org", "max@example.org"),
        ("max@a.example.org", "max@example.org"), ("mаx@example.org", "max@example.org"),
    ],
)  # fmt: skip
def test_addresses_of_two_people_never_have_one_key(one: str, other: str) -> None:
    assert canonical_address(one) != canonical_address(other)


@pytest.mark.parametrize(
    "spelling",
    [
        "+49 (0)2041 70-300", "+49 2041 70300", "0049 2041/70300", "0049(0)2041.70300", "02041 70300", "(02041) 70 300", "02041/70 30 0",
        "+49 02041 70300", "٠٢٠٤١ ٧٠٣٠٠", "+۴۹ ۲۰۴۱ ۷۰۳۰۰", "49 2041 70300", "＋４９ ２０４１ ７０３００", "tel:+49-2041-70300", "+49 – 2041 – 70 300",
        "\u202a+49 2041 70300\u202c", "02041\u00a070300", "02041 / 70300", "02041−70300", "02041·70300", "02041_70300", "02041|70300", "+49 [0] 2041 70300", "０２０４１−７０３００",
    ],
)  # fmt: skip
def test_all_spellings_of_a_telephone_number_have_one_key(spelling: str) -> None:
    assert find_phones(spelling) == ["+49204170300"]


def test_two_telephone_numbers_stay_two_and_placeholders_are_none() -> None:
    assert find_phones("02041 70300 / 0151 1234567, +90 532 1234567") == ["+49204170300", "+491511234567", "+905321234567"]  # fmt: skip
    assert find_phones("02041 703000") != find_phones("02041 70300")
    assert find_phones("+90 2041 70300") != find_phones("02041 70300")
    assert [find_phones(text) for text in ("0000", "", "nachmittags", "0", "12", "0" * 500, "1" * 500)] == [[]] * 7
