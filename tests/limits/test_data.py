"""The limits as they are kept: the JSON is the YAML's, every number has an origin, and nothing contradicts itself."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from fnctl.diagnostics import SEVERITIES
from fnctl.rules.compare import compare
from fnctl.rules.limits import TARGETS, Limits, Sure, document, load
from fnctl.views.limits import QUESTIONS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "schemas" / "fnctl_schemas" / "limits"
SECTIONS = {
    "limits": {"value", "unchecked", "plans", "regions", "unit", "severity", "effect", "source", "sure", "raisable", "artifact", "family"},
    "patterns": {"pattern", "means", "source", "sure"},
    "words": {"values", "means", "plans", "source", "sure"},
    "runtimes": {"platform", "state", "deprecated", "create_blocked", "update_blocked", "plans", "source", "sure"},
}


def entries(section: str) -> list[Any]:  # what pytest.param makes
    return [pytest.param(target, id_, entry, id=f"{target}:{id_}") for target in TARGETS for id_, entry in document(target)[section].items()]


def plans() -> list[tuple[str, str | None]]:
    return [(target, plan) for target in TARGETS for plan in document(target)["plans"] or [None]]


def test_the_json_is_what_the_generator_makes_of_the_yaml(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "limits", tmp_path], check=True)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        f"{target}.json": (FOLDER / f"{target}.json").read_text("utf-8") for target in TARGETS
    }, "run scripts/limits"


@pytest.mark.parametrize("target", TARGETS)
def test_no_entry_is_written_twice(target: str) -> None:
    """YAML's last one of two equal keys would win in silence."""
    whole = yaml.compose((FOLDER / f"{target}.yaml").read_text("utf-8"))
    assert isinstance(whole, yaml.MappingNode)
    for section in (whole, *(value for _, value in whole.value if isinstance(value, yaml.MappingNode))):
        names = [key.value for key, _ in section.value]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_word_of_an_entry_is_known(section: str) -> None:
    unknown = {(target, id_): set(entry) - SECTIONS[section] for target in TARGETS for id_, entry in document(target)[section].items()}
    assert not {where: words for where, words in unknown.items() if words}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_entry_names_a_source_with_a_title_and_a_date(section: str) -> None:
    for target in TARGETS:
        kept = document(target)
        for entry in kept[section].values():
            source = kept["sources"][entry["source"]]
            assert source["title"].strip()
            assert re.fullmatch(r"20\d\d(-\d\d){0,2}", source["date"])
            assert entry.get("sure", "documented") in get_args(Sure)


@pytest.mark.parametrize(("target", "plan"), plans())
def test_every_limit_that_a_rule_is_given_names_a_source_and_a_date(target: str, plan: str | None) -> None:
    for limit in load(target, plan=plan).table.values():
        assert limit.source
        assert limit.date
        assert limit.note() == f"limit: {limit.source} ({limit.date})"


@pytest.mark.parametrize("target", TARGETS)
def test_every_source_is_used(target: str) -> None:
    kept = document(target)
    used = {entry["source"] for section in SECTIONS for entry in kept[section].values()}
    for answers in kept["compare"].values():
        used |= {answers["source"]} if "source" in answers else {answer["source"] for answer in answers.values()}
    assert used == set(kept["sources"])


@pytest.mark.parametrize(("target", "id_", "entry"), entries("limits"))
def test_a_limit_is_whole(target: str, id_: str, entry: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+", id_)
    assert ("value" in entry) != ("plans" in entry)
    assert set(entry.get("plans", {})) <= set(document(target)["plans"])
    numbers = [*entry.get("plans", {}).values(), *entry.get("regions", {}).values(), *([entry["value"]] if "value" in entry else [])]
    assert numbers
    assert all(isinstance(number, (int, float)) and number >= 0 for number in numbers)
    assert entry.get("severity", "error") in SEVERITIES
    assert entry["unit"]
    assert entry["effect"]
    assert not entry["effect"].endswith(".")


@pytest.mark.parametrize(("target", "id_", "entry"), entries("limits"))
def test_a_number_that_is_not_confirmed_does_not_block(target: str, id_: str, entry: dict[str, Any]) -> None:
    assert entry.get("sure") != "unsure" or entry["severity"] != "error"


@pytest.mark.parametrize(("target", "id_", "entry"), entries("limits"))
def test_a_default_and_an_advice_are_no_limits_to_break(target: str, id_: str, entry: dict[str, Any]) -> None:
    if "default" in id_.split(".") or id_.endswith(".advised"):
        assert entry["severity"] == "advice"


@pytest.mark.parametrize(("target", "plan"), plans())
def test_minimum_default_and_maximum_are_in_order(target: str, plan: str | None) -> None:
    table = load(target, plan=plan).table
    for id_, most in table.items():
        least, usual = table.get(f"{id_}.min"), table.get(f"{id_}.default")
        for low, high in ((least, usual), (usual, most), (least, most)):
            if low and high:
                assert low.unit == high.unit
                assert low.value <= high.value


@pytest.mark.parametrize(("target", "id_", "entry"), entries("runtimes"))
def test_a_runtime_is_whole(target: str, id_: str, entry: dict[str, Any]) -> None:
    assert re.fullmatch(r"python3\.\d+|nodejs\d+", id_)
    assert set(entry.get("plans", [])) <= set(document(target)["plans"])
    days = [date.fromisoformat(entry[key]) for key in ("deprecated", "create_blocked", "update_blocked") if key in entry]
    assert days == sorted(days)


@pytest.mark.parametrize(("target", "id_", "entry"), entries("words"))
def test_a_list_has_no_word_twice(target: str, id_: str, entry: dict[str, Any]) -> None:
    assert entry["values"]
    assert len(entry["values"]) == len(set(entry["values"]))


NAMES = [
    ("aws", "lambda.function.name", "orders-dev-api_1", "orders api"),
    ("aws", "lambda.handler", "src/api.handler", "src/api handler"),
    ("aws", "lambda.environment.name", "LOG_LEVEL", "_LOG"),
    ("aws", "lambda.environment.name", "AB", "A"),
    ("aws", "lambda.alias.name", "live2", "22"),
    ("aws", "lambda.statement", "fnctl-url", "a.b"),
    ("aws", "lambda.mount", "/mnt/data", "/data"),
    ("aws", "sqs.name", "jobs.fifo", "jobs.live"),
    ("aws", "sns.name", "alerts", "alerts!"),
    ("aws", "events.bus.name", "defaults", "default"),
    ("aws", "events.rule.name", "a.b-c_d", "a/b"),
    ("aws", "scheduler.name", "a.b-c_d", "a/b"),
    ("aws", "kinesis.name", "a.b-c_d", "a/b"),
    ("aws", "s3.name", "shop.uploads-1", "Shop"),
    ("aws", "s3.name", "1.2.3", "1.2.3.4"),
    ("aws", "s3.name", "s3alias", "shop-s3alias"),
    ("aws", "s3.name", "xn-shop", "xn--shop"),
    ("aws", "dynamodb.name", "a.b-c_d", "a/b"),
    ("aws", "states.name", "fulfil-1", "fulfil 1"),
    ("aws", "logs.group.name", "/aws/lambda/api", "aws/lambda/api"),
    ("aws", "iam.role.name", "api+worker@shop", "api/worker"),
    ("aws", "secrets.name", "shop/key", "shop-abcdef"),
    ("aws", "ssm.name", "/fnctl/shop/KEY", "/aws/key"),
    ("azure", "functions.app.name", "shop-Api1", "shop_api"),
    ("azure", "functions.setting.name", "A__b.c", "a-b"),
    ("azure", "functions.schedule", "0 */5 * * * *", "*/5 * * * *"),
    ("azure", "storage.account.name", "shop1", "shop-1"),
    ("azure", "storage.container.name", "a-b-c", "a--b"),
    ("azure", "storage.queue.name", "a-b-c", "a-b-"),
    ("azure", "storage.table.name", "Orders1", "1orders"),
    ("azure", "service_bus.entity.name", "Jobs/live.v2_a-b", "jobs-"),
    ("azure", "event_hubs.name", "Clicks.v2_a-b", "clicks!"),
    ("azure", "event_grid.topic.name", "Shop-bus", "shop_bus"),
    ("azure", "cosmos.container.name", "or ders", "or/ders"),
    ("vercel", "project.name", "shop--api.1", "shop---api"),
    ("vercel", "function.name", "api/x.func", "api/x y.func"),
    ("vercel", "environment.name", "_LOG", "1LOG"),
    ("vercel", "queue.topic", "jobs-1", "jobs.1"),
    ("vercel", "schedule.name", "a.b", ".ab"),
    ("vercel", "cron.expression", "0 3 * * *", "0 3 * * * *"),
]


@pytest.mark.parametrize(("target", "id_", "good", "bad"), NAMES)
def test_a_pattern_takes_what_the_platform_takes(target: str, id_: str, good: str, bad: str) -> None:
    pattern = load(target).patterns[id_]
    assert pattern.matches(good)
    assert not pattern.matches(bad)


def test_every_pattern_is_tried() -> None:
    assert {(target, id_) for target, id_, _, _ in NAMES} == {(target, id_) for target in TARGETS for id_ in load(target).patterns}


@pytest.mark.parametrize(("target", "plan"), plans())
def test_every_question_is_answered_for_every_plan(target: str, plan: str | None) -> None:
    answers = list(compare(target, plan))
    assert [fact.question for fact in answers] == list(QUESTIONS)
    assert all(fact.plan == plan and fact.source and fact.date and "{" not in fact.text for fact in answers)


@pytest.mark.parametrize("found", [load(target) for target in TARGETS], ids=TARGETS)
def test_there_is_a_runtime_to_deploy_on(found: Limits) -> None:
    open_ = [r for r in found.runtimes.values() if r.state == "supported" and (r.create_blocked or r.deprecated or "9") > found.read]
    assert {r.id[:6] for r in open_} == {"python", "nodejs"}
