"""A copy of everything stored, in one file that both SQLite and PostgreSQL can restore.

A ZIP: ``manifest.json`` (schema, counts, checksums) and one file of JSON lines for each table, read in one
transaction, so that it is consistent while the server runs. Sessions and rate counts are left out.
"""

import datetime
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command

from core.clock import utc_now
from core.errors import UserError
from core.files import make_folder, replacing
from form_handler.storage.database import Database
from form_handler.storage.migrate import alembic_config, refuse_newer
from form_handler.storage.schema_version import LATEST_REVISION, current_revision, record_compatibility
from form_handler.storage.tables import EPHEMERAL_TABLES, TABLES

FORMAT = 1
BATCH_ROWS = 500
# Exceptions of reading a damaged ZIP or damaged lines.
DAMAGE = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError)


class BackupError(UserError):
    """A backup cannot be written or restored; the message names the cause."""


def write_backup(database: Database, file: Path) -> str:
    """Write a backup, whole or not at all, readable by its owner only; return a summary.

    :raises BackupError: if the file exists or cannot be written.
    """
    if file.exists():
        raise BackupError(f"{file} exists already. Choose another name.")
    try:
        make_folder(file.absolute().parent)
        with replacing(file, 0o600) as out:
            return _write(database, out)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error


def _write(database: Database, out: Any) -> str:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": utc_now().isoformat(),
        "tables": {},
    }
    with database.snapshot() as connection, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest["schema"] = current_revision(connection)
        for table in TABLES:
            if table.name in EPHEMERAL_TABLES:
                continue
            digest, count = hashlib.sha256(), 0
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
                for row in _rows(connection, table):
                    line = _as_line(row)
                    digest.update(line)
                    lines.write(line)
                    count += 1
            manifest["tables"][table.name] = {"rows": count, "sha256": digest.hexdigest()}
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    return _report(manifest)


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    query = sa.select(table).order_by(*table.primary_key.columns)
    for row in connection.execution_options(stream_results=True).execute(query).mappings():
        yield dict(row)


def _as_line(row: dict[str, Any]) -> bytes:
    plain = {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n"


def _report(manifest: dict[str, Any]) -> str:
    def rows(name: str) -> int:
        return int(manifest["tables"].get(name, {"rows": 0})["rows"])

    counted = f"{rows('submission')} submissions, {rows('outgoing_mail')} mails, {rows('account')} accounts"
    return f"{counted} (schema {manifest['schema']})"


def restore_backup(database: Database, file: Path) -> str:
    """Restore a backup into an empty database and verify it: read everything back and compare the checksums.

    It is one transaction: on any error the database stays empty.

    :raises BackupError: if the file is not a whole backup, or the database is not empty.
    :raises SchemaError: if the backup is from a newer version of the programme.
    """
    archive, manifest = check_backup(file)
    with archive:
        refuse_newer(manifest["schema"])
        with database.transaction() as connection:
            if sa.inspect(connection).get_table_names():
                raise BackupError("The database is not empty. A backup is restored into an empty data folder only.")
            config = alembic_config(connection)
            command.upgrade(config, manifest["schema"])
            for name, expected in manifest["tables"].items():
                _fill(connection, archive, name, expected)
            for name, expected in manifest["tables"].items():
                _verify(connection, name, expected)
            command.upgrade(config, LATEST_REVISION)
            record_compatibility(connection)
    return _report(manifest)


def check_backup(file: Path) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    """Return a backup's archive and manifest.

    :raises BackupError: if the file is not a whole backup or has a format that is not known.
    """
    try:
        archive = zipfile.ZipFile(file)
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except (OSError, *DAMAGE) as error:
        raise BackupError(f"{file} is no complete backup.") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("tables"), dict) or "schema" not in manifest:
        raise BackupError(f"{file} is no complete backup.")
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{file} has a format that this version does not know.")
    return archive, manifest


def _table(connection: sa.Connection, name: str) -> sa.Table:
    """Return a table as the schema of the backup has it, which may be older than ours."""
    known = {table.name: table for table in TABLES if table.name not in EPHEMERAL_TABLES}.get(name)
    if known is None or name not in sa.inspect(connection).get_table_names():
        raise BackupError(f"The backup contains an unknown table: {name}")
    columns = {column["name"] for column in sa.inspect(connection).get_columns(name)}
    return sa.Table(
        name,
        sa.MetaData(),
        *(sa.Column(c.name, c.type, primary_key=c.primary_key) for c in known.columns if c.name in columns),
    )


def _fill(connection: sa.Connection, archive: zipfile.ZipFile, name: str, expected: dict[str, Any]) -> None:
    table, digest, batch = _table(connection, name), hashlib.sha256(), []
    connection.execute(table.delete())  # rows of the migrations in the empty database
    try:
        with archive.open(f"{name}.jsonl") as lines:
            for line in lines:
                digest.update(line)
                row = json.loads(line)
                for column in table.columns:
                    value = row.get(column.name)
                    if isinstance(value, str) and isinstance(column.type, sa.types.TypeDecorator):
                        row[column.name] = datetime.datetime.fromisoformat(value)
                    elif isinstance(value, str) and isinstance(column.type, sa.Date):
                        row[column.name] = datetime.date.fromisoformat(value)
                batch.append(row)
                if len(batch) == BATCH_ROWS:
                    connection.execute(table.insert(), batch)
                    batch = []
    except DAMAGE as error:
        raise BackupError(f"The backup is damaged: {name}") from error
    if batch:
        connection.execute(table.insert(), batch)
    if digest.hexdigest() != expected["sha256"]:
        raise BackupError(f"The backup is damaged: {name}")
    _reset_sequence(connection, table)


def _reset_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """Set PostgreSQL's sequence after the restored ids."""
    if connection.dialect.name == "postgresql" and table.autoincrement_column is not None:
        name = table.autoincrement_column.name
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{name}'), "  # noqa: S608 - names of our own schema
            f"(SELECT coalesce(max({name}), 0) + 1 FROM {table.name}), false)"
        )


def _verify(connection: sa.Connection, name: str, expected: dict[str, Any]) -> None:
    digest, count = hashlib.sha256(), 0
    for row in _rows(connection, _table(connection, name)):
        digest.update(_as_line(row))
        count += 1
    if (count, digest.hexdigest()) != (expected["rows"], expected["sha256"]):
        raise BackupError(f"{name} read back differs from the backup. Nothing was restored.")
