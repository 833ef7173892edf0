"""Workflow steps: the functions and buses that they name. What they mean is the workflow room's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Key, Service
from fnctl.manifest.suggest import did_you_mean, listed
from fnctl.source import Span


def check(service: Service, steps: object, at: tuple[Key, ...]) -> Iterator[Diagnostic]:
    """Find names in steps, and in the steps inside them, that stand for nothing."""
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, dict):
            continue
        here = (*at, index)
        for word, path in (("task", (*here, "task")), ("compensate", (*here, "compensate", "task"))):
            name = step.get(word)
            name = name.get("task") if isinstance(name, dict) else name
            if isinstance(name, str):
                yield from _task(service, name, path)
        emit = step.get("emit")
        if isinstance(emit, dict) and isinstance(bus := emit.get("bus"), str):
            yield from _bus(service, bus, (*here, "emit", "bus"))
        for inner, path in _inner(step, here):
            yield from check(service, inner, path)


def _inner(step: dict[str, object], at: tuple[Key, ...]) -> Iterator[tuple[object, tuple[Key, ...]]]:
    yield step.get("steps"), (*at, "steps")
    yield step.get("saga"), (*at, "saga")
    branches = step.get("parallel")
    for name, steps in branches.items() if isinstance(branches, dict) else ():
        yield steps, (*at, "parallel", name)
    for word in ("choice", "catch"):
        parts = step.get(word)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            for inner in ("steps", "else"):
                yield (part.get(inner) if isinstance(part, dict) else None), (*at, word, index, inner)


def _task(service: Service, name: str, at: tuple[Key, ...]) -> Iterator[Diagnostic]:
    function = service.functions.get(name) or service.elsewhere.get(name)
    if function is None:
        tasks = [f.name for f in service.functions.values() if f.interface == "task"]
        yield _error(
            "FN046",
            f"the workflow calls `{name}`, and there is no such function",
            service.span(*at),
            "not declared",
            did_you_mean(name, tasks, "declare it under `functions` with `interface: task`"),
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
        buses: Iterable[str] = [n for n, r in service.resources.items() if r.type == "bus"]
        reason = f"`{name}` is a {resource.type}, not a bus" if resource else f"there is no bus `{name}`"
        yield _error(
            "FN046",
            reason,
            service.span(*at),
            "not a bus",
            did_you_mean(name, buses, f"declare it under `resources`; buses: {listed(buses) or 'none'}"),
        )


def _error(code: str, message: str, span: Span | None, label: str, help: str | None) -> Diagnostic:
    return Diagnostic(code, "error", message, span, label, help=help)
