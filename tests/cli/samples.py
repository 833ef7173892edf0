"""Values as the engine makes them, put together by hand: one of everything that a screen can meet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fnctl.adapter import Change, FieldDiff, LogLine, Reply
from fnctl.build.contents import Contents, Package, Piece
from fnctl.diagnostics import Diagnostic
from fnctl.errors import Exit
from fnctl.events import Event
from fnctl.graph import UNKNOWN, Address, Artifact, Graph, Json, Node
from fnctl.plan.model import Basis, Plan
from fnctl.results import BuiltArtifact, FunctionStatus, Result, Room, Sized, StatusReport
from fnctl.rules.limits import load

IDENTITY = "aws 123456789012 eu-west-1"
URL = "https://" + "a-very-long-name-that-no-terminal-would-show-on-one-line." * 2 + "example.com/orders"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-worker:live"
OUTPUTS = {"api": {"url": URL, "id": "arn:api"}, "worker": {"id": ARN}}
FINDING = Diagnostic("FN050", "error", "the platform refused the role", notes=("platform: AccessDenied",), help="ask for iam:CreateRole")
SECRET = "hunter2-hunter2-hunter2"


def node(address: str, kind: str = "aws.lambda.function") -> Node:
    return Node(Address(address), kind, address.replace("/", "-"), {})


def change(action: Any, address: str, *fields: FieldDiff, loses: str | None = None) -> Change:
    before = None if action == "create" else node(address)
    after = None if action == "delete" else node(address)
    return Change(action, Address(address), before, after, fields, loses)


CHANGES = (
    change("create", "function/api/role"),
    change("create", "function/api/logs"),
    change("create", "function/api", FieldDiff("memory", None, 512)),
    change("create", "trigger/api/http/GET /orders/{id}"),
    change("update", "function/worker", FieldDiff("memory", 512, 1024)),
    change("update", "function/worker/role", FieldDiff("policy", {"allow": ["sqs:ReceiveMessage"] * 9}, {"allow": UNKNOWN}, known=False)),
    change("update", "trigger/worker/queue/jobs", FieldDiff("batch", 10, 5), FieldDiff("window", None, 30)),
    change(
        "update",
        "function/nightly",
        FieldDiff("env.SIGNING_KEY", SECRET, SECRET + "!", secret=True),
        FieldDiff("code", "a" * 64, "b" * 64),
        FieldDiff("layers", [], ["arn:aws:lambda:eu-west-1:123456789012:layer:a-rather-long-name-of-a-layer-for-one-line:7"]),
        FieldDiff("role", "arn:old", UNKNOWN, known=False),
        FieldDiff("description", "", "true\tor not"),
    ),
    change("replace", "table/orders", FieldDiff("key", "id", "pk", replaces=True), loses="3 or more items"),
    change("replace", "api", FieldDiff("protocol", "REST", "HTTP", replaces=True)),
    change("delete", "queue/old", loses="12 messages"),
    change("delete", "function/gone"),
)


def plan(*changes: Change, unchanged: int = 0, notes: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> Plan:
    return Plan("orders", "dev", "aws", Graph({}), changes, Basis(IDENTITY, 7, "abc", {}), unchanged=unchanged, notes=notes, kept=kept)


APP = Node(Address("app/python"), "azure.app", "orders-dev-python", {}, artifact=Artifact("a" * 64, 1, 1))
MEMBERS = [Node(Address(f"function/f{n}"), "azure.function", f"f{n}", {}, frozenset({APP.address})) for n in range(10)]
SHARED = replace(
    plan(Change("update", APP.address, APP, APP, (FieldDiff("code", "a" * 64, "b" * 64),)), unchanged=9),
    graph=Graph({one.address: one for one in (APP, *MEMBERS)}),
)
"""One package for ten functions."""
PLAN = plan(*CHANGES, unchanged=41, notes=("an earlier run was interrupted: this one picks up what it left",), kept=("bucket/uploads",))
DEPLOYED = Result("deployed", Exit.OK, 8, outputs=OUTPUTS, timings={"plan": 0.2, "apply": 3.25}, changes=PLAN.summary())
STOPPED = Result("stopped", Exit.STOPPED, 7, diagnostics=(FINDING,), next="fnctl deploy --target aws --stage dev", changes=PLAN.summary())
RESTORED = Result("restored", Exit.RESTORED, 7, outputs=OUTPUTS, diagnostics=(FINDING,))

STATUS = StatusReport(
    "orders",
    "dev",
    "aws",
    IDENTITY,
    "s3://fnctl-123456789012-eu-west-1/orders/dev",
    {"release": 7, "when": "2026-11-23T10:00:00Z", "who": "ann@laptop", "commit": "1a2b3c4d5e6f7a8b", "restores": 5, "functions": 3, "current": True},
    (
        FunctionStatus("api", "live", "arn:api", URL),
        FunctionStatus("worker", "changed", ARN, None, "differs: function/worker/role"),
        FunctionStatus("nightly", "missing", None, None),
    ),
    2,
    {"who": "bob", "host": "ci-7", "pid": 4711, "fence": 3},
    True,
    {"pid": 99, "endpoint": "http://127.0.0.1:4566"},
)

BUILT = (
    BuiltArtifact("api", ("api",), Artifact("c" * 64, 1_300_000, 4_200_000), Path(".fnctl/build/aws/api.zip"), cached=False),
    BuiltArtifact(
        "shared",
        ("nightly", "worker"),
        Artifact("d" * 64, 812, 3_481),
        Path(".fnctl/build/aws/shared.zip"),
        cached=True,
        notes=("runs on 3.11 here",),
    ),
)

SIZED = Sized(
    "aws",
    Contents("api", ("api",), (Package("pypi", "page", "2.1", (Piece("page/a.py", 900, 300, "page/a.py"),)),), 900, 300),
    (Room(load("aws")["lambda.zip.unpacked"], 900),),
)

HISTORY: list[dict[str, Json]] = [
    {"release": 7, "when": "2026-11-23T10:00:00Z", "who": "ann@laptop", "commit": None, "restores": 5, "functions": 3, "current": True},
    {
        "release": 6,
        "when": "2026-11-22T09:30:00Z",
        "who": "ci@runner",
        "commit": "1a2b3c4d5e6f7a8b",
        "restores": None,
        "functions": 4,
        "current": False,
    },
]

REPLY = Reply(ok=True, body=b'{"hello": "world"}', status=200, logs=("started", "a \x1b[31mred\x1b[0m line"), seconds=0.0123)
LOGS = (LogLine("api", 1_795_000_000.25, "hello"), LogLine("worker", 1_795_000_001.0, "Authorization: Bearer abcdefghijklmnop123\n"))

EVENTS = (
    Event("phase", {"phase": "build"}),
    Event("log", {"message": "fetching esbuild"}),
    Event("phase", {"phase": "lock"}),
    Event("phase", {"phase": "prepare", "total": 3}),
    Event("change", {"action": "create", "status": "started", "phase": "prepare"}, Address("function/api/role")),
    Event("log", {"message": "waiting for the role to be known"}, Address("function/api/role")),
    Event("change", {"action": "create", "status": "done", "phase": "prepare", "seconds": 1.25}, Address("function/api/role")),
    Event("change", {"action": "update", "status": "failed", "error": "AccessDenied: no", "seconds": 0.5}, Address("function/worker")),
    Event("change", {"action": "delete", "status": "skipped"}, Address("queue/old")),
    Event("phase", {"phase": "something-new"}),
    Event("phase", {"phase": "restore"}),
)
