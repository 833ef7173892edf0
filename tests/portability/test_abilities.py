"""What the adapters say that their platforms lack: whole sentences, known words, and a source and a date for each."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fnctl.adapter import Adapter
from fnctl.manifest import shape
from fnctl.manifest.check import VERBS
from fnctl.plugins import adapter
from fnctl.rules.abilities import OPTIONS
from fnctl.rules.limits import document

SECTIONS = {
    *("triggers", "resources", "verbs", "grants", "shared", "trigger_options"),
    *("resource_options", "functions", "rollout", "beta", "steps"),
}
TARGETS = [adapter(name) for name in ("azure", "vercel")]


def entries(made: Adapter) -> list[tuple[str, str, dict[str, Any]]]:
    abilities = made.abilities()
    return [(section, key, entry) for section in SECTIONS for key, entry in abilities.get(section, {}).items()]


@pytest.mark.parametrize("made", TARGETS, ids=lambda made: made.name)
def test_each_entry_says_why_what_instead_and_who_says_so(made: Adapter) -> None:
    abilities = made.abilities()
    assert set(abilities) - {"title", "sources"} <= SECTIONS
    for section, key, entry in entries(made):
        where = f"{section}.{key}"
        assert entry["able"] in ("no", "differs", "advice"), where
        assert entry["why"], where
        assert entry["instead"], where
        assert not entry["why"].endswith("."), where
        assert abilities["sources"][entry["source"]]["title"], where
        assert re.fullmatch(r"20\d\d(-\d\d){0,2}", abilities["sources"][entry["source"]]["date"]), where
        assert set(entry.get("plans", ())) <= set(document(made.name)["plans"]), where
    assert {entry["source"] for _, _, entry in entries(made)} == set(abilities["sources"]), "a source that nothing names"


@pytest.mark.parametrize("made", TARGETS, ids=lambda made: made.name)
def test_each_entry_is_about_a_word_of_the_manifest(made: Adapter) -> None:
    words = shape.manifest()
    known: dict[str, set[str]] = {
        "triggers": set(words.definition("trigger").words),
        "resources": {type_ for type_ in VERBS if type_ not in ("function", "workflow")},
        "verbs": {f"{type_}.{verb}" for type_, verbs in VERBS.items() for verb in verbs},
        "grants": {f"{type_}.{verb}" for type_, verbs in VERBS.items() for verb in verbs},
        "beta": set(VERBS),
        "functions": set(OPTIONS),
        "rollout": set(words.definition("rollout").words),
        "shared": {"grants"},
        "steps": {"twice"},
    }
    for section, key, _ in entries(made):
        type_, _, option = key.partition(".")
        if section in known:
            assert key in known[section], f"{section}.{key}"
        elif section == "resource_options":
            assert option in words.definition(type_).words, key
        else:
            assert section == "trigger_options"
            assert option in options(type_), key


def options(kind: str) -> set[str]:
    form = shape.manifest().definition("trigger").prop(kind)
    assert form is not None
    return {word for one in (form, *form.any) for word in one.words}
