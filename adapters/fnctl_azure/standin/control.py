"""`/_fnctl/...`: what a test may say to the stand-in: faults, time, names that are taken, and forget everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from fnctl_azure.standin.faults import Fault, Faults, Record
from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import World

PREFIX = "/_fnctl/"


class Control:
    """Answers the stand-in's own requests; `forget` lets the other parts forget."""

    def __init__(self, world: World, faults: Faults, record: Record) -> None:
        self._world = world
        self._faults = faults
        self._record = record

    def answer(self, request: Request) -> Answer:
        """Do what is said. Raises Refused."""
        word = request.path.removeprefix(PREFIX)
        match request.method, word:
            case "POST", "reset":
                self._world.clear()
                self._faults.waiting.clear()
                self._record.clear()
                return Answer(204)
            case "POST", "faults":
                return self._add(request.json())
            case "GET", "faults":
                return Answer(200, [asdict(fault) for fault in self._faults.waiting])
            case "DELETE", "faults":
                self._faults.waiting.clear()
                return Answer(204)
            case "POST", "world":
                return self._change(request.json())
            case "GET", "writes":
                return Answer(200, {"writes": self._record.writes})
            case "GET", "resources":
                return Answer(200, sorted(resource.id for resource in self._world.resources.values()))
            case _:
                raise refused(404, "NotFound", f"'{request.method} {request.path}' is nothing that the sandbox is told.")

    def _add(self, said: dict[str, Any]) -> Answer:
        try:
            fault = Fault(**said)
        except TypeError as error:
            raise refused(400, "InvalidRequestContent", str(error)) from error
        if fault.how not in ("refuse", "drop", "lose", "slow"):
            raise refused(400, "InvalidRequestContent", f"'{fault.how}' is none of refuse, drop, lose, slow.")
        self._faults.waiting.append(fault)
        return Answer(201, asdict(fault))

    def _change(self, said: dict[str, Any]) -> Answer:
        """Change the world as CHANGES says."""
        with self._world.lock:
            for word, value in said.items():
                change = CHANGES.get(word)
                if change is None:
                    raise refused(400, "InvalidRequestContent", f"'{word}' is none of {', '.join(CHANGES)}.")
                change(self._world, value)
        return Answer(204)


def _pace(world: World, value: Mapping[str, float]) -> None:
    for name, seconds in value.items():
        setattr(world.pace, name, seconds)


CHANGES: Mapping[str, Callable[[World, Any], None]] = {
    "expire_tokens": lambda world, _: setattr(world.tokens, "since", world.now()),
    "token_seconds": lambda world, value: setattr(world.tokens, "lifetime", float(value)),
    "refuse_tokens": lambda world, value: setattr(world.tokens, "refusing", dict(value or {})),
    "unregister": lambda world, value: world.unregistered.update(value),
    "take": lambda world, value: world.taken.update((str(domain), str(name).lower()) for domain, name in value),
    "pace": _pace,
    "no_functions": lambda world, value: setattr(world, "barren", bool(value)),
    "hang": lambda world, value: setattr(world, "hanging", bool(value)),
}
"""What can be changed: tokens that were issued so far, seconds that new ones live, the token endpoint's refusal, providers that are not registered,
(domain, name) that somebody else has, the pace of things, whether what is published
has functions, and whether operations that begin now ever end."""
