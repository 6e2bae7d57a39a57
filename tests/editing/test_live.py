"""A publication with the real build: what the draft showed is what readers get."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.languages import default_language
from editing.publication import store, worker
from editing.workspace import Workspace
from editorial.build.build import build_site
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import PAGE, Editor
from tests.editing.test_publication import ask

pytestmark = pytest.mark.slow


def test_the_drawn_draft_has_the_bytes_of_the_published_page_and_no_draft_is_in_the_site(
    editor: Editor, database: Database, editing_settings: Settings, tmp_path: object
) -> None:
    docs = editing_settings.content_dir / "docs" if editing_settings.content_dir else None
    assert docs
    site = editing_settings.data_dir / "public"
    build_site(site, docs_dir=docs)
    live = replace(editing_settings, site_dir=site)
    editor.change("a.1", "Der neue Satz.")
    assert "Der neue Satz." not in (site / "seite-1/index.html").read_text("utf-8")
    workspace = Workspace(docs, editing_settings.data_dir / "findings.json")
    drawn = workspace.with_draft(
        "de", "seite-1", workspace.published(f"{PAGE}.md").replace("Der erste Satz.", "Der neue Satz.")
    )  # type: ignore[union-attr]
    assert not isinstance(drawn, list)
    shown = workspace.render(drawn, default_language(), "seite-1")
    ask(editor)
    assert worker.run_once(database, live) == 1, store.list_publications(database)
    assert (site / "seite-1/index.html").read_text("utf-8") == shown
    assert "kim-edit" not in shown
    assert not [path for path in site.rglob("*.html") if re.search(r"[\ue010-\ue029]", path.read_text("utf-8"))]
    stale = (site / "en/seite-1/index.html").read_text("utf-8")
    assert 'class="kim-stale"' in stale
