"""What the packages may load, and what the project says of its dependencies; import-linter checks the layers."""

from __future__ import annotations

import ast
import re
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
    code = "import form_handler.server.run, kim.server, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"msgspec", "alembic", "mkdocs", "markdown", "zxingcpp", "authlib", "xlsxwriter"} & set(loaded.split())


def test_mkdocs_is_known_only_to_the_plugin_and_the_build() -> None:
    users = {
        path.name for path in (ROOT / "editorial").rglob("*.py") if any(n.startswith("mkdocs") for n in imports(path))
    }
    assert users == {"plugin.py", "mkdocs_runner.py"}


PRODUCT = ("core", "form_handler", "editorial", "editing", "kim")


def private_names(path: Path) -> Iterator[str]:
    """Yield each underscored name of the product that a test imports, reads or replaces."""
    tree = ast.parse(path.read_text("utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PRODUCT:
            imported.update(name.asname or name.name for name in node.names)
            yield from (name.name for name in node.names if name.name.startswith("_"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            name = node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PRODUCT):
            name = node.value.rpartition(".")[2]  # monkeypatch.setattr("core.gettext._name", …)
        elif isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            target, given = node.args[0], node.args[1].value
            name = str(given) if isinstance(target, ast.Name) and target.id in imported else ""
        else:
            continue
        if name.startswith("_") and not name.startswith("__"):
            yield name


def test_tests_use_public_names_of_the_product_only() -> None:
    found = {f"{path.relative_to(ROOT)}: {name}" for path in ROOT.glob("tests/**/*.py") for name in private_names(path)}
    assert found == set()


def test_every_dependency_says_why_it_is_there() -> None:
    lines = re.findall(r'^    "[^"]+",.*$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    dependencies = [line for line in lines if re.match(r'    "[a-z][a-z0-9-]*(\[[a-z]+\])?([<>=~]|")', line)]
    assert len(dependencies) > 40
    assert [line for line in dependencies if " # " not in line and not line.startswith('    "types-')] == []


def test_lock_files_hold_hashes_and_no_index_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "http" not in text
        assert "--index" not in text


def test_what_make_test_takes_a_sample_of_is_listed() -> None:
    """Nobody has to read the tests to know what only `make test-all` holds."""
    table = (ROOT / "tests" / "README.md").read_text("utf-8")
    listed = set(re.findall(r"`((?:\w+/)+\w+\.py)`", "".join(re.findall(r"^\| `.*?\|", table, re.MULTILINE))))
    tests = ROOT / "tests"
    samples = {
        path.relative_to(tests).as_posix()
        for path in tests.rglob("*/*.py")
        if "full_or_sample(" in path.read_text("utf-8") or "import FULL" in path.read_text("utf-8")
    }
    assert listed == samples
