"""Function apps: for each a plan, an identity with its roles, a container for packages, the app itself and its members."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from fnctl.graph import Address, Artifact, Json, Node, Ref, Text, Value
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_azure.apps import App, always_ready, apps, engine, remote_build
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.artifact.host import plan_of
from fnctl_azure.artifact.recipe import shim
from fnctl_azure.names import HOST, REGION, app_address, digest, function_address, physical, resource_address, single, tags, trigger_address
from fnctl_azure.translate.cosmos import leases_of
from fnctl_azure.translate.ground import IN_GROUP
from fnctl_azure.translate.rights import right_nodes
from fnctl_azure.translate.rollout import SLOTTED, marked, slotted
from fnctl_azure.translate.settings import settings

PLANS: Mapping[str, tuple[str, str]] = {"flex": ("FC1", "FlexConsumption"), "consumption": ("Y1", "Dynamic")}
TIERS: Mapping[str, str] = {**{word: tier for word, (_, tier) in PLANS.items()}, "premium": "ElasticPremium", "dedicated": "ElasticPremium"}
PREMIUM: Mapping[int, str] = {3584: "EP1", 7168: "EP2", 14336: "EP3"}
"""Sizes of Premium by the megabytes of an instance."""

SIZES, SIZE = (512, 2048, 4096), 2048
"""Megabytes of an instance on Flex; the platform's own default."""

_ROUTES: Mapping[str, Value] = {"experiments": {"rampUpRules": []}}
"""All of the traffic stays with the app itself: a share that goes elsewhere is there only while a canary is under way."""

BATCH = 16
"""Messages of a queue that the host takes at once where nothing is said."""


def app_nodes(service: Service, artifacts: Mapping[str, Artifact]) -> Iterator[Node]:
    """Yield the nodes of every app, then its functions."""
    plans: set[Address] = set()
    for app in apps(service):
        plan = _plan(service, app)
        if plan.address not in plans:
            plans.add(plan.address)
            yield plan
        yield _identity(service, app)
        yield _packages(service, app)
        rights = list(right_nodes(service, app))
        yield from rights
        before = {right.address for right in rights} | set(_listened(service, app))
        yield _app(service, app, plan.address, artifacts[app.name], frozenset(before))
        for function in app.functions:
            yield _function(service, app, function, artifacts[app.name])


def _listened(service: Service, app: App) -> Iterator[Address]:
    """Yield what has to be there before the host looks for it: a trigger that finds nothing to listen to keeps its app from starting."""
    for function in app.functions:
        for trigger in function.triggers:
            resource = service.resources.get(trigger.resource or "")
            if resource is None or trigger.options.get("enabled") is False:
                continue
            yield resource_address(resource)
            if engine(resource) in ("service_bus", "event_hubs") and trigger.kind != "queue":
                yield trigger_address(function, trigger)
            if trigger.kind == "table":
                yield leases_of(resource)


def _plan(service: Service, app: App) -> Node:
    """A plan of Flex or Consumption is one app's; Premium is paid by the instance, so apps share it."""
    word, span = plan_of(service, app), service.span("targets", "azure", key=True)
    alone = word in PLANS
    # A plan cannot become one of another kind, so it is another object.
    address = Address(f"plan/{word}") if not alone else app_address(app.name, "plan" if word == "flex" else word)
    name, tier = PLANS[word] if alone else (_premium(service), "ElasticPremium")
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "kind": "functionapp" if alone else "elastic",
        "sku": {"name": name, "tier": tier},
        "reserved": True,
        "tags": tags(service, address),
    }
    called = app.name if word == "flex" else f"{app.name}-{word}" if alone else word
    return Node(address, "azure.plan", physical(service, called, 60), props, span=span)


def _premium(service: Service) -> str:
    asked = [f.memory or 0 for app in apps(service) if plan_of(service, app) not in PLANS for f in app.functions]
    return next((name for size, name in PREMIUM.items() if size >= max(asked, default=0)), "EP3")


def _identity(service: Service, app: App) -> Node:
    address = app_address(app.name, "identity")
    props: dict[str, Value] = {"parent": IN_GROUP, "location": REGION, "tags": tags(service, address)}
    return Node(address, "azure.identity", physical(service, app.name, 63), props, span=service.span("functions", app.functions[0].name))


def _packages(service: Service, app: App) -> Node:
    props: dict[str, Value] = {"parent": Ref(HOST, "id"), "publicAccess": "None"}
    span = service.span("functions", app.functions[0].name)
    name = f"packages-{physical(service, app.name, 45)}"
    name = name if single(name) == name else f"{single(name)}-{digest(name)}"
    return Node(app_address(app.name, "packages"), "azure.container", name, props, span=span)


def _app(service: Service, app: App, plan: Address, artifact: Artifact, needs: frozenset[Address]) -> Node:
    address, identity = app_address(app.name), Ref(app_address(app.name, "identity"), "id")
    names = sorted(str(door["name"]) for function in app.functions for door in doors(service, function))
    word = plan_of(service, app)
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "kind": "functionapp,linux",
        "serverFarmId": Ref(plan, "id"),
        "identities": [identity],
        "keyVaultReferenceIdentity": identity,
        "httpsOnly": True,
        "tier": TIERS[word],
        "functionAppConfig": _flex(service, app, identity) if word == "flex" else None,
        "siteConfig": {**_site(service, app, word), **(_ROUTES if word in SLOTTED else {})},
        "settings": {**settings(service, app, word, artifact.sha256), **marked(service, app, artifact.sha256)},
        "code": artifact.sha256,
        "shim": shim(app)[:12],
        "functions": list(names),
        "remote_build": remote_build(service, app),
        **slotted(service, app),
        "tags": tags(service, address, {key: value for function in app.functions for key, value in function.tags.items()}),
    }
    span = service.span("functions", app.functions[0].name)
    return Node(address, "azure.app", physical(service, app.name, 63), props, needs, artifact, span)


def _flex(service: Service, app: App, identity: Ref) -> dict[str, Value]:
    scale: dict[str, Value] = {"instanceMemoryMB": memory(app), "alwaysReady": _ready(service, app)}
    if most := instances(app):
        scale["maximumInstanceCount"] = most
    if each := max((function.per_instance or 0 for function in app.functions), default=0):
        scale["triggers"] = {"http": {"perInstanceConcurrency": each}}
    name, version = runtime(app)
    found: dict[str, Value] = {
        "deployment": {
            "storage": {
                "type": "blobContainer",
                "value": Text((Ref(HOST, "primaryEndpoints.blob"), Ref(app_address(app.name, "packages"), "name"))),
                "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity},
            }
        },
        "runtime": {"name": name, "version": version},
        "scaleAndConcurrency": scale,
    }
    if update := service.settings.get("update"):
        found["siteUpdateStrategy"] = {"type": "RollingUpdate" if update == "rolling" else "Recreate"}
    return found


def runtime(app: App) -> tuple[str, str]:
    """`python3.13` is `python` and `3.13`, `nodejs22` is `node` and `22`."""
    said = app.functions[0].runtime
    return ("node", said.removeprefix("nodejs")) if said.startswith("nodejs") else ("python", said.removeprefix("python"))


def memory(app: App) -> int:
    """Return the megabytes of an instance: what the functions of the app ask for, which is the same for all (AZ406), in a size that there is."""
    asked = [function.memory for function in app.functions]
    most = max((size for size in asked if size), default=SIZE)
    return next((size for size in SIZES if size >= most), SIZES[-1])


def instances(app: App) -> int | None:
    """Return the most instances that `concurrency.reserved` and `max_concurrency` leave to an app; None for the platform's default."""
    found = [math.ceil(f.reserved / at_a_time(f)) for f in app.functions if f.reserved]
    found += [
        math.ceil(int(str(most)) / at_a_time(function))
        for function in app.functions
        for trigger in function.triggers
        if (most := trigger.options.get("max_concurrency")) is not None
    ]
    return max(found, default=None)


def at_a_time(function: Function) -> int:
    """Return how many calls an instance takes: what the function says, or what the host does with its trigger."""
    if function.per_instance:
        return function.per_instance
    queue = next((trigger for trigger in function.triggers if trigger.kind == "queue"), None)
    if queue and not any(trigger.kind == "http" for trigger in function.triggers):
        batch = queue.options.get("batch")
        size = batch if isinstance(batch, int) else BATCH
        return size + size // 2
    return 1


def _ready(service: Service, app: App) -> list[Value]:
    """Return the instances that wait for calls: one number for the app's http functions, and one for each other."""
    groups: dict[str, int] = {}
    for function in app.functions:
        count = always_ready(service, function)
        for door in doors(service, function) if count else ():
            group = "http" if door["kind"] in ("http", "invoke") else f"function:{door['name']}"
            groups[group] = max(groups.get(group, 0), count)
    return [{"name": name, "instanceCount": count} for name, count in sorted(groups.items())]


def _site(service: Service, app: App, plan: str) -> dict[str, Value]:
    cors = _cors([trigger for function in app.functions for trigger in function.triggers if trigger.kind == "http"])
    found: dict[str, Value] = {"minTlsVersion": "1.2", "ftpsState": "Disabled", "cors": cors}
    if plan == "flex":
        return found
    name, version = runtime(app)
    # Without the host's own place for them, numbers of instances stand here; 0 is the platform's own.
    found |= {"linuxFxVersion": f"{name.capitalize()}|{version}", "functionAppScaleLimit": instances(app) or 0}
    if plan == "premium":
        found["minimumElasticInstanceCount"] = max((always_ready(service, function) for function in app.functions), default=0)
    return found


def _cors(triggers: list[Trigger]) -> dict[str, Value]:
    """Join what the routes ask for: the app answers preflight requests itself, and knows origins and credentials only."""
    asked = [trigger.options["cors"] for trigger in triggers if trigger.options.get("cors")]
    maps = [one for one in asked if isinstance(one, Mapping)]
    origins = {origin for one in maps for origin in _texts(one.get("origins"))} if len(maps) == len(asked) else {"*"}
    return {"allowedOrigins": sorted(origins), "supportCredentials": any(bool(one.get("credentials")) for one in maps)}


def _texts(said: Json) -> list[str]:
    return [said] if isinstance(said, str) else [str(one) for one in said] if isinstance(said, list) else ["*"]


def _function(service: Service, app: App, function: Function, artifact: Artifact) -> Node:
    """A member of its app: nothing is written for it, and it is looked for once the app is up."""
    found: list[Value] = [{word: str(door[word]) for word in ("name", "kind", "key")} for door in doors(service, function)]
    props: dict[str, Value] = {"app": Ref(app_address(app.name), "live"), "code": artifact.sha256, "doors": found}
    address = function_address(function.name)
    return Node(address, "azure.function", function.name, props, frozenset({app_address(app.name)}), span=service.span("functions", function.name))
