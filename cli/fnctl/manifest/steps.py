"""Workflow steps: the functions and buses that they name. What they mean is the workflow room's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Key, Service
from fnctl.manifest.suggest import did_you_mean, listed
from fnctl.source import Span


def check(service: Service, steps: Any, at: tuple[Key, ...]) -> Iterator[Diagnostic]:  # parsed data, as the schema has it
    """Find names in steps, and in the steps inside them, that stand for nothing."""
    for index, step in enumerate(steps or ()):
        here = (*at, index)
        if "task" in step:
            yield from _task(service, step["task"], (*here, "task"))
        if "compensate" in step:
            yield from _task(service, step["compensate"]["task"], (*here, "compensate", "task"))
        if "emit" in step:
            yield from _bus(service, step["emit"]["bus"], (*here, "emit", "bus"))
        for inner, path in _inner(step, here):
            yield from check(service, inner, path)


def _inner(step: Mapping[str, Any], at: tuple[Key, ...]) -> Iterator[tuple[Any, tuple[Key, ...]]]:
    yield step.get("steps"), (*at, "steps")
    yield step.get("saga"), (*at, "saga")
    for name, steps in step.get("parallel", {}).items():
        yield steps, (*at, "parallel", name)
    for word in ("choice", "catch"):
        for index, part in enumerate(step.get(word, ())):
            for inner in ("steps", "else"):
                yield part.get(inner), (*at, word, index, inner)


def _task(service: Service, name: str, at: tuple[Key, ...]) -> Iterator[Diagnostic]:
    function = service.functions.get(name) or service.elsewhere.get(name)
    if function is None:
        yield _error(
            "FN046",
            f"the workflow calls `{name}`, and there is no such function",
            service.span(*at),
            "not declared",
            did_you_mean(name, _names(service)[0], "declare it under `functions` with `interface: task`"),
        )
    elif function.interface not in ("task", "native"):
        yield _error(
            "FN046",
            f"the workflow calls `{name}`, whose interface is `{function.interface}`",
            service.span(*at),
            "not a task",
            f"functions.{name}: interface: task",
        )


def _bus(service: Service, name: str, at: tuple[Key, ...]) -> Iterator[Diagnostic]:
    resource = service.resources.get(name)
    if resource is None or resource.type != "bus":
        buses = _names(service)[1]
        reason = f"`{name}` is a {resource.type}, not a bus" if resource else f"there is no bus `{name}`"
        yield _error(
            "FN046",
            reason,
            service.span(*at),
            "not a bus",
            did_you_mean(name, buses, f"declare it under `resources`; buses: {listed(buses) or 'none'}"),
        )


_last: list[tuple[Service, list[str], list[str]]] = []


def _names(service: Service) -> tuple[list[str], list[str]]:
    """Return the names of tasks and of buses, the same lists for every step of one service."""
    if not _last or _last[0][0] is not service:
        tasks = [function.name for function in service.functions.values() if function.interface == "task"]
        _last[:] = [(service, tasks, [name for name, resource in service.resources.items() if resource.type == "bus"])]
    return _last[0][1:]


def _error(code: str, message: str, span: Span | None, label: str, help: str | None) -> Diagnostic:
    return Diagnostic(code, "error", message, span, label, help=help)
