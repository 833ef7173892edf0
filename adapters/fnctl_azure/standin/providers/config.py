"""What hangs below a function app: its settings, its functions and their keys, its host, what was published to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fnctl_azure.standin import checks, ids
from fnctl_azure.standin.apps import Apps
from fnctl_azure.standin.deployments import Deployment
from fnctl_azure.standin.hosts import Found
from fnctl_azure.standin.keys import fresh
from fnctl_azure.standin.providers import Provider, Work, web
from fnctl_azure.standin.wire import Answer, refused_by_web
from fnctl_azure.standin.world import Resource

STRINGS = ("appsettings", "connectionstrings", "metadata")
STATES = {3: "RuntimeFailed", 4: "RuntimeSuccessful"}


def providers(apps: Apps) -> dict[str, Provider]:
    """What they do, for apps and for slots."""
    found: dict[str, Provider] = {}
    for site in (web.SITES.lower(), web.SLOTS.lower()):
        found[f"{site}/config"] = Provider(put=_config(apps), stored=_applied(apps), get=_read, list=_all, actions={"list": _listed})
        found[f"{site}/config/appsettings"] = Provider(list=_references(apps), actions={"refresh": _refreshed(apps)})
        found[f"{site}/functions"] = Provider(get=_function(apps), list=_functions(apps), actions={"listkeys": _own_keys(apps)})
        found[f"{site}/host"] = Provider(actions={"listkeys": _host_keys(apps), "sync": web.synced(apps)})
        found[f"{site}/host/properties"] = Provider(get=_status(apps))
    site = web.SITES.lower()
    found[f"{site}/extensions"] = Provider(put=_pull(apps), get=_last(apps))
    found[f"{site}/deploymentstatus"] = Provider(
        get=_deployment(apps), list=lambda work: [_state(work, one) for one in apps.deployments(site_of(work))]
    )
    return found


def site_of(work: Work, *, itself: bool = False) -> Resource:
    """The app or slot that something is below, or that something is asked of `itself`."""
    slot = work.spec.type.lower().startswith(web.SLOTS.lower() + ("" if itself else "/"))
    kind, depth = (web.SLOTS, 2) if slot else (web.SITES, 1)
    found = work.world.find(ids.resource_id(work.target.prefix, kind, work.target.names[:depth]))
    if found is None:
        raise refused_by_web(404, "NotFound", f"Cannot find Web site with name {work.target.names[0]}.")
    return found


def _config(apps: Apps) -> Callable[[Work], None]:
    return lambda work: _configured(work, apps)


def _configured(work: Work, apps: Apps) -> None:
    site, name = site_of(work), work.target.name.lower()
    if name == "appsettings":
        settings = {str(key): "" if value is None else str(value) for key, value in work.body["properties"].items()}
        web.names(settings, flex=site.properties.get("sku") == "FlexConsumption")
        work.body["properties"] = settings
    if name == "web":
        web.routed(work.body["properties"], apps)
        work.body["properties"] = checks.merged(site.properties.get("siteConfig") or {}, work.body["properties"])


def _applied(apps: Apps) -> Callable[[Work, Resource], None]:
    """Settings belong to the app: they are not listed with it, and a change of them restarts it."""

    def apply(work: Work, made: Resource) -> None:
        site, name = site_of(work), work.target.name.lower()
        if name == "appsettings":
            before = site.hidden.get("settings")
            site.hidden["settings"] = dict(made.properties)
            if before != site.hidden["settings"]:
                apps.set(site)
        elif name == "web":
            site.properties["siteConfig"] = dict(made.properties)
            apps.route(site)
        work.world.resources.pop(made.id.lower(), None) if name in ("appsettings", "web") else None

    return apply


def _read(work: Work) -> Resource | None:
    site, name = site_of(work), work.target.name.lower()
    if name == "web":
        config = checks.merged(
            {"numberOfWorkers": 1, "ftpsState": "FtpsOnly", "minTlsVersion": "1.2", "http20Enabled": False, "alwaysOn": False},
            site.properties.get("siteConfig") or {},
        )
        return Resource(work.id, work.spec.type, {"location": site.body["location"], "properties": config})
    if name == "configreferences":  # what is below it can be asked for, and it itself cannot
        return Resource(work.id, work.spec.type, {})
    if name == "slotconfignames":
        return Resource(work.id, work.spec.type, {"properties": {"appSettingNames": None, "connectionStringNames": None}})
    # What may hold secrets is read by a POST.
    raise (
        refused_by_web(405, "MethodNotAllowed", f"The configuration '{work.target.name}' is read by a POST to its list.")
        if name in STRINGS
        else _nothing(work)
    )


def _nothing(work: Work) -> Exception:
    return refused_by_web(404, "NotFound", f"The configuration '{work.target.name}' was not found.")


def _all(work: Work) -> list[Resource]:
    """Only what anybody may read is listed."""
    target = replace(work.target, names=(*work.target.names, "web"))
    found = _read(replace(work, target=target, id=f"{work.id}/web"))
    return [found] if found else []


def _listed(work: Work) -> Answer:
    site, name = site_of(work), work.target.name.lower()
    if name == "appsettings":
        values: dict[str, Any] = dict(site.hidden.get("settings") or {})
    elif name in STRINGS:
        stored = work.world.find(work.id)
        values = stored.properties if stored else {}
    elif name == "publishingcredentials":
        raise refused_by_web(409, "Conflict", "Basic authentication is disabled for this site.")
    else:
        raise _nothing(work)
    return Answer(200, {"id": work.id, "name": work.target.name, "type": work.spec.type, "location": site.body["location"], "properties": values})


def _references(apps: Apps) -> Callable[[Work], list[Resource]]:
    """How the secrets of the app's settings are reached: `config/configreferences/appsettings`."""

    def found(work: Work) -> list[Resource]:
        site = site_of(work)
        settings = site.hidden.get("settings") or {}
        return [
            Resource(
                f"{site.id}/config/configreferences/appsettings/{name}",
                f"{site.type}/config",
                {"location": site.body["location"], "properties": {"reference": settings.get(name, ""), "status": status, "source": "KeyVault"}},
                label=name,
            )
            for name, status in apps.references(site).items()
        ]

    return found


def _refreshed(apps: Apps) -> Callable[[Work], Answer]:
    """Look for them again, as a change of the settings would."""

    def act(work: Work) -> Answer:
        apps.set(site_of(work))
        return Answer(200, {})

    return act


def _functions(apps: Apps) -> Callable[[Work], list[Resource]]:
    return lambda work: [_described(site_of(work), found) for found in apps.functions(site_of(work))]


def _function(apps: Apps) -> Callable[[Work], Resource | None]:
    def get(work: Work) -> Resource | None:
        depth = 3 if work.spec.type.lower().startswith(web.SLOTS.lower()) else 2
        name = work.target.names[depth - 1].lower()
        return next((_described(site_of(work), found) for found in apps.functions(site_of(work)) if found.name.lower() == name), None)

    return get


def _described(site: Resource, found: Found) -> Resource:
    bindings = [dict(binding) for binding in found.bindings]
    host = site.properties["defaultHostName"]
    trigger = next((binding for binding in bindings if str(binding["type"]).lower() == "httptrigger"), None)
    invoke = f"http://{host}/{trigger.get('route') or 'api/' + found.name}" if trigger is not None else None
    properties = {
        "name": found.name,
        "function_app_id": None,
        "script_root_path_href": None,
        "script_href": None,
        "config_href": None,
        "test_data_href": None,
        "secrets_file_href": None,
        "href": f"http://{host}/admin/functions/{found.name}",
        "config": {
            "name": found.name,
            "entryPoint": "",
            "scriptFile": "",
            "language": found.language,
            "functionDirectory": "",
            "bindings": bindings,
        },
        "files": None,
        "test_data": None,
        "invoke_url_template": invoke,
        "language": found.language,
        "isDisabled": False,
    }
    body = {"location": site.body["location"], "properties": properties}
    return Resource(f"{site.id}/functions/{found.name}", f"{site.type}/functions", body, label=f"{site.name}/{found.name}")


def _own_keys(apps: Apps) -> Callable[[Work], Answer]:
    def act(work: Work) -> Answer:
        site, name = site_of(work), work.target.names[-1]
        if _function(apps)(work) is None:
            raise refused_by_web(404, "NotFound", f"Function '{name}' was not found.")
        return Answer(200, dict(apps.keys(site).own.setdefault(name, {"default": fresh()})))

    return act


def _host_keys(apps: Apps) -> Callable[[Work], Answer]:
    def act(work: Work) -> Answer:
        keys = apps.keys(site_of(work))
        return Answer(200, {"masterKey": keys.master, "functionKeys": dict(keys.functions), "systemKeys": dict(keys.system)})

    return act


def _status(apps: Apps) -> Callable[[Work], Resource | None]:
    def get(work: Work) -> Resource | None:
        site = site_of(work)
        return Resource(work.id, work.spec.type, {"location": site.body["location"], "properties": apps.status(site)})

    return get


def _pull(apps: Apps) -> Callable[[Work], None]:
    def put(work: Work) -> None:
        given = work.body["properties"]
        if not given.get("packageUri"):
            raise refused_by_web(400, "BadRequest", "The request must have a packageUri.")
        started = apps.pull(site_of(work), str(given["packageUri"]))
        work.body["properties"] = {"id": started.id, "provisioningState": "InProgress", "deployer": "OneDeploy"}

    return put


def _last(apps: Apps) -> Callable[[Work], Resource | None]:
    def get(work: Work) -> Resource | None:
        last = next(iter(apps.deployments(site_of(work))), None)
        return _state(work, last) if last else None

    return get


def _deployment(apps: Apps) -> Callable[[Work], Resource | None]:
    return lambda work: next((_state(work, one) for one in apps.deployments(site_of(work)) if one.id == work.target.name), None)


def _state(work: Work, one: Deployment) -> Resource:
    word = STATES.get(one.status, "BuildInProgress" if one.status == 1 else "RuntimeStarting")
    properties = {
        "deploymentId": one.id,
        "status": word,
        "numberOfInstancesInProgress": 0 if one.complete else 1,
        "numberOfInstancesSuccessful": 1 if one.status == 4 else 0,
        "numberOfInstancesFailed": 1 if one.status == 3 else 0,
        "failedInstancesLogs": None,
        "errors": [{"extendedCode": "04916", "code": "ExpectationFailed", "message": one.lines[-1]}] if one.status == 3 else None,
    }
    return Resource(f"{site_of(work).id}/deploymentStatus/{one.id}", "Microsoft.Web/sites/deploymentStatus", {"properties": properties})
