"""A whole Debian with systemd as its first process, in namespaces of its own, without a network: for drill_debian.py.

Debian's packages come by debootstrap from where this machine gets its own; base system and Python packages are kept in
``KIM_DRILL_CACHE`` (default ``/var/tmp/kim-drill``). Each run works on an overlay, so that the base stays as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker

from tests.conftest import ROOT
from tests.server import wait_until

RELEASES = ("bookworm", "trixie")
CACHE = Path(os.environ.get("KIM_DRILL_CACHE") or "/var/tmp/kim-drill")
# What a Debian that boots has anyway, and debootstrap's smallest has not.
BASE_PACKAGES = "systemd,systemd-sysv,dbus,libpam-systemd,ca-certificates,openssl"
# In a mount namespace of its own: the overlay, and a tree of control groups that systemd can use (version 2).
BOOT = """
mount --make-rprivate / &&
mount -t overlay overlay -o lowerdir={base},upperdir={folder}/upper,workdir={folder}/work {folder}/root &&
{{ umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; }} &&
exec systemd-nspawn --directory={folder}/root --machine=kim --register=no --keep-unit --private-network --resolv-conf=off \
  --console=pipe --boot --bind-ro={wheels}:/wheels --bind-ro={inside}:/in_machine.py --bind={forge}:/srv/forge.git
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_base(release: str, packages: list[str]) -> Path:
    """Return a Debian with packages installed, from the cache or made by debootstrap.

    :raises FileNotFoundError: if a programme for it is missing.
    """
    for program, package in (("debootstrap", "debootstrap"), ("systemd-nspawn", "systemd-container")):
        if shutil.which(program) is None:
            raise FileNotFoundError(f"The drill needs {program}: apt-get install {package}")
    base = CACHE / release
    if base.is_dir():
        return base
    part = CACHE / f"{release}.part"
    shutil.rmtree(part, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    run("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", release, str(part))
    install = (
        f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {shlex.join(packages)} && apt-get clean"
    )
    run("chroot", str(part), "env", f"PATH={PATH}", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install)
    part.rename(base)
    return base


def lock_for(python: str) -> str:
    """Return the lock file with the packages that a version of Python needs; pip would go by the Python that it runs on itself."""
    environment = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found = []
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", (ROOT / "requirements.txt").read_text("utf-8")):
        head, newline, hashes = block.partition("\n")
        name, _sign, marker = head.rstrip(" \\").partition(";")
        if not marker or Marker(marker.strip()).evaluate(environment):
            found.append(f"{name.strip()} \\{newline}{hashes}" if hashes.strip() else block)
    return "".join(found)


def fetch_wheels(release: str, base: Path) -> Path:
    """Return a folder with the service's Python packages for the Python of a Debian, because the machine has no network."""
    version = "import platform; print(platform.python_version())"
    python = subprocess.run(["chroot", base, "python3", "-c", version], capture_output=True, text=True).stdout.strip()
    text = lock_for(python)
    folder = CACHE / f"wheels-{release}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        lock = part / "requirements.txt"
        lock.write_text(text)
        platforms = [f"--platform={name}_x86_64" for name in ("manylinux2014", "manylinux_2_28", "linux")]
        run(
            sys.executable, "-m", "pip", "download", "--quiet", f"--python-version={python}", *platforms,
            "--only-binary=:all:", "--require-hashes", "--dest", str(part), "--requirement", str(lock),
        )  # fmt: skip
        part.rename(folder)
    return folder


def run(*command: str) -> None:
    """Run a command of this machine.

    :raises RuntimeError: with what it said, if it fails.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)[:200]} failed:\n{done.stdout[-3000:]}")


class Machine:
    """A Debian that runs.

    :param folder: where its changes lie; they stay over a reboot.
    :param forge: a bare git repository, seen inside as /srv/forge.git.
    """

    def __init__(self, base: Path, wheels: Path, forge: Path, folder: Path) -> None:
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        inside = Path(__file__).with_name("in_machine.py")
        self.script = BOOT.format(base=base, wheels=wheels, forge=forge, folder=folder, inside=inside)
        self.log = folder / "console.log"
        self.process: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Start it and wait until systemd says that it has started."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", self.script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(self._has_booted, 120, "the end of booting")

    def _has_booted(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"The machine ended:\n{self.log.read_text('utf-8', 'replace')[-3000:]}")
        return self._leader() is not None and self.ask("systemctl is-system-running").strip() in {"running", "degraded"}

    def _leader(self) -> str | None:
        """Return the process id of its systemd, as this machine counts."""
        assert self.process is not None
        place = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            for pid in place.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return pid
        return None

    def ask(self, script: str) -> str:
        """Run a script inside as root in /root, as an administrator does; return what it said, whatever its exit code."""
        return self._run(script).stdout

    def do(self, script: str) -> str:
        """Run a script inside as root; return what it said.

        :raises AssertionError: with what it said, if it fails.
        """
        done = self._run(script)
        assert done.returncode == 0, f"{script}\n{done.stdout[-4000:]}"
        return done.stdout

    def _run(self, script: str) -> subprocess.CompletedProcess[str]:
        leader = self._leader()
        assert leader is not None, self.log.read_text("utf-8", "replace")[-3000:]
        enter = ["nsenter", "--target", leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        clean = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", "sh", "-c", f"cd /root && {script}"]
        return subprocess.run([*enter, *clean], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def shut_down(self) -> None:
        """Power it off, and end it where it does not."""
        assert self.process is not None
        if self.process.poll() is None:
            if self._leader() is not None:
                self._run("systemctl poweroff --no-block")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
