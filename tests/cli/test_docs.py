"""The reference pages are what the command line does: help pages are compared, samples are validated, tables are complete."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from cli.conftest import Fnctl, problems
from fnctl.app import TABLE
from fnctl.commands.table import FORMS
from fnctl.errors import Exit

DOCS = Path(__file__).parents[2] / "docs"
HELP = re.compile(r"^```text help ?([a-z ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(json|ndjson)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MACHINE = (DOCS / "machine-forms.md").read_text("utf-8")


def test_help_pages_are_in_the_docs(fnctl: Fnctl) -> None:
    page = DOCS / "cli.md"
    text = page.read_text("utf-8")
    fresh = HELP.sub(lambda found: f"```text help {found[1]}".rstrip() + f"\n{fnctl(*found[1].split(), '--help').out.rstrip()}\n```", text)
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        page.write_text(fresh, "utf-8")
    assert text == fresh, "FNCTL_UPDATE_GOLDEN=1 writes them anew"
    assert set(TABLE) <= {found[1].split(" ")[0] for found in HELP.finditer(text)}


@pytest.mark.parametrize("found", list(FENCE.finditer(MACHINE)), ids=lambda found: f"machine-forms.md:{MACHINE.count(chr(10), 0, found.start()) + 1}")
def test_samples_are_what_their_schemas_say(found: re.Match[str]) -> None:
    values = [json.loads(found[2])] if found[1] == "json" else [json.loads(line) for line in found[2].splitlines()]
    for value in values:
        assert problems(value["schema"].split("/")[1], value) == []


def test_every_form_is_listed() -> None:
    assert set(re.findall(r"^\| `([a-z]+)` \|", MACHINE, re.MULTILINE)) >= set(FORMS)


def test_every_status_is_listed() -> None:
    from fnctl_schemas import read

    [statuses] = [
        part["then"]["properties"]["status"]["enum"] for part in read("event-1.schema.json")["allOf"] if "exit" in part["then"]["properties"]
    ]
    assert all(f"`{status}`" in MACHINE for status in statuses)


def test_every_exit_code_is_explained() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", (DOCS / "exit-codes.md").read_text("utf-8"), re.MULTILINE)}
    assert told == {int(code) for code in Exit}
