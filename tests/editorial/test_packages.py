"""What the packages may load, and what the project says of its dependencies; import-linter checks the layers."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module in {"editorial", "form_handler"}:
                yield from (f"{node.module}.{name.name}" for name in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_the_running_server_loads_nothing_that_only_builds_checks_or_migrates() -> None:
    """Each of these would cost every process some megabytes, and a tenth of a second at the start."""
    code = "import form_handler.server, kim.service, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"msgspec", "alembic", "mkdocs", "markdown", "zxingcpp", "authlib", "xlsxwriter"} & set(loaded.split())


def test_mkdocs_is_known_only_to_the_plugin_and_the_build() -> None:
    users = {
        path.name for path in (ROOT / "editorial").rglob("*.py") if any(n.startswith("mkdocs") for n in imports(path))
    }
    assert users == {"plugin.py", "mkdocs_runner.py", "single.py"}


def test_every_dependency_is_named_with_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = requirement.split(">")[0].split("=")[0].split("[")[0]
        assert name in named or name.startswith("types-"), name


def test_lock_files_hold_hashes_and_no_index_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "http" not in text
        assert "--index" not in text
