"""CloudWatch Logs as Lambda fills them: a stream for each environment, the platform's own lines around the function's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from fnctl_aws.standin.environment import Outcome
from fnctl_aws.standin.layout import Function


class Journal:
    """One environment's log stream, and the lines since its last invocation ended. `put` stores (milliseconds, message) in the log service."""

    def __init__(self, function: Function, put: Callable[[int, str], None]) -> None:
        self.function = function
        self._put = put
        self._lines: list[str] = []

    def write(self, milliseconds: int, message: str) -> None:
        """Add one event."""
        self._lines.append(message)
        self._put(milliseconds, message)

    def take(self) -> str:
        """All lines of the invocation that just ended."""
        lines, self._lines = self._lines, []
        return "\n".join(lines) + "\n" if lines else ""

    def begin(self, request: str, now: float) -> None:
        """The invocation starts; `now` in Unix seconds."""
        version = self.function.version
        if self.function.json_logs:
            self._platform("platform.start", {"requestId": request, "version": version}, now)
        else:
            self.write(int(now * 1000), f"START RequestId: {request} Version: {version}")

    def end(self, request: str, outcome: Outcome, now: float) -> None:
        """It ended: the timeout line where there is one, then what it took."""
        if self.function.json_logs:
            self._platform("platform.report", _record(request, outcome, self.function), now)
            return
        stamp = int(now * 1000)
        if outcome.timed_out:
            time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp % 1000:03d}Z"
            self.write(stamp, f"{time} {request} Task timed out after {self.function.timeout:.2f} seconds\n")
        self.write(stamp, f"END RequestId: {request}")
        self.write(stamp, _report(request, outcome, self.function))

    def _platform(self, kind: str, record: dict[str, object], now: float) -> None:
        time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.write(int(now * 1000), json.dumps({"time": time, "type": kind, "record": record}))


def _report(request: str, outcome: Outcome, function: Function) -> str:
    took, init = outcome.seconds * 1000, outcome.init
    fields = [
        f"REPORT RequestId: {request}",
        f"Duration: {took:.2f} ms",
        f"Billed Duration: {_billed(outcome)} ms",
        f"Memory Size: {function.config.get('MemorySize') or 128} MB",
        f"Max Memory Used: {outcome.memory} MB",
        *([f"Init Duration: {init * 1000:.2f} ms"] if init is not None else []),
        *(
            ["Status: timeout"]
            if outcome.timed_out
            else ["Status: error\tError Type: " + _kind(outcome)]
            if not outcome.alive and outcome.error
            else []
        ),
    ]
    return "\t".join(fields) + "\t"


def _record(request: str, outcome: Outcome, function: Function) -> dict[str, object]:
    metrics: dict[str, object] = {
        "durationMs": round(outcome.seconds * 1000, 3),
        "billedDurationMs": _billed(outcome),
        "memorySizeMB": function.config.get("MemorySize") or 128,
        "maxMemoryUsedMB": outcome.memory,
    }
    if outcome.init is not None:
        metrics["initDurationMs"] = round(outcome.init * 1000, 3)
    status = "timeout" if outcome.timed_out else "failure" if outcome.error else "success"
    return {"requestId": request, "metrics": metrics, "status": status}


def _billed(outcome: Outcome) -> int:
    """Whole milliseconds, init included (so since August 2025)."""
    return int((outcome.seconds + (outcome.init or 0)) * 1000) + 1


def _kind(outcome: Outcome) -> str:
    try:
        return str(json.loads(outcome.body)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Runtime.Unknown"
