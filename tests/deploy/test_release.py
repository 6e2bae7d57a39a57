"""Install, update, roll back and publish with the delivered scripts, while people send forms: nothing is refused or lost."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT, full_or_sample
from tests.deploy.in_machine import People, Site
from tests.deploy.repository import NEW_SENTENCE, git, make_repository, take_over_update
from tests.form_handler.conftest import VALID_FORM
from tests.form_handler.nginx import running_nginx
from tests.server import wait_until

pytestmark = pytest.mark.slow

# What systemd does: the socket is the fourth file, and the environment says so (sd_listen_fds(3)).
HAND_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Systemd:
    """Holds the service's socket and restarts the service when a file asks for it, as systemd does."""

    def __init__(self, folder: Path) -> None:
        self.current = folder / "opt" / "kim" / "current"
        self.request = folder / "restart"
        self.log = folder / "service.log"
        self.settings = folder / "etc" / "kim" / "kim.env"
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.process: subprocess.Popen[bytes] | None = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.starts = 0
        self.nginx: Path | None = None  # its process id, where one runs in front

    def start(self) -> None:
        """Start the release that is live."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")} | {"KIM_SETTINGS": str(self.settings)}
        number, folder = self.socket.fileno(), self.current.resolve()
        command = [sys.executable, "-c", HAND_ON, str(number), str(self.current / "deploy" / "kim"), "serve"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=env, pass_fds=[number], stdout=log, stderr=log, start_new_session=True
            )
        self.starts += 1

    def stop(self) -> None:
        """Stop it as `systemctl stop` does, and wait for its end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _watch(self) -> None:
        while not self.is_over.wait(0.05):
            if self.request.exists():
                self.stop()
                self.start()
                self.request.unlink()

    @property
    def restart_command(self) -> str:
        """Return the command that restarts the service, waits for it and reloads nginx, as kim-release does with systemctl."""
        reload = f"; kill -HUP $(cat '{self.nginx}')" if self.nginx else ""
        return f"touch '{self.request}'; while [ -e '{self.request}' ]; do sleep 0.05; done{reload}"


@contextlib.contextmanager
def crowd(site: Site) -> Iterator[People]:
    """People who read pages and send forms for the length of the block; more of them in `make test-all`."""
    pages = ["/", "/en/seite-1/", "/ar/seite-1/", "/seite-0/", "/assets/kim.css"]
    people = People(site, VALID_FORM, pages, writers=full_or_sample(3, 1), readers=full_or_sample(2, 1))
    people.start()
    try:
        yield people
    finally:
        people.stop()


def wait_for_more(people: People, number: int = 5) -> None:
    """Wait until so many more forms were sent."""
    goal = len(people.sent) + number
    wait_until(lambda: len(people.sent) >= goal, what=f"{number} more forms")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a city with a small tree of pages in three languages."""
    return make_repository(tmp_path_factory.mktemp("city") / "repository")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[tuple[Path, Systemd]]:
    """What deploy/install makes below a folder, with a database and a running service."""
    folder = tmp_path_factory.mktemp("machine")
    env = {
        **os.environ,
        "DESTDIR": str(folder),
        "RELEASE_ENVIRONMENT": str(ROOT / ".venv"),
        "RELEASE_BUILD_OPTIONS": "--no-pdf",
    }
    for _twice in range(2):  # a second run changes nothing
        command = [repository / "deploy" / "install", "kim.example.org", str(repository)]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    settings = folder / "etc" / "kim" / "kim.env"
    text = re.sub(r"(?m)^KIM_SMTP_URL=.*$", "KIM_SMTP_URL=smtp://127.0.0.1:1", settings.read_text())
    text = re.sub(r"(?m)^KIM_METRICS=.*\n", "", text) + "KIM_RATE_LIMIT=100000\n"
    settings.write_text(text)
    systemd = Systemd(folder)
    assert kim(folder, "db", "init").returncode == 0
    systemd.start()
    systemd.thread.start()
    try:
        yield folder, systemd
    finally:
        systemd.is_over.set()
        systemd.thread.join()
        systemd.stop()
        systemd.socket.close()


def kim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command, from another folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
    env |= {"KIM_SETTINGS": str(folder / "etc" / "kim" / "kim.env")}
    return subprocess.run(
        [folder / "usr" / "local" / "bin" / "kim", *words], cwd="/", env=env, capture_output=True, text=True
    )


def release_env(folder: Path, systemd: Systemd, **more: str) -> dict[str, str]:
    """Return the environment of the installed kim-release."""
    return {
        **os.environ, "RELEASE_ROOT": str(folder / "opt" / "kim"), "RELEASE_SETTINGS": str(systemd.settings),
        "RELEASE_BACKUPS": str(folder / "var" / "lib" / "kim-backup"), "RELEASE_RESTART": systemd.restart_command,
        "RELEASE_READY": f"{systemd.url}/readyz", "RELEASE_ENVIRONMENT": str(ROOT / ".venv"),
        "RELEASE_BUILD_OPTIONS": "--no-pdf", **more,
    }  # fmt: skip


def release(folder: Path, systemd: Systemd, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the installed kim-release."""
    env = release_env(folder, systemd, **more)
    command = [folder / "usr" / "local" / "bin" / "kim-release", *words]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True)


def test_the_installation_has_its_owners_settings_and_a_release(installed: tuple[Path, Systemd]) -> None:
    folder, systemd = installed
    assert (folder / "etc/kim/secret").stat().st_mode & 0o777 == 0o600
    assert (folder / "etc/kim/kim.env").stat().st_mode & 0o777 == 0o640
    assert (folder / "var/lib/kim").stat().st_mode & 0o777 == 0o700
    assert "kim.example.org" in (folder / "etc/nginx/sites-enabled/kim").read_text()
    assert {path.name for path in (folder / "etc/systemd/system").iterdir()} >= {"kim.socket", "kim-backup.timer"}
    with urllib.request.urlopen(f"{systemd.url}/readyz", timeout=PATIENCE) as answer:
        assert json.load(answer)["parts"]["database"]["status"] == "ok"
    told = kim(folder, "doctor", "--no-network", "--no-content")
    assert f"settings file {folder}/etc/kim/kim.env" in told.stdout
    assert "https://kim.example.org/" in (systemd.current / "site" / "sitemap.xml").read_text()


def test_an_update_of_ten_pages_and_a_migration_and_the_way_back_refuse_nobody_and_lose_nothing(
    installed: tuple[Path, Systemd], repository: Path, tmp_path: Path
) -> None:
    """The whole way of a municipality: ``kim update``, ``kim-release publish`` and ``rollback``, behind the delivered nginx."""
    folder, systemd = installed
    first = systemd.current.resolve()
    pages = take_over_update(repository, tmp_path / "upstream")
    assert len(pages) == 10

    def with_the_sentence() -> int:
        return sum(NEW_SENTENCE in site.read(f"/{path.parent.name}/{path.stem}/") for path in pages)

    def wait_for_pages(number: int) -> None:  # nginx keeps a file open for two seconds
        wait_until(lambda: with_the_sentence() == number, what=f"{number} pages with the new sentence")

    port = systemd.socket.getsockname()[1]
    with running_nginx(tmp_path, systemd.current / "site", port) as nginx:
        systemd.nginx = tmp_path / "nginx.pid"
        site = Site("127.0.0.1", nginx.tls, str(tmp_path / "fullchain.pem"))
        with crowd(site) as people:
            wait_for_more(people)
            done = release(folder, systemd, "publish")
            assert done.returncode == 0, done.stderr
            assert "The database has been upgraded" in done.stderr
            second = systemd.current.resolve()
            assert second != first
            wait_for_more(people)
            wait_for_pages(10)
            backups = list((folder / "var/lib/kim-backup").glob("kim-*.zip"))
            assert len(backups) == 1, "before the migration"
            assert systemd.starts == 2
            back = release(folder, systemd, "rollback")
            assert back.returncode == 0, back.stderr
            assert systemd.current.resolve() == first
            wait_for_more(people)
            wait_for_pages(0)
            assert release(folder, systemd, "rollback").returncode == 0, "and forward again"
            wait_for_more(people)
            wait_for_pages(10)
    systemd.nginx = None
    logging.info("Under load: %s", {**people.figures(), "sent": len(people.sent)})
    assert people.faults == []
    assert len(site.waits) > 200
    stored = json.loads(kim(folder, "submissions", "list", "--json").stdout)
    assert sorted(row["reference"] for row in stored) == sorted(people.sent), "each form once"
    assert systemd.starts == 4


def test_a_faulty_text_is_not_published_and_leaves_nothing_behind(
    installed: tuple[Path, Systemd], repository: Path
) -> None:
    folder, systemd = installed
    before, starts = systemd.current.resolve(), systemd.starts
    names = sorted(path.name for path in (folder / "opt/kim/releases").iterdir())
    (repository / "docs/de/kontakt.md").write_text("no header\n")
    git(repository, "commit", "--quiet", "--all", "-m", "Faulty")
    done = release(folder, systemd, "publish")
    assert done.returncode != 0
    assert "docs/de/kontakt.md" in done.stderr
    assert systemd.current.resolve() == before
    assert systemd.starts == starts
    assert sorted(path.name for path in (folder / "opt/kim/releases").iterdir()) == names
    git(repository, "revert", "--no-edit", "HEAD")


def test_two_administrators_at_once_do_not_mix_their_releases(installed: tuple[Path, Systemd]) -> None:
    folder, systemd = installed
    before = systemd.current.resolve()
    with (folder / "opt/kim/.kim-release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in (["publish"], ["rollback"], ["activate", before.name], ["build"]):
            done = release(folder, systemd, *words)
            assert done.returncode == 1, words
            assert "another kim-release is running" in done.stderr
        assert release(folder, systemd, "list").returncode == 0
    assert systemd.current.resolve() == before


def test_a_publication_that_was_interrupted_leaves_nothing_in_the_way_of_the_next(
    installed: tuple[Path, Systemd], repository: Path
) -> None:
    folder, systemd = installed
    before, releases = systemd.current.resolve(), folder / "opt/kim/releases"
    names = sorted(path.name for path in releases.iterdir())
    env = release_env(folder, systemd)
    with subprocess.Popen(
        [folder / "usr/local/bin/kim-release", "publish"],
        env=env,
        cwd="/",
        start_new_session=True,
        stderr=subprocess.PIPE,
    ) as begun:
        wait_until(lambda: len(list(releases.glob("*/site"))) > len(names), what="the build")
        os.killpg(begun.pid, signal.SIGINT)  # as Ctrl-C does
        begun.wait(PATIENCE)
    # The shell that was asked may end before the one that builds, which clears away.
    wait_until(lambda: sorted(path.name for path in releases.iterdir()) == names, what="the end of what was begun")
    # kill -9 and a power cut: a folder that was begun, the link that was about to change, a service that was not restarted
    (releases / "20200101T000000Z-0000000" / "docs").mkdir(parents=True)
    (folder / "opt/kim/.current.new").symlink_to("releases/20200101T000000Z-0000000")
    starts = systemd.starts
    assert release(folder, systemd, "activate", before.name).returncode == 0
    assert (systemd.current.resolve(), systemd.starts) == (before, starts + 1)
    done = release(folder, systemd, "publish", RELEASE_KEEP="9")
    assert done.returncode == 0, done.stderr
    assert systemd.current.resolve().name not in names
    left = {path.name for path in releases.iterdir()}
    assert left == {*names, systemd.current.resolve().name}, "complete releases stay, the others went"
    assert release(folder, systemd, "rollback").returncode == 0
    assert systemd.current.resolve() == before


@pytest.mark.parametrize("bytes_a_file", [2_000, 60_000])
def test_a_publication_for_which_there_is_no_room_changes_nothing_and_leaves_nothing(
    installed: tuple[Path, Systemd], bytes_a_file: int
) -> None:
    folder, systemd = installed
    before, starts = systemd.current.resolve(), systemd.starts
    names = sorted(path.name for path in (folder / "opt/kim/releases").iterdir())
    command = ["prlimit", f"--fsize={bytes_a_file}", folder / "usr/local/bin/kim-release", "publish"]
    done = subprocess.run(command, env=release_env(folder, systemd), cwd="/", capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert (systemd.current.resolve(), systemd.starts) == (before, starts)
    assert sorted(path.name for path in (folder / "opt/kim/releases").iterdir()) == names


@pytest.mark.parametrize("name", ["../../etc", "nothing", "-rf", ".", "a b"])
def test_what_is_no_release_does_not_go_live(installed: tuple[Path, Systemd], name: str) -> None:
    folder, systemd = installed
    before, starts = systemd.current.resolve(), systemd.starts
    done = release(folder, systemd, "activate", name)
    assert done.returncode == 1
    assert "is no complete release" in done.stderr
    assert (systemd.current.resolve(), systemd.starts) == (before, starts)
    assert release(folder, systemd, "publish", f"{name}^").returncode == 1


def test_a_release_that_does_not_answer_gives_way_to_the_one_before(installed: tuple[Path, Systemd]) -> None:
    folder, systemd = installed
    before = systemd.current.resolve()
    other = next(path for path in (folder / "opt/kim/releases").iterdir() if path != before)
    nobody = {"RELEASE_READY": "http://127.0.0.1:1/readyz", "RELEASE_READY_SECONDS": "1"}
    done = release(folder, systemd, "activate", other.name, **nobody)
    assert done.returncode == 1
    assert "is live again" in done.stderr
    assert systemd.current.resolve() == before
    previous = folder / "opt/kim/previous"
    assert not previous.exists() or previous.resolve() != before, "the way back is as it was"
    told = release(folder, systemd, "list").stdout
    assert f"{before.name}  live" in told
    assert "is no complete release" in release(folder, systemd, "activate", "nothing").stderr


def test_a_release_before_a_migration_that_does_not_only_add_is_not_made_live(installed: tuple[Path, Systemd]) -> None:
    folder, systemd = installed
    live, starts = systemd.current.resolve(), systemd.starts
    releases = folder / "opt/kim/releases"
    (first,) = [path.name for path in releases.iterdir() if not (path / "form_handler/storage/migrations/versions/9001_later.py").exists()]  # fmt: skip
    with (
        contextlib.closing(sqlite3.connect(folder / "var/lib/kim/kim.sqlite3", timeout=PATIENCE)) as database,
        database,
    ):
        database.execute("UPDATE service_state SET value = '9001' WHERE name = 'schema_compatible'")
    done = release(folder, systemd, "activate", first)
    assert done.returncode == 1
    assert "kim restore" in done.stderr, "the way back: the backup from before the migration"
    assert "It is not live." in done.stderr
    assert (systemd.current.resolve(), systemd.starts) == (live, starts)
