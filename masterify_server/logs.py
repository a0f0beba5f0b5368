"""Log lines for machines: one JSON object a line on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

FIELDS = "fields"  # what `event` puts into a record
# Kept: `json.dumps` would make one for each line.
_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; line breaks in messages cannot forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message, then the fields of an `event`, then a traceback if there is one."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _encoded(line)


def configure(level: str = "INFO") -> None:
    """Send everything that is logged in this process to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # No line tells where it was logged and by which thread: so nobody need look for it (logging's own "optimization").
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def event(logger: logging.Logger, level: int, message: str, **fields: Any) -> None:
    """Log a message with fields of its own; those that are None are left out."""
    held = {name: value for name, value in fields.items() if value is not None}
    logger.log(level, message, extra={FIELDS: held})
