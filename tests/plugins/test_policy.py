"""A company's rules, installed for real: they are chosen, explained and listed like fnctl's own; what a careless one does is a finding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import problems
from plugins.conftest import installed

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: us-east-1 } }
defaults: { runtime: python3.13, architecture: arm64 }
protect: true
tags: { team: shop }
functions:
  api: { handler: "api.py:app", logs: { retention: 365d }, triggers: [{ http: GET / }] }
"""
Fnctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("policy"), "policy")


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("careless"), "policy", "careless")


def run(site: Path, folder: Path, *words: str, text: str = MANIFEST, code: int = 0) -> subprocess.CompletedProcess[str]:
    (folder / "fnctl.yaml").write_text(text)
    environ = {**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "fnctl", *words]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, f"fnctl {' '.join(words)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def found(site: Path, folder: Path, *words: str, text: str = MANIFEST, code: int = 0) -> list[dict[str, Any]]:
    done = run(site, folder, "validate", "--no-files", "--output", "json", *words, text=text, code=code)
    every: list[dict[str, Any]] = json.loads(done.stdout)["diagnostics"]
    return every


def codes(every: list[dict[str, Any]], *families: str) -> list[tuple[str, str, int | None]]:
    return [(d["code"], d["severity"], d["line"]) for d in every if d["code"].startswith(families or ("",))]


def test_its_rules_are_checked(policy: Path, tmp_path: Path) -> None:
    assert codes(found(policy, tmp_path, code=1), "ACME") == [("ACME002", "error", 3), ("ACME001", "error", 6)]
    kept = MANIFEST.replace("team: shop", "owner: anna@example.com").replace("us-east-1", "eu-central-1")
    assert codes(found(policy, tmp_path, text=kept), "ACME", "FN9") == []


def test_they_are_chosen_like_any_other(policy: Path, tmp_path: Path) -> None:
    assert codes(found(policy, tmp_path, "--select", "ACME", code=1)) == [("ACME002", "error", 3), ("ACME001", "error", 6), ("ACME003", "advice", 8)]
    assert codes(found(policy, tmp_path, "--ignore", "ACME001,ACME002"), "ACME") == []
    softer = MANIFEST + "rules: { extends: strict, ACME001: warning, ACME002: off }\n"
    assert codes(found(policy, tmp_path, text=softer), "ACME", "FN06") == [("ACME001", "warning", 6), ("ACME003", "advice", 8)]
    comment = MANIFEST.replace("us-east-1 } }", "us-east-1 } } # fnctl: ignore[ACME002] an American customer")
    assert codes(found(policy, tmp_path, text=comment, code=1), "ACME", "FN06") == [("ACME001", "error", 6)]


def test_they_are_listed_and_explained(policy: Path, tmp_path: Path) -> None:
    made = json.loads(run(policy, tmp_path, "rules", "ACME", "--output", "json").stdout)
    assert problems("rules", made) == []
    assert [(rule["code"], rule["preset"], rule["targets"]) for rule in made["rules"]] == [
        ("ACME001", "recommended", []),
        ("ACME002", "recommended", ["aws"]),
        ("ACME003", "strict", []),
    ]
    page = run(policy, tmp_path, "explain", "ACME001").stdout
    assert all(part in page for part in ("ACME001: owner-is-missing", "At three in the morning", "tags: { team: shop, owner: anna@example.com }"))
    sarif = json.loads(run(policy, tmp_path, "validate", "--no-files", "--output", "sarif", code=1).stdout)
    [rule] = [rule for rule in sarif["runs"][0]["tool"]["driver"]["rules"] if rule["id"] == "ACME001"]
    assert "## Why" in rule["help"]["markdown"]


def test_what_a_careless_one_does_is_a_finding(careless: Path, tmp_path: Path) -> None:
    done = run(careless, tmp_path, "validate", "--no-files", "--output", "json", code=1)
    assert done.stderr == ""
    every = json.loads(done.stdout)["diagnostics"]
    said = {d["message"]: (d["code"], d["severity"]) for d in every if d["code"] in ("FN961", "FN965")}
    assert said == {
        "the rule ODD001 failed: KeyError: 'shop'": ("FN965", "error"),
        "the plugin 'careless' gives a rule the code 'AWS101', which it cannot have": ("FN961", "warning"),
        "the plugin 'careless' gives a rule the code 'odd-2', which it cannot have": ("FN961", "warning"),
        "the plugin 'careless' gives 'ODD003' where a rule belongs": ("FN961", "warning"),
        "the plugin 'thoughtless' failed to give its rules: FileNotFoundError: rules.txt": ("FN961", "warning"),
    }
    assert codes(every, "ACME") == [("ACME002", "error", 3), ("ACME001", "error", 6)]
    assert all(d["help"] for d in every)


def test_the_rule_that_failed_can_be_left_out(careless: Path, tmp_path: Path) -> None:
    assert "FN965" not in {d["code"] for d in found(careless, tmp_path, "--ignore", "ODD001", code=1)}


def test_the_list_says_what_is_missing_from_it(careless: Path, tmp_path: Path) -> None:
    done = run(careless, tmp_path, "rules", "ODD")
    assert "ODD001" in done.stdout
    assert "the plugin 'thoughtless' failed to give its rules" in done.stderr
    assert "Traceback" not in done.stderr
