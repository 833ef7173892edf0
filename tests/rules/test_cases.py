"""Every rule has a failing case, which it finds where and how the golden file says, and a passing one, in which nothing is wrong."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from fnctl import catalogue, plugins
from fnctl.rules import pages, portable, reading
from fnctl.rules.model import Rule
from fnctl.rules.settings import family
from rules.cases import FOLDER, case, check, told

GOLDEN = Path(__file__).parent / "golden"
RULES = catalogue.every()
FAMILIES = sorted({family(rule.code) for rule in RULES})
NOT_YET = "FN190"
"""What a platform does not act on yet: the case of another rule may ask for it."""


def asked(rule: Rule) -> str:
    return rule.code if rule.preset == "strict" else ""


@pytest.mark.parametrize("name", FAMILIES)
def test_every_failing_case_is_found_as_the_golden_file_says(name: str, tmp_path: Path) -> None:
    parts = []
    for rule in (rule for rule in RULES if family(rule.code) == name):
        made = case(rule, "fail")
        assert made is not None, f"{rule.code} has no failing case: an Example that is a piece of a manifest, or cases/{rule.code}/fail.yaml"
        folder = tmp_path / rule.code
        folder.mkdir()
        found, lines = check(made, folder, asked(rule))
        mine = [d for d in found if d.code == rule.code]
        assert mine, f"{rule.code} finds nothing in its failing case; there is {found}"
        assert {d.code for d in found if d.severity == "error"} <= {rule.code, NOT_YET}, rule.code
        parts.append(f"{rule.code} {rule.name}\n{told(mine[:3], lines)}\n")
    path, text = GOLDEN / f"cases-{name}.txt", "\n".join(parts).replace(str(tmp_path), "FOLDER")
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_nothing_is_wrong_in_the_passing_case(rule: Rule, tmp_path: Path) -> None:
    made = case(rule, "pass")
    assert made is not None, f"{rule.code} has no passing case: `Use instead` as a piece of a manifest, or cases/{rule.code}/pass.yaml"
    found, _ = check(made, tmp_path, asked(rule))
    assert [d for d in found if d.code == rule.code or (d.severity == "error" and d.code != NOT_YET)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_page_has_every_heading(rule: Rule) -> None:
    told = pages.sections(rule)
    assert [heading for heading in pages.HEADINGS if not told.get(heading)] == []


def test_every_folder_of_cases_is_some_rules() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} <= {rule.code for rule in RULES}


def test_no_code_is_used_twice() -> None:
    every = [*reading.rules(), *portable.RULES, *(rule for name in plugins.names() for rule in plugins.adapter(name).rules())]
    assert [code for code, count in Counter(rule.code for rule in every).items() if count > 1 and code != NOT_YET] == []
