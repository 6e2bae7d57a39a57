"""Install the service on a whole Debian as deploy/README.md says, and let happen to it what happens: `make drill-debian`.

Debian 13, with systemd as its first process, Debian's nginx, and no network. ``DEBIAN=bookworm`` takes Debian 12. It needs root,
debootstrap and systemd-nspawn, and takes some five minutes, the first time more; so it is no part of ``make test``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.machine import RELEASES, Machine, fetch_wheels, make_base
from tests.deploy.repository import NEW_SENTENCE, git, make_repository, take_over_update
from tests.form_handler.conftest import VALID_FORM
from tests.server import wait_until

RELEASE = os.environ.get("DEBIAN") or "trixie"
PAGES = "/,/en/seite-1/,/ar/seite-1/,/seite-0/,/assets/kim.css"  # what people read all the time
SERVICES = ("kim.socket", "kim.service", "kim-mail.service", "nginx.service")


def steps() -> list[str]:
    """Return the commands of the section "Install" in deploy/README.md, without their comments."""
    section = (ROOT / "deploy" / "README.md").read_text("utf-8").partition("### Install")[2]
    block = section.split("```")[1]
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city's repository."""
    assert RELEASE in RELEASES, f"DEBIAN is one of {', '.join(RELEASES)}"
    return make_repository(tmp_path_factory.mktemp("city") / "repository")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Machine]:
    """The machine of a city's IT, with the service installed by nothing but the commands of the page."""
    forge = tmp_path_factory.mktemp("forge") / "forge.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", repository, forge], check=True)
    git(repository, "remote", "add", "forge", str(forge))
    first, *others = steps()
    assert first.startswith("apt-get install ")
    base = make_base(RELEASE, first.split()[2:])
    made = Machine(base, fetch_wheels(RELEASE, base), forge, tmp_path_factory.mktemp("machine") / "disk")
    made.boot()
    try:
        made.do("printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' >/etc/pip.conf")
        made.do("systemd-run --quiet --unit=forge git daemon --export-all --base-path=/srv /srv")
        made.do("systemd-run --quiet --unit=sink python3 /in_machine.py mail ~root/mails")
        made.do("echo 127.0.0.1 kim.example.org >>/etc/hosts; ln -s /bin/true /usr/local/bin/editor")
        made.do("until git clone --quiet git://127.0.0.1/forge.git kim; do sleep 1; done; chmod 0700 /root")
        certificate = "-keyout /etc/ssl/kim/privkey.pem -out /etc/ssl/kim/fullchain.pem"
        for step in others:
            if step.startswith("editor "):
                made.do(
                    "sed -i 's#^KIM_SMTP_URL=.*#KIM_SMTP_URL=smtp://127.0.0.1:25#' /etc/kim/kim.env; mkdir /etc/ssl/kim"
                )
                made.do(f"openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=kim.example.org -addext "
                        f"subjectAltName=DNS:kim.example.org {certificate} 2>/dev/null")  # fmt: skip
                made.do(
                    "cp /etc/ssl/kim/fullchain.pem /usr/local/share/ca-certificates/kim.crt && update-ca-certificates"
                )
            elif "kim doctor" in step:
                made.ask(step)
            else:
                made.do(f"cd kim && RELEASE_BUILD_OPTIONS=--no-pdf {step.replace('NAME', 'probe --no-password')}")
        # The drill has one address for all people.
        made.do("sed -i s/rate=10r/rate=1000r/ /etc/nginx/sites-available/kim && systemctl reload nginx")
        made.do("echo KIM_RATE_LIMIT=0 >>/etc/kim/kim.env && systemctl restart kim")
        yield made
    finally:
        made.shut_down()


def ask(machine: Machine, path: str, *headers: str) -> dict[str, Any]:
    """Ask the machine's nginx; return status, headers and the beginning of the text."""
    quoted = " ".join(f"'{header}'" for header in headers)
    found: dict[str, Any] = json.loads(machine.do(f"python3 /in_machine.py ask GET '{path}' {quoted}"))
    return found


class People:
    """People who send forms inside the machine while something happens to it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.found: dict[str, Any] = {}

    def __enter__(self) -> People:
        """Begin, and wait for the first forms."""
        body = urllib.parse.urlencode(VALID_FORM)
        self.machine.do("rm -f people.stop people.sent people.json; systemctl reset-failed people 2>/dev/null || true")
        self.machine.do(
            f"systemd-run --quiet --unit=people --collect sh -c "
            f"'python3 /in_machine.py people \"{body}\" {PAGES} ~root/people.stop >~root/people.part; mv ~root/people.part ~root/people.json'"
        )
        self.wait_for_more()
        return self

    def count(self) -> int:
        """Return how many forms were sent."""
        return int(self.machine.ask("cat people.sent 2>/dev/null").strip() or 0)

    def wait_for_more(self) -> None:
        """Wait until five more forms were sent."""
        goal = self.count() + 5
        wait_until(lambda: self.count() >= goal, what="five more forms")

    def __exit__(self, kind: object, *_error: object) -> None:
        """End; after a fault of the test itself nothing is read."""
        if kind is None:
            self.wait_for_more()
        self.machine.ask("touch people.stop")
        wait_until(lambda: self.machine.ask("ls people.json 2>/dev/null"), what="the end of the people")
        self.found = json.loads(self.machine.do("cat people.json"))


def said_of(found: dict[str, Any]) -> str:
    """Return in words what people met."""
    return f"{len(found['sent'])} forms sent, {len(found['faults'])} of {found['requests']} requests failed, longest wait {found['longest']:.1f} s"


def stored(machine: Machine) -> set[str]:
    """Return the references of all forms in the database."""
    said = machine.do("runuser -u kim -- kim submissions list --json 2>/dev/null")
    return {row["reference"] for row in json.loads(said)}


def test_the_page_walked_gives_a_service_about_which_the_doctor_has_nothing_to_say(machine: Machine) -> None:
    for unit in SERVICES:
        assert machine.ask(f"systemctl is-active {unit}").strip() == "active", machine.ask(
            f"journalctl -u {unit} | tail"
        )
    for unit in ("kim-backup", "kim-restore-drill", "kim-build"):
        machine.do(f"systemctl start {unit}.service")
    wait_until(
        lambda: "mail worker" not in machine.ask("runuser -u kim -- kim doctor --no-content"), what="the mail worker"
    )
    said = machine.ask("runuser -u kim -- kim doctor --no-content")
    faults = [line for line in said.splitlines() if line.startswith(("FAILED", "warning"))]
    # The machine has no network, hence no clock; the drill switches the limit off, and its small site lacks pages.
    assert [line for line in faults if not re.match(r"warning +(time|settings|site): ", line)] == [], said
    assert "listed" in machine.ask("systemctl list-timers 'kim*' --no-pager")
    assert machine.ask("systemctl list-timers 'kim*' --no-legend --no-pager").count("kim-") == 6


def test_nginx_of_this_debian_takes_the_delivered_configuration(machine: Machine) -> None:
    assert "[emerg]" not in machine.do("nginx -t 2>&1")
    page = ask(machine, "/", "Accept-Encoding: br, gzip")
    assert (page["status"], page["headers"]["content-encoding"]) == (200, "br")
    assert page["headers"]["content-security-policy"].startswith("default-src 'none'")
    assert ask(machine, "/", "Accept-Encoding: gzip")["headers"]["content-encoding"] == "gzip"
    assert "immutable" in ask(machine, "/assets/kim.css?v=1")["headers"]["cache-control"]
    sixth = json.loads(machine.do("ADDRESS=::1 python3 /in_machine.py ask GET /ar/gibt-es-nur-ueber-ipv6/"))
    assert (sixth["status"], 'lang="ar"' in sixth["text"]) == (404, True)
    assert ask(machine, "/ar/nope/")["status"] == 404
    assert ask(machine, "/readyz")["status"] == 404
    assert ask(machine, "/", "Host: evil.example")["status"] == 421
    wait_until(lambda: "127.0.0.0 [" in machine.ask("cat /var/log/nginx/kim/access.log"), what="the log")
    log = machine.do("cat /var/log/nginx/kim/access.log")
    assert "0.0.0.0 [" in log
    assert not {"127.0.0.1", "::1"} & set(log.replace("[", " ").split())
    assert machine.ask("cat /var/log/nginx/access.log") == ""
    machine.do("logrotate --force /etc/logrotate.d/kim && ls /var/log/nginx/kim/access.log.1.gz")


def test_the_service_writes_neither_code_nor_site_nor_settings(machine: Machine) -> None:
    for unit in ("kim", "kim-mail"):
        inside = (
            f"nsenter --target $(systemctl show -P MainPID {unit}) --mount --setuid $(id -u kim) --setgid $(id -g kim)"
        )
        for place in (
            "/opt/kim/current/kim",
            "/opt/kim/current/site",
            "/etc/kim",
            "/opt/kim",
            "/var/lib/kim-backup",
            "/usr",
        ):
            assert "touch: cannot" in machine.ask(f"{inside} touch {place}/x"), (unit, place)
        machine.do(f"{inside} touch /var/lib/kim/.x && rm /var/lib/kim/.x")


def test_commands_of_root_of_another_user_and_from_another_folder_leave_the_service_its_files(machine: Machine) -> None:
    said = machine.do("cd / && runuser -u kim -- kim users list 2>&1")
    assert "Database: /var/lib/kim/kim.sqlite3" in said
    for words in ("users list", "backup /tmp/x.zip", "db init", "purge"):
        said = machine.ask(f"cd /tmp && runuser -u nobody -- kim {words} 2>&1; echo code $?")
        assert "cannot be read by this user" in said, said
        assert "code 1" in said
    machine.do("kim backup --into /var/lib/kim-backup && kim users add second --no-password")
    assert machine.ask("find /var/lib/kim /var/lib/kim-backup /tmp -user root -type f; ls /tmp/x.zip 2>/dev/null") == ""
    machine.do("systemctl start kim-restore-drill.service")


def test_publishing_a_migration_restarts_kills_and_the_way_back_refuse_nobody(
    machine: Machine, repository: Path, tmp_path: Path, say: Callable[[str], None]
) -> None:
    first = machine.do("readlink /opt/kim/current").strip()
    pages = take_over_update(repository, tmp_path / "upstream")
    git(repository, "push", "--quiet", "forge", "main")
    with People(machine) as people:
        assert "The database has been upgraded" in machine.do("RELEASE_BUILD_OPTIONS=--no-pdf kim-release publish")
        for path in pages:
            built = f"/opt/kim/current/site/{path.parent.name}/{path.stem}/index.html"
            assert NEW_SENTENCE in machine.do(f"cat {built}"), path
        people.wait_for_more()
        machine.do("systemctl restart kim.service")
        people.wait_for_more()
        machine.do("kim-release rollback")
        people.wait_for_more()
        machine.do("systemctl kill --kill-whom=main --signal=KILL kim-mail.service")
    say(f"publication with a migration, restart, rollback: {said_of(people.found)}")
    assert people.found["faults"] == []
    assert machine.do("readlink /opt/kim/current").strip() == first
    assert set(people.found["sent"]) <= stored(machine)
    with People(machine) as people:  # killed: what is under way is lost for the browser, which sends it again
        began = time.monotonic()
        machine.do("systemctl kill --kill-whom=main --signal=KILL kim.service")
        wait_until(lambda: machine.ask("systemctl is-active kim.service").strip() == "active", what="the new start")
        people.wait_for_more()
    say(f"kill -9 of the service: five more forms after {time.monotonic() - began:.1f} s; {said_of(people.found)}")
    assert set(people.found["sent"]) <= stored(machine)
    wait_until(lambda: int(machine.ask("ls mails | wc -l")) >= len(people.found["sent"]), what="the mails")


def test_each_line_of_the_services_is_json(machine: Machine) -> None:
    for unit in ("kim", "kim-mail"):
        said = machine.do(f"journalctl --no-pager --output=cat _SYSTEMD_UNIT={unit}.service")
        lines = [line for line in said.splitlines() if line.strip()]
        assert len(lines) > 3
        for line in lines:
            assert json.loads(line)["event"], line
        assert "Beispielbetrieb" not in said
        assert "beispiel@example.org" not in said


def test_a_unit_that_fails_writes_to_root(machine: Machine, say: Callable[[str], None]) -> None:
    machine.do("printf '#!/bin/sh\\ncat >>~root/report\\n' >/usr/sbin/sendmail && chmod 0755 /usr/sbin/sendmail")
    machine.do("mv /var/lib/kim-backup /var/lib/away && install -d -o kim -g kim -m 0700 /var/lib/kim-backup")
    began = time.monotonic()
    machine.ask("systemctl start kim-restore-drill.service")
    wait_until(lambda: "holds no backup" in machine.ask("cat report"), what="the report")
    say(f"a restore drill without a backup: mail to root after {time.monotonic() - began:.1f} s")
    assert "Subject: KIM: kim-restore-drill.service failed" in machine.do("cat report")
    assert "kim-restore-drill.service failed" in machine.ask("runuser -u kim -- kim doctor --no-content --no-network")
    machine.do("rmdir /var/lib/kim-backup && mv /var/lib/away /var/lib/kim-backup")
    machine.do("systemctl start kim-restore-drill.service")


def test_a_build_by_root_breaks_no_later_build_and_no_release(machine: Machine) -> None:
    machine.do("kim build --no-pdf --site-dir /opt/kim/current/site")
    for _twice in range(2):
        machine.do("rm -f /opt/kim/current/.site.manifest.json && systemctl start kim-build.service")
    assert ask(machine, "/")["status"] == 200
    for _release in range(2):
        machine.do("sleep 1; RELEASE_BUILD_OPTIONS=--no-pdf RELEASE_KEEP=1 kim-release publish")
    assert machine.do("ls /opt/kim/releases").count("\n") <= 2


def test_pages_are_published_from_the_browser_by_a_service_that_cannot_write_code(machine: Machine) -> None:
    machine.do(
        "git clone --quiet git://127.0.0.1/forge.git /var/lib/kim/content && chown -R kim:kim /var/lib/kim/content"
    )
    machine.do("sed -i s#^KIM_SITE_DIR=.*#KIM_SITE_DIR=/var/cache/kim-site/site# /etc/kim/kim.env")
    machine.do("echo KIM_CONTENT_DIR=/var/lib/kim/content >>/etc/kim/kim.env")
    machine.do(
        "install -D -m 0644 kim/deploy/kim-build-editing.conf /etc/systemd/system/kim-build.service.d/editing.conf"
    )
    machine.do("systemctl daemon-reload && systemctl enable --now kim-publish.service")
    machine.do("systemctl start kim-build.service && systemctl restart kim")
    machine.do(
        "sed -i s#/opt/kim/current/site#/var/cache/kim-site/site# /etc/nginx/sites-available/kim && systemctl reload nginx"
    )
    wait_until(lambda: ask(machine, "/")["status"] == 200, what="the site of the editors")
    assert machine.ask("systemctl is-active kim-publish.service").strip() == "active"
    assert "units: well" in machine.ask("runuser -u kim -- kim doctor --no-content --no-network")


def test_after_a_reboot_everything_is_there_by_itself(machine: Machine, say: Callable[[str], None]) -> None:
    before = stored(machine)
    machine.shut_down()
    began = time.monotonic()
    machine.boot()
    wait_until(lambda: ask(machine, "/")["status"] == 200, what="the site")
    say(f"reboot: the site answers {time.monotonic() - began:.1f} s after the start, {len(before)} forms are there")
    assert stored(machine) == before
    machine.do("systemd-run --quiet --unit=sink python3 /in_machine.py mail ~root/mails")
    with People(machine) as people:
        pass
    assert people.found["faults"] == []
