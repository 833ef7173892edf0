"""The forms for machines: one versioned JSON document a verb, and the stream of events that the long verbs write."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fnctl.adapter import Change, FieldDiff, LogLine, Reply
from fnctl.diagnostics import Diagnostic, as_json
from fnctl.events import Event
from fnctl.graph import UNKNOWN, Json
from fnctl.plan.model import Plan
from fnctl.plugins import Described
from fnctl.results import BuiltArtifact, Result, StatusReport


def document(form: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Put the schema's name first, where a reader looks for it."""
    return {"schema": f"fnctl/{form}/1", **body}


def dumps(value: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Write a document, or one line of a stream."""
    return json.dumps(value, indent=indent, ensure_ascii=False, default=str)


def utc(when: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC, with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when))
    return f"{whole}.{int(when * 1000) % 1000:03d}Z"


def short_hash(value: object) -> str:
    """Stand in for a value that nobody should read, so that a change of it can still be seen."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return "sha:" + hashlib.sha256(text.encode()).hexdigest()[:8]


def plan(made: Plan) -> dict[str, Any]:
    """fnctl/plan/1."""
    body = {
        "service": made.service,
        "stage": made.stage,
        "target": made.target,
        "identity": made.basis.identity,
        "head": made.basis.head,
        "changes": [_change(change) for change in made.changes],
        "summary": made.summary(),
        "notes": list(made.notes),
        "kept": list(made.kept),
    }
    return document("plan", body)


def _change(change: Change) -> dict[str, Any]:
    node = change.node
    fields = [_field(field) for field in change.fields]
    return {"action": change.action, "address": change.address, "kind": node.kind, "name": node.name, "fields": fields, "loses": change.loses}


def _field(field: FieldDiff) -> dict[str, Any]:
    before, after = (_shown(value, secret=field.secret) for value in (field.before, field.after))
    return {"path": field.path, "before": before, "after": after, "replaces": field.replaces, "known": field.known}


def _shown(value: Any, *, secret: bool) -> Any:  # a JSON value with UNKNOWN leaves
    if value is UNKNOWN or value is None:
        return None
    if secret:
        return short_hash(value)
    if isinstance(value, Mapping):
        return {key: _shown(item, secret=False) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item, secret=False) for item in value]
    return value


def build(artifacts: Iterable[BuiltArtifact]) -> dict[str, Any]:
    """fnctl/build/1: one entry a function, as several functions can share an artifact."""
    return document("build", {"artifacts": [_built(built, name) for built in artifacts for name in built.functions]})


def _built(built: BuiltArtifact, function: str) -> dict[str, Any]:
    artifact = built.artifact
    return {
        "function": function,
        "artifact": built.name,
        "path": built.path.as_posix(),
        "sha256": artifact.sha256,
        "size": artifact.size,
        "unpacked_size": artifact.unpacked_size,
        "cached": built.cached,
        "verified": built.verified,
        "notes": list(built.notes),
    }


def status(report: StatusReport) -> dict[str, Any]:
    """fnctl/status/1."""
    functions = {f.name: {"state": f.state, "id": f.id, "url": f.url, "detail": f.detail} for f in report.functions}
    return document("status", {**vars(report), "functions": functions})


def outputs(values: Mapping[str, Mapping[str, Json]]) -> dict[str, Any]:
    """fnctl/outputs/1."""
    return document("outputs", {"functions": {name: dict(value) for name, value in values.items()}})


def history(releases: Iterable[Mapping[str, Json]]) -> dict[str, Any]:
    """fnctl/history/1, the newest first."""
    return document("history", {"releases": [dict(release) for release in releases]})


def secrets(versions: Mapping[str, str | None]) -> dict[str, Any]:
    """fnctl/secrets/1: names and versions, never values."""
    return document("secrets", {"secrets": [{"name": name, "set": version is not None, "version": version} for name, version in versions.items()]})


def invoke(function: str, reply: Reply) -> dict[str, Any]:
    """fnctl/invoke/1. A body that is JSON comes as itself, other text as a string, bytes as base64."""
    body, encoding = _body(reply.body)
    return document(
        "invoke",
        {
            "function": function,
            "ok": reply.ok,
            "status": reply.status,
            "body": body,
            "encoding": encoding,
            "error": reply.error,
            "logs": list(reply.logs),
            "seconds": reply.seconds,
        },
    )


def _body(raw: bytes) -> tuple[Any, str]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        import base64

        return base64.b64encode(raw).decode(), "base64"
    try:
        return json.loads(text), "json"
    except ValueError:
        return text, "text"


class Stream:
    """Writes events as lines of fnctl/event/1, from any thread, numbered in the order in which they are written.

    The last line is the command's own `result`: the engine's word for it is left out, so that there is exactly one.
    """

    def __init__(self, write: Callable[[str], None], now: Callable[[], float] = time.time) -> None:
        self._write, self._now, self._seq, self._lock = write, now, 0, threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write one event of the engine."""
        if event.type != "result":
            self.line(event.type, {"address": event.address, **event.data} if event.address else event.data)

    def line(self, kind: str, data: Mapping[str, Any]) -> None:
        """Write one line."""
        with self._lock:
            self._seq += 1
            head = {"schema": "fnctl/event/1", "seq": self._seq, "time": utc(self._now()), "type": kind}
            self._write(dumps({**head, **data}, indent=None))

    def log(self, line: LogLine) -> None:
        """Write one line of a function's log."""
        self.line("log", {"function": line.function, "logged": utc(line.time), "message": line.message})

    def findings(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Write each finding as a line of its own."""
        for diagnostic in diagnostics:
            self.line("finding", as_json(diagnostic))

    def result(self, result: Result) -> None:
        """Write how it ended: always the last line."""
        self.findings(result.diagnostics)
        self.line("result", outcome(result))

    def end(self, status: str, exit_code: int) -> None:
        """Write the last line of a run that has no Result: it `failed` before the first write, or a log was read to its end."""
        self.line("result", {"status": status, "release": None, "outputs": {"functions": {}}, "timings": {}, "exit": exit_code})


def outcome(result: Result) -> dict[str, Any]:
    """Give the fields of a `result` line."""
    return {
        "status": result.status,
        "release": result.release,
        "restores": result.restores,
        "outputs": {"functions": {name: dict(value) for name, value in result.outputs.items()}},
        "timings": dict(result.timings),
        "changes": dict(result.changes),
        "kept": list(result.kept),
        "next": result.next,
        "exit": int(result.exit),
    }


def plugin(found: Described) -> dict[str, Any]:
    """One entry of fnctl/plugins/1."""
    return {**dataclasses.asdict(found), "hooks": list(found.hooks), "note": found.note or None, "error": found.error or None}
