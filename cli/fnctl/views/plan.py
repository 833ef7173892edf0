"""A plan for people: one function is one thing, with its objects indented below it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, FieldDiff
from fnctl.graph import UNKNOWN, Graph
from fnctl.plan.model import Plan
from fnctl.views import machine
from fnctl.views.theme import PLAIN_SIGNS, SIGNS, Paint, count, painter

_WORDS = {"create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete"}
SHOWN = 8
"""Functions of one object that are named: there may be hundreds."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def document(plan: Plan) -> dict[str, Any]:
    """fnctl/plan/1."""
    return machine.plan(plan)


def render(plan: Plan, *, color: bool, width: int, unicode: bool = True) -> str:
    """Draw the whole plan. Nothing is wrapped: values are shortened in their middle, addresses never."""
    paint = painter(color=color)
    signs = SIGNS if unicode else PLAIN_SIGNS
    where = f"{plan.service} on {plan.target}, stage {plan.stage}"
    identity = f" ({plan.basis.identity})" if plan.basis.identity else ""
    lines = [paint(where, "bold") + paint(identity, "dim"), ""]
    inside = members(plan.graph)
    for owner, changes in grouped(plan.changes).items():
        lines += _group(owner, changes, signs, paint, width, _few(inside.get(owner, ())))
    if plan.changes:
        lines.append("")
    lines += [f"note: {note}" for note in plan.notes]
    lines += [f"kept: {address} stays behind" for address in plan.kept]
    return "\n".join([*lines, summary(plan.summary(), paint)])


def grouped(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Put each change below the function or resource that it is a part of, in the order in which those first appear."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(owner(change.address), []).append(change)
    return {key: sorted(group, key=lambda c: (c.address != key, c.address.split("/")[0] == "trigger")) for key, group in groups.items()}


def owner(address: str) -> str:
    """Name the thing that a person thinks of: `function/api` for function/api/role and for trigger/api/http/..."""
    parts = address.split("/")
    return f"function/{parts[1]}" if parts[0] == "trigger" and len(parts) > 1 else "/".join(parts[:2])


def members(graph: Graph) -> dict[str, list[str]]:
    """Name the functions that lie in an object which has one package for several: an app, a deployment."""
    found: dict[str, list[str]] = {}
    for address, node in graph.nodes.items():
        kind, _, name = address.partition("/")
        if kind == "function" and node.artifact is None:
            for above in node.edges():
                if above in graph.nodes and graph.nodes[above].artifact is not None and not above.startswith("function/"):
                    found.setdefault(above, []).append(name)
    return found


def _few(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join([*names[:SHOWN], *([f"and {more} more"] if more > 0 else [])])


def summary(counts: Mapping[str, int], paint: Paint) -> str:
    """`2 to create, 1 to update, 41 unchanged`; actions that do not occur are left out."""
    said = [paint(f"{counts[action]} {words}", action) for action, words in _WORDS.items() if counts.get(action)]
    unchanged = counts.get("unchanged", 0)
    if not said:
        return f"Nothing to change: {count(unchanged, 'object is', 'objects are')} as {'it' if unchanged == 1 else 'they'} should be."
    return ", ".join([*said, *([f"{unchanged} unchanged"] if unchanged else [])]) + "."


def _group(name: str, changes: list[Change], signs: Mapping[str, str], paint: Paint, width: int, inside: str) -> list[str]:
    own = [change for change in changes if change.address == name]
    below = [change for change in changes if change.address != name]
    lines = [line for change in own for line in _change(change, name, signs, paint, width, indent="")]
    if not own:
        lines.append(f"  {paint(name, 'bold')}")
    if inside:
        lines.append(paint(f"    holds {inside}", "dim"))
    for change in below:
        lines += _change(change, _short(change.address, name), signs, paint, width, indent="    ")
    return lines


def _short(address: str, name: str) -> str:
    if address.startswith(f"{name}/"):
        return address[len(name) + 1 :]
    return address.split("/", 2)[-1].replace("/", " ", 1)  # trigger/worker/queue/jobs: "queue jobs"


def _change(change: Change, label: str, signs: Mapping[str, str], paint: Paint, width: int, *, indent: str) -> list[str]:
    action = change.action
    head = f"{indent}{paint(signs[action], action)} {paint(label, 'bold' if not indent else action)}"
    loud = _loud(change)
    fields = [] if action in {"create", "delete"} else list(change.fields)
    if len(fields) == 1 and not loud:
        return [f"{head}   {_field(fields[0], paint, width - len(indent) - len(label) - 5)}"]
    lines = [f"{head}   {paint(loud, action)}" if loud else head]
    return lines + [f"{indent}    {_field(field, paint, width - len(indent) - 4)}" for field in fields]


def _loud(change: Change) -> str:
    losing = f": LOSES {change.loses}" if change.loses else ""
    if change.action == "replace":
        return f"replaced{losing}"
    return f"deleted{losing}" if change.action == "delete" and losing else ""


def _field(field: FieldDiff, paint: Paint, width: int) -> str:
    mark = "   (forces a replacement)" if field.replaces else ""
    room = max(12, (width - len(field.path) - len(mark) - 8) // 2)
    before, after = value(field.before, room, secret=field.secret), value(field.after, room, secret=field.secret)
    return f"{field.path}  {paint(before, 'dim')} -> {after}{paint(mark, 'replace')}"


def value(found: Any, room: int, *, secret: bool = False) -> str:  # a JSON value with UNKNOWN leaves
    """Write one value on one line, shortened in its middle."""
    if found is UNKNOWN:
        return repr(UNKNOWN)
    if found is None:
        return "(none)"
    if secret:
        return machine.short_hash(found)
    if isinstance(found, str) and _DIGEST.fullmatch(found):
        return found[:8]
    plain = isinstance(found, str) and found.isprintable() and found.strip() == found != ""
    text = found if plain else json.dumps(found, ensure_ascii=False, default=repr)
    if len(text) <= room:
        return text
    head = (room - 1) * 2 // 3
    return f"{text[:head]}…{text[head - room + 1 :]}"
