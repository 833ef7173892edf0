"""Choosing what holds: plan, region, and the manifest's own numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.rules.limits import TARGETS, Limit, load

# The platforms' documents, by hand: (target, plan, id, number), None for a plan without that limit.
HELD: list[tuple[str, str | None, str, float | None]] = [
    ("aws", None, "lambda.timeout", 900),
    ("aws", None, "lambda.memory", 10240),
    ("aws", None, "lambda.zip.unpacked", 250),
    ("aws", None, "lambda.environment", 4096),
    ("aws", None, "lambda.concurrency.unreserved", 100),
    ("aws", None, "lambda.request.async", 1),
    ("aws", None, "http_api.timeout", 30),
    ("aws", None, "sqs.message", 1048576),
    ("aws", None, "states.payload", 262144),
    ("aws", None, "events.pattern", 4096),
    ("azure", "flex", "functions.timeout", None),
    ("azure", "flex", "functions.timeout.http", 230),
    ("azure", "flex", "functions.memory", 4096),
    ("azure", "flex", "functions.instances", 1000),
    ("azure", "flex", "functions.instances.min", 40),
    ("azure", "flex", "functions.slots", 0),
    ("azure", "consumption", "functions.timeout", 600),
    ("azure", "consumption", "functions.timeout.http", 230),
    ("azure", "consumption", "functions.memory", 1536),
    ("azure", "consumption", "functions.instances.min", None),
    ("azure", "premium", "functions.timeout.default", 1800),
    ("azure", "premium", "functions.memory", 14336),
    ("azure", "dedicated", "functions.memory", 262144),
    ("azure", "dedicated", "functions.timeout", None),
    ("vercel", "hobby", "function.timeout", 300),
    ("vercel", "hobby", "function.timeout.without_fluid", 60),
    ("vercel", "hobby", "function.count", 12),
    ("vercel", "hobby", "cron.interval.min", 86400),
    ("vercel", "hobby", "function.regions", 1),
    ("vercel", "pro", "function.timeout", 800),
    ("vercel", "pro", "function.timeout.beta", 1800),
    ("vercel", "pro", "function.timeout.without_fluid", 300),
    ("vercel", "pro", "function.count", None),
    ("vercel", "pro", "function.size.python", 500),
    ("vercel", "pro", "function.size.nodejs", 250),
    ("vercel", "enterprise", "function.timeout.without_fluid", 900),
    ("vercel", "enterprise", "function.regions", 20),
    ("vercel", "enterprise", "cron.interval.min", 60),
]


@pytest.mark.parametrize(("target", "plan", "id_", "number"), HELD)
def test_each_plan_has_its_own_numbers(target: str, plan: str | None, id_: str, number: float | None) -> None:
    limit = load(target, plan=plan).get(id_)
    assert (limit.value if limit else None) == number


@pytest.mark.parametrize(("target", "plan"), [("aws", None), ("azure", "flex"), ("vercel", "hobby")])
def test_without_a_plan_the_first_one_holds(target: str, plan: str | None) -> None:
    assert load(target) == load(target, plan=plan)
    assert load(target).plan == plan


@pytest.mark.parametrize(("target", "plan", "help"), [("azure", "pro", "flex"), ("aws", "pro", "leave it out")])
def test_an_unknown_plan_is_an_error(target: str, plan: str, help: str) -> None:
    with pytest.raises(FnctlError, match=f"{target} has no plan 'pro'") as error:
        load(target, plan=plan)
    assert help in (error.value.diagnostics[0].help or "")


def test_a_region_has_its_own_numbers() -> None:
    assert load("aws", region="us-east-1")["states.transitions"].value == 5000
    assert load("aws", region="eu-west-1")["states.transitions"].value == 800
    assert load("aws")["states.transitions"].value == 800


def test_a_plan_has_its_own_words_and_runtimes() -> None:
    flex, consumption = load("azure", plan="flex"), load("azure", plan="consumption")
    assert flex.words["functions.memory"].values == (512, 2048, 4096)
    assert "functions.memory" not in consumption.words
    assert "python3.13" in flex.runtimes
    assert "python3.13" not in consumption.runtimes


def test_a_platform_of_a_third_party_has_no_limits() -> None:
    found = load("folder", plan="any", overrides={"x.y": 1})
    assert (found.table, found.problems, found.plan) == ({}, (), "any")


OVERRIDES: list[tuple[str, Json, float]] = [
    ("lambda.concurrency", 5000, 5000),
    ("lambda.concurrency", "5000", 5000),
    ("lambda.concurrency", 10, 10),
    ("http_api.routes", 600, 600),
    ("iam.policy.trust", 8192, 8192),
    ("lambda.mapping.filters", 10.5, 10.5),
]


@pytest.mark.parametrize(("id_", "given", "value"), OVERRIDES)
def test_a_raised_quota_holds(id_: str, given: Json, value: float) -> None:
    found = load("aws", overrides={id_: given})
    assert found.problems == ()
    assert found[id_].value == value
    assert found[id_].note() == "limit: `limits.aws` in the manifest"
    assert load("aws")[id_].value != value


WORDS = [("lambda.timeout", "30m", 1800), ("lambda.memory", "32GB", 32768), ("lambda.environment", "1MB", 1048576), ("lambda.image", "512MB", 0.5)]


@pytest.mark.parametrize(("id_", "given", "value"), WORDS)
def test_what_the_platform_raises_for_nobody_counts_and_is_a_warning(id_: str, given: str, value: float) -> None:
    found = load("aws", overrides={id_: given})
    assert found[id_].value == value
    assert [(p.id, p.severity, p.message) for p in found.problems] == [(id_, "warning", f"the platform raises `{id_}` for nobody")]


REFUSED: list[tuple[str, Json, str, str]] = [
    ("lambda.concurency", 5000, "aws has no limit `lambda.concurency`", "did you mean `lambda.concurrency`?"),
    ("zzz", 1, "aws has no limit `zzz`", "`fnctl limits -t aws` lists them"),
    ("lambda.concurrency", "many", "`many` is not a number of concurrent executions", "write it as `1000`"),
    ("lambda.timeout", "2GB", "`2GB` is not a number of seconds", "write it as `900`"),
    ("lambda.memory", "30m", "`30m` is not a number of MB", "write it as `10240`"),
    ("lambda.memory", [1], "`[1]` is not a number of MB", "write it as `10240`"),
    ("lambda.memory", float("inf"), "`inf` is not a number of MB", "write it as `10240`"),
    ("lambda.memory", -1, "`-1` is not a number of MB", "write it as `10240`"),
]


@pytest.mark.parametrize(("id_", "given", "message", "help"), REFUSED)
def test_what_is_no_limit_changes_nothing(id_: str, given: Json, message: str, help: str) -> None:
    found = load("aws", overrides={id_: given})
    assert [(p.severity, p.message, p.help) for p in found.problems] == [("error", message, help)]
    assert found.table == load("aws").table


def test_a_limit_of_another_plan_is_a_warning() -> None:
    found = load("vercel", plan="pro", overrides={"function.count": 20})
    assert [(p.severity, p.message) for p in found.problems] == [("warning", "the plan `pro` has no limit `function.count`")]


def amount(value: float, unit: str) -> str:
    return Limit("x.y", value, unit, "error", "", "", "").amount()


def test_an_amount_reads_well() -> None:
    assert [amount(900, "seconds"), amount(1, "seconds"), amount(10240, "MB"), amount(4.5, "MB"), amount(1, "MB")] == [
        "900 s",
        "1 s",
        "10,240 MB",
        "4.5 MB",
        "1 MB",
    ]
    assert [amount(1, "regions"), amount(1, "requests per second"), amount(0, "slots")] == [
        "1 region",
        "1 request per second",
        "0 slots",
    ]


def test_a_size_is_binary() -> None:
    assert load("aws")["lambda.zip.unpacked"].in_bytes() == 250 * 1024 * 1024
    assert load("vercel")["function.request"].in_bytes() == int(4.5 * 1024 * 1024)


@pytest.mark.parametrize("target", TARGETS)
def test_no_yaml_is_read(target: str) -> None:
    program = f"import sys; from fnctl.rules.limits import load; load({target!r}, overrides={{}}); print('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "False\n"
