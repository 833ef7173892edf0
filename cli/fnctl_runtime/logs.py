"""One JSON line per log record, the same on every platform: time, level, msg, request id, trace id, and what `extra` adds."""

from __future__ import annotations

import json
import logging
import time

from fnctl_runtime.invocation import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
_WORDS = {"WARNING": "WARN", "CRITICAL": "FATAL"}  # the words that Node, and AWS's own level filter, use
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "aws_request_id", "tenant_id", "_frame_type"}


class JsonLines(logging.Formatter):
    """Formats a record as one line. `fields` are on every line; `end` is what the handler does not add itself."""

    def __init__(self, fields: Mapping[str, Any], end: str = "") -> None:
        super().__init__()
        self._fields = dict(fields)
        self._end = end

    def format(self, record: logging.LogRecord) -> str:
        """Format one record. A name that the format itself uses cannot be overwritten by `extra`."""
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": _WORDS.get(record.levelname, record.levelname),
            "msg": record.getMessage(),
            "logger": record.name,
            **_running(),
            **self._fields,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, _ = record.exc_info
            line |= {"error_type": kind.__name__, "error": str(error), "stack": self.formatException(record.exc_info)}
        for key, value in record.__dict__.items():
            if key not in _OWN:
                line.setdefault(key, value)
        return json.dumps(line, default=str, ensure_ascii=False) + self._end


def _running() -> dict[str, Any]:
    invocation = current()
    if invocation is None:
        return {}
    trace = {} if invocation.trace_id is None else {"trace_id": invocation.trace_id}
    return {"request_id": invocation.request_id, **trace, **invocation.fields}


def timestamp(seconds: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC with milliseconds."""
    whole, milli = divmod(int(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milli:03d}Z"
