"""The platforms side by side, in the questions that people ask before they choose one; the numbers are the limits' own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fnctl.dataclass import dataclass
from fnctl.rules.limits import Limits, Sure, document, load

_ID = re.compile(r"\{([a-z0-9_.]+)\}")


@dataclass(frozen=True, slots=True)
class Fact:
    """The answer to one question (`time`, `memory`, `cold_start`, `events`, `pricing`) for one platform and plan."""

    question: str
    target: str
    plan: str | None
    text: str
    source: str
    date: str
    sure: Sure = "documented"


def compare(target: str, plan: str | None = None) -> Iterator[Fact]:
    """Answer every question for one platform, for each of its plans or the one given."""
    kept = document(target)
    plans: list[str | None] = [plan] if plan else kept["plans"] or [None]
    for chosen in plans:
        limits = load(target, plan=chosen)
        for question, answers in kept["compare"].items():
            answer = answers if "text" in answers else answers[chosen]
            source = kept["sources"][answer["source"]]
            yield Fact(question, target, limits.plan, _filled(answer, limits), source["title"], source["date"], answer.get("sure", "documented"))


def _filled(answer: dict[str, Any], limits: Limits) -> str:
    return _ID.sub(lambda found: limits[found[1]].amount(), answer["text"])
