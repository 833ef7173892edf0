"""What an app's identity may do: the roles that its host needs, and those of what its functions use, hear and keep secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.dataclass import dataclass
from fnctl.graph import Address, Node, Ref, Text, Value
from fnctl.manifest.model import Function, Resource, Service
from fnctl_azure.apps import App, engine
from fnctl_azure.names import HOST, INSIGHTS, VAULT, app_address, resource_address
from fnctl_azure.translate.cosmos import account_of, leases_of
from fnctl_azure.translate.secrets import vault_name

BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
METRICS = "3913510d-42f4-4e42-8a64-420c390055eb"
SECRETS = "4633458b-17de-408a-b874-0445c86b69e6"
ROLES: Mapping[str, str] = {
    "Storage Blob Data Owner": BLOB_OWNER,
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Storage Table Data Reader": "76199698-9eea-4c19-bc75-cec21354c6b6",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "Azure Service Bus Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "Azure Event Hubs Data Sender": "2b629674-e913-4c01-ae53-ef4638d8f975",
    "Azure Event Hubs Data Receiver": "a638d3c7-ab3a-418d-83e6-5f17a39d4fde",
    "EventGrid Data Sender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "Monitoring Metrics Publisher": METRICS,
    "Key Vault Secrets User": SECRETS,
}
"""Ids by name. Azure built-in roles, 2026-09-10."""

VERBS: Mapping[tuple[str, str, str], str] = {
    ("storage", "queue", "send"): "Storage Queue Data Message Sender",
    # The host also moves messages to the poison queue, which a Message Processor may not.
    ("storage", "queue", "consume"): "Storage Queue Data Contributor",
    ("storage", "bucket", "read"): "Storage Blob Data Reader",
    ("storage", "bucket", "write"): "Storage Blob Data Contributor",
    ("storage", "table", "read"): "Storage Table Data Reader",
    ("storage", "table", "write"): "Storage Table Data Contributor",
    ("service_bus", "queue", "send"): "Azure Service Bus Data Sender",
    ("service_bus", "queue", "consume"): "Azure Service Bus Data Receiver",
    ("service_bus", "topic", "publish"): "Azure Service Bus Data Sender",
    ("service_bus", "topic", "consume"): "Azure Service Bus Data Receiver",
    ("event_hubs", "stream", "put"): "Azure Event Hubs Data Sender",
    ("event_hubs", "stream", "consume"): "Azure Event Hubs Data Receiver",
    ("event_grid", "topic", "publish"): "EventGrid Data Sender",
    ("event_grid", "bus", "emit"): "EventGrid Data Sender",
}
"""Roles by what a resource is made of, its type and the verb; Cosmos DB has roles of its own."""

READER, CONTRIBUTOR = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
"""Cosmos DB's built-in data roles."""


@dataclass(frozen=True)
class Right:
    """One role on one object. `what` makes its address: `queue/jobs/send`."""

    what: str
    role: str
    scope: Value


def right_nodes(service: Service, app: App) -> Iterator[Node]:
    """Yield the role assignments of an app."""
    principal = Ref(app_address(app.name, "identity"), "principalId")
    span = service.span("functions", app.functions[0].name)
    for right in _rights(service, app):
        props: dict[str, Value] = {"parent": right.scope, "role": ROLES[right.role], "principal": principal}
        yield Node(app_address(app.name, "role", right.what), "azure.role", right.role, props, span=span)
    for what, account, role, scope in _cosmos(service, app):
        props = {"parent": account, "role": role, "principalId": principal, "scope": scope}
        name = "Cosmos DB Built-in Data " + ("Reader" if role == READER else "Contributor")
        yield Node(app_address(app.name, "role", what), "azure.cosmos.role", name, props, span=span)


def _rights(service: Service, app: App) -> Iterator[Right]:
    yield Right("storage", "Storage Blob Data Owner", Ref(HOST, "id"))
    yield Right("insights", "Monitoring Metrics Publisher", Ref(INSIGHTS, "id"))
    for name in sorted({name for function in app.functions for name in function.secrets}):
        yield Right(f"secret/{name}", "Key Vault Secrets User", Text((Ref(VAULT, "id"), f"/secrets/{vault_name(name)}")))
    for resource, verbs in granted(service, app).items():
        made_of = engine(service.resources[resource])
        for verb in sorted(verbs):
            if role := VERBS.get((made_of, service.resources[resource].type, verb)):
                yield from _on(service.resources[resource], verb, role)


def _on(resource: Resource, verb: str, role: str) -> Iterator[Right]:
    yield Right(f"{resource.type}/{resource.name}/{verb}", role, Ref(resource_address(resource), "id"))
    if verb == "consume" and engine(resource) == "storage" and not resource.existing:
        yield Right(f"{resource.type}/{resource.name}/poison", role, Ref(resource_address(resource, "poison"), "id"))


def granted(service: Service, app: App) -> dict[str, set[str]]:
    """Return resource -> verbs of all functions of an app; listening implies `consume`, a wider role stands for a narrower one."""
    verbs: dict[str, set[str]] = {}
    for name, verb in (pair for function in app.functions for pair in _asked(function)):
        if name in service.resources:
            verbs.setdefault(name, set()).add(verb)
    for said in verbs.values():
        if "write" in said:  # the role that writes reads as well
            said.discard("read")
    return {name: verbs[name] for name in sorted(verbs)}


def _asked(function: Function) -> Iterator[tuple[str, str]]:
    yield from ((name, verb) for name, verbs in function.uses.items() for verb in verbs)
    yield from ((trigger.resource, "consume") for trigger in function.triggers if trigger.resource)
    if function.idempotent:
        yield str(function.idempotent.get("table")), "write"


def _cosmos(service: Service, app: App) -> Iterator[tuple[str, Value, str, Value]]:
    for name, verbs in granted(service, app).items():
        table = service.resources[name]
        if engine(table) != "cosmos":
            continue
        account = account_of(table)
        role = CONTRIBUTOR if "write" in verbs else READER
        yield f"table/{name}", account, role, _inside(account, Ref(resource_address(table), "path"))
        if "consume" in verbs and not _seen(service, app, table):
            yield f"table/{name}/leases", account, CONTRIBUTOR, _inside(account, Ref(leases_of(table), "path"))


def _inside(account: Value, path: Value) -> Value:
    """Return a scope as Cosmos DB counts them: the account's id, `/dbs/NAME/colls/NAME`."""
    return Text((account, path)) if isinstance(account, str | Ref) and isinstance(path, str | Ref) else account


def _seen(service: Service, app: App, table: Resource) -> bool:
    """Tell whether an earlier table has granted the leases that this one shares with it."""
    heard = [service.resources[name] for name, verbs in granted(service, app).items() if "consume" in verbs]
    shared: list[Address] = [leases_of(one) for one in heard if one.name < table.name and engine(one) == "cosmos"]
    return leases_of(table) in shared
