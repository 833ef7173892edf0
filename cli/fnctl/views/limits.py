"""The platforms' limits and their comparison, for people and for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fnctl.rules.compare import Fact
from fnctl.rules.limits import Limit, Limits
from fnctl.rules.limits import document as document_of
from fnctl.views.machine import document
from fnctl.views.tables import columns
from fnctl.views.theme import Paint

QUESTIONS: Mapping[str, str] = {
    "time": "Execution time",
    "memory": "Memory",
    "cold_start": "Cold start",
    "events": "What starts a function",
    "pricing": "Pricing",
}


def table(plans: Sequence[Limits], paint: Paint, *, verbose: bool = False) -> str:
    """One platform: a line for each limit, a column for each plan. `plans` are of one target; sources are for `verbose`."""
    target = plans[0].target
    found = [[limits.get(id_) for limits in plans] for id_ in document_of(target)["limits"]]
    rows = [_row(next(limit for limit in row if limit), row, verbose=verbose) for row in found if any(row)]
    more = ["SURE", "SOURCE"] if verbose else []
    headings = ["LIMIT", *((limits.plan or "value").upper() for limits in plans), "UNIT", "GRADE", *more, "WHAT HAPPENS"]
    title = paint(f"{target}, read {plans[0].read}", "bold")
    return "\n".join([title, *columns(headings, rows, paint)])


def _row(one: Limit, row: Sequence[Limit | None], *, verbose: bool) -> list[str]:
    values = [f"{limit.value:,.15g}" if limit else "-" for limit in row]
    source = [one.sure, f"{one.source} ({one.date})"] if verbose else []
    effect = f"{one.effect} (raised on request)" if one.raisable else one.effect
    return [one.id, *values, one.unit, one.severity, *source, effect]


def limits_document(found: Iterable[Limits], region: str | None) -> dict[str, Any]:
    """fnctl/limits/1: one entry for each target and plan."""
    return document("limits", {"targets": [_entry(limits, region) for limits in found]})


def _entry(limits: Limits, region: str | None) -> dict[str, Any]:
    tables = {name: [_plain(item) for item in getattr(limits, name).values()] for name in ("patterns", "words", "runtimes")}
    head = {"target": limits.target, "plan": limits.plan, "region": region, "read": limits.read}
    return {**head, "limits": [_plain(limit) for limit in limits.table.values()], **tables}


def _plain(item: Any) -> dict[str, Any]:  # any of the values in a Limits
    plain = dataclasses.asdict(item)
    return {"text": item.amount(), **plain} if isinstance(item, Limit) else plain


def comparison(facts: Sequence[Fact], paint: Paint, *, verbose: bool = False) -> str:
    """One paragraph a question, one line a platform and plan; plans that answer alike share a line."""
    paragraphs = []
    for question in dict.fromkeys(fact.question for fact in facts):
        answers: dict[tuple[str, str], list[Fact]] = {}
        for fact in facts:
            if fact.question == question:
                answers.setdefault((fact.target, fact.text), []).append(fact)
        rows = [(_place(same), _answer(same[0], paint, verbose=verbose)) for same in answers.values()]
        width = max(len(place) for place, _ in rows)
        paragraphs.append("\n".join([paint(QUESTIONS[question], "bold"), *(f"  {place.ljust(width)}  {answer}" for place, answer in rows)]))
    return "\n\n".join(paragraphs)


def _place(same: Sequence[Fact]) -> str:
    return " ".join([same[0].target, ", ".join(fact.plan for fact in same if fact.plan)]).rstrip()


def _answer(fact: Fact, paint: Paint, *, verbose: bool) -> str:
    return fact.text + (paint(f"  [{fact.sure}: {fact.source} ({fact.date})]", "dim") if verbose else "")


def comparison_document(facts: Iterable[Fact]) -> dict[str, Any]:
    """fnctl/compare/1."""
    return document("compare", {"facts": [dataclasses.asdict(fact) for fact in facts]})
