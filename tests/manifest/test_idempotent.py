"""`idempotent`: what it means for a function, and each way in which it cannot work, found at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnctl.manifest import keys
from fnctl.manifest.check import check
from fnctl.manifest.load import load
from fnctl.manifest.model import Service
from fnctl.manifest.resolve import resolve
from fnctl.rules.engine import run
from fnctl.rules.limits import load as limits
from fnctl.rules.model import Subject
from fnctl.rules.once import RULES

HEAD = "fnctl: 1\nservice: s\ntargets: { aws: {} }\ndefaults: { runtime: python3.13 }\n"
DONE = "done: { type: table, ttl: expires }"


def manifest(said: str, resources: str = DONE, more: str = "triggers: [{ queue: jobs }]") -> str:
    listed = f"resources: {{ jobs: {{ type: queue }}, {resources} }}"
    return f'{HEAD}{listed}\nfunctions:\n  pay:\n    handler: "a.py:b"\n    {more}\n    idempotent: {said}\n'


def resolved(folder: Path, text: str, target: str = "aws") -> Service:
    (folder / "fnctl.yaml").write_text(text)
    document, _ = load(folder / "fnctl.yaml")
    assert document is not None
    service = resolve(document, target=target, stage="dev", environ={}).service
    assert service is not None
    return service


def found(folder: Path, text: str) -> list[tuple[str, str, int]]:
    findings = run(RULES, Subject(resolved(folder, text), limits("aws")))
    return [(one.code, one.message, one.span.line if one.span else 0) for one in findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (manifest("{ table: done }"), []),
        (manifest("{ table: done, key: = data.order, ttl: 3d }"), []),
        (manifest("{ table: done, key: = order.id }", more="interface: task"), []),
        (manifest("false", "other: { type: table }"), []),
        (manifest("true"), [("FN080", "`idempotent` of `pay` names no table", 10)]),
        (manifest("{ ttl: 1d }"), [("FN080", "`idempotent` of `pay` names no table", 10)]),
        (
            manifest("{ table: done }", "done: { type: table, sort: at, ttl: expires }"),
            [("FN080", "the table `done` cannot remember what `pay` did: it has a sort key", 10)],
        ),
        (
            manifest("{ table: done }", "done: { type: table, key: { name: id, type: number }, ttl: expires }"),
            [("FN080", "the table `done` cannot remember what `pay` did: its key is not a text", 10)],
        ),
        (
            manifest("{ table: done }", more="triggers: [{ http: POST / }]"),
            [("FN081", "`pay` is of interface `function`: `idempotent` is for `event` and `task`", 10)],
        ),
        (
            manifest("{ table: done }", more="triggers: [{ queue: { name: jobs, batch: whole } }]"),
            [("FN081", "`pay` takes whole batches, and `idempotent` is for one message", 10)],
        ),
        (manifest("{ table: done, key: = order }"), [("FN081", "`= order` leads nowhere in what `pay` gets", 10)]),
        (manifest("{ table: done, key: = $sum(data.x) }"), [("FN081", "`= $sum(data.x)` leads nowhere in what `pay` gets", 10)]),
        (manifest("{ table: done }", "done: { type: table }"), [("FN082", "nothing removes what `pay` leaves in `done`", 5)]),
        (manifest("{ table: done }", "done: { type: table, existing: theirs }"), []),
    ],
)
def test_what_cannot_remember_is_found(tmp_path: Path, text: str, expected: list[tuple[str, str, int]]) -> None:
    assert found(tmp_path, text) == expected


def test_the_table_is_used_in_the_functions_name(tmp_path: Path) -> None:
    service = resolved(tmp_path, manifest("{ table: done }", more="uses: { done: write, jobs: send }"))
    assert service.functions["pay"].uses == {"done": ("write", "read"), "jobs": ("send",)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("= data.order", ("data", "order")),
        ("=id", ("id",)),
        ("= data.lines[0].sku ", ("data", "lines", 0, "sku")),
        ("data.order", None),
        ("= data..order", None),
        ("= data[x]", None),
        ("= $sum(data)", None),
        (None, None),
    ],
)
def test_a_key_is_a_path(expression: object, expected: tuple[str | int, ...] | None) -> None:
    assert keys.path(expression) == expected


@pytest.mark.parametrize("target", ["aws", "vercel"])
def test_a_secret_that_one_target_alone_reads_is_granted(tmp_path: Path, target: str) -> None:
    head = HEAD.replace("{ aws: {} }", "{ aws: {}, vercel: {} }") + "secrets: [REDIS_URL, KEY, NOBODYS]\n"
    table = "done: { type: table, ttl: expires, targets: { vercel: { redis: REDIS_URL } } }"
    text = manifest("{ table: done }", table, "triggers: [{ queue: jobs }]\n    targets: { aws: { secrets: [KEY] } }").replace(HEAD, head)
    found = check(resolved(tmp_path, text, target), files=False)
    assert [one.message for one in found] == ["the secret NOBODYS is granted to no function"]
