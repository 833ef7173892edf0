"""What every kind shares: the client it is given, its tags, and the words for an object that somebody else owns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl.graph import Node, State
from fnctl_aws.names import SERVICE_TAG, STAGE_TAG

T = TypeVar("T")
Tags = dict[str, str]


class Client(Protocol):
    """What a kind may ask of AWS; `fnctl_aws.client.Client` is one. Calls are paced, tried again where AWS says so, and raise CloudError."""

    @property
    def region(self) -> str:
        """`eu-west-1`."""
        ...

    @property
    def account(self) -> str:
        """Twelve digits."""
        ...

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`."""
        ...

    def call(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any]:  # the SDK's own shapes
        """Make one call. With a run, what has to be waited out can be cancelled and is told."""
        ...

    def find(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any] | None:
        """Make one call; None where nothing is there."""
        ...

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> Iterator[Any]:
        """Yield the items under `key` of every page."""
        ...

    def wait(self, what: str, done: Callable[[], T | None], run: Run, *, limit: float = ...) -> T:
        """Ask until `done` returns something; says `what` is waited for."""
        ...

    def front(self, key: str, host: str) -> str | None:
        """Return the loopback address that leads to a host of the stand-in, None on AWS itself."""
        ...


class Base:
    """Defaults of a kind: made and changed before traffic moves, nothing forces a replacement, no data is lost with it."""

    rank: int = 50
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    def __init__(self, client: Client) -> None:
        """Keep the client."""
        self.client = client

    def phases(self, change: Change) -> Sequence[Phase]:  # what a Kind may look at
        """Say that new stands beside old."""
        return ("prepare",)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that no data is lost."""
        return None

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something of this account and region."""
        return f"arn:{self.client.partition}:{service}:{self.client.region}:{self.client.account}:{resource}"


def plain_name(node: Node) -> str:
    """Return the bare name where `existing:` gives an ARN or a URL."""
    return node.name if node.owned else node.name.rstrip("/").rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def known(value: object) -> bool:
    """Tell whether a resolved prop is a value and not UNKNOWN or None."""
    return isinstance(value, str) and bool(value)


def to_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags as most services want them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def from_list(tags: Iterable[Mapping[str, str]]) -> Tags:
    """Read what `to_list` wrote."""
    return own_tags({tag["Key"]: tag["Value"] for tag in tags})


def own_tags(tags: Mapping[str, str] | None) -> Tags:
    """Leave out what AWS itself puts there, which nobody can change."""
    return {key: value for key, value in (tags or {}).items() if not key.startswith("aws:")}


def tag_changes(wanted: Mapping[str, str], found: Mapping[str, str]) -> tuple[Tags, list[str]]:
    """Return what to set and which keys to remove."""
    return {key: value for key, value in wanted.items() if found.get(key) != value}, sorted(set(found) - set(wanted))


def is_ours(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Tell whether an object carries this service and stage."""
    return all(found.get(key) == wanted.get(key) for key in (SERVICE_TAG, STAGE_TAG))


def foreign(name: str, what: str, found: Mapping[str, str]) -> CloudError:
    """Refuse to touch an object of the same name that is not ours."""
    owner = f"{found[SERVICE_TAG]}, stage {found.get(STAGE_TAG)}" if SERVICE_TAG in found else "nobody that fnctl knows"
    return CloudError(
        f"{what} {name} exists and does not belong to this service and stage",
        code="FN919",
        reason="Foreign",
        help="rename the service, the stage or the function, or remove the object by hand",
        notes=(f"its tags say that it belongs to {owner}",),
    )


def say(run: Run, node: Node, message: str) -> None:
    """Tell the people who watch."""
    run.emit(Event("log", {"message": message}, node.address))
