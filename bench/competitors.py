"""Where the peers come from: installed once, outside of the project; one that cannot be installed is named, never left out in silence."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(tempfile.gettempdir()) / "kim-bench-peers"
LIGHTHOUSE = ("lighthouse@12.8.2",)
# The newest ones want Node.js 22; these run on 20 as well.
STARLIGHT = ("astro@5", "@astrojs/starlight@0.36")


def python_peer(name: str) -> tuple[Path | None, str]:
    """Return the folder of a Python peer's programs, installing its newest version, and that version or why it is not there."""
    python = HOME / "bin" / "python"
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True)
        if made.returncode != 0:
            return None, f"{name} not installed: no virtual environment ({last_line(made.stderr or made.stdout)})"
    print(f"Installing {name}, if it is not there …", flush=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--upgrade", name], capture_output=True, text=True
    )
    if done.returncode != 0:
        return None, f"{name} not installed: {last_line(done.stderr)}"
    show = subprocess.run([str(python), "-m", "pip", "show", name], capture_output=True, text=True).stdout
    version = next(line for line in show.splitlines() if line.startswith("Version")).partition(": ")[2]
    newest, reason = newest_version(python, name)
    # pip takes an older version without a word, if the newest one needs a package that the index does not have.
    missed = "" if newest in ("", version) else f" (the newest, {newest}, cannot be installed here: {reason})"
    return HOME / "bin", f"{name} {version}{missed}"


def newest_version(python: Path, name: str) -> tuple[str, str]:
    """Return the newest version of a package, empty if the index does not say, and why it cannot be installed."""
    report = [str(python), "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", "-"]
    found = subprocess.run([*report, "--no-deps", name], capture_output=True, text=True)
    if found.returncode != 0:
        return "", ""
    newest = json.loads(found.stdout)["install"][0]["metadata"]["version"]
    tried = subprocess.run([*report, f"{name}=={newest}"], capture_output=True, text=True)
    missing = re.findall(r"No matching distribution found for (\S+)", tried.stderr)
    return newest, f"no {', '.join(missing)} in the index" if missing else last_line(tried.stderr)


def node_peer(name: str, packages: tuple[str, ...]) -> tuple[Path | None, str]:
    """Return the ``node_modules`` of a Node.js peer, installing it once, and its version or why it is not there."""
    npm = shutil.which("npm")
    if npm is None:
        return None, f"{name} not installed: no Node.js here"
    folder = HOME / f"node-{name}"
    modules = folder / "node_modules"
    if not modules.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        command = [npm, "install", "--no-audit", "--no-fund", *packages]
        print(f"Installing {name} (once) …", flush=True)
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired:
            shutil.rmtree(folder, ignore_errors=True)
            return None, f"{name} not installed: npm took longer than ten minutes"
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return None, f"{name} not installed: {last_line(done.stderr)}"
    found = [package.rsplit("@", 1)[0] for package in packages]
    versions = [f"{one} {json.loads((modules / one / 'package.json').read_text())['version']}" for one in found]
    return modules, ", ".join(versions)


def last_line(text: str) -> str:
    """Return the last line of the output of a program."""
    return (text.strip().splitlines() or ["it says nothing"])[-1]


def quiet_node() -> dict[str, str]:
    """Return an environment in which Node.js tools tell nobody what they do."""
    return {**os.environ, "ASTRO_TELEMETRY_DISABLED": "1"}
