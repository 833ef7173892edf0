"""The contract between fnctl and a platform adapter: what an adapter gives, and what it may ask of the run that calls it.

An adapter is pure until `connect`: schema, rules, build targets, recipes and translation import no SDK and need no credentials. `connect` opens
one account, region and stage as a Cloud, whose Kinds read and write the platform's objects one at a time. The engine owns order, phases, retries of
a whole run, the ledger and every word on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from fnctl.build.model import BuildTarget, Bundle, Recipe
from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic
from fnctl.events import Cancel as Cancel
from fnctl.events import Event
from fnctl.graph import Address, Artifact, Graph, Json, Node, State
from fnctl.ledger.store import Store
from fnctl.manifest.model import Service
from fnctl.rules.model import Rule

Action: TypeAlias = Literal["create", "update", "replace", "delete"]
Phase: TypeAlias = Literal["prepare", "switch", "retire"]
"""prepare: new beside old, rights are the union. switch: traffic moves. retire: the old goes, rights narrow."""
PHASES: tuple[Phase, ...] = ("prepare", "switch", "retire")


@dataclass(frozen=True)
class Run:
    """What a Kind may ask of the run that called it.

    `deadline` is in monotonic seconds. `sleep` waits, but returns early with False once the run is told to stop now. `fetch` gives the local path of
    an artifact's bytes (from the build, or from the ledger at a rollback). `labels` say what is being made, for objects that can hold it: `release`
    (its number), `commit` and `manifest` (SHA-256), as far as they are known. `back` is True where an earlier release comes back, by hand or after a
    failure: nobody waits for a canary then.
    """

    emit: Callable[[Event], None]
    cancel: Callable[[], Cancel]
    deadline: float
    sleep: Callable[[float], bool]
    fetch: Callable[[Artifact], Path]
    labels: Mapping[str, str] = field(default_factory=dict)
    back: bool = False


@dataclass(frozen=True)
class Where:
    """Which place of the platform: `targets.<name>` of the manifest, and whether it is the stand-in on this machine.

    `environ` is what SDKs read (AWS_PROFILE, AWS_ENDPOINT_URL, ...); in a sandbox it holds the stand-in's endpoint and test credentials only.
    """

    service: str
    stage: str
    settings: Mapping[str, Json]
    environ: Mapping[str, str]
    folder: Path
    sandbox: bool = False


@dataclass(frozen=True)
class FieldDiff:
    """One property that differs. `known` is False while `after` waits for another node; `secret` values are shown as a short hash."""

    path: str
    before: Any
    after: Any
    known: bool = True
    replaces: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Change:
    """One node's change. `before` is the recorded node (None when unknown), `after` the desired one (None for a delete).

    `loses` says in words which data a delete or replace would lose.
    """

    action: Action
    address: Address
    before: Node | None
    after: Node | None
    fields: tuple[FieldDiff, ...] = ()
    loses: str | None = None

    @property
    def node(self) -> Node:
        """The desired node, or the one to delete."""
        node = self.after or self.before
        assert node is not None  # noqa: S101  # a change without a node cannot be made
        return node


class Kind(Protocol):
    """One object type. Every method can be run again after any crash; not-found on delete is success.

    Attributes:
        rank: deletion order of strays that no recorded edge orders; small goes first.
        replaces: props whose change forces a replacement.
        secret: props (or `prop.key` prefixes such as `env.`) whose values are shown as a short hash.
    """

    rank: int
    replaces: frozenset[str]
    secret: frozenset[str]

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return what is there, None for nothing.

        `props` are node.props with Refs resolved; what is not known is fnctl.graph.UNKNOWN. `hint` is the recorded id; without it, find by name or
        by listing the parent, never through a tag index.

        `State.props` has the same keys as `node.props`, normalised, own entries only, so that a plain comparison is the diff.
        """
        ...

    def phases(self, change: Change) -> Sequence[Phase]:
        """In which phases `write` is called for a create, update or replace. A delete always runs in retire."""
        ...

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Make it so, and wait until it is so. `state` is what was read, or what the earlier phase returned.

        A create that finds the object already there (an earlier run was killed) adopts it. Raises CloudError.
        """
        ...

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it, with whatever data it holds, and wait until it is gone."""
        ...

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say in words what data is lost with it (`3 or more items`), None when it is empty. Asked of stateful nodes only."""
        ...


@runtime_checkable
class Adopts(Protocol):
    """A kind whose objects can be somebody else's, and that knows what is asked of such a one: it must be there, and fit."""

    def unfit(self, node: Node, state: State | None) -> Diagnostic | None:
        """Say why the object that was found (None: nothing was) cannot be used as the manifest wants; None where it can. Pure."""
        ...


class Cloud(Protocol):
    """One account, region, endpoint and stage.

    Attributes:
        identity: account, region and endpoint in one line; a saved plan is bound to it.
        outputs: what Ref(CLOUD, ...) means here: `account`, `region`, `partition`, and `secret/NAME` -> version ("" where it is not set).
        store: where the ledger lives; None keeps it on this machine.
    """

    identity: str
    store: Store | None
    kinds: Mapping[str, Kind]

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        """Read the account's own facts; `service` names the secrets to look up."""
        ...

    def adrift(self, run: Run) -> Iterable[Node]:
        """Objects tagged as ours, from the platform's own index: a safety net, eventually consistent."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """Name -> version of every secret set for this service and stage."""
        ...

    def secret_set(self, name: str, value: str) -> str:
        """Store a value in the platform's vault and return its version."""
        ...

    def secret_remove(self, name: str) -> None:
        """Remove it; nothing there is success."""
        ...

    def invoke(self, node: Node, state: State, call: Call) -> Reply:
        """Call one function."""
        ...

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        """Yield lines of the named functions' logs in order of time; with `follow` until cancelled."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


@dataclass(frozen=True)
class Call:
    """An invocation. With `method` and `path` an HTTP request in the shape that the function's trigger gives it; else `data` is the payload.

    `event` names a trigger kind: the payload is wrapped as the platform's event of that kind.
    """

    function: str
    data: bytes = b""
    method: str | None = None
    path: str | None = None
    event: str | None = None


@dataclass(frozen=True)
class Reply:
    """What came back. `status` is the HTTP status where there is one. `seconds` is the platform's own figure where it gives one."""

    ok: bool
    body: bytes
    status: int | None = None
    error: str | None = None
    logs: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class LogQuery:
    """`since` in Unix seconds; `text` is a plain substring."""

    since: float
    follow: bool = False
    text: str | None = None
    cancel: Callable[[], Cancel] = field(default=lambda: Cancel.NO)


@dataclass(frozen=True)
class LogLine:
    """One line; `time` in Unix seconds."""

    function: str
    time: float
    message: str


class Sandbox(Protocol):
    """The stand-in for a platform on this machine: one per manifest folder and target."""

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs, and return what an SDK needs to reach it (goes into Where.environ)."""
        ...

    def stop(self) -> bool:
        """End it and forget its data; False when nothing ran."""
        ...

    def status(self) -> Mapping[str, Json] | None:
        """`{"pid", "endpoint", "started", "log", "differences": [sentences]}`, or None."""
        ...

    def reset(self) -> None:
        """Forget all data, keep it running."""
        ...

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that will run this runtime here, and a sentence where it differs from what the manifest asks for."""
        ...


class Adapter(Protocol):
    """What a platform gives. `name` is the word after `--target`; `ready` is False for one that only says "not yet"."""

    name: str
    title: str
    ready: bool
    extra: str
    """The pip extra that brings its SDK, "" for none."""
    endpoint: str
    """The environment variable that names another endpoint of the platform: AWS_ENDPOINT_URL."""

    def schema(self) -> Mapping[str, Json]:
        """JSON Schema of `targets.<name>`: {"target": {...}, "function": {...}, "resource": {...}}, property maps of the words that are its own."""
        ...

    def abilities(self) -> Mapping[str, Any]:
        """What it lacks or does otherwise, for the rules of portability: docs/portability.md. {} where it does all that a manifest can say."""
        ...

    def rules(self) -> Iterable[Rule]:
        """This platform's checks. Pure; `fnctl.rules.model.rule` makes one of a function."""
        ...

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """The machine that this function will run on there."""
        ...

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Which artifacts, and what each is made of. AWS: one a function; Azure: one an app; Vercel: one in all."""
        ...

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """The objects that should be there. `artifacts` by recipe name. Pure: no clock, no credentials."""
        ...

    def connect(self, where: Where) -> Cloud:
        """Open the platform. Raises CredentialsError, Unreachable, or FnctlError with the pip line of a missing extra."""
        ...

    def sandbox(self, folder: Path) -> Sandbox | None:
        """The stand-in for this platform, None where there is none."""
        ...


@dataclass(frozen=True)
class Indexed:
    """What a platform would find in an artifact. `notes`: why nobody could look, in a sentence."""

    findings: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()


@runtime_checkable
class Indexes(Protocol):
    """An adapter whose platform finds functions by running what was uploaded: it is asked, before anybody uploads, what would be found."""

    def index(self, service: Service, recipe: Recipe, artifact: Path, environ: Mapping[str, str]) -> Indexed:
        """Look into one archive as the platform does, with its own library. A function that would not be there is an error."""
        ...
