"""The resource manager: who asks, for what, and the life of every resource by the table of types."""

from __future__ import annotations

import contextlib
import copy
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from fnctl_azure.standin import checks, entra, groups, ids, operations, tags
from fnctl_azure.standin.ids import Target
from fnctl_azure.standin.providers import NOTHING, Provider, Work
from fnctl_azure.standin.table import Spec, namespaces, table
from fnctl_azure.standin.wire import Answer, Refused, Request, refused
from fnctl_azure.standin.world import SUBSCRIPTION, Resource, World

_ENVELOPE = ("location", "tags", "sku", "kind", "identity", "properties", "zones", "managedBy", "extendedLocation")
RESTART_SECONDS = 20.0
"""An update of an app is done when its host runs with it, or has had this long."""
_EVERYWHERE = ("Microsoft.Authorization", "Microsoft.Resources")


class Arm:
    """Answers requests below `/subscriptions` and `/providers`; `providers` by type, in lower case."""

    def __init__(self, world: World, providers: Mapping[str, Provider]) -> None:
        self.world = world
        self.providers = providers

    def answer(self, request: Request) -> Answer:
        """Do what is asked. Raises Refused."""
        entra.admit(self.world, request, entra.MANAGEMENT)
        version = _version(request)
        with self.world.lock:
            answer = self._settled(request, version)
            waits, self.world.after = self.world.after, []
        for one in waits:
            with contextlib.suppress(TimeoutError):
                one.exception(RESTART_SECONDS)
        return answer

    def _settled(self, request: Request, version: str) -> Answer:
        self.world.settle()
        _subscribed(request.path)
        found = operations.poll(self.world, request, self.shown)
        if found is not None:
            return found
        target = ids.parse(request.path, request.method)
        if target is None:
            return groups.answer(self.world, request, self.shown)
        with _read() if request.body else contextlib.nullcontext():
            return self._typed(request, target, version)

    def _typed(self, request: Request, target: Target, version: str) -> Answer:
        spec = self._spec(target, request, version)
        if target.group and self.world.find(f"/subscriptions/{target.subscription}/resourceGroups/{target.group}") is None:
            raise refused(404, "ResourceGroupNotFound", f"Resource group '{target.group}' could not be found.")
        work = Work(self.world, spec, target, request, ids.resource_id(target.prefix, spec.type, target.names))
        if request.method == "POST":
            return self._act(work)
        if spec.type == tags.TYPE:
            return tags.answer(self.world, target, request)
        if request.method not in spec.methods or (target.collection and request.method != "GET"):
            raise refused(405, "MethodNotAllowed", f"The http method '{request.method}' is not supported for resource type '{spec.type}'.")
        if target.collection:
            return self._list(work)
        return {"GET": self._get, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}[request.method](work)

    def _spec(self, target: Target, request: Request, version: str) -> Spec:
        """The type that is asked for, of a provider that the subscription uses, in a version that there is. Raises Refused."""
        spec = table().get(target.type.lower())
        namespace = namespaces().get(target.namespace.lower(), "")
        if spec is None and namespace and not target.kind and target.action.lower() in self.providers.get(namespace.lower(), NOTHING).actions:
            spec = Spec(f"{namespace}/", (), methods=("POST",))
        if spec is None:
            raise _unknown(target, version)
        if spec.versions and version not in spec.versions:
            raise _unsupported(spec, target, version)
        _registered(self.world, spec)
        return spec

    def _act(self, work: Work) -> Answer:
        provider = self.providers.get(work.spec.type.lower().rstrip("/"), NOTHING)
        act = provider.actions.get(work.target.action.lower())
        if act is None:
            message = f"The requested path '{work.request.path}' has no action '{work.target.action}'."
            raise refused(404, "InvalidResourceType", message)
        if "DELETE" in work.spec.methods:
            self._existing(work)
        else:
            self._parent(work)
        return act(work)

    def _list(self, work: Work) -> Answer:
        provider = self._provider(work)
        if "/" in work.target.kind:
            self._parent(work)
        found = provider.list(work) if provider.list is not None else self.world.of_type(work.spec.type, _prefix(work))
        return Answer(200, {"value": [self.shown(resource) for resource in found], "nextLink": None})

    def _get(self, work: Work) -> Answer:
        resource = self._existing(work)
        return Answer(200, self.shown(resource), _tagged(work.spec, resource))

    def _put(self, work: Work) -> Answer:
        checks.name(work.spec, work.target.name)
        self._parent(work)
        old = self.world.find(work.id)
        given = work.request.json()
        checks.body(work.spec, work.target.name, given, old)
        return self._store(work, given, old)

    def _patch(self, work: Work) -> Answer:
        old = self._existing(work)
        given = work.request.json()
        checks.tags(work.spec, given.get("tags"))
        checks.values(work.spec, given)
        kept = {key: value for key, value in old.body.items() if key in _ENVELOPE}
        whole = checks.merged(kept, {key: value for key, value in given.items() if key not in ("tags", "location") and value is not None})
        return self._store(work, whole | ({"tags": given["tags"]} if "tags" in given else {}), old, patch=True)

    def _store(self, work: Work, given: dict[str, Any], old: Resource | None, *, patch: bool = False) -> Answer:
        self._free(work, old)
        _conditions(work.request, old)
        kept = {key: copy.deepcopy(value) for key, value in given.items() if key in _ENVELOPE and value is not None}
        whole = checks.merged(work.spec.defaults, kept)
        whole.setdefault("properties", {})
        done = Work(work.world, work.spec, work.target, work.request, work.id, whole, old)
        provider = self._provider(work)
        if not isinstance(whole["properties"], dict):
            raise _unreadable("properties must be an object")
        if provider.put is not None:
            provider.put(done)
        if work.spec.located:
            where = checks.region(whole.get("location"))
            whole["location"] = checks.DISPLAYED.get(where, where) if work.spec.displayed else where
        resource = old or Resource(work.id, work.spec.type, {}, made=self.world.clock())
        resource.body = whole
        self.world.keep(resource)
        if provider.stored is not None:
            provider.stored(done, resource)
        created, updated = work.spec.put
        status = 200 if patch else updated if old is not None else created
        headers = _tagged(work.spec, resource)
        # A change of something that is there is done at once, as it mostly is there; what is new takes its time.
        if (work.spec.wait and status in (201, 202)) or (work.spec.wait and old is None):
            return operations.started(self.world, work.request, self.world.begin(resource.id), status, self.shown(resource, busy=True), headers)
        return Answer(status, self.shown(resource), headers)

    def _delete(self, work: Work) -> Answer:
        self._parent(work)
        old = self.world.find(work.id)
        if old is None:
            return Answer(204)
        self._free(work, old)
        _conditions(work.request, old)
        provider = self._provider(work)
        if provider.delete is not None:
            provider.delete(work, old)
        if work.spec.wait and work.spec.delete == 202:
            return operations.started(self.world, work.request, self.world.begin(old.id, deleting=True), 202, None)
        self.world.drop(old.id)
        return Answer(work.spec.delete)

    def _existing(self, work: Work) -> Resource:
        self._parent(work)
        get = self._provider(work).get
        found = self.world.find(work.id) or (get(work) if get is not None else None)
        if found is None and work.spec.always:
            found = Resource(work.id, work.spec.type, copy.deepcopy(dict(work.spec.defaults)))
        if found is None:
            where = f" under resource group '{work.target.group}'" if work.target.group else ""
            raise refused(404, "ResourceNotFound", f"The Resource '{work.spec.type}/{'/'.join(work.target.names)}'{where} was not found.")
        return found

    def _parent(self, work: Work) -> None:
        """Whatever a resource is below, or hangs on, has to be there."""
        target = work.target
        if (
            target.scope
            and not target.scope.lower().startswith("/providers")
            and "/providers/" in target.scope
            and self.world.find(target.scope) is None
        ):
            raise refused(404, "ResourceNotFound", f"The Resource '{target.scope}' was not found.")
        if "/" not in work.spec.type.partition("/")[2]:
            return
        kinds = work.spec.type.split("/")
        above = table().get("/".join(kinds[:-1]).lower())
        names = target.names[: len(kinds) - 2]
        while above is not None and above.always:
            kinds, names = kinds[:-1], names[:-1]
            above = table().get("/".join(kinds[:-1]).lower())
        if above is None:
            return
        parent = ids.resource_id(target.prefix, above.type, names)
        get = self.providers.get(above.type.lower(), NOTHING).get
        if self.world.find(parent) is None and not (get and get(Work(work.world, above, target, work.request, parent))):
            message = f"Can not perform requested operation on nested resource. Parent resource '{'/'.join(names)}' not found."
            raise refused(404, "ParentResourceNotFound", message)

    def _free(self, work: Work, old: Resource | None) -> None:
        group = self.world.group(work.id)
        if group is not None and group.state == "Deleting":
            message = f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation."
            raise refused(409, "ResourceGroupBeingDeleted", message)
        if old is not None and old.busy > self.world.clock():
            message = f"Another operation on '{old.name}' is in progress. Retry when it is done."
            raise refused(409, "AnotherOperationInProgress", message, {"Retry-After": str(self.world.pace.retry_after)})

    def _provider(self, work: Work) -> Provider:
        return self.providers.get(work.spec.type.lower(), NOTHING)

    def shown(self, resource: Resource, *, busy: bool = False) -> dict[str, Any]:
        """What a GET shows of a resource."""
        body = copy.deepcopy(resource.body)
        spec = table().get(resource.type.lower())
        show = self.providers.get(resource.type.lower(), NOTHING).show
        if show is not None:
            show(self.world, resource, body)
        if spec is None or spec.wait or resource.type == groups.TYPE:
            state = "Creating" if busy or resource.state == "InProgress" else resource.state
            body.setdefault("properties", {})["provisioningState"] = state
        return {"id": resource.id, "name": resource.label or resource.name, "type": resource.type, **body}


@contextlib.contextmanager
def _read() -> Iterator[None]:
    """A body whose values are of other kinds than a provider reads is refused, as by what turns JSON into objects there. It is in the log, too."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        traceback.print_exc()
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> Refused:
    return refused(400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{why}'.")


def _version(request: Request) -> str:
    version = request.query.get("api-version", "")
    if not version:
        raise refused(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
    return version


def _subscribed(path: str) -> None:
    words = path.split("/")
    if len(words) > 2 and words[1].lower() == "subscriptions" and words[2] and words[2].lower() != SUBSCRIPTION:
        raise refused(404, "SubscriptionNotFound", f"The subscription '{words[2]}' could not be found.")


def _unknown(target: Target, version: str) -> Exception:
    if target.namespace.lower() not in namespaces():
        return refused(404, "InvalidResourceNamespace", f"The resource namespace '{target.namespace}' is invalid.")
    message = (
        f"The resource type '{target.kind}' could not be found in the namespace "
        f"'{target.namespace}' for api version '{version}'. The supported api-versions are ''."
    )
    return refused(404, "InvalidResourceType", message)


def _unsupported(spec: Spec, target: Target, version: str) -> Exception:
    supported = ", ".join(spec.versions)
    message = (
        f"No registered resource provider found for location '' and API version '{version}' "
        f"for type '{target.kind}'. The supported api-versions are '{supported}'."
    )
    return refused(400, "NoRegisteredProviderFound", message)


def _registered(world: World, spec: Spec) -> None:
    if spec.namespace in world.unregistered and spec.namespace not in _EVERYWHERE:
        message = (
            f"The subscription is not registered to use namespace '{spec.namespace}'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions."
        )
        raise refused(409, "MissingSubscriptionRegistration", message)


def _conditions(request: Request, old: Resource | None) -> None:
    match = request.headers.get("if-match")
    if match and match != "*" and (old is None or match != old.etag):
        raise refused(412, "PreconditionFailed", "The condition 'If-Match' was not satisfied.")
    if match == "*" and old is None:
        raise refused(412, "PreconditionFailed", "The condition 'If-Match' was not satisfied: the resource does not exist.")
    if request.headers.get("if-none-match") == "*" and old is not None:
        raise refused(412, "PreconditionFailed", "The condition 'If-None-Match' was not satisfied: the resource exists.")


def _tagged(spec: Spec, resource: Resource) -> dict[str, str]:
    return {"ETag": resource.etag} if resource.etag and spec.namespace in ("Microsoft.Storage", "Microsoft.Insights") else {}


def _prefix(work: Work) -> str:
    """Where the members of a collection are: below its parent, its group or its scope."""
    kinds = work.spec.type.split("/")
    if len(kinds) > 2:
        return ids.resource_id(work.target.prefix, "/".join(kinds[:-1]), work.target.names) + "/"
    return work.target.prefix + "/"
