"""Microsoft.Web: plans and function apps, with what each plan takes and refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fnctl_azure.standin import checks
from fnctl_azure.standin.apps import Apps
from fnctl_azure.standin.providers import Provider, Work, identities
from fnctl_azure.standin.wire import Answer, Refused, refused_by_web
from fnctl_azure.standin.world import SUBSCRIPTION, Resource, World

SITES = "Microsoft.Web/sites"
SLOTS = "Microsoft.Web/sites/slots"
PLANS = "Microsoft.Web/serverfarms"
TIERS = {"FC1": "FlexConsumption", "Y1": "Dynamic", "EP1": "ElasticPremium", "EP2": "ElasticPremium", "EP3": "ElasticPremium"}
SLOTS_OF = {"ElasticPremium": 2, "Standard": 4, "PremiumV3": 19}
MEMORY = (512, 2048, 4096)
INSTANCES = (1, 1000)
RUNTIMES: Mapping[str, tuple[str, ...]] = {
    "python": ("3.10", "3.11", "3.12", "3.13", "3.14"),
    "node": ("20", "22", "24"),
    "dotnet-isolated": ("8.0", "9.0", "10.0"),
    "java": ("11", "17", "21"),
    "powershell": ("7.4", "7.6"),
    "custom": ("1.0",),
}
"""What Flex runs (functionAppStacks, 2026-08; Python 3.14 by the page of supported languages, 2026-08-27)."""
LINUX = frozenset({"python|3.9", "python|3.10", "python|3.11", "python|3.12", "python|3.13", "node|18", "node|20", "node|22", "node|24"})
TOO_NEW = frozenset({"python|3.13", "node|24"})
"""Not on Consumption, which gets no new languages on Linux (page of supported languages, 2026-08-27)."""
REFUSED_ON_FLEX = frozenset(
    {
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
        "WEBSITE_CONTENTSHARE",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "ENABLE_ORYX_BUILD",
        "WEBSITE_TIME_ZONE",
        "TZ",
        "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    }
)


def providers(apps: Apps) -> dict[str, Provider]:
    """What plans and apps do."""
    site = Provider(put=_site, stored=lambda _work, made: _stored(made, apps), delete=_leave, show=_show, actions=_power(apps))
    return {
        PLANS.lower(): Provider(put=_plan, delete=_unused, show=_counted),
        SITES.lower(): site,
        SLOTS.lower(): site,
        "microsoft.web": Provider(actions={"checknameavailability": _free}),
    }


def _plan(work: Work) -> None:
    sku = work.body["sku"]
    code = next(name for name in work.spec.enums["sku.name"] if str(name).lower() == str(sku["name"]).lower())
    tier = TIERS.get(code, "Standard")
    if sku.get("tier") and sku["tier"].lower() != tier.lower():
        raise refused_by_web(400, "BadRequest", f"The SKU '{code}' is of tier '{tier}', not '{sku['tier']}'.")
    if code == "FC1" and not work.body["properties"].get("reserved"):
        raise refused_by_web(400, "BadRequest", "Flex Consumption runs on Linux only: the plan must be reserved.")
    work.body["sku"] = {"name": code, "tier": tier, "size": code, "family": code[:2], "capacity": sku.get("capacity", 0)}
    if work.old is not None and work.old.body["sku"]["tier"] != tier and "FlexConsumption" in (tier, work.old.body["sku"]["tier"]):
        raise refused_by_web(409, "Conflict", f"Cannot change the plan from '{work.old.body['sku']['tier']}' to '{tier}'.")


def _unused(work: Work, plan: Resource) -> None:
    if _on(work.world, plan.id):
        raise refused_by_web(409, "Conflict", "Server farm cannot be deleted because it has web app(s) assigned to it.")


def _on(world: World, plan: str) -> list[Resource]:
    return [site for site in world.of_type(SITES) if str(site.properties.get("serverFarmId")).lower() == plan.lower()]


def _counted(world: World, plan: Resource, body: dict[str, Any]) -> None:
    body["properties"]["numberOfSites"] = len(_on(world, plan.id))


def _site(work: Work) -> None:
    taken = _taken(work)
    if taken is not None:
        raise taken
    plan = _plan_of(work)
    flex = plan.body["sku"]["tier"] == "FlexConsumption"
    properties = work.body["properties"]
    identities.fill(work)
    if flex:
        _flex(work)
    else:
        _classic(work, plan)
    given = (properties.get("siteConfig") or {}).pop("appSettings", None)
    if given is not None:
        settings = {str(entry["name"]): str(entry.get("value") or "") for entry in given}
        names(settings, flex=flex)
        work.body["settings"] = settings
    if work.old is not None and work.old.properties["sku"] != plan.body["sku"]["tier"] and plan.properties.get("reserved"):
        was, wanted = work.old.properties["sku"], plan.body["sku"]["tier"]
        raise refused_by_web(409, "Conflict", f"An app on Linux cannot be moved from a plan of tier '{was}' to one of '{wanted}'.")
    properties["serverFarmId"] = plan.id
    properties["reserved"] = bool(plan.properties.get("reserved"))
    properties["sku"] = plan.body["sku"]["tier"]
    properties["hostNames"] = []


def _taken(work: Work) -> Refused | None:
    """Names of apps are host names, and so of the whole world."""
    if work.spec.type == SLOTS:
        return None
    name = work.target.name.lower()
    others = [site for site in work.world.of_type(SITES) if site.name.lower() == name and site.id.lower() != work.id.lower()]
    if others or ("azurewebsites.net", name) in work.world.taken:
        return refused_by_web(409, "Conflict", f"Website with given name {work.target.name} already exists.", "54001")
    return None


def _plan_of(work: Work) -> Resource:
    wanted = work.body["properties"].get("serverFarmId") or (work.old.properties.get("serverFarmId") if work.old else None)
    if work.spec.type == SLOTS:
        site = work.world.find(work.id.rsplit("/", 2)[0])
        assert site is not None  # noqa: S101  # its parent was looked for
        plan = work.world.find(str(site.properties["serverFarmId"]))
        assert plan is not None  # noqa: S101  # no plan goes before its apps
        _slot(work, plan)
        return plan
    if not wanted:
        return _dynamic(work)
    plan = work.world.find(str(wanted))
    if plan is None or plan.type != PLANS:
        raise refused_by_web(404, "NotFound", f"Cannot find server farm with name {str(wanted).rpartition('/')[2]}.", "51004")
    here, there = checks.region(work.body.get("location")), checks.region(plan.body.get("location"))
    if here != there:
        raise refused_by_web(400, "BadRequest", f"The app's location '{here}' is not that of its plan, '{there}'.")
    if plan.body["sku"]["tier"] == "FlexConsumption" and [site for site in _on(work.world, plan.id) if site.id.lower() != work.id.lower()]:
        message = f"The plan '{plan.name}' already has an app: a Flex Consumption plan supports one only."
        raise refused_by_web(409, "Conflict", message)
    return plan


def _dynamic(work: Work) -> Resource:
    """An app without a plan is on Consumption, in a plan that the platform makes for it."""
    where = checks.region(work.body["location"])
    name = f"{checks.DISPLAYED[where].replace(' ', '')}LinuxDynamicPlan"
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{work.target.group}/providers/{PLANS}/{name}"
    plan = work.world.find(path)
    if plan is None:
        body = checks.merged(
            {"location": checks.DISPLAYED[where], "kind": "functionapp", "sku": {"name": "Y1", "tier": "Dynamic"}}, {"properties": {"reserved": True}}
        )
        plan = Resource(path, PLANS, body)
        work.world.keep(plan)
    return plan


def _slot(work: Work, plan: Resource) -> None:
    most = SLOTS_OF.get(plan.body["sku"]["tier"], 0)
    others = [s for s in work.world.of_type(SLOTS, work.id.rsplit("/", 1)[0]) if s.id.lower() != work.id.lower()]
    if len(others) >= most:
        raise refused_by_web(
            409,
            "Conflict",
            f"Cannot complete the operation because the site will exceed the number of slots allowed for the '{plan.body['sku']['tier']}' SKU.",
            "55104",
        )


def _flex(work: Work) -> None:
    properties = work.body["properties"]
    config = properties.get("functionAppConfig")
    if not isinstance(config, dict):
        raise refused_by_web(400, "BadRequest", "Site.FunctionAppConfig is required for Flex Consumption sites.", "51021")
    _runtime(config)
    storage = (config.get("deployment") or {}).get("storage") or {}
    if storage.get("type") != "blobContainer" or not str(storage.get("value") or "").startswith(("https://", "http://127.0.0.1:")):
        raise refused_by_web(
            400, "BadRequest", "Site.FunctionAppConfig.Deployment.Storage must be a blobContainer with the URL of a container.", "51021"
        )
    _authenticated(work, storage.get("authentication") or {})
    scale = config.setdefault("scaleAndConcurrency", {})
    scale.setdefault("instanceMemoryMB", 2048)
    scale.setdefault("maximumInstanceCount", 100)
    if scale["instanceMemoryMB"] not in MEMORY:
        raise refused_by_web(
            400,
            "BadRequest",
            f"Site.FunctionAppConfig.ScaleAndConcurrency.InstanceMemoryMB is invalid: {scale['instanceMemoryMB']}. Allowed values: 512, 2048, 4096.",
            "51021",
        )
    most = scale["maximumInstanceCount"]
    if not isinstance(most, int) or not INSTANCES[0] <= most <= INSTANCES[1]:
        raise refused_by_web(400, "BadRequest", f"Site.FunctionAppConfig.ScaleAndConcurrency.MaximumInstanceCount is invalid: {most}.", "51021")
    strategy = (config.get("siteUpdateStrategy") or {}).get("type", "Recreate")
    if strategy not in ("Recreate", "RollingUpdate"):
        raise refused_by_web(400, "BadRequest", f"Site.FunctionAppConfig.SiteUpdateStrategy is invalid: {strategy}.", "51021")
    config.setdefault("siteUpdateStrategy", {"type": strategy})
    for word in ("linuxFxVersion", "windowsFxVersion"):
        if (properties.get("siteConfig") or {}).get(word):
            raise refused_by_web(
                400,
                "BadRequest",
                f"Site.SiteConfig.{word[0].upper()}{word[1:]} is invalid for Flex Consumption sites. Please remove it before retrying.",
                "51021",
            )
    properties["containerSize"] = scale["instanceMemoryMB"]


def _runtime(config: Mapping[str, Any]) -> None:
    runtime = config.get("runtime") or {}
    name, version = str(runtime.get("name")), str(runtime.get("version"))
    if version not in RUNTIMES.get(name, ()):
        raise refused_by_web(
            400,
            "BadRequest",
            f"Site.FunctionAppConfig.Runtime is invalid: '{name}' version '{version}' is not supported for Flex Consumption.",
            "51021",
        )


def _authenticated(work: Work, authentication: Mapping[str, Any]) -> None:
    kind = authentication.get("type")
    if kind not in ("SystemAssignedIdentity", "UserAssignedIdentity", "StorageAccountConnectionString"):
        raise refused_by_web(400, "BadRequest", f"Site.FunctionAppConfig.Deployment.Storage.Authentication.Type is invalid: '{kind}'.", "51021")
    if kind == "StorageAccountConnectionString" and not authentication.get("storageAccountConnectionStringName"):
        raise refused_by_web(
            400, "BadRequest", "Site.FunctionAppConfig.Deployment.Storage.Authentication.StorageAccountConnectionStringName is required.", "51021"
        )
    identity = work.body.get("identity") or {}
    if kind == "SystemAssignedIdentity" and "systemassigned" not in str(identity.get("type")).lower():
        raise refused_by_web(400, "BadRequest", "The deployment storage uses a system assigned identity, and the app has none.", "51021")
    wanted = str(authentication.get("userAssignedIdentityResourceId") or "").lower()
    if kind == "UserAssignedIdentity" and wanted not in {key.lower() for key in identity.get("userAssignedIdentities") or {}}:
        raise refused_by_web(400, "BadRequest", "The deployment storage uses a user assigned identity that is not one of the app's.", "51021")


def _classic(work: Work, plan: Resource) -> None:
    properties = work.body["properties"]
    if properties.get("functionAppConfig"):
        raise refused_by_web(400, "BadRequest", "FunctionAppConfig is only for Flex Consumption sites.", "51021")
    config = properties.get("siteConfig") or {}
    version = str(config.get("linuxFxVersion") or "")
    dynamic = plan.body["sku"]["tier"] == "Dynamic"
    if dynamic and config.get("alwaysOn"):
        message = "There was a conflict. AlwaysOn cannot be set for this site as the plan does not allow it."
        raise refused_by_web(409, "Conflict", message, "04068")
    if plan.properties.get("reserved") and version and version.lower() not in (LINUX - TOO_NEW if dynamic else LINUX):
        raise refused_by_web(400, "BadRequest", f"Site.SiteConfig.LinuxFxVersion is invalid: '{version}'.", "51021")


def names(settings: Mapping[str, str], *, flex: bool) -> None:
    """Refuse settings that an app must not have."""
    for name in settings:
        if flex and name in REFUSED_ON_FLEX:
            message = (
                f"The following app setting (Site.SiteConfig.AppSettings.{name}) for Flex "
                "Consumption sites is invalid. Please remove or rename it before retrying."
            )
            raise refused_by_web(400, "BadRequest", message, "51021")
        if not all(char.isalnum() or char in "._" for char in name):
            message = f"The parameter AppSetting name '{name}' has an invalid value: only letters, digits, '.' and '_' are allowed on Linux."
            raise refused_by_web(400, "BadRequest", message, "01018")


def _stored(site: Resource, apps: Apps) -> None:
    settings = site.body.pop("settings", None)
    host, publish = apps.open(site)
    properties = site.properties
    properties["defaultHostName"] = host
    properties["hostNames"] = [host]
    properties["enabledHostNames"] = [host, publish]
    properties["hostNameSslStates"] = [
        {"name": host, "sslState": "Disabled", "hostType": "Standard"},
        {"name": publish, "sslState": "Disabled", "hostType": "Repository"},
    ]
    properties["repositorySiteName"] = site.name
    properties["inboundIpAddress"] = "127.0.0.1"
    site.hidden.setdefault("settings", {})
    apps.route(site)
    if settings is not None and settings != site.hidden["settings"]:
        site.hidden["settings"] = settings
        apps.set(site)


def routed(config: Mapping[str, Any], apps: Apps) -> None:
    """Refuse rules for the traffic that lead nowhere, or to more than all of it. Raises Refused."""
    rules = (config.get("experiments") or {}).get("rampUpRules") or ()
    for rule in rules:
        if not apps.addressed(str(rule.get("actionHostName"))) or not rule.get("name"):
            raise refused_by_web(400, "BadRequest", f"The ramp-up rule '{rule.get('name')}' has no slot at '{rule.get('actionHostName')}'.")
    if sum(float(rule.get("reroutePercentage") or 0) for rule in rules) > 100:
        raise refused_by_web(400, "BadRequest", "The ramp-up rules reroute more than 100 percent.")


def _leave(work: Work, site: Resource) -> None:
    """The last app of a plan takes it along, unless the caller says otherwise."""
    plan = str(site.properties.get("serverFarmId"))
    if site.type == SITES and work.request.query.get("deleteEmptyServerFarm", "true").lower() != "false" and len(_on(work.world, plan)) == 1:
        work.world.drop(plan)


def _show(_world: World, _site: Resource, body: dict[str, Any]) -> None:
    config = body["properties"].get("siteConfig")
    if isinstance(config, dict):
        config["appSettings"] = None


def _power(apps: Apps) -> dict[str, Any]:
    def state(word: str) -> Any:
        def act(work: Work) -> Answer:
            site = work.world.find(work.id)
            assert site is not None  # noqa: S101  # it was looked for
            site.properties["state"] = word
            apps.set(site)
            return Answer(200)

        return act

    return {"start": state("Running"), "stop": state("Stopped"), "restart": state("Running"), "syncfunctiontriggers": synced(apps)}


def synced(apps: Apps) -> Callable[[Work], Answer]:
    """Let an app's functions be looked for; the host has to be there for it."""

    def act(work: Work) -> Answer:
        site = work.world.find(work.id.partition("/host/")[0])
        assert site is not None  # noqa: S101  # it was looked for
        if apps.sync(site):
            raise refused_by_web(400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.")
        return Answer(204)

    return act


def _free(work: Work) -> Answer:
    given = work.request.json()
    name = str(given.get("name", ""))
    taken = ("azurewebsites.net", name.lower()) in work.world.taken or any(site.name.lower() == name.lower() for site in work.world.of_type(SITES))
    words = f"Hostname '{name}' already exists. Please select a different name." if taken else ""
    return Answer(200, {"nameAvailable": not taken, "reason": "AlreadyExists" if taken else "", "message": words})
