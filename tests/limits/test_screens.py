"""`fnctl limits` and `fnctl compare`: whole screens, the documents that their schemas describe, and wrong options."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema_rs
import pytest

import fnctl_schemas
from cli.conftest import Fnctl, problems, strict

GOLDEN = Path(__file__).parent / "golden"
SCREENS = {
    "compare": ["compare"],
    "compare-azure-sources": ["compare", "-t", "azure", "--verbose"],
    "limits-aws": ["limits", "-t", "aws"],
    "limits-azure": ["limits", "-t", "azure"],
    "limits-vercel": ["limits", "-t", "vercel"],
    "limits-hobby-sources": ["limits", "--plan", "hobby", "--verbose"],
    "limits-some": ["limits", "lambda.timeout", "functions.memory", "cron"],
    "limits-region": ["limits", "-t", "aws", "--region", "us-east-1", "states.starts", "states.transitions"],
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_the_golden_one(fnctl: Fnctl, name: str) -> None:
    done = fnctl(*SCREENS[name])
    assert (done.code, done.err) == (0, "")
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.out, "utf-8")
    assert done.out == path.read_text("utf-8")


@pytest.mark.parametrize("words", [[], ["--plan", "pro"], ["-t", "azure", "--region", "westeurope"], ["sqs"]], ids=" ".join)
def test_the_document_is_what_its_schema_says(fnctl: Fnctl, words: list[str]) -> None:
    made = fnctl("limits", *words, "--output", "json").document
    assert problems("limits", made) == []
    jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read("limits-1.schema.json"))).validate(made)


def test_the_document_has_every_plan(fnctl: Fnctl) -> None:
    made = fnctl("limits", "--output", "json").document["targets"]
    assert [(one["target"], one["plan"]) for one in made] == [
        ("aws", None),
        *(("azure", plan) for plan in ("flex", "consumption", "premium", "dedicated")),
        *(("vercel", plan) for plan in ("hobby", "pro", "enterprise")),
    ]
    assert all(limit["source"] and limit["date"] for one in made for limit in one["limits"])


def test_a_name_chooses_what_lies_below_it(fnctl: Fnctl) -> None:
    [made] = fnctl("limits", "lambda.environment", "--output", "json").document["targets"]
    assert [limit["id"] for limit in made["limits"]] == ["lambda.environment", "lambda.environment.name.min"]
    assert [words["id"] for words in made["words"]] == ["lambda.environment.reserved"]
    assert [pattern["id"] for pattern in made["patterns"]] == ["lambda.environment.name"]


def test_the_environment_names_the_platform(fnctl: Fnctl) -> None:
    made = fnctl("limits", "--output", "json", environ={"FNCTL_TARGET": "aws"}).document["targets"]
    assert [one["target"] for one in made] == ["aws"]


@pytest.mark.parametrize("words", [[], ["--plan", "premium"]], ids=" ".join)
def test_the_comparison_is_what_its_schema_says(fnctl: Fnctl, words: list[str]) -> None:
    made = fnctl("compare", *words, "--output", "json").document
    assert problems("compare", made) == []
    jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read("compare-1.schema.json"))).validate(made)
    assert {fact["question"] for fact in made["facts"]} == {"time", "memory", "cold_start", "events", "pricing"}


WRONG = [
    (["limits", "-t", "gcp"], "the limits of 'gcp' are not known"),
    (["limits", "--plan", "gold"], "there is no plan 'gold'"),
    (["limits", "-t", "vercel", "--plan", "flex"], "vercel has no plan 'flex'"),
    (["limits", "-t", "aws", "--plan", "flex"], "leave it out"),
    (["limits", "lambda.tim"], "there is no limit 'lambda.tim'"),
    (["limits", "a", "b"], "there are no limits a, b"),
    (["compare", "--plan", "gold"], "there is no plan 'gold'"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_wrong_choice_is_a_usage_error(fnctl: Fnctl, words: list[str], message: str) -> None:
    done = fnctl(*words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
