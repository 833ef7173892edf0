"""The pages of what is found while a manifest is read and resolved, so that `fnctl explain` knows it. The checks stand where they read."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from fnctl.pattern import later
from fnctl.rules.model import Found, Rule, Subject

_PAGE = later(r"^# (?P<code>[A-Z]+[0-9]{3}) (?P<name>[a-z0-9-]+) \((?P<fixed>fixed )?(?P<severity>error|warning|advice)\)\n\n", re.MULTILINE)

FIXED = later(r"FN(0[0-6]|9[0-9])[0-9]")
"""The codes of what cannot work: an error of theirs stays one, whatever the manifest says of it."""


@cache
def rules() -> tuple[Rule, ...]:
    """Read reading.md: a rule for every code, with a check that has nothing left to find."""
    text = Path(__file__).with_name("reading.md").read_text("utf-8")
    heads = list(_PAGE.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return tuple(_rule(head, text[head.end() : end].strip()) for head, end in zip(heads, ends, strict=True))


def _rule(head: re.Match[str], page: str) -> Rule:
    return Rule(head["code"], head["severity"], head["name"], _found_elsewhere, page, fixed=bool(head["fixed"]))  # type: ignore[arg-type]  # by _PAGE


def _found_elsewhere(_subject: Subject) -> tuple[Found, ...]:
    return ()
