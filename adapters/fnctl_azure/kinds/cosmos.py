"""Cosmos DB's containers and its roles on data, which are not those of ARM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.graph import Json, Node, State
from fnctl_azure.kinds.base import Arm, Type, known, projected
from fnctl_azure.kinds.publish import Door
from fnctl_azure.kinds.role import guid

WORDS: Mapping[str, str] = {"key": "partitionKey", "unique": "uniqueKeyPolicy", "ttl": "defaultTtl"}
KEPT = ("indexingPolicy", "conflictResolutionPolicy", "computedProperties", "fullTextPolicy", "vectorEmbeddingPolicy")
"""What people tune in the portal: a container is written whole, and it would be lost."""


class Container(Arm):
    """Its words lie one level deeper than ARM's usually do."""

    def __init__(self, client: Door, type_: Type) -> None:
        """Keep the client, which knows whether it speaks to the stand-in."""
        super().__init__(client, type_)
        self.sandbox = client.sandbox

    def state(self, id_: str, found: Mapping[str, Any], props: Mapping[str, Any]) -> State:
        """Read key, unique keys and expiry."""
        inner = (found.get("properties") or {}).get("resource") or {}
        live = {word: projected(inner.get(WORDS[word]), value) if word in WORDS else value for word, value in props.items()}
        if "ttl" in live:
            live["ttl"] = inner.get("defaultTtl")
        return State(id_, live, self.outputs(id_, found))

    def outputs(self, id_: str, found: Mapping[str, Any]) -> dict[str, Json]:
        """Add how roles call it, and for one that exists already the front of its account."""
        _, _, rest = id_.partition("/sqlDatabases/")
        database, _, container = rest.partition("/containers/")
        return {"id": id_, "name": container, "path": f"/dbs/{database}/colls/{container}"}

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return it."""
        state = super().read(node, props, hint, run)
        if state is None or node.owned:
            return state
        account = self.client.find(state.id.partition("/sqlDatabases/")[0], self.type.api) or {}
        front = str((account.get("properties") or {}).get("documentEndpoint") or "")
        return State(state.id, state.props, {**state.outputs, "documentEndpoint": front})

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Put its words where ARM has them."""
        said = {WORDS[word]: props[word] for word in WORDS if props.get(word) is not None}
        return {"properties": {"resource": {"id": node.name, **said}, "options": {}}}

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Put it with all that somebody else has set."""
        id_ = self.id(change.node, props)
        assert id_ is not None  # noqa: S101  # nothing is written before all that it refers to is known
        found = ((self.client.find(id_, self.type.api) or {}).get("properties") or {}).get("resource") or {}
        body = self.body(change.node, props)
        body["properties"]["resource"] |= {word: found[word] for word in KEPT if found.get(word) is not None}
        made = self.client.arm("PUT", id_, self.type.api, body, run)
        return State(id_, dict(props), self.outputs(id_, made))

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that there may be items: ARM does not count them, and its metrics are minutes old. The stand-in keeps none."""
        return None if self.sandbox else "the items in it, which Azure counts only for whoever may read them"


class Role(Arm):
    """A right on data of an account. It cannot be changed, only made and removed."""

    def id(self, node: Node, props: Mapping[str, Any]) -> str | None:
        """Return the assignment's id, a GUID made of its parts."""
        parts = [props.get(word) for word in ("parent", "role", "principalId", "scope")]
        if not all(known(part) for part in parts):
            return None
        return self.type.path.format(parent=props["parent"], name=guid(*map(str, parts)))

    def live(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Read its parts."""
        inner = found.get("properties") or {}
        role = str(inner.get("roleDefinitionId") or "").rpartition("/")[2]
        own = {"role": role, "principalId": inner.get("principalId"), "scope": projected(inner.get("scope"), wanted.get("scope"))}
        return {"parent": wanted.get("parent"), **own}

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Name the role by its id in the account."""
        role = f"{props['parent']}/sqlRoleDefinitions/{props['role']}"
        return {"properties": {"roleDefinitionId": role, "principalId": props["principalId"], "scope": props["scope"]}}
