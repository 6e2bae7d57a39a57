"""What a release says of itself: licences (REUSE), publiccode.yml, the list of its packages, how to report a weakness."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from core.languages import load_languages
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

# Keys and values of the standard publiccode.yml 0.4, schema.core.
STATUSES = {"concept", "development", "beta", "stable", "obsolete"}
TYPES = {"standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web", "standalone/backend", "standalone/other",
         "addon", "library", "configurationFiles"}  # fmt: skip
KEYS = {"publiccodeYmlVersion", "name", "applicationSuite", "url", "landingURL", "isBasedOn", "softwareVersion", "releaseDate",
        "logo", "platforms", "categories", "usedBy", "roadmap", "developmentStatus", "softwareType", "intendedAudience",
        "description", "legal", "maintenance", "localisation", "dependsOn", "fundedBy", "organisation"}  # fmt: skip


def test_every_file_says_its_licence() -> None:
    done = subprocess.run([sys.executable, "-m", "reuse", "lint", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, subprocess.run(
        [sys.executable, "-m", "reuse", "lint"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    assert (ROOT / "LICENSES" / "MIT.txt").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


@pytest.mark.usefixtures("all_languages")
def test_publiccode_is_valid_and_says_what_other_files_say() -> None:
    assert subprocess.run([sys.executable, ROOT / "deploy" / "make-publiccode", "--check"]).returncode == 0, (
        "make publiccode"
    )
    found = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
    assert found.keys() <= KEYS
    assert found["publiccodeYmlVersion"] == "0.4"
    assert re.fullmatch(r"https?://\S+", found["url"])
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", found["releaseDate"])
    assert found["developmentStatus"] in STATUSES
    assert found["softwareType"] in TYPES
    assert found["platforms"]
    assert found["categories"]
    for text in found["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]
    assert found["legal"]["license"] == "MIT"
    assert found["maintenance"]["type"] in {"internal", "contract", "community", "none"}
    assert found["localisation"]["availableLanguages"] == [language.code for language in load_languages()]


@pytest.mark.slow
def test_the_list_of_packages_is_that_of_the_lock_file(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    rule = re.search(r"^sbom:.*\n\t@\$\(VENV\)/bin/python (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert rule is not None
    command = rule[1].replace("sbom.json", str(target)).split()
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    sbom = json.loads(target.read_text("utf-8"))
    assert sbom["bomFormat"] == "CycloneDX"
    lines = re.findall(r"^([A-Za-z0-9].*?==\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    locked = {(Requirement(line).name, next(iter(Requirement(line).specifier)).version) for line in lines}
    assert {(one["name"], one["version"]) for one in sbom["components"]} == locked
    assert all(one.get("externalReferences") or one.get("purl") for one in sbom["components"])


def test_the_way_to_report_a_weakness_is_written_down() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "security.txt" in text
    assert "SECURITY.md" in (ROOT / "README.md").read_text("utf-8")
