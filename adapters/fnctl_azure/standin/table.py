"""The table of resource types: what each of them wants, refuses, fills in and answers (table.json)."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spec:
    """One resource type.

    Attributes:
        type: with its namespace, as Azure spells it.
        versions: api-versions that are answered, the oldest first.
        name: what a name must match; every level of a nested type has its own.
        message: the code and message of a name that does not match.
        put: status of a PUT that created, and of one that changed.
        delete: status of a DELETE of something that was there; 204 of one that was not.
        wait: creating and deleting take time, and a poller is told where to look.
        located: wants a location, and may have tags.
        extension: hangs on any other resource.
        always: is there with its parent and is never made or deleted.
        methods: what may be done.
        domain: all names of it in the world are of one set: the host names of `<name>.<domain>`.
        required: paths that a PUT must have.
        enums: path -> the only values of it.
        ranges: path -> smallest and largest.
        defaults: what the platform fills in where a PUT says nothing.
        displayed: shows its location as people write it: West Europe.
    """

    type: str
    versions: tuple[str, ...]
    name: str = ".+"
    message: tuple[str, str] | None = None
    put: tuple[int, int] = (201, 200)
    delete: int = 200
    wait: bool = False
    located: bool = False
    extension: bool = False
    always: bool = False
    methods: tuple[str, ...] = ("GET", "PUT", "DELETE")
    domain: str | None = None
    required: tuple[str, ...] = ()
    enums: Mapping[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    displayed: bool = False

    @property
    def namespace(self) -> str:
        """The provider: Microsoft.Web."""
        return self.type.partition("/")[0]

    def named(self, name: str) -> bool:
        """Whether a name is one that it may have."""
        return re.fullmatch(self.name, name) is not None


@functools.cache
def table() -> Mapping[str, Spec]:
    """Every type, by its name in lower case."""
    found: dict[str, Spec] = {}
    document = json.loads(Path(__file__).with_name("table.json").read_text("utf-8"))
    for namespace, provider in document.items():
        for name, entry in provider["types"].items():
            spec = Spec(f"{namespace}/{name}", **{"versions": provider["versions"], **{key: _frozen(value) for key, value in entry.items()}})
            found[spec.type.lower()] = spec
    return found


@functools.cache
def namespaces() -> Mapping[str, str]:
    """Every provider, by its name in lower case."""
    return {spec.namespace.lower(): spec.namespace for spec in table().values()}


@functools.cache
def children(kind: str) -> tuple[Spec, ...]:
    """The types right below one."""
    above = kind.lower() + "/"
    return tuple(spec for key, spec in table().items() if key.startswith(above) and "/" not in key[len(above) :])


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return {key: tuple(of) if isinstance(of, list) else of for key, of in value.items()} if isinstance(value, dict) else value
