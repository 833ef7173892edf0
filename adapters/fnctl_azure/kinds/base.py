"""What every kind shares: one resource of ARM, described as data, read as far as fnctl has a say in it, and written whole.

A node's props are the resource's own words in ARM's camel case, flat: what belongs to the envelope (`location`, `kind`, `sku`, `identity`, `tags`,
`zones`) and the members of `properties` stand side by side, so that a plan shows `minimumTlsVersion` and a kind can say which of them force a
replacement. `parent` is the id of what it lies in: the group's `Ref(..., "id")`, the account's, or for a role the scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl.graph import UNKNOWN, Json, Node, State
from fnctl_azure.names import SERVICE_TAG, STAGE_TAG, digest, short, single

T = TypeVar("T")
ENVELOPE = frozenset({"location", "kind", "sku", "identity", "tags", "zones"})
"""Words of a resource that stand beside `properties`."""


class Client(Protocol):
    """What a kind may ask of Azure; `fnctl_azure.client.Client` is one. Calls are tried again where that helps, and raise CloudError.

    `path` is the resource's id, with what is asked of it behind: `/subscriptions/.../sites/api/functions`.
    """

    @property
    def subscription(self) -> str:
        """Its id."""
        ...

    @property
    def region(self) -> str:
        """`westeurope`."""
        ...

    def arm(self, method: str, path: str, api: str, body: Any = None, run: Run | None = None) -> dict[str, Any]:
        """Ask ARM, wait until a long operation has ended, and return what is there then ({} for nothing)."""
        ...

    def find(self, path: str, api: str) -> dict[str, Any] | None:
        """Read; None where nothing is there."""
        ...

    def pages(self, path: str, api: str) -> Iterator[dict[str, Any]]:
        """Yield the items of every page; none where the parent is not there."""
        ...

    def wait(self, what: str, done: Callable[[], T | None], run: Run, *, limit: float = ...) -> T:
        """Ask until `done` returns something; says `what` is waited for."""
        ...

    def url(self, host: str) -> str:
        """Return the URL of a host that ARM names: https, except on this machine."""
        ...


@dataclass(frozen=True)
class Type:
    """One resource type.

    Attributes:
        title: in words, for messages.
        path: its id, of `{parent}` and `{name}`.
        api: the api-version that its words are of.
        rank: deletion order of strays; small goes first.
        replaces: props that ARM refuses to change.
        unique: characters of a name that must be the only one on Azure: a hash of the subscription is put behind the node's name. 0 where a name
            counts in its parent only.
        plain: such a name has letters and digits only.
        tagged: it can carry tags. What cannot belongs to whoever owns its parent.
        inner: words of the envelope that this type has among its properties.
        phases: when a create or an update runs.
    """

    title: str
    path: str
    api: str
    rank: int = 50
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    unique: int = 0
    plain: bool = False
    tagged: bool = True
    inner: frozenset[str] = frozenset()
    phases: tuple[Phase, ...] = ("prepare",)


class Arm:
    """A Kind for whatever `Type` says all about. Others override the part in which they differ."""

    def __init__(self, client: Client, type_: Type) -> None:
        """Keep the client and the type."""
        self.client, self.type = client, type_
        self.rank, self.secret = type_.rank, type_.secret
        self.replaces = type_.replaces | {"parent", "location"}
        self.envelope = ENVELOPE - type_.inner

    def name(self, node: Node) -> str:
        """Return the physical name. What is `existing` is called as it is."""
        return unique_name(node.name, self.client, self.type.unique, plain=self.type.plain) if self.type.unique and node.owned else node.name

    def id(self, node: Node, props: Mapping[str, Any]) -> str | None:
        """Return the resource's id, None as long as its parent's is not known. An `existing:` one may be named by it, and a stray is."""
        if node.name.startswith("/"):
            return node.name.rstrip("/")
        parent = props.get("parent")
        return self.type.path.format(parent=parent, name=self.name(node)) if isinstance(parent, str) else None

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return what is there; one of the same name that is not ours is none."""
        id_ = self.id(node, props) or hint
        found = self.client.find(id_, self.type.api) if id_ else None
        if id_ is None or found is None or (node.owned and hint != id_ and not self._ours(props, found)):
            return None
        return self.state(id_, found, props)

    def state(self, id_: str, found: Mapping[str, Any], props: Mapping[str, Any]) -> State:
        """Put an answer of ARM into our words."""
        return State(id_, self.live(found, props), self.outputs(id_, found), found.get("etag"))

    def live(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return of what is there the part that the manifest has a say in."""
        inner = found.get("properties") or {}
        return {
            key: value if key == "parent" else projected((found if key in self.envelope else inner).get(key), value) for key, value in wanted.items()
        }

    def outputs(self, id_: str, found: Mapping[str, Any]) -> dict[str, Json]:
        """Return what others can refer to: `id`, `name`, and every property by its path, such as `primaryEndpoints.blob`."""
        return {**dict(_paths(found.get("properties") or {})), "id": id_, "name": str(found.get("name") or id_.rpartition("/")[2])}

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sent."""
        said = {key: value for key, value in props.items() if key != "parent" and value is not None}
        outer = {key: value for key, value in said.items() if key in self.envelope}
        inner = {key: value for key, value in said.items() if key not in self.envelope}
        return {**outer, "properties": inner}

    def phases(self, change: Change) -> Sequence[Phase]:
        """Say when it is written."""
        return self.type.phases

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Put it whole, and wait until ARM says that it is so."""
        id_ = self.id(change.node, props)
        assert id_ is not None  # noqa: S101  # nothing is written before all that it refers to is known
        found = self.client.find(id_, self.type.api) if self.type.tagged else None
        if found is not None and state is None and not self._ours(props, found):
            raise foreign(id_, self.type.title, found.get("tags") or {})
        body = self.body(change.node, props)
        if self.type.tagged:
            body["tags"] = merged_tags(props.get("tags") or {}, (found or {}).get("tags") or {}, change)
        made = self.client.arm("PUT", id_, self.type.api, body, run)
        return State(id_, dict(props), self.outputs(id_, made), made.get("etag"))

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it, and wait until it is gone."""
        self.client.arm("DELETE", state.id, self.type.api, run=run)
        self.client.wait(f"{node.name} to be gone", lambda: True if self.client.find(state.id, self.type.api) is None else None, run)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that no data is lost."""
        return None

    def _ours(self, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        return not self.type.tagged or is_ours(wanted.get("tags") or {}, found.get("tags") or {})


def unique_name(name: str, client: Client, limit: int, *, plain: bool = False) -> str:
    """Put behind a name what keeps it apart from everybody else's of the same service: names of hosts belong to all of Azure."""
    mark = digest(f"{client.subscription}/{client.region}/{name}")
    if plain:
        return f"{''.join(c for c in name if c.isalnum())[: limit - len(mark)]}{mark}"
    return f"{short(single(name), limit - len(mark) - 1)}-{mark}"


def projected(found: Any, wanted: Any) -> Any:
    """Return of a live value what a wanted one speaks of: what the platform filled in by itself is nobody's drift."""
    if wanted is UNKNOWN:
        return found
    if wanted is None:  # the manifest says nothing of it, and the platform's default is as good as any
        return None
    if found is None and _hollow(wanted):
        return wanted
    if isinstance(wanted, Mapping):
        there = found if isinstance(found, Mapping) else {}
        return {key: projected(there.get(key), value) for key, value in wanted.items()} if isinstance(found, Mapping) or not wanted else found
    if isinstance(wanted, (list, tuple)) and isinstance(found, list) and len(found) == len(wanted):
        return [projected(there, value) for there, value in zip(found, wanted, strict=True)]
    return wanted if _same_words(found, wanted) else found


def _hollow(wanted: Any) -> bool:
    """Tell whether a value asks for nothing: the platform shows that by leaving it out."""
    return all(map(_hollow, wanted.values())) if isinstance(wanted, Mapping) else wanted in ([], (), "", False, None)


def _same_words(found: Any, wanted: Any) -> bool:
    """Ids come back in another case, and locations as `West Europe`."""
    if not (isinstance(found, str) and isinstance(wanted, str)):
        return False
    if wanted.startswith("/subscriptions/"):
        return found.casefold() == wanted.casefold()
    return " " in found and found.replace(" ", "").casefold() == wanted


def _paths(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _paths(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", item


def merged_tags(wanted: Mapping[str, str], found: Mapping[str, str], change: Change) -> dict[str, str]:
    """Return the tags to write: ours, and those that policies and people have added; what the last release had and this one drops goes."""
    before: Any = change.before.props.get("tags") if change.before else None
    dropped = set(before or {}) - set(wanted)
    return {**{key: value for key, value in found.items() if key not in dropped}, **wanted}


def is_ours(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Tell whether an object carries this service and stage."""
    return all(found.get(key) == wanted.get(key) for key in (SERVICE_TAG, STAGE_TAG))


def foreign(id_: str, what: str, found: Mapping[str, str]) -> CloudError:
    """Refuse to touch an object of the same name that is not ours."""
    owner = f"{found[SERVICE_TAG]}, stage {found.get(STAGE_TAG)}" if SERVICE_TAG in found else "nobody that fnctl knows"
    return CloudError(
        f"{what} {id_.rpartition('/')[2]} exists and does not belong to this service and stage",
        code="FN919",
        reason="Foreign",
        help="rename the service, the stage or the function, or remove the object by hand",
        notes=(f"its tags say that it belongs to {owner}",),
    )


def known(value: object) -> bool:
    """Tell whether a resolved prop is a value and not UNKNOWN or None."""
    return isinstance(value, str) and bool(value)


def say(run: Run, node: Node, message: str) -> None:
    """Tell the people who watch."""
    run.emit(Event("log", {"message": message}, node.address))
