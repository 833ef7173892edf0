"""Resource ids: what a path of the resource manager points at."""

from __future__ import annotations

from dataclasses import dataclass

PROVIDERS = "providers"


@dataclass(frozen=True)
class Target:
    """What a path names.

    Attributes:
        subscription: its id.
        group: the resource group, "" at the subscription itself.
        namespace: the provider.
        kind: the type without its provider, as the path spells it: sites/config.
        names: one for each level of `kind`; one fewer for a collection.
        action: the last word of a POST.
        scope: what an extension resource hangs on; "" for one that stands by itself.
        prefix: all before this type's own part: scope, group or subscription.
    """

    subscription: str
    group: str
    namespace: str
    kind: str
    names: tuple[str, ...]
    action: str
    scope: str
    prefix: str

    @property
    def type(self) -> str:
        """With its provider."""
        return f"{self.namespace}/{self.kind}"

    @property
    def collection(self) -> bool:
        """Whether it names all of a type and not one."""
        return len(self.names) < self.kind.count("/") + 1

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1] if self.names else ""


def resource_id(prefix: str, kind: str, names: tuple[str, ...]) -> str:
    """Write the id of `names` of `Namespace/type/subtype` under a prefix."""
    namespace, _, rest = kind.partition("/")
    pairs = "/".join(f"{word}/{name}" for word, name in zip(rest.split("/"), names, strict=False))
    return f"{prefix}/{PROVIDERS}/{namespace}/{pairs}"


def parse(path: str, method: str) -> Target | None:
    """Read a path that goes through a provider; None for one of the resource manager's own."""
    segments = [segment for segment in path.split("/") if segment]
    marks = [place for place, segment in enumerate(segments) if segment.lower() == PROVIDERS]
    if not marks or len(segments) < marks[-1] + 3:
        return None
    last = marks[-1]
    rest = segments[last + 2 :]
    if [word.lower() for word in rest] == ["register"]:
        return None
    action = rest.pop() if method == "POST" and len(rest) % 2 else ""
    prefix = "".join(f"/{segment}" for segment in _spelled(segments[:last]))
    scope = prefix if len(marks) > 1 else ""
    return Target(
        subscription=segments[1] if segments[0].lower() == "subscriptions" else "",
        group=segments[3] if len(segments) > 3 and segments[2].lower() == "resourcegroups" else "",
        namespace=segments[last + 1],
        kind="/".join(rest[::2]),
        names=tuple(rest[1::2]),
        action=action,
        scope=scope,
        prefix=prefix,
    )


def group_of(path: str) -> str:
    """The resource group's part of an id, "" where it has none."""
    segments = path.split("/")
    return "/".join(segments[:5]) if len(segments) > 4 and segments[3].lower() == "resourcegroups" else ""


def _spelled(segments: list[str]) -> list[str]:
    right = {"resourcegroups": "resourceGroups", "subscriptions": "subscriptions", "providers": "providers"}
    return [right.get(segment.lower(), segment) if place % 2 == 0 else segment for place, segment in enumerate(segments)]
