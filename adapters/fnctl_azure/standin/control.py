"""`/_fnctl/...`: what a test may say to the stand-in: faults, time, names that are taken, and forget everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fnctl_azure.standin.faults import Fault, Faults, Record
from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import World

PREFIX = "/_fnctl/"


class Control:
    """Answers the stand-in's own requests; `forget` lets the other parts forget."""

    def __init__(self, world: World, faults: Faults, record: Record, forget: Sequence[Callable[[], None]]) -> None:
        self._world = world
        self._faults = faults
        self._record = record
        self._forget = forget

    def answer(self, request: Request) -> Answer:
        """Do what is said. Raises Refused."""
        asked = f"{request.method} {request.path.removeprefix(PREFIX)}"
        acts: Mapping[str, Callable[[], Answer]] = {
            "POST reset": self._reset,
            "POST faults": lambda: self._add(request.json()),
            "GET faults": lambda: Answer(200, [asdict(fault) for fault in self._faults.waiting]),
            "DELETE faults": self._clear,
            "POST world": lambda: self._change(request.json()),
            "GET writes": lambda: Answer(200, {"writes": self._record.writes}),
            "GET resources": lambda: Answer(200, sorted(resource.id for resource in self._world.resources.values())),
        }
        if asked not in acts:
            raise refused(404, "NotFound", f"'{asked}' is none of {', '.join(acts)}.")
        return acts[asked]()

    def _reset(self) -> Answer:
        self._world.clear()
        self._faults.waiting.clear()
        self._record.clear()
        for part in self._forget:
            part()
        return Answer(204)

    def _clear(self) -> Answer:
        self._faults.waiting.clear()
        return Answer(204)

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
