"""Which folder is the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.project import ConfigError, find_project, read_config

OURS = "site_name: x\nplugins: [kim-editorial]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "docs" / "de").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(OURS)
    return folder


def test_the_project_is_found_from_any_folder_in_it(project: Path) -> None:
    for folder in (project, project / "docs", project / "docs" / "de"):
        assert find_project(folder, {}, Path("/code")) == project


def test_the_variable_comes_before_the_working_directory(project: Path, tmp_path: Path) -> None:
    assert find_project(project, {"KIM_PROJECT": str(tmp_path)}, Path("/code")) == tmp_path
    assert find_project(project, {"KIM_PROJECT": ""}, Path("/code")) == project


def test_outside_of_a_project_the_checkout_is_taken(tmp_path: Path) -> None:
    assert find_project(tmp_path / "gone", {}, Path("/code")) == Path("/code")


@pytest.mark.parametrize("text", ["site_name: Another\nplugins: [search]\n", "\xff\xfe"])
def test_a_site_of_another_kind_is_no_project(project: Path, text: str) -> None:
    inner = project / "docs" / "de"
    (inner / "mkdocs.yml").write_bytes(text.encode("latin-1"))
    assert find_project(inner, {}, Path("/code")) == project


def test_a_project_without_configuration_is_answered_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mkdocs\.yml: It cannot be read .* KIM_PROJECT"):
        read_config(tmp_path / "mkdocs.yml")
