"""`fnctl rules` and `fnctl explain`: whole screens, the documents that their schemas describe, and wrong words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import jsonschema_rs
import pytest

import fnctl_schemas
from cli.conftest import Fnctl, problems, strict
from fnctl import catalogue
from fnctl.commands.explain import LIMITS
from fnctl.commands.schema import manifest
from fnctl.manifest import words
from fnctl.rules import pages
from fnctl.rules.limits import TARGETS, document
from fnctl.views import rules as view
from fnctl.views.theme import painter

GOLDEN = Path(__file__).parent / "golden"
SCREENS = {
    "rules-some": ["rules", "FIT", "SEC", "ADV02"],
    "rules-azure-sec": ["rules", "AZ1", "SEC", "--target", "azure"],
    "explain-limit": ["explain", "AWS101"],
    "explain-plans": ["explain", "vc101"],
    "explain-prose": ["explain", "FN006"],
    "explain-runtimes": ["explain", "AZ202"],
    "explain-error": ["explain", "fn423"],
    "explain-error-of-an-adapter": ["explain", "AZ603"],
    "explain-timeout": ["explain", "functions.timeout"],
    "explain-several": ["explain", "retention"],
    "explain-batch": ["explain", "queue.batch"],
    "explain-word-of-a-map": ["explain", "functions.image.command"],
    "explain-own": ["explain", "targets.aws.role"],
    "explain-type": ["explain", "resources.orders.type"],
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_the_golden_one(fnctl: Fnctl, name: str) -> None:
    done = fnctl(*SCREENS[name])
    assert (done.code, done.err) == (0, "")
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.write_text(done.out, "utf-8")
    assert done.out == path.read_text("utf-8")


def test_every_rule_is_listed_with_what_it_does(fnctl: Fnctl) -> None:
    made = fnctl("rules", "--output", "json").document
    assert problems("rules", made) == []
    jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read("rules-1.schema.json"))).validate(made)
    rules = made["rules"]
    assert [rule["code"] for rule in rules] == [rule.code for rule in catalogue.every()]
    assert len(rules) >= 80
    assert [rule["code"] for rule in rules if not (rule["summary"].endswith((".", "12.")) and len(rule["summary"]) > 20)] == []


def test_a_target_leaves_out_the_others(fnctl: Fnctl) -> None:
    codes = {rule["code"] for rule in fnctl("rules", "--output", "json", "-t", "vercel").document["rules"]}
    assert {"VC101", "FN101", "SEC001"} <= codes
    assert not {code for code in codes if code.startswith(("AWS", "AZ"))}


def test_every_rule_can_be_explained() -> None:
    plain, tables = painter(color=False), pages.every_plan(())
    for rule in catalogue.every():
        made = view.rule_document(rule, tables)
        assert problems("explain", made) == []
        assert all(made["rule"]["page"][section] for section in ("what_it_does", "why", "example", "use_instead", "sources")), rule.code
        named = re.findall(r"`([a-z0-9_]+\.[a-z0-9_.]+)`", made["rule"]["page"]["sources"])
        assert {limit["id"] for limit in made["rule"]["limits"]} >= set(named), rule.code
        shown = view.explained(rule, tables, plain, 80)
        assert all(part in shown for part in (f"{rule.code}: {rule.name}\n", "Why\n", "Example\n", "Use instead\n", "Sources\n"))


def test_every_key_has_a_description() -> None:
    """It is what editors show: a word or two would say no more than the key does."""
    made = view.keys_document((word, ()) for word in words.every(manifest()))
    jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read("explain-1.schema.json"))).validate(made)
    assert [key["path"] for key in made["keys"] if len((key["description"] or "").split()) < 3] == []


@pytest.mark.parametrize("words", [["AWS101"], ["FN009"], ["FN961"], ["AZ601"], ["timeout"], ["queue.batch"]], ids=" ".join)
def test_the_document_is_what_its_schema_says(fnctl: Fnctl, words: list[str]) -> None:
    made = fnctl("explain", *words, "--output", "json").document
    assert problems("explain", made) == []
    jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read("explain-1.schema.json"))).validate(made)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("timeout", ["functions.NAME.timeout", "workflows.NAME.timeout", "workflows.NAME.steps[].timeout"]),
        ("functions.api.timeout", ["functions.NAME.timeout"]),
        ("stages.prod.functions.api.memory", ["functions.NAME.memory"]),
        ("functions.api.targets.aws.memory", []),
        ("http.path", ["functions.NAME.triggers[].http.path"]),
        ("functions.api.triggers[].http.path", ["functions.NAME.triggers[].http.path"]),
        ("resources.jobs.visibility", ["resources.NAME.visibility"]),
        ("targets.vercel.plan", ["targets.vercel.plan"]),
        ("stages", ["stages"]),
        ("functions", ["functions"]),
        ("rules.extends", ["rules.extends"]),
        ("", []),
        ("...", []),
        ("[]", []),
    ],
)
def test_what_a_person_means_is_found(asked: str, found: list[str]) -> None:
    assert [word.where for word in words.find(manifest(), asked)] == found


WRONG = [
    (["explain", "timout"], "did you mean `timeout`?"),
    (["explain", "functions.timout"], "did you mean `timeout`?"),
    (["explain", "AWS999"], "fnctl rules AWS"),
    (["explain", "FN498"], "there is no rule `FN498`"),
    (["rules", "FN961"], "fnctl explain FN961"),
    (["rules", "FN4"], "`FN4` is no rule: it says what a run met"),
    (["explain", "aws999"], "there is no rule"),
    (["explain", "lambda.timeout"], "fnctl limits lambda.timeout --verbose"),
    (["explain", "%%%"], "fnctl rules"),
    (["explain"], "missing argument"),
    (["rules", "SEX"], "did you mean `SEC`?"),
    (["rules", "-t", "gcp"], "installed: aws, azure, vercel"),
]


@pytest.mark.parametrize(("said", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_wrong_word_is_a_usage_error(fnctl: Fnctl, said: list[str], message: str) -> None:
    done = fnctl(*said)
    assert (done.code, done.out) == (2, "")
    assert message.lower() in " ".join(done.err.lower().split())


def test_a_group_of_rules_that_no_target_has_is_said(fnctl: Fnctl) -> None:
    done = fnctl("rules", "VC", "-t", "aws")
    assert (done.code, done.out) == (0, "No such rules look at aws.\n")


def test_only_what_is_a_credential_is_hidden_on_the_screen(fnctl: Fnctl, tmp_path: Path) -> None:
    text = (
        "fnctl: 1\nservice: shop\ntargets: { aws: { region: eu-west-1 } }\ndefaults: { runtime: python3.13 }\n"
        "tags: { API_TOKEN: x9#kQ2!vLp0zR7 }\nfunctions:\n  api:\n    handler: api.py:app\n"
        "    env: { DB_PASSWORD: x9#kQ2!vLp0zR8, PRICES: http://prices.example.com }\n"
        "    triggers: [{ http: { method: POST, path: /, cors: true } }]\n"
    )
    (tmp_path / "fnctl.yaml").write_text(text)
    shown = fnctl("validate", "--no-files", "--select", "SEC").err
    assert all(f"[{code}]" in shown for code in ("SEC001", "SEC004", "SEC005", "SEC006", "SEC007"))
    assert "x9#kQ2" not in shown
    assert all(part in shown for part in ("cors: true", "http: { method: POST", "http://prices.example.com"))


def test_the_limits_that_keys_name_are_there() -> None:
    known = {id_ for target in TARGETS for section in ("limits", "words") for id_ in document(target)[section]}
    paths = {".".join(part for part in word.path if part not in (words.ANY, words.LIST)) for word in words.every(manifest())}
    assert set(LIMITS) <= paths
    assert {id_ for ids in LIMITS.values() for id_ in ids} <= known
