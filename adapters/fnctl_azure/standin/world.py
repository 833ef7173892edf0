"""All that the stand-in knows: resources, operations that take their time, names that are taken. In memory, and gone with the process."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from fnctl_azure.standin import ids

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
USER = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
"""Who deploys: an owner of the subscription, who may read and write data too."""


REMEMBERED = 5000
"""Operations that can still be asked for."""


@dataclass
class Pace:
    """How long things take, in seconds: short here, minutes there."""

    operation: float = 0.05
    roles: float = 0.05
    directory: float = 0.05
    publish: float = 0.0
    retry_after: int = 0


@dataclass
class Tokens:
    """What counts as a token: issued after `since`, in time of day. `refusing` is the answer of the token endpoint, where it has one."""

    since: float = 0.0
    lifetime: float = 3600.0
    refusing: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Resource:
    """One resource. `body` is what a GET shows; `hidden` what only other calls show: keys, settings, values of secrets."""

    id: str
    type: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict[str, Any])
    etag: str = ""
    made: float = 0.0
    busy: float = 0.0
    state: str = "Succeeded"
    label: str = ""
    """What it is called in answers where that is not the last part of its id: a function is app/function."""

    @property
    def name(self) -> str:
        """Its own, without its parents'."""
        return self.id.rpartition("/")[2]

    @property
    def properties(self) -> dict[str, Any]:
        """The part of it that is of its type."""
        found: dict[str, Any] = self.body.setdefault("properties", {})
        return found


@dataclass
class Operation:
    """Something that takes its time. `error` is how it ends, where it does not succeed."""

    id: str
    resource: str
    until: float
    deleting: bool = False
    error: dict[str, Any] | None = None
    hangs: bool = False
    done: bool = False


@dataclass
class World:
    """Every access holds `lock`. `clock` counts seconds on, `now` is the time of day."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    pace: Pace = field(default_factory=Pace)
    tokens: Tokens = field(default_factory=Tokens)
    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    operations: dict[str, Operation] = field(default_factory=dict[str, Operation])
    unregistered: set[str] = field(default_factory=set[str])
    taken: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(domain, name) that somebody else in the world has."""
    deleted: dict[str, Resource] = field(default_factory=dict[str, Resource])
    """Vaults that are gone and not yet forgotten."""
    principals: dict[str, float] = field(default_factory=lambda: {USER: float("-inf")})
    """Object id of every identity -> when the directory knows it everywhere."""
    after: list[Future[None]] = field(default_factory=list["Future[None]"])
    """What the request that is being answered has begun, and is to wait for without the lock."""
    leaving: list[Callable[[Resource], None]] = field(default_factory=list[Callable[[Resource], None]])
    """Told of every resource that goes, whoever deleted it."""

    barren: bool = False
    """Whether what is published now has no functions, whatever is in it."""
    hanging: bool = False
    """Whether what is begun now never ends."""

    def clear(self) -> None:
        """Forget everything, and be as new."""
        with self.lock:
            for path in [group.id for group in self.of_type("Microsoft.Resources/resourceGroups")]:
                self.drop(path)
            fresh = World()
            for word in ("pace", "tokens", "resources", "operations", "unregistered", "taken", "deleted", "principals", "hanging", "barren"):
                setattr(self, word, getattr(fresh, word))

    def find(self, path: str) -> Resource | None:
        """The resource of an id."""
        return self.resources.get(path.lower())

    def keep(self, resource: Resource) -> None:
        """Store it."""
        resource.etag = f'"{uuid.uuid4()}"'
        self.resources[resource.id.lower()] = resource

    def below(self, path: str) -> Iterator[Resource]:
        """Everything whose id starts with another's."""
        start = path.lower() + "/"
        return (resource for key, resource in list(self.resources.items()) if key.startswith(start))

    def of_type(self, kind: str, prefix: str = "") -> list[Resource]:
        """All of a type, under a prefix."""
        start = prefix.lower()
        return [r for key, r in self.resources.items() if r.type.lower() == kind.lower() and key.startswith(start)]

    def drop(self, path: str) -> None:
        """Forget a resource and what is below it."""
        gone = [*(r for r in [self.find(path)] if r is not None), *self.below(path)]
        for resource in reversed(gone):
            self.resources.pop(resource.id.lower(), None)
            for tell in self.leaving:
                tell(resource)

    def begin(self, resource: str, *, deleting: bool = False) -> Operation:
        """Start something that takes its time."""
        operation = Operation(str(uuid.uuid4()), resource, self.clock() + self.pace.operation, deleting, hangs=self.hanging)
        self.operations[operation.id] = operation
        for old in list(self.operations)[:-REMEMBERED]:
            del self.operations[old]
        found = self.find(resource)
        if found is not None:
            found.busy = operation.until
            found.state = "Deleting" if deleting else "InProgress"
        return operation

    def settle(self) -> None:
        """Let everything happen whose time has come."""
        now = self.clock()
        for operation in list(self.operations.values()):
            if operation.hangs or operation.done or operation.until > now:
                continue
            operation.done = True
            found = self.find(operation.resource)
            if operation.deleting and operation.error is None:
                self.drop(operation.resource)
            elif found is not None:
                found.state = "Failed" if operation.error else "Succeeded"

    def group(self, path: str) -> Resource | None:
        """The resource group that an id is in."""
        return self.find(ids.group_of(path))
