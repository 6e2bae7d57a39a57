"""Build the image by deploy/Containerfile, run it by deploy/compose.yaml, and let happen to it what happens: `make drill-container`.

The base is the Debian 13 of drill_debian.py instead of one from a registry, and Python packages come from a folder, so that it works
without a network. It needs root, podman and debootstrap, and takes some minutes (12 beside other test runs); so it is no part of ``make test``.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT
from tests.deploy.drill_debian import steps
from tests.deploy.in_machine import People, Site
from tests.deploy.machine import CACHE, fetch_wheels, make_base, run
from tests.deploy.repository import make_repository
from tests.form_handler.conftest import VALID_FORM
from tests.server import free_port, wait_until

DEBIAN = "trixie"
# The command `python` of an image from a registry, and packages from a folder.
BASE = """FROM localhost/kim-drill-debian
RUN ln -sf python3 /usr/bin/python && printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' >/etc/pip.conf
"""
# What a machine without systemd, or a container in which the drill itself runs, would refuse.
ENGINE = """[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
NAMESPACE = "mount --make-rprivate / && { umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; } && echo ready && exec sleep infinity"
SETTINGS = """KIM_HOSTS=127.0.0.1,kim.example.org
KIM_PUBLIC_URL=https://kim.example.org/
KIM_SMTP_URL=smtp://127.0.0.1:1
KIM_MAIL_FROM=kim@example.org
KIM_OFFICE_MAIL=office@example.org
KIM_RATE_LIMIT=0
PORT={port}
"""


class PlainSite(Site):
    """The service itself, without a proxy and TLS in front."""

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection for one request."""
        return http.client.HTTPConnection(*self.place, timeout=PATIENCE)


class Engine:
    """podman with images and containers of its own, in a mount namespace with control groups that crun can use (version 2)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "containers.conf").write_text(ENGINE)
        self.keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", NAMESPACE], stdout=subprocess.PIPE)
        assert self.keeper.stdout is not None
        assert self.keeper.stdout.readline() == b"ready\n"
        self.inside = ["nsenter", "--target", str(self.keeper.pid), "--mount", f"--wd={folder}", "--", "env", f"CONTAINERS_CONF={folder}/containers.conf"]  # fmt: skip
        self.podman = ["podman", "--root", str(CACHE / "containers"), "--runroot", "/run/kim-drill-containers"]
        self.script = folder / "podman"
        self.script.write_text(f'#!/bin/sh\nexec {shlex.join(self.podman)} "$@"\n')
        self.script.chmod(0o755)

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of podman."""
        return subprocess.run([*self.inside, *self.podman, *words], capture_output=True, text=True)

    def do(self, *words: str) -> str:
        """Run a command of podman; return what it said.

        :raises AssertionError: with what it said, if it fails.
        """
        done = self.ask(*words)
        assert done.returncode == 0, f"{shlex.join(words)[:200]}\n{(done.stdout + done.stderr)[-3000:]}"
        return done.stdout

    def compose(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `podman compose` with the delivered file; the network is that of this machine."""
        command = [str(ROOT / ".venv-drill" / "bin" / "podman-compose"), "--podman-path", str(self.script)]
        files = ["-f", "compose.yaml", "-f", "here.yaml"]
        return subprocess.run(
            [*self.inside, "KIM_IMAGE=localhost/kim-drill", *command, *files, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip

    def walk(self, label: str) -> str:
        """Run the commands that the head of the compose file gives after a label; return what they said."""
        (line,) = re.findall(rf"(?m)^# {label}.*?: +(podman compose .*)$", (self.folder / "compose.yaml").read_text())
        said = ""
        for one in line.replace("add NAME", "add probe --no-password").split(" && "):
            done = self.compose(*shlex.split(one)[2:])
            assert done.returncode == 0, f"{one}\n{done.stdout}{done.stderr}"
            said += done.stdout + done.stderr
        return said

    def status(self, path: str) -> int:
        """Return the status of an address of the service, 0 while it does not answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait(self) -> None:
        """Wait until the service answers."""
        wait_until(lambda: self.status("/healthz") == 200, what="the service")

    def close(self) -> None:
        """Remove containers and volumes; the image of the base is kept."""
        self.compose("down", "--volumes")
        self.ask("image", "prune", "--force")
        self.keeper.kill()
        self.keeper.wait()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The service in containers, built and started by nothing but the delivered files."""
    folder = tmp_path_factory.mktemp("containers")
    base = make_base(DEBIAN, steps()[0].split()[2:])
    wheels = fetch_wheels(DEBIAN, base)
    repository = make_repository(folder / "repository")
    shutil.copy(ROOT / ".containerignore", repository)
    for name in ("kim.env", "secret"):  # where the head of the compose file tells to put them
        (repository / "deploy" / name).write_text("KIM_SECRET_KEY=must-not-be-in-the-image\n")
    engine = Engine(folder)
    build = ["build", "--isolation", "chroot", "--network", "host", "--format", "docker", "--layers=false"]
    if engine.ask("image", "exists", "localhost/kim-drill-debian").returncode:
        parts = "--exclude=./var/cache --exclude=./var/lib/apt/lists --exclude=./usr/share/doc"
        load = f"tar -C {base} {parts} -c . | {shlex.join(engine.podman)} import - localhost/kim-drill-debian"
        run(*engine.inside, "sh", "-c", load)
    (folder / "Base").write_text(BASE)
    engine.do(*build, "--tag", "localhost/kim-drill-python", "--file", str(folder / "Base"), str(folder))
    options = ["BASE=localhost/kim-drill-python", "PDF=no", "SITE_URL=https://kim.example.org/"]
    arguments = [word for one in options for word in ("--build-arg", one)]
    engine.do(*build, "--volume", f"{wheels}:/wheels:ro", *arguments, "--tag", "localhost/kim-drill",
              "--file", str(repository / "deploy" / "Containerfile"), str(repository))  # fmt: skip
    shutil.copy(ROOT / "deploy" / "compose.yaml", folder)
    (folder / "here.yaml").write_text("services:\n" + "".join(f"  {one}: {{network_mode: host}}\n" for one in ("kim", "mail", "tasks")))  # fmt: skip
    (folder / "kim.env").write_text(SETTINGS.format(port=engine.port))
    (folder / "secret").write_text("0123456789abcdef0123456789abcdef\n")
    (folder / "secret").chmod(0o600)
    os.chown(folder / "secret", 990, 990)
    folder.chmod(0o755)
    try:
        assert "Created: /data/kim.sqlite3" in engine.walk("Once")
        done = engine.compose("up", "--detach")
        assert done.returncode == 0, done.stdout + done.stderr
        engine.wait()
        yield engine
    finally:
        engine.close()


def test_the_image_holds_code_and_site_of_root_and_nothing_that_it_must_not(engine: Engine) -> None:
    found = json.loads(engine.do("image", "inspect", "localhost/kim-drill"))[0]
    assert found["Config"]["User"] == "kim"
    assert "/healthz" in str(found["Healthcheck"])
    said = engine.do(
        "exec", "kim_kim_1", "sh", "-c", "find /app -not -user root | head -3; ls -A /app; ls -A /app/deploy; id -u"
    )
    assert said.split()[-1] == "990"
    assert not {".git", "var", "tests", "bench", "kim.env", "secret"} & set(said.split())
    assert "/app" not in said
    assert "must-not-be-in-the-image" not in engine.do("exec", "kim_kim_1", "env")


def test_the_service_writes_nothing_but_its_data_and_has_no_capability(engine: Engine) -> None:
    for container in ("kim_kim_1", "kim_mail_1"):
        for place in ("/app", "/app/site", "/etc", "/usr", "/", "/home"):
            assert engine.ask("exec", container, "touch", f"{place}/x").returncode != 0, (container, place)
        engine.do("exec", container, "sh", "-c", "touch /data/.x /tmp/x && rm /data/.x /tmp/x")
        said = engine.do("exec", container, "cat", "/proc/self/status")
        assert re.findall(r"Cap(?:Eff|Prm|Bnd):\s*(\w+)", said) == ["0" * 16] * 3
        assert re.findall(r"NoNewPrivs:\s*(\d)", said) == ["1"]


def send_forms(engine: Engine, number: int = 10) -> set[str]:
    """Let people read and write until so many forms were sent and none failed; return their references."""
    people = People(PlainSite("127.0.0.1", engine.port), VALID_FORM, ["/", "/en/"])
    people.start()
    try:
        wait_until(lambda: len(people.sent) >= number, what="the forms")
    finally:
        people.stop()
    assert people.faults == []
    return set(people.sent)


def test_people_send_forms_and_none_is_lost_when_containers_are_killed_or_made_anew(
    engine: Engine, say: Callable[[str], None]
) -> None:
    assert engine.status("/") == 200
    assert engine.status("/ar/nope/") == 404
    assert engine.status("/readyz") == 200
    sent = send_forms(engine)
    began = time.monotonic()
    for container in ("kim_kim_1", "kim_mail_1"):
        pid = int(engine.do("inspect", "--format", "{{.State.Pid}}", container))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: engine.do("inspect", "--format", "{{.State.Running}} {{.State.Pid}}", container).split()[0] == "true", what="the new start")  # noqa: B023  # fmt: skip
    engine.wait()
    say(f"kill -9 of both containers: the service answers after {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    done = engine.compose("up", "--detach", "--force-recreate")
    assert done.returncode == 0, done.stdout + done.stderr
    engine.wait()
    say(f"containers made anew, as after an update: the service answers after {time.monotonic() - began:.1f} s")
    sent |= send_forms(engine)
    said = engine.do("exec", "kim_kim_1", "kim", "submissions", "list", "--json")
    assert {row["reference"] for row in json.loads(said)} == sent
    assert engine.ask("healthcheck", "run", "kim_kim_1").returncode == 0


def test_backup_drill_and_upgrade_are_the_commands_of_the_file_and_the_doctor_agrees(engine: Engine) -> None:
    assert "/backups/kim-" in engine.walk("Each night")
    assert "The drill succeeded" in engine.walk("Each week")
    assert "up to date" in engine.walk("After an update")
    done = engine.compose("--profile", "tasks", "run", "--rm", "-e", "KIM_TLS=1", "-e", "KIM_PROXIES=1", "tasks", "kim", "doctor", "--no-network", "--no-content", "--json")  # fmt: skip
    (found,) = re.findall(r"(?m)^\[.*\]$", done.stdout)
    wrong = {one["part"]: one["message"] for one in json.loads(found) if one["status"] != "ok"}
    # The drill switches the limit off, names no mail server that answers, and its small site lacks pages.
    assert wrong.keys() <= {"settings", "mail", "site"}, wrong
    assert "forge addresses" not in wrong.get("settings", "")


def test_each_line_of_the_containers_is_json_without_data_of_a_person(engine: Engine) -> None:
    for container in ("kim_kim_1", "kim_mail_1"):
        done = engine.ask("logs", container)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        assert len(lines) > 1
        for line in lines:
            assert json.loads(line)["event"], line
        assert "eispiel" not in done.stdout + done.stderr
