"""The header of a page is a typed form: only the lines of what was changed change, comments stay, findings are at their field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from editing.drafts import find_draft
from editing.forms.fields import list_fields, read_form
from editing.forms.header import change_header, header_data
from editorial.content.front_matter import PageFrontMatter, TranslationFrontMatter
from form_handler.storage.database import Database
from tests.conftest import ROOT, full_or_sample
from tests.editing.conftest import PAGE, Editor
from tests.editing.test_facts import form_values
from tests.editing.test_yaml_text import CODES, another, form_of

HEADER = f"seiten/kopf/{PAGE}/"
# `make test` looks at some pages, `make test-all` at all.
EVERY = full_or_sample([1], [13])[0]


def opened(editor: Editor, path: str = HEADER) -> dict[str, list[str]]:
    """Open the form of a header."""
    page = editor.get(path)
    assert page.status_code == 200, page.text
    return form_values(page.text, path)


def draft_text(database: Database, path: str = f"{PAGE}.md") -> str:
    found = find_draft(database, path)
    assert found is not None
    assert found.text is not None
    return found.text


def test_an_unchanged_form_changes_no_byte_of_any_header_and_a_field_only_its_line() -> None:
    files = [path for folder in ("docs", "city/docs") for path in sorted((ROOT / folder).glob("*/**/*.md"))]
    for number, path in enumerate(files[::EVERY]):
        raw = path.read_bytes().decode()
        raw = raw.replace("\n", "\r\n") if number % 3 == 0 else raw
        model = (
            PageFrontMatter
            if path.relative_to(ROOT).as_posix().partition("docs/")[2].startswith("de/")
            else TranslationFrontMatter
        )
        data = header_data(raw)
        fields = list_fields(model, data, {}, CODES)
        assert change_header(raw, read_form(fields, form_of(fields), data, drop_empty=True)) == raw, path
        field = fields[number % len(fields)]
        form = form_of(fields)
        form.setlist(field.name, another(field))
        wanted = read_form(fields, form, data, drop_empty=True)
        made = change_header(raw, wanted)
        assert header_data(made) == {
            name: {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
            for name, value in wanted.items()
        }
        before, after = raw.splitlines(keepends=True), made.splitlines(keepends=True)
        assert len([line for line in before if line not in after]) <= 4, (path, field.name)
        assert made.endswith(raw[raw.index("---", 5) :]), path


def test_header_fields_are_changed_and_comments_and_order_stay(
    editor: Editor, database: Database, content: Path
) -> None:
    file = content / "docs" / f"{PAGE}.md"
    raw = file.read_text("utf-8").replace("source: [own]", "# woher\nsource: [own]  # eigene\nlayout: page\n")
    file.write_text(raw, "utf-8")
    form = opened(editor)
    assert form["review_by"] == ["2099-01-01"]
    form |= {
        "contact": ["kim"],
        "topics": ["", "work", "school"],
        "law": ["", "bmg-17"],
        "review_by": ["2098-01-01"],
        "nav_title": ["Kurz"],
    }
    answer = editor.post(HEADER, form)
    assert answer.status_code == 303, answer.text
    text = draft_text(database)
    assert "# woher\nsource: [own]  # eigene\nlayout: page\n" in text
    for line in (
        "contact: kim\n",
        "topics: [work, school]\n",
        "law: [bmg-17]\n",
        "review_by: 2098-01-01\n",
        "nav_title: Kurz\n",
    ):
        assert line in text
    kept = [line for line in raw.splitlines() if line not in text.splitlines()]
    assert kept == ["topics: [work]", "review_by: 2099-01-01"]
    page = editor.get(f"seiten/veroeffentlichen/{PAGE}/").text
    assert "Wieder zu prüfen bis" in page
    again = opened(editor)
    assert editor.post(HEADER, again | {"contact": [""], "law": [""]}).status_code == 303
    assert "contact:" not in draft_text(database)
    assert "law:" not in draft_text(database)


def test_what_the_checks_refuse_stands_at_its_field(editor: Editor, database: Database) -> None:
    form = opened(editor)
    for field, value, said in [("description", "kurz", "20 Zeichen"), ("review_by", "morgen", "Datum"), ("title", "", "fehlt"), ("confirmed", "false", "confirm"),
                               ("source", "", "fehlt"), ("title", "x" * 91, "höchstens 90"), ("contact", "../kim", "gibt es nicht")]:  # fmt: skip
        answer = editor.post(HEADER, form | {"nav_title": ["Kurz"], field: [value]})
        assert answer.status_code == 422, field
        assert said in answer.text, field
        assert 'value="Kurz"' in answer.text
        assert find_draft(database, f"{PAGE}.md") is None


def test_two_people_in_one_header_lose_nothing(new_editor: Callable[..., Editor], database: Database) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = opened(first), opened(second)
    assert first.post(HEADER, one | {"title": ["Von Eva"], "contact": ["kim"]}).status_code == 303
    page = second.post(HEADER, other | {"title": ["Von Ida"], "nav_title": ["Ida"]})
    assert page.status_code == 409
    assert "Von Eva" in page.text
    assert second.post(HEADER, form_values(page.text, HEADER) | {"_take_title": ["mine"]}).status_code == 303
    text = draft_text(database)
    for words in ("title: Von Ida\n", "contact: kim\n", "nav_title: Ida\n"):
        assert words in text


def test_a_header_that_cannot_be_read_is_shown_as_text_with_its_error(
    editor: Editor, database: Database, content: Path
) -> None:
    file = content / "docs/de/seite-3.md"
    raw = file.read_text("utf-8").replace("title: Seite 3", "title: Seite: 3")
    file.write_text(raw, "utf-8")
    path = "seiten/kopf/de/seite-3/"
    page = editor.get(path)
    assert page.status_code == 200
    assert "title: Seite: 3" in page.text
    assert "kein gültiges YAML" in page.text
    assert editor.get("seiten/de/seite-3/").status_code == 200
    form = form_values(page.text, path)
    assert editor.post(path, form).status_code == 422
    assert editor.post(path, form | {"words": [form["words"][0].replace("Seite: 3", "'Seite: 3'")]}).status_code == 303
    assert draft_text(database, "de/seite-3.md") == raw.replace("Seite: 3", "'Seite: 3'")


def test_a_translator_changes_the_words_of_a_header_alone(
    new_editor: Callable[..., Editor], database: Database
) -> None:
    one = new_editor("olena", "translate:en")
    path = "seiten/kopf/en/seite-1/"
    form = opened(one, path)
    assert not {"contact", "review_by", "reviewed_by"} & set(form)
    assert one.post(path, form | {"nav_title": ["Short"], "contact": ["kim"]}).status_code == 303
    assert "nav_title: Short\n" in draft_text(database, "en/seite-1.md")
    assert "contact:" not in draft_text(database, "en/seite-1.md")
