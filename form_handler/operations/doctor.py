"""The checks of ``kim doctor`` beside the health of the running service: settings, rights, time, units, mail server, TLS."""

import contextlib
import dataclasses
import datetime
import ipaddress
import os
import re
import shutil
import smtplib
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.clock import utc_now
from core.project import ROOT
from form_handler.mail.transport import PORTS
from form_handler.operations.health import Finding
from form_handler.settings import Settings
from form_handler.settings.file import find_settings_file

UNITS = (
    "kim.socket",
    "kim.service",
    "kim-mail.service",
    "kim-publish.service",
    "kim-build.timer",
    "kim-backup.timer",
    "kim-restore-drill.timer",
)
_TASKS = "podman compose --profile tasks run --rm tasks"
# Remedies of an installation by systemd, and what is done instead where containers run.
CONTAINER_REMEDIES = {
    "systemctl start kim-mail": "podman compose up --detach mail",
    "systemctl status kim-build.timer": "a daily build of the image is the daily build",
    "systemctl status kim-backup.timer": f"{_TASKS} kim backup --into /backups --keep-days 30",
    "systemctl status kim-restore-drill.timer": f"{_TASKS} kim restore-drill /backups",
}
MIN_CERTIFICATE_DAYS = 20
TIMEOUT_SECONDS = 8.0
_CANONICAL = re.compile(r'<link rel="?canonical"? href="?([^">\s]+)')


def check_machine(settings: Settings, env: Mapping[str, str], network: bool = True) -> Iterator[Finding]:
    """Yield a finding for each thing around the service.

    :param network: whether to connect to the mail server and to the public address.
    """
    yield from check_settings(settings, env)
    yield from check_rights(settings)
    yield check_time()
    yield check_units(settings.content_dir is not None)
    yield check_address(settings)
    if network:
        yield check_smtp(settings)
        yield check_public_address(settings)


def check_settings(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:
    """Check that the settings fit together, the reverse proxies among them."""
    file = find_settings_file(env)
    named = f"settings file {file}" if file else "no settings file, environment only"
    if settings.mode == "development":
        yield Finding(
            "settings", "warning", f"Development mode ({named}). For a public service set KIM_MODE=production."
        )
        return
    problems = []
    public = urlsplit(settings.public_url)
    loopback = settings.bind in {"127.0.0.1", "localhost", "::1", "[::1]"}
    if public.hostname not in settings.hosts:
        problems.append(
            f"KIM_HOSTS does not name {public.hostname}, the host of KIM_PUBLIC_URL: forms there are refused."
        )
    if public.scheme == "https" and not settings.tls:
        problems.append(
            "KIM_PUBLIC_URL begins with https://, but KIM_TLS is 0: cookies are not marked secure. Set KIM_TLS=1."
        )
    if public.scheme == "http":
        problems.append("KIM_PUBLIC_URL begins with http://: what people enter goes over the network unencrypted.")
    if settings.tls and not settings.proxies:
        problems.append(
            "KIM_TLS is 1 and KIM_PROXIES is 0. The service itself ends no TLS: behind one proxy set KIM_PROXIES=1, else "
            "all visitors share one address and one rate limit."
        )
    if settings.metrics_address and not is_private(settings.metrics_address[0]) and not in_container(env):
        problems.append(
            f"KIM_METRICS listens on {settings.metrics_address[0]}: whoever reaches that port reads how many forms come in. Write "
            "127.0.0.1 or an address of the monitoring's network."
        )
    if settings.proxies and not loopback and not in_container(env):
        problems.append(
            f"The service listens on {settings.bind} and believes X-Forwarded-For. Whoever reaches this port past the proxy can "
            "forge addresses: set KIM_BIND=127.0.0.1, or let a firewall admit the proxy alone."
        )
    if not settings.rate_limit:
        problems.append("KIM_RATE_LIMIT is 0: one address may send any number of forms.")
    yield Finding("settings", "warning" if problems else "ok", " ".join([f"Production ({named}).", *problems]))


def in_container(env: Mapping[str, str]) -> bool:
    """Return whether the service is a container of its own: it listens on all addresses, and the engine decides which addresses reach it.

    By the variable ``container``, which podman and our Containerfile set (systemd.io/CONTAINER_INTERFACE).
    """
    return bool(env.get("container"))


def as_in_container(finding: Finding) -> Finding:
    """Return a finding whose remedy is a command of deploy/compose.yaml; no systemd runs in a container."""
    message = finding.message
    for unit, command in CONTAINER_REMEDIES.items():
        message = message.replace(unit, command)
    return dataclasses.replace(finding, message=message)


def is_private(address: str) -> bool:
    """Return whether an address to listen on is that of one network that is not public; a host name is taken as one."""
    with contextlib.suppress(ValueError):
        found = ipaddress.ip_address(address.strip("[]"))
        return (found.is_private or found.is_loopback) and not found.is_unspecified
    return True


def check_rights(settings: Settings) -> Iterator[Finding]:
    """Check that nobody else reads the data, and that the service cannot write its own code."""
    problems = []
    with contextlib.suppress(OSError):
        found = settings.data_dir.stat()
        if stat.S_IMODE(found.st_mode) & 0o077 and settings.mode == "production":
            problems.append(f"Others may read {settings.data_dir}. Mend it with: chmod 700 {settings.data_dir}")
        others = [
            path.name for path in settings.data_dir.iterdir() if path.lstat().st_uid not in {found.st_uid, os.getuid()}
        ]
        if others:
            problems.append(
                f"In {settings.data_dir} {', '.join(sorted(others)[:3])} belongs to another user, as if a command had been run "
                f"by root. Mend it with: chown -R --reference={settings.data_dir} {settings.data_dir}"
            )
    if settings.mode == "production" and os.getuid() and os.access(ROOT / "form_handler", os.W_OK):
        problems.append(f"This user may change the code in {ROOT}. Let builder and service be different users.")
    yield Finding("rights", "warning" if problems else "ok", " ".join(problems))


def check_time() -> Finding:
    """Check that the clock is set from the network (retention and tokens depend on it)."""
    if not systemd_runs() or shutil.which("timedatectl") is None:
        return Finding("time", "ok", "Not checked: no timedatectl here.")
    output = _output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if output == "yes":
        return Finding("time", "ok")
    return Finding("time", "warning", "The clock is not synchronised. Mend it with: timedatectl set-ntp true")


def check_units(editing: bool = False) -> Finding:
    """Check that the units run, and that no timer's service has failed.

    :param editing: whether pages are edited in the browser, so that the publication worker has to run.
    """
    if not systemd_runs():
        return Finding("units", "ok", "Not checked: no systemd runs here.")
    problems = []
    for unit in UNITS:
        if unit == "kim-publish.service" and not editing:
            continue
        state = _output("systemctl", "is-active", unit)
        if state == "activating":
            problems.append(f"{unit} is starting; if it stays so, it fails again and again: journalctl -u {unit}.")
        elif state != "active":
            problems.append(
                f"{unit} is {state or 'not installed'}: systemctl enable --now {unit}; journalctl -u {unit}."
            )
        elif _output("systemctl", "is-enabled", unit) == "disabled":
            problems.append(f"{unit} runs and would be missing after a reboot: systemctl enable {unit}.")
        service = unit.replace(".timer", ".service")
        if service != unit and _output("systemctl", "is-failed", service) == "failed":
            problems.append(f"The last run of {service} failed: journalctl -u {service}.")
    if editing and "KIM_CONTENT_DIR=" not in _output(
        "systemctl", "show", "--property=Environment", "kim-build.service"
    ):
        problems.append(
            "kim-build.service has no KIM_CONTENT_DIR: the daily build takes the pages of the release instead of the edited ones. "
            "Install deploy/kim-build-editing.conf, see deploy/README.md."
        )
    return Finding("units", "warning" if problems else "ok", " ".join(problems))


def systemd_runs() -> bool:
    """Return whether systemd manages this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def check_address(settings: Settings) -> Finding:
    """Check that the site was built for the address that mails link to."""
    try:
        found = _CANONICAL.search((settings.site_dir / "index.html").read_text("utf-8"))
    except OSError:
        return Finding("address", "warning", f"{settings.site_dir} holds no built site. Run: kim build")
    built = urlsplit(found[1]) if found else None
    if built is None or built.netloc == urlsplit(settings.public_url).netloc:
        return Finding("address", "ok")
    words = f"The site was built for {built.netloc}, but KIM_PUBLIC_URL is {settings.public_url}."
    return Finding(
        "address", "warning", f"{words} Build it for that address: kim build --site-url {settings.public_url}"
    )


def check_smtp(settings: Settings) -> Finding:
    """Check that the mail server answers, uses TLS where it has to, and takes name and password; nothing is sent."""
    if not settings.smtp_url:
        return Finding(
            "smtp", "warning", f"No mail server is named (KIM_SMTP_URL): mails stay as files in {settings.mail_dir}."
        )
    parts = urlsplit(settings.smtp_url)
    address = f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}"
    try:
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with kind(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=TIMEOUT_SECONDS) as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.noop()
    except smtplib.SMTPAuthenticationError:
        return Finding("smtp", "failed", f"The mail server {address} refuses name or password of KIM_SMTP_URL.")
    except ssl.SSLError as error:
        return Finding("smtp", "failed", f"The mail server {address} speaks no TLS that is trusted ({error.reason}).")
    except (OSError, smtplib.SMTPException) as error:
        words = f"The mail server {address} cannot be reached ({type(error).__name__}); mails wait."
        return Finding("smtp", "failed", f"{words} Check KIM_SMTP_URL, the server and the firewall.")
    return Finding("smtp", "ok", f"{address} answers.")


def check_public_address(settings: Settings) -> Finding:
    """Check that readers reach the site at its public address, and how long its certificate lasts."""
    parts = urlsplit(settings.public_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if settings.mode == "development":
        return Finding("tls", "ok", "Not checked in development.")
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as raw:
            if parts.scheme != "https":
                return Finding("tls", "ok", f"{host} answers, without TLS.")
            with ssl.create_default_context().wrap_socket(raw, server_hostname=host) as wrapped:
                ends = ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"]))
    except socket.gaierror:
        return Finding(
            "tls",
            "failed",
            f"{host} has no address in the DNS as this machine sees it. Check KIM_PUBLIC_URL and the DNS.",
        )
    except ssl.SSLCertVerificationError as error:
        return Finding("tls", "failed", f"Browsers refuse the certificate of {host}: {error.verify_message}. Renew it.")
    except OSError as error:
        return Finding(
            "tls",
            "failed",
            f"{host}:{port} cannot be reached ({type(error).__name__}). Check nginx: systemctl status nginx",
        )
    days = (datetime.datetime.fromtimestamp(ends, datetime.UTC) - utc_now()).days
    if days < MIN_CERTIFICATE_DAYS:
        return Finding(
            "tls",
            "warning",
            f"The certificate of {host} ends in {days} days. Check its renewal: systemctl status certbot.timer",
        )
    return Finding("tls", "ok", f"The certificate of {host} is valid for {days} days.")
