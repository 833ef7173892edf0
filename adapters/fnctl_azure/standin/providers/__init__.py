"""What single resource types do beyond the table: each module registers its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fnctl_azure.standin.ids import Target
from fnctl_azure.standin.table import Spec
from fnctl_azure.standin.wire import Answer, Request
from fnctl_azure.standin.world import Resource, World


@dataclass(frozen=True)
class Work:
    """One request for a type. `body` is what a PUT or PATCH will store, and may be changed; `old` what was there before."""

    world: World
    spec: Spec
    target: Target
    request: Request
    id: str
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    old: Resource | None = None


@dataclass(frozen=True)
class Provider:
    """What a type does besides being stored.

    Attributes:
        put: look at the body, fill in what the platform does. Raises Refused.
        stored: told of what was stored.
        delete: asked before it goes. Raises Refused.
        get: what it shows where nothing is stored for it.
        list: all of it under a prefix, where nothing is stored for it.
        show: what a GET shows of what is stored.
        actions: POST by its last word, in lower case.
    """

    put: Callable[[Work], None] | None = None
    stored: Callable[[Work, Resource], None] | None = None
    delete: Callable[[Work, Resource], None] | None = None
    get: Callable[[Work], Resource | None] | None = None
    list: Callable[[Work], list[Resource]] | None = None
    show: Callable[[World, Resource, dict[str, Any]], None] | None = None
    actions: Mapping[str, Callable[[Work], Answer]] = field(default_factory=dict[str, Callable[[Work], Answer]])


NOTHING = Provider()
