"""Logs: one line an event, as JSON in production, without data of a person; a cause that repeats is named once."""

import datetime
import json
import logging
import re
import sys
import threading
import time
from typing import Any, Literal

from gunicorn.glogging import Logger as GunicornLogger

from core.clock import utc_now

# A message that is the same as one before is suppressed for this period, in each process; the next one counts the suppressed ones.
REPEAT_SECONDS = 3600.0
MAX_REMEMBERED_MESSAGES = 500
# The query of an address may hold input of a person.
_QUERY = re.compile(r"\?\S*")

LogFormat = Literal["text", "json"]


def log_event(logger: logging.Logger, level: int, event: str, message: str, **fields: Any) -> None:
    """Log an event: ``message`` for people, ``event`` and ``fields`` for machines. None of them holds input of a person."""
    logger.log(level, "%s", message, extra={"event": event, "fields": fields})


class RepeatFilter(logging.Filter):
    """Lets the same message through once in :data:`REPEAT_SECONDS`, and then with the number of those left out.

    Only warnings and errors are held back: they come each second while a cause lasts. Every stored form is an event of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a message is logged."""
        if record.levelno < logging.WARNING:
            return True
        key, now = (record.name, f"{record.getMessage()} {describe_exception(record)}"), time.monotonic()
        with self._lock:
            first, left_out = self._seen.get(key, (None, 0))
            if first is not None and now - first < REPEAT_SECONDS:
                self._seen[key] = (first, left_out + 1)
                return False
            if len(self._seen) >= MAX_REMEMBERED_MESSAGES:
                self._seen.clear()
            self._seen[key] = (now, 0)
        if left_out:
            record.repeated = left_out
        return True


def describe_exception(record: logging.LogRecord) -> str:
    """Return class and place of a record's exception, never its text, which may hold input of a person."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    kind, _error, trace = record.exc_info
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{kind.__name__}{place}" if kind else ""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, event, message, and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        found: dict[str, Any] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "message": plain_message(record),
            **getattr(record, "fields", {}),
        }
        if fault := describe_exception(record):
            found["fault"] = fault
        if repeated := getattr(record, "repeated", 0):
            found["repeated"] = repeated
        return json.dumps(found, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """Level and message, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fault, repeated = describe_exception(record), getattr(record, "repeated", 0)
        more = f": {fault}" if fault else ""
        return f"{record.levelname} {plain_message(record)}{more}" + (
            f" (and {repeated} times before)" if repeated else ""
        )


def plain_message(record: logging.LogRecord) -> str:
    """Return the message in one line, addresses without their query."""
    return _QUERY.sub("?…", " ".join(record.getMessage().split()))


def log_handler(log_format: LogFormat) -> logging.Handler:
    """Return a handler that writes to standard error, which systemd and container engines collect."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(RepeatFilter())
    return handler


def configure_logging(log_format: LogFormat) -> None:
    """Log all of this process by one handler."""
    logging.basicConfig(level=logging.INFO, handlers=[log_handler(log_format)], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


class ServerLogger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's messages in the format of all others."""

    def setup(self, cfg: Any) -> None:
        """Hand the messages on to the handler of :func:`configure_logging`."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a warning; of a request that is not HTTP only the kind of fault, because gunicorn names address and text."""
        if msg.startswith("Invalid request from ip="):
            kind = sys.exc_info()[0]
            log_event(self.error_log, logging.WARNING, "invalid_request", f"a request was refused: {kind.__name__ if kind else 'no HTTP'}")  # fmt: skip
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log an error with its class and place; the address of a request may hold typed text."""
        if msg.startswith("Error handling request"):
            msg, args = "Error handling request", ()
        super().exception(msg, *args, **kwargs)


def ago(moment: datetime.datetime, now: datetime.datetime) -> str:
    """Return when something was, for people: ``3 minutes ago``, or its date where that has not come yet."""
    if moment > now + datetime.timedelta(minutes=1):
        return f"at {moment:%Y-%m-%d %H:%M} UTC, which has not come yet by the clock of this machine"
    return f"{since(moment, now)} ago"


def since(moment: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """Return how long ago something was, for people: ``3 minutes``, ``5 hours``, ``2 days``."""
    minutes = max(0, int(((now or utc_now()) - moment).total_seconds() // 60))
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            number = minutes // size
            return f"{number} {name}{'s' if number > 1 else ''}"
    return "less than a minute"
