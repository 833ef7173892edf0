"""What apps tell: rows by component, and queries over them."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fnctl_azure.standin import kusto
from fnctl_azure.standin.wire import refused

KEPT = 50_000
SEVERITY = {"Trace": 0, "Debug": 0, "Information": 1, "Warning": 2, "Error": 3, "Critical": 4}
TABLES = ("traces", "exceptions", "requests")
RAISED = "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException"
TYPES = {"timestamp": "datetime", "severityLevel": "int", "duration": "real", "customDimensions": "dynamic"}


class Telemetry:
    """Rows of all apps; each belongs to the component whose key the app had."""

    def __init__(self) -> None:
        self._rows: deque[tuple[str, str, dict[str, Any]]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def write(self, key: str, told: Mapping[str, Any]) -> None:
        """Keep a row that a host tells for the component of an instrumentation key."""
        with self._lock:
            self._rows.append((key, str(told["table"]), _row(told)))

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._rows.clear()

    def query(self, key: str, query: str, timespan: str | None = None) -> dict[str, Any]:
        """Answer a query over a component's rows, in the form of the query API. Raises Refused."""
        with self._lock:
            mine = [(table, row) for owner, table, row in self._rows if owner == key]
        since = _since(timespan)
        tables = {name: [row for table, row in mine if table == name and (since is None or row["timestamp"] >= since)] for name in TABLES}
        try:
            columns, rows = kusto.run(query, tables)
        except kusto.Wrong as error:
            raise refused(400, "BadArgumentError", f"The request had some invalid properties: {error}") from error
        shown = [{"name": name, "type": TYPES.get(name, "string")} for name in columns]
        return {"tables": [{"name": "PrimaryResult", "columns": shown, "rows": rows}]}


def _row(told: Mapping[str, Any]) -> dict[str, Any]:
    function, kind = str(told.get("function") or ""), str(told["table"])
    row: dict[str, Any] = {
        "timestamp": kusto.moment(told["time"]),
        "itemType": {"traces": "trace", "exceptions": "exception", "requests": "request"}[kind],
        "itemId": str(uuid.uuid4()),
        "operation_Name": function,
        "operation_Id": str(told.get("invocation") or ""),
        "cloud_RoleName": told.get("app"),
        "customDimensions": {"Category": told.get("category"), "InvocationId": told.get("invocation"), "LogLevel": told.get("severity")},
        "severityLevel": SEVERITY.get(str(told.get("severity")), 1),
    }
    if kind == "traces":
        return row | {"message": told.get("message")}
    if kind == "exceptions":
        outer = f"Exception while executing function: Functions.{function}"
        return row | {"type": RAISED, "outerMessage": outer, "innermostMessage": told.get("message"), "problemId": RAISED}
    status = told.get("status")
    row |= {"name": function, "resultCode": str(status or 0), "duration": told.get("duration")}
    return row | {"success": str(bool(told.get("success"))), "itemCount": 1}


def _since(timespan: str | None) -> datetime | None:
    """Where a time span begins: `PT1H`, or `start/end`."""
    if not timespan:
        return None
    if "/" in timespan:
        return kusto.moment(timespan.partition("/")[0])
    units = {"D": 86400, "H": 3600, "M": 60, "S": 1}
    seconds, number = 0.0, ""
    for char in timespan.upper().removeprefix("P").replace("T", ""):
        if char in units:
            seconds, number = seconds + float(number or 0) * units[char], ""
        else:
            number += char
    return kusto.moment("now") if not seconds else _ago(seconds)


def _ago(seconds: float) -> datetime:
    found: datetime = kusto.CALLED["now"]()
    return found - timedelta(seconds=seconds)
