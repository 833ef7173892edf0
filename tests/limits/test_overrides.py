"""`limits:` of a manifest, from its lines to what is found in it."""

from __future__ import annotations

from pathlib import Path

from fnctl.manifest.load import load as read
from fnctl.manifest.resolve import resolve
from fnctl.rules.limits import load
from fnctl.rules.model import Subject
from fnctl.rules.overrides import fixed_limit, unknown_limit

MANIFEST = """\
fnctl: 1
service: orders
targets: { aws: {}, vercel: { plan: pro } }
limits:
  aws:
    lambda.concurrency: 5000
    lambda.concurency: 5000
    lambda.timeout: 30m
    sqs.visibility: long
  vercel:
    function.count: 20
stages:
  prod:
    limits: { aws: { http_api.route: 500 } }
"""


def found(folder: Path, target: str, stage: str = "dev") -> list[tuple[str, str, str, int, int]]:
    path = folder / "fnctl.yaml"
    path.write_text(MANIFEST)
    document, problems = read(path)
    assert document
    assert problems == []
    service = resolve(document, target=target, stage=stage, environ={}).service
    assert service
    given = service.limits.get(target)
    plan = service.settings.get("plan")
    limits = load(target, plan=plan if isinstance(plan, str) else None, overrides=given if isinstance(given, dict) else None)
    out: list[tuple[str, str, str, int, int]] = []
    for rule in (unknown_limit, fixed_limit):
        for one in rule.check(Subject(service, limits)):
            assert one.span
            assert one.help
            out.append((rule.code, rule.severity, one.message, one.span.line, one.span.column))
    return out


def test_a_wrong_override_is_found_where_it_stands(tmp_path: Path) -> None:
    assert found(tmp_path, "aws") == [
        ("FN070", "error", "aws has no limit `lambda.concurency`", 7, 5),
        ("FN070", "error", "`long` is not a number of seconds", 9, 21),
        ("FN071", "warning", "the platform raises `lambda.timeout` for nobody", 8, 5),
    ]
    assert found(tmp_path, "vercel") == [("FN071", "warning", "the plan `pro` has no limit `function.count`", 11, 5)]


def test_a_stage_has_quotas_of_its_own(tmp_path: Path) -> None:
    assert ("FN070", "error", "aws has no limit `http_api.route`", 14, 22) in found(tmp_path, "aws", "prod")
