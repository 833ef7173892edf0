"""Limits that look at the output: each function has its size for itself, and each place counts as a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnctl.manifest.load import load
from fnctl.manifest.model import Service
from fnctl.manifest.resolve import resolve
from fnctl.rules.limits import load as limits
from fnctl.rules.model import Measured, Subject
from fnctl_vercel.limits.functions import too_many_functions
from fnctl_vercel.limits.not_yet import not_acted_on_yet
from fnctl_vercel.limits.sizes import bundle_too_large

MB = 1024**2
MANIFEST = """
fnctl: 1
service: shop
targets: {{ vercel: {{ plan: hobby }} }}
defaults: {{ runtime: nodejs24 }}
resources: {{ {queues} }}
functions:
  api: {{ handler: "api.ts:api", triggers: [{{ http: GET / }}] }}
  worker: {{ handler: "worker.ts:worker", triggers: [{triggers}] }}
"""


def service(folder: Path, count: int) -> Service:
    queues = ", ".join(f"q{n}: {{ type: queue }}" for n in range(count))
    triggers = ", ".join(f"{{ queue: q{n} }}" for n in range(count))
    (folder / "fnctl.yaml").write_text(MANIFEST.format(queues=queues, triggers=triggers))
    document, _ = load(folder / "fnctl.yaml")
    assert document is not None
    found = resolve(document, target="vercel", stage="dev", environ={}).service
    assert found is not None
    return found


def test_the_size_is_each_function_s_own(tmp_path: Path) -> None:
    members = (("functions/_fnctl/worker/queue/q0.func/big.bin", 251 * MB), ("functions/api.func/handler.mjs", 200 * MB), ("config.json", 100))
    built = {"output": Measured(("api", "worker"), 1, 451 * MB, members[:1], members)}
    subject = Subject(service(tmp_path, 1), limits("vercel", plan="hobby"), built)
    (found,) = bundle_too_large.check(subject)
    assert found.message == "the artifact of `worker` is over the platform's maximum"
    assert "largest: big.bin 251.0 MB" in found.notes
    fine = {"output": Measured(("api", "worker"), 1, 400 * MB, members[1:2], members[1:])}
    assert list(bundle_too_large.check(Subject(subject.service, subject.limits, fine))) == []


def test_each_queue_makes_a_function_more(tmp_path: Path) -> None:
    for count, label in ((11, None), (12, "13 in all")):
        found = list(too_many_functions.check(Subject(service(tmp_path, count), limits("vercel", plan="hobby"))))
        assert [one.label for one in found] == ([label] if label else [])


@pytest.mark.parametrize(
    ("more", "severity", "words"),
    [
        ('resources: { up: { type: bucket } }\nfunctions: { api: { handler: "a.ts:b", uses: { up: read } } }', "error", "the bucket `up`"),
        ('resources: { up: { type: bucket, existing: up } }\nfunctions: { api: { handler: "a.ts:b", uses: { up: read } } }', None, ""),
        ('workflows: { w: { steps: [{ wait: 5s }] } }\nfunctions: { api: { handler: "a.ts:b" } }', "error", "the workflow `w`"),
        ('ttl: 3d\nfunctions: { api: { handler: "a.ts:b" } }', "warning", "`ttl`"),
        ('rollout: { canary: 5% }\nfunctions: { api: { handler: "a.ts:b" } }', None, ""),
        ('functions: { api: { handler: "a.ts:b" } }', None, ""),
    ],
)
def test_what_is_not_acted_on_is_said(tmp_path: Path, more: str, severity: str | None, words: str) -> None:
    text = f"fnctl: 1\nservice: shop\ntargets: {{ vercel: {{ plan: pro }} }}\ndefaults: {{ runtime: nodejs24 }}\n{more}\n"
    (tmp_path / "fnctl.yaml").write_text(text)
    document, _ = load(tmp_path / "fnctl.yaml")
    assert document is not None
    found = resolve(document, target="vercel", stage="dev", environ={}).service
    assert found is not None
    said = list(not_acted_on_yet.check(Subject(found, limits("vercel", plan="pro"), {})))
    assert [(one.severity or not_acted_on_yet.severity, words in one.message) for one in said] == ([(severity, True)] if severity else [])
