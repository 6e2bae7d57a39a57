"""The delivered nginx configuration in a real nginx, with ports and folders of the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.server import free_port, wait_until

HOST = "kim.example.org"
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
# As in Debian's nginx.conf: log and types of all servers, and an nginx started by root reads what root may read.
FRAME = """
{user}
load_module {module};
pid {folder}/nginx.pid;
error_log {folder}/frame-error.log;
daemon off;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    gzip on;
    access_log {folder}/frame-access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {own}
    {extra}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx.

    :ivar tls: the port on which it speaks TLS; ``plain``: the one that leads there.
    """

    folder: Path
    tls: int
    plain: int

    def read_log(self, name: str = "kim/access.log") -> str:
        """Return what it logged."""
        path = self.folder / name
        return path.read_text("utf-8") if path.exists() else ""


@dataclass(frozen=True)
class Program:
    """An nginx that can be run.

    :ivar command: how it is started; ``brotli``: its module for brotli copies.
    """

    command: tuple[str, ...]
    brotli: Path


def program() -> Program:
    """Return the nginx of this machine.

    :raises FileNotFoundError: if it or its brotli module is missing; ``make test`` installs both.
    """
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None or not BROTLI_MODULE.exists():
        raise FileNotFoundError(
            "The tests of deploy/nginx.conf need nginx and its brotli module: run deploy/install-nginx"
        )
    return Program((found,), BROTLI_MODULE)


def other_debians_program() -> Program:
    """Return the nginx that deploy/fetch-nginx has laid into .venv: Debian 13's, on Debian 13 that of Debian 12.

    It runs with its own loader and libraries.

    :raises FileNotFoundError: if there is none; ``make test`` fetches it.
    """
    for complete in (ROOT / ".venv").glob("nginx-*/.complete"):
        root = complete.with_name("root")
        (loader,) = root.glob("usr/lib/*/ld-linux-*.so.*")
        command = (str(loader), "--library-path", str(loader.parent), str(root / "usr" / "sbin" / "nginx"))
        return Program(command, root / BROTLI_MODULE.relative_to("/"))
    raise FileNotFoundError("The tests of deploy/nginx.conf need the nginx of another Debian: run deploy/install-nginx")


def make_certificate(folder: Path) -> None:
    """Write a self-signed certificate and its key."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([*command, *files], check=True, capture_output=True)


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 loopback address; a container may have none."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def write_configuration(
    folder: Path,
    site: Path,
    tls: int,
    plain: int,
    service: int,
    extra: str = "",
    rate: str = "1000r/s",
    brotli: Path = BROTLI_MODULE,
) -> Path:
    """Write the delivered configuration with our own ports, folders and certificate.

    :param extra: further servers.
    :param rate: how often one address may ask the service.
    """
    make_certificate(folder)
    own = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    (folder / "kim").mkdir()
    (folder / "kim.d").mkdir()
    shutil.copy(ROOT / "deploy" / "nginx-brotli.conf", folder / "kim.d")
    for old, new in (
        ("/etc/ssl/kim", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("/etc/nginx/kim.d", str(folder / "kim.d")),
        ("/opt/kim/current/site", str(site)),
        ("/opt/kim/current/deploy", str(ROOT / "deploy")),
        ("listen [::]:443", f"listen [::1]:{tls}" if has_ipv6() else "# listen [::]:443"),
        ("listen [::]:80", f"listen [::1]:{plain}" if has_ipv6() else "# listen [::]:80"),
        ("listen 443", f"listen 127.0.0.1:{tls}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("client_body_timeout 10s", "client_body_timeout 120s"),  # nothing may depend on how fast the test is
        ("limit_conn kim_clients 100;", "limit_conn kim_clients 40;"),
        ("client_header_timeout 10s", "client_header_timeout 120s"),
        ("rate=10r/s", f"rate={rate}"),
        ("127.0.0.1:8000", f"127.0.0.1:{service}"),
    ):
        assert old in own, old
        own = own.replace(old, new)
    path = folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    path.write_text(FRAME.format(folder=folder, own=own, module=brotli, user=user, extra=extra), "utf-8")
    return path


@contextlib.contextmanager
def running_nginx(
    folder: Path, site: Path, service: int, extra: str = "", rate: str = "1000r/s", which: Program | None = None
) -> Iterator[Nginx]:
    """Run nginx in front of the built site and a service for the length of the block.

    :param which: by default that of this machine.
    """
    nginx = Nginx(folder, free_port(), free_port())
    taken = which or program()
    path = write_configuration(folder, site, nginx.tls, nginx.plain, service, extra, rate, taken.brotli)
    with subprocess.Popen([*taken.command, "-c", path, "-p", folder], stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: process.poll() is not None or listens(nginx.tls), 20, "nginx's port")
            assert process.poll() is None, (process.stderr and process.stderr.read(), nginx.read_log("frame-error.log"))
            yield nginx
        finally:
            process.terminate()


def listens(port: int) -> bool:
    """Return whether somebody listens on a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
