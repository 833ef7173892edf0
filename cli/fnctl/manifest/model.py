"""What a manifest means for one stage and one target: defaults applied, overlays merged, units turned into numbers."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fnctl.dataclass import dataclass, field
from fnctl.source import Span

if TYPE_CHECKING:
    from pathlib import Path

    from fnctl.graph import Json

Interface: TypeAlias = Literal["function", "asgi", "wsgi", "fetch", "event", "task", "native"]
TriggerKind: TypeAlias = Literal["http", "schedule", "queue", "bucket", "topic", "table", "stream", "bus"]
ResourceType: TypeAlias = Literal["queue", "bucket", "topic", "table", "stream", "bus"]
Key: TypeAlias = "str | int"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a function.

    Attributes:
        key: the last part of the address: the resource's name, `METHOD /path`, a schedule's 8-hex hash, or the trigger's own `name`.
        resource: the resource that it listens to; None for http and schedule.
        options: the trigger's map in manifest words, durations as seconds. http: `method`, `path`, `cors`?, `auth`?; schedule: `cron` (five
            fields) or `every` (seconds), `timezone`; queue: `batch`, `window`, `max_concurrency`; bucket: `when` (always a list), `prefix`,
            `suffix`; bus: `type`, `source` (lists)...
        at: the path of this trigger in the document, for `Service.span`.
    """

    kind: TriggerKind
    key: str
    resource: str | None
    options: Mapping[str, Json]
    at: tuple[Key, ...]


@dataclass(frozen=True)
class Logs:
    """`retention` in days, None for the platform's default of for ever."""

    format: Literal["json", "text"] = "json"
    level: str = "info"
    retention: int | None = 30


@dataclass(frozen=True)
class Image:
    """A container image that is made elsewhere. What is not said stays as the image says it itself."""

    uri: str
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    working_directory: str | None = None


@dataclass(frozen=True, slots=True)  # there are thousands, and a dict of more than thirty attributes is not shared
class Function:
    """One function. `memory` in MB, `timeout` in seconds; None where neither the manifest nor `defaults` says anything.

    `handler_file` is relative to the manifest's folder, with `/`. `own` holds the words of this target only (`functions.X.targets.T` and
    `defaults.targets.T` that are not portable words). `budget` is in bytes, by `packed` and `unpacked`. `bundle` says how Node's is made: `minify`,
    `external`, `check`. With an `artifact`, an archive that goes up as it is, the handler's file is one inside it.
    An `image` has neither handler nor runtime: both are "".
    """

    name: str
    handler_file: str
    handler_name: str
    interface: Interface
    runtime: str
    memory: int | None = None
    timeout: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    reserved: int | None = None
    provisioned: int | None = None
    per_instance: int | None = None
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    layers: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    budget: Mapping[str, int] = field(default_factory=dict)
    bundle: Mapping[str, Json] = field(default_factory=dict)
    artifact: str | None = None
    image: Image | None = None
    tracing: str | None = None
    logs: Logs = field(default_factory=Logs)
    retry: Mapping[str, Json] = field(default_factory=dict)
    dead_letter: str | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    idempotent: Mapping[str, Json] | None = None
    renamed_from: str | None = None
    own: Mapping[str, Json] = field(default_factory=dict)


class Functions(dict[str, Function]):
    """Functions by their names. What starts them is looked for once, for all services that have the same ones."""

    @cached_property
    def started(self) -> Mapping[str, list[tuple[Function, Trigger]]]:
        """What starts them, by kind."""
        found: dict[str, list[tuple[Function, Trigger]]] = {}
        for function in self.values():
            for trigger in function.triggers:
                found.setdefault(trigger.kind, []).append((function, trigger))
        return found


@dataclass(frozen=True)
class Resource:
    """One resource; `options` in manifest words with units as numbers (seconds, MB), without `type`, `existing`, `retain`, `targets`."""

    name: str
    type: ResourceType
    options: Mapping[str, Json] = field(default_factory=dict)
    existing: str | None = None
    retain: bool = False
    renamed_from: str | None = None
    own: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """The whole manifest for one stage and target. Only functions that this target hosts are in `functions`; `elsewhere` has the others.

    `settings` is `targets.<target>` (region, plan, ...) without `only`. `lent` names the secrets that some target alone reads. `span` finds the
    manifest line of a path such as ("functions", "api", "memory"), through defaults and overlays, or the nearest parent that has a line.
    """

    name: str
    stage: str
    target: str
    settings: Mapping[str, Json]
    functions: Mapping[str, Function]
    resources: Mapping[str, Resource]
    workflows: Mapping[str, Mapping[str, Json]]
    secrets: tuple[str, ...]
    folder: Path
    protect: bool = False
    ttl: int | None = None
    rollout: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Json] = field(default_factory=dict)
    budget: Mapping[str, Json] = field(default_factory=dict)
    elsewhere: Mapping[str, Function] = field(default_factory=dict)
    lent: tuple[str, ...] = ()
    span: Callable[..., Span | None] = field(default=lambda *_path, **_which: None, compare=False, repr=False)

    @cached_property
    def started(self) -> Mapping[str, list[tuple[Function, Trigger]]]:
        """What starts its functions, by kind: `started.get("http", ())`. Many ask, so it is looked for once."""
        functions = self.functions
        return (functions if isinstance(functions, Functions) else Functions(functions)).started

    @property
    def joined(self) -> tuple[str, ...]:
        """Name the workflows that this target has a part in: a task of theirs is hosted here, or a function here starts them."""
        if not self.elsewhere:
            return tuple(self.workflows)
        started = {name for function in self.functions.values() for name in function.uses}
        return tuple([name for name, workflow in self.workflows.items() if name in started or not _all_elsewhere(workflow, self.elsewhere)])


def _all_elsewhere(workflow: Mapping[str, Json], elsewhere: Container[str]) -> bool:
    tasks = tasks_of(workflow)
    return bool(tasks) and all(task in elsewhere for task in tasks)


def tasks_of(workflow: Mapping[str, Json]) -> set[str]:
    """Name every function that a workflow calls, however deep the step is."""
    found: set[str] = set()
    todo: list[Any] = [workflow]
    while todo:
        part = todo.pop()
        if isinstance(part, Mapping):
            found |= {part["task"]} if isinstance(part.get("task"), str) else set()
            todo += _parts(part)
        elif isinstance(part, list | tuple):
            todo += part
    return found


def _parts(step: Mapping[str, Any]) -> Iterable[Any]:
    """Return the steps inside a step, and never what it hands over: an input may hold any words."""
    inner = [step.get(word) for word in ("steps", "saga", "choice", "catch", "else", "compensate")]
    return (*inner, *(step.get("parallel") or {}).values()) if isinstance(step.get("parallel"), Mapping) else inner
