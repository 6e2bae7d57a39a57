"""The delivered systemd units, container files and scripts: valid, hardened, and they call commands that exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from form_handler.operations.doctor import UNITS, check_units
from form_handler.settings import read_settings
from form_handler.settings.file import read_settings_file
from kim.cli import main
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in SYSTEMD.glob("kim*.service") if "@" not in path.name)


def lines(path: Path, name: str) -> list[str]:
    """Return the values of a setting in a unit."""
    return re.findall(rf"^{name}=(.*)$", path.read_text("utf-8"), re.MULTILINE)


def call(words: list[str]) -> click.Command:
    """Return the command that ``kim`` runs for these words, with their options parsed.

    :raises click.UsageError: if there is no such command or option.
    """
    context = click.Context(main)
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group):
        _name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
    command.make_context("kim", rest, resilient_parsing=False)
    return command


def test_the_units_are_valid(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        raise FileNotFoundError("The tests of the units need systemd-analyze: apt-get install systemd")
    for path in SYSTEMD.iterdir():
        text = re.sub(r"/opt/kim/current/\S+", "/bin/true", path.read_text("utf-8"))
        (tmp_path / path.name).write_text(text)
    units = [tmp_path / path.name for path in SYSTEMD.iterdir() if path.suffix in {".service", ".socket", ".timer"}]
    named = [path.with_name(path.name.replace("@", "@x")) for path in units if "@" in path.name]
    for path in named:
        shutil.copy(path.with_name(path.name.replace("@x", "@")), path)
    whole = [*(path for path in units if "@" not in path.name), *named]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *whole], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "kim" in line]
    assert ours == []


def test_the_daily_build_takes_the_edited_pages_where_pages_are_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_in = DEPLOY / "kim-build-editing.conf"
    (named,) = (value for value in lines(drop_in, "Environment") if value.startswith("KIM_CONTENT_DIR="))
    assert named.partition("=")[2] in (SYSTEMD / "kim-publish.service").read_text("utf-8")
    assert lines(drop_in, "ExecStart")[0] == ""
    call(shlex.split(lines(drop_in, "ExecStart")[1])[1:])
    assert lines(drop_in, "User") == lines(SYSTEMD / "kim-publish.service", "User")
    monkeypatch.setattr("form_handler.operations.doctor.systemd_runs", lambda: True)
    fake = tmp_path / "systemctl"
    for environment, wrong in (("", True), (named, False)):
        fake.write_text(
            f'#!/bin/sh\n[ "$1" = show ] && echo "Environment=KIM_SETTINGS=none {environment}" || echo active\n'
        )
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert ("KIM_CONTENT_DIR" in check_units(True).message) is wrong
        assert check_units(False).status == "ok"


@pytest.mark.parametrize(
    ("active", "enabled", "words"),
    [
        ("activating", "enabled", "kim.service is starting; if it stays so, it fails again and again"),
        ("inactive", "disabled", "kim.service is inactive: systemctl enable --now kim.service"),
        ("failed", "enabled", "kim.service is failed"),
        ("active", "disabled", "kim.service runs and would be missing after a reboot: systemctl enable kim.service"),
        ("active", "enabled", ""),
    ],
)
def test_the_doctor_tells_a_unit_that_starts_from_one_that_stands_still_or_would_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, active: str, enabled: str, words: str
) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text(f'#!/bin/sh\n[ "$1" = is-enabled ] && echo {enabled} || echo {active}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("form_handler.operations.doctor.systemd_runs", lambda: True)
    found = check_units().message
    assert words in found if words else found == ""


@pytest.mark.parametrize("unit", SERVICES)
def test_each_service_is_shut_in(unit: str) -> None:
    """The figure of `systemd-analyze security`: 0 is best, 9.6 is a unit without any limit; it was 7.1 once."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", SYSTEMD / unit], capture_output=True, text=True
    )
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= (3.7 if unit == "kim-build.service" else 1.3)


@pytest.mark.parametrize("unit", SERVICES)
def test_each_service_calls_a_command_that_exists_with_options_that_it_knows(unit: str) -> None:
    for command in [*lines(SYSTEMD / unit, "ExecStart"), *lines(SYSTEMD / unit, "ExecStartPost")]:
        program, *words = shlex.split(command)
        assert (ROOT / program.removeprefix("/opt/kim/current/")).stat().st_mode & stat.S_IXUSR, program
        if program.endswith("/kim"):
            words = [str(ROOT) if word == "/var/lib/kim-backup" else word for word in words]
            call(words)


def test_builder_and_service_are_different_users_and_the_service_cannot_write_its_code() -> None:
    assert lines(SYSTEMD / "kim-build.service", "User") == ["kim-build"]
    for unit in set(SERVICES) - {"kim-build.service"}:
        assert lines(SYSTEMD / unit, "User") == ["kim"]
        assert lines(SYSTEMD / unit, "ProtectSystem") == ["strict"]
        assert lines(SYSTEMD / unit, "ReadWritePaths") == []
    for unit in SERVICES:  # a venv of a release has no command of its own
        assert all("/deploy/" in command for command in lines(SYSTEMD / unit, "ExecStart")), unit
    users = (SYSTEMD / "kim.sysusers.conf").read_text("utf-8")
    assert re.findall(r"^u (\S+)", users, re.MULTILINE) == ["kim", "kim-build"]


def test_each_timer_has_its_service_and_the_doctor_knows_every_unit() -> None:
    for path in SYSTEMD.glob("*.timer"):
        assert path.with_suffix(".service").exists()
        assert lines(path, "Persistent") == ["true"], "what was missed while the machine was off is made good"
        done = subprocess.run(["systemd-analyze", "calendar", *lines(path, "OnCalendar")], capture_output=True)
        assert done.returncode == 0
    started = {path.name for path in SYSTEMD.iterdir() if "[Install]" in path.read_text("utf-8")}
    assert set(UNITS) == started


def test_the_example_settings_start_a_production_service(tmp_path: Path) -> None:
    file = tmp_path / "kim.env"
    key = tmp_path / "secret"
    key.write_text("0123456789abcdef" * 4)
    key.chmod(0o600)
    text = (DEPLOY / "kim.env.example").read_text("utf-8")
    file.write_text(text.replace("/etc/kim/secret", str(key)).replace("/var/lib/kim", str(tmp_path)))
    file.chmod(0o640)
    settings = read_settings({"KIM_SETTINGS": str(file)})
    assert settings.mode == "production"
    ports = lines(SYSTEMD / "kim.socket", "ListenStream")
    assert ports == [f"{settings.bind}:{settings.port}", "{}:{}".format(*settings.metrics_address or ())]
    assert str(settings.site_dir) in (DEPLOY / "nginx.conf").read_text("utf-8")
    assert read_settings_file(file)


def test_the_containers_are_not_root_read_only_and_run_commands_that_exist() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["user"] == "990:990"
        assert service["cap_drop"] == ["ALL"]
        if "command" in service:
            call(service["command"][1:])
    for words in re.findall(r"run --rm tasks kim ([^&\n]+)", (DEPLOY / "compose.yaml").read_text("utf-8")):
        call([str(ROOT) if word == "/backups" else word for word in shlex.split(words)])
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    check = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])\n", container, re.DOTALL)
    assert check is not None
    assert compose["services"]["kim"]["healthcheck"]["test"] == ["CMD", *json.loads(check[1])]
    assert "\nUSER kim\n" in container
    assert "HEALTHCHECK" in container
    assert "/healthz" in container
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    assert {"var", ".git", "*.env", "**/*.env", "deploy/secret", ".venv", "tests"} <= set(ignored)


@pytest.mark.parametrize("name", ["Containerfile", "kim-release"])
def test_all_code_of_a_release_is_compiled_because_the_service_cannot_write_it(name: str) -> None:
    (line,) = re.findall(r"compileall -q (.*)", (DEPLOY / name).read_text("utf-8"))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert set(line.split()) == packages


@pytest.fixture
def gpg_key(tmp_path: Path) -> Path:
    """A public key and, in ``keys``, its private half, as they are on another machine."""
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    run = ["gpg", "--homedir", home, "--batch", "--quiet"]
    made = [*run, "--passphrase", "", "--quick-generate-key", "backup@example.org", "default", "default", "never"]
    subprocess.run(made, check=True, capture_output=True)
    subprocess.run([*run, "--armor", "--output", tmp_path / "backup-key.asc", "--export"], check=True)
    return tmp_path / "backup-key.asc"


def test_the_copy_elsewhere_is_encrypted_and_can_be_read_with_the_private_key(gpg_key: Path, tmp_path: Path) -> None:
    backups, offsite = tmp_path / "backups", tmp_path / "offsite"
    backups.mkdir()
    offsite.mkdir()
    for day in ("2026-11-29T023000Z", "2026-11-30T023000Z"):
        (backups / f"kim-{day}.zip").write_bytes(b"data of persons " + day.encode())

    def copy(**env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DEPLOY / "backup-offsite", backups],
            env={"PATH": os.environ["PATH"], **env},
            capture_output=True,
            text=True,
        )

    assert copy().returncode == 0, "no copy is wanted"
    refused = copy(KIM_OFFSITE=str(offsite), KIM_OFFSITE_KEY="/nowhere")
    assert (refused.returncode, list(offsite.iterdir())) == (1, [])
    assert "encrypted only" in refused.stderr
    done = copy(KIM_OFFSITE=str(offsite), KIM_OFFSITE_KEY=str(gpg_key))
    assert done.returncode == 0, done.stderr
    assert "lies on the disk of" in done.stderr, "a share that is not mounted"
    file = offsite / "kim-2026-11-30T023000Z.zip.gpg"
    assert [path.name for path in offsite.iterdir()] == [file.name]
    assert b"data of persons" not in file.read_bytes()
    command = ["gpg", "--homedir", tmp_path / "keys", "--batch", "--quiet", "--decrypt", file]
    assert subprocess.run(command, capture_output=True, check=True).stdout.startswith(b"data of persons 2026-11-30")
    subprocess.run(["gpgconf", "--homedir", tmp_path / "keys", "--kill", "all"], check=False)


@pytest.mark.parametrize("fault", ["missing", "full", "no backup", "clock"])
def test_a_copy_elsewhere_that_fails_says_so_and_deletes_no_older_one(
    gpg_key: Path, tmp_path: Path, fault: str
) -> None:
    backups, offsite, tools = tmp_path / "backups", tmp_path / "offsite", tmp_path / "bin"
    for folder in (backups, offsite, tools):
        folder.mkdir()
    (tools / "cp").write_text('#!/bin/sh\n: >"$2"\necho "No space left on device" >&2\nexit 1\n')
    (tools / "cp").chmod(0o755)
    names = [f"kim-2026-0{month}-01T023000Z.zip.gpg" for month in range(1, 9)]
    for name in names:
        (offsite / name).write_bytes(b"older")
        os.utime(offsite / name, (0, 0))
    if fault != "no backup":
        (backups / "kim-2026-11-30T023000Z.zip").write_bytes(b"data of persons")
    if fault == "clock":
        (backups / "kim-2130-11-30T023000Z.zip").write_bytes(b"made in the wrong year")
    target = tmp_path / "not-mounted" if fault == "missing" else offsite
    path = os.environ["PATH"] if fault != "full" else f"{tools}:{os.environ['PATH']}"
    env = {"PATH": path, "KIM_OFFSITE": str(target), "KIM_OFFSITE_KEY": str(gpg_key)}
    done = subprocess.run([DEPLOY / "backup-offsite", backups], env=env, capture_output=True, text=True)
    left = sorted(one.name for one in offsite.iterdir())
    if fault == "clock":
        assert done.returncode == 0, done.stderr
        assert left == [*names[2:], "kim-2026-11-30T023000Z.zip.gpg"], "the newest seven stay, whatever their age"
    else:
        assert done.returncode == 1, done.stdout
        assert (left, done.stdout) == (names, "")
        assert {"missing": "mounted", "full": "No space left", "no backup": "holds no backup"}[fault] in done.stderr
    subprocess.run(["gpgconf", "--homedir", tmp_path / "keys", "--kill", "all"], check=False)


def test_each_drill_of_the_table_is_a_test() -> None:
    section = (DEPLOY / "DRILLS.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)`", section)
    assert len(named) > 25
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name in named if f"def {name}(" not in code] == []
    for drill in ("drill_debian.py", "drill_container.py"):
        steps = re.findall(r"def (test_\w+)", (ROOT / "tests" / "deploy" / drill).read_text("utf-8"))
        assert set(steps) <= set(named), drill
