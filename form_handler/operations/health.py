"""Whether the service can do its work: one finding for each part, with a sentence and its remedy for the operator."""

import contextlib
import datetime
import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from core.clock import is_within
from form_handler.layout import missing_pages
from form_handler.mail.heartbeat import MAX_SILENCE
from form_handler.operations.logs import ago, since
from form_handler.settings import Settings
from form_handler.storage.database import DATABASE_FAULTS, Database, describe_fault
from form_handler.storage.schema_version import LATEST_REVISION, current_revision, is_usable
from form_handler.storage.state import read_state, read_time
from form_handler.storage.tables import outgoing_mail, submission

Status = Literal["ok", "warning", "failed"]

# Below the first number of free bytes nothing may be stored soon, below the second one a backup may not fit.
MIN_FREE_BYTES, LOW_FREE_BYTES = 50_000_000, 500_000_000
MAX_MAIL_AGE = datetime.timedelta(minutes=30)
MAX_SITE_AGE = datetime.timedelta(days=8)
MAX_BACKUP_AGE = datetime.timedelta(hours=50)
MAX_DRILL_AGE = datetime.timedelta(days=16)
MAX_PURGE_AGE = datetime.timedelta(days=3)


@dataclass(frozen=True)
class Finding:
    """The state of one part.

    :ivar status: ``failed``: forms cannot be stored; ``warning``: somebody has to act.
    :ivar message: a sentence for the operator, with the remedy; empty where all is well.
    :ivar values: measured numbers, by the names that the metrics have.
    """

    name: str
    status: Status
    message: str = ""
    values: dict[str, float] = field(default_factory=dict)


def check_health(database: Database, settings: Settings, now: datetime.datetime) -> list[Finding]:
    """Return a finding for each part of the service; no query takes longer than some milliseconds."""
    found = [check_data_folder(settings), check_site(settings, now)]
    try:
        with database.read_connection() as connection:
            found.append(_check_schema(connection, settings))
            found += [_check_mail(connection, settings, now), _check_retention(connection, now)]
            found += _check_backup(connection, settings, now)
    except DATABASE_FAULTS as error:
        found.append(
            Finding(
                "database",
                "failed",
                f"The database {settings.database_name} does not answer ({describe_fault(error)}). Check that its server "
                "runs, and KIM_DATABASE_URL and KIM_DATA_DIR.",
            )
        )
    return found


def worst(findings: Iterable[Finding]) -> Status:
    """Return the worst status."""
    found = {one.status for one in findings}
    return "failed" if "failed" in found else "warning" if "warning" in found else "ok"


def check_data_folder(settings: Settings) -> Finding:
    """Check that the data folder can be written and has room."""
    folder = settings.data_dir
    if not os.access(folder, os.W_OK | os.X_OK) and (fault := find_folder_fault(settings)):
        return Finding("disk", "failed", fault)
    free = shutil.disk_usage(folder).free
    values = {"disk_free_bytes": float(free)}
    if free < LOW_FREE_BYTES:
        status: Status = "failed" if free < MIN_FREE_BYTES else "warning"
        return Finding(
            "disk", status, f"{folder} has only {free // 1_000_000} MB left. Make room on this disk.", values
        )
    return Finding("disk", "ok", values=values)


def find_folder_fault(settings: Settings) -> str | None:
    """Return why no file can be written in the data folder, with the remedy, None if one can; tried by writing one."""
    probe = settings.data_dir / f".probe.{secrets.token_hex(4)}"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"probe")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk of {settings.data_dir} is full. Make room on it; what people send is refused until then and stays in their browser."
        if error.errno == errno.EROFS:
            return f"{settings.data_dir} lies on a disk that is mounted read-only, often after a fault of the disk. See: dmesg, findmnt --target {settings.data_dir}"
        return (
            f"The data folder {settings.data_dir} cannot be written by this user (uid {os.getuid()}). Give it to the user of "
            f"the service: chown kim: {settings.data_dir}; in a container mount a volume there."
        )
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return None


def find_corruption(database: Database) -> str | None:
    """Return the damage that SQLite finds in its file, or None (``PRAGMA quick_check``)."""
    if not database.is_sqlite:
        return None
    try:
        with database.read_connection() as connection:
            result = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    except sa.exc.DatabaseError as error:
        return str(error.orig)
    return None if result == "ok" else " ".join(result.split())


def check_site(settings: Settings, now: datetime.datetime) -> Finding:
    """Check that the built site is there, whole and not too old."""
    try:
        built = datetime.datetime.fromtimestamp(settings.site_dir.stat().st_mtime, datetime.UTC)
    except OSError:
        return Finding("site", "warning", f"{settings.site_dir} is missing. Forms work without layout. Run: kim build")
    values = {"site_age_seconds": (now - built).total_seconds()}
    missing = missing_pages(settings.site_dir)
    if missing:
        lacking = f"{settings.site_dir} lacks {len(missing)} pages, {missing[0]} among them. Run: kim build"
        return Finding("site", "warning", lacking, values)
    if not is_within(built, MAX_SITE_AGE, now):
        old = f"The site was built {ago(built, now)}. Check the daily build: systemctl status kim-build.timer"
        return Finding("site", "warning", old, values)
    return Finding("site", "ok", values=values)


def _check_schema(connection: sa.Connection, settings: Settings) -> Finding:
    revision = current_revision(connection)
    if is_usable(connection):
        return Finding("database", "ok")
    known = f"has the schema {revision}, this programme needs {LATEST_REVISION}" if revision else "is empty"
    return Finding("database", "failed", f"The database {settings.database_name} {known}. Run: kim db upgrade")


def _check_mail(connection: sa.Connection, settings: Settings, now: datetime.datetime) -> Finding:
    counted = sa.select(outgoing_mail.c.state, sa.func.count()).group_by(outgoing_mail.c.state)
    numbers = {state: float(count) for state, count in connection.execute(counted)}
    # A mail that was not tried yet is due from the moment it was made.
    waiting_since = sa.case(
        (outgoing_mail.c.attempts == 0, outgoing_mail.c.next_attempt_at), else_=submission.c.received_at
    )
    open_mails = outgoing_mail.c.state.in_(("waiting", "sending"))
    oldest: datetime.datetime | None = connection.execute(
        sa.select(sa.func.min(waiting_since)).select_from(outgoing_mail.join(submission)).where(open_mails)
    ).scalar()
    seen, down = read_time(connection, "mail_worker_seen"), read_state(connection, "smtp_down")
    age = (now - oldest).total_seconds() if oldest else 0.0
    values = {
        "mail_waiting": numbers.get("waiting", 0.0) + numbers.get("sending", 0.0),
        "mail_failed": numbers.get("failed", 0.0),
        "mail_oldest_seconds": age,
        "mail_worker_seen_seconds": (now - seen).total_seconds() if seen else -1.0,
        "smtp_up": 0.0 if down else 1.0,
    }
    problems = []
    if down:
        at, _blank, error = down.partition(" ")
        problems.append(
            f"The mail server has not taken mails for {since(datetime.datetime.fromisoformat(at), now)} ({error}). "
            "Check KIM_SMTP_URL and the server; mails wait and go out by themselves, at once with: kim mail retry."
        )
    if not is_within(seen, MAX_SILENCE, now):
        when = f"was last seen {ago(seen, now)}" if seen else "has not run yet"
        problems.append(f"The mail worker {when}. Start it: systemctl start kim-mail")
    if numbers.get("failed"):
        problems.append(f"{numbers['failed']:.0f} mails were given up. See: kim mail list; try again: kim mail retry.")
    elif not down and age > MAX_MAIL_AGE.total_seconds():
        problems.append(f"The oldest mail has waited for {since(oldest or now, now)}. See: kim mail list")
    return Finding("mail", "warning" if problems else "ok", " ".join(problems), values)


def _check_retention(connection: sa.Connection, now: datetime.datetime) -> Finding:
    refused = (read_state(connection, "purge_refused") or "").partition(" ")[0]
    last = read_time(connection, "last_purge")
    values = {"purge_age_seconds": (now - last).total_seconds() if last else -1.0}
    if refused == "clock":
        text = f"Nothing is deleted: the clock of this machine shows {now:%Y-%m-%d}, which does not fit what was stored. See: kim purge --dry-run"
        return Finding("retention", "warning", text, values)
    if refused:
        text = "Nothing is deleted: more than half of all submissions would go at once. See: kim purge --dry-run"
        return Finding("retention", "warning", text, values)
    if last is not None and not is_within(last, MAX_PURGE_AGE, now):
        text = (
            f"The last deletion of what is past its retention was {ago(last, now)}; the mail worker does it once a day."
        )
        return Finding("retention", "warning", text, values)
    return Finding("retention", "ok", values=values)


def _check_backup(connection: sa.Connection, settings: Settings, now: datetime.datetime) -> list[Finding]:
    if settings.mode != "production":
        return []
    found = []
    for name, label, limit, command in (
        ("backup", "backup", MAX_BACKUP_AGE, "kim-backup"),
        ("restore_drill", "restore drill", MAX_DRILL_AGE, "kim-restore-drill"),
    ):
        last = read_time(connection, f"last_{name}")
        values = {f"{name}_age_seconds": (now - last).total_seconds() if last else -1.0}
        if is_within(last, limit, now):
            found.append(Finding(name, "ok", values=values))
            continue
        when = f"The last {label} that succeeded was {ago(last, now)}." if last else f"There was no {label} yet."
        found.append(Finding(name, "warning", f"{when} Check: systemctl status {command}.timer", values))
    return found
