"""What Microsoft.Web says of itself: where plans are sold, and which runtimes each of them has."""

from __future__ import annotations

from typing import Any

from fnctl_azure.standin import checks
from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.providers.web import INSTANCES, MEMORY, RUNTIMES
from fnctl_azure.standin.world import Resource

REGIONS = "Microsoft.Web/geoRegions"
STACKS = ("Microsoft.Web/functionAppStacks", "Microsoft.Web/locations/functionAppStacks")
DEFAULTS = {"python": "3.13", "node": "24"}


def providers() -> dict[str, Provider]:
    """Lists that a caller reads before it makes an app."""
    return {REGIONS.lower(): Provider(list=_regions), **{kind.lower(): Provider(list=_stacks) for kind in STACKS}}


def _regions(work: Work) -> list[Resource]:
    domain = "FUNCTIONS;DYNAMIC;LINUX;LINUXFREE;ELASTICPREMIUM;ELASTICLINUX;FLEXCONSUMPTION;FCZONEREDUNDANCY"
    found: list[Resource] = []
    for name in checks.REGIONS:
        properties = {"name": name, "description": "", "displayName": name, "orgDomain": domain}
        found.append(Resource(f"{work.target.prefix}/providers/{REGIONS}/{name}", REGIONS, {"properties": properties}))
    return found


def _stacks(work: Work) -> list[Resource]:
    wanted = work.request.query.get("stack", "").lower()
    return [_stack(name, versions) for name, versions in RUNTIMES.items() if wanted in ("", name) and name != "custom"]


def _stack(name: str, versions: tuple[str, ...]) -> Resource:
    majors: dict[str, list[dict[str, Any]]] = {}
    for version in reversed(versions):
        majors.setdefault(version.partition(".")[0], []).append(_minor(name, version))
    shown = [{"displayText": f"{name} {major}", "value": major, "minorVersions": minors} for major, minors in majors.items()]
    properties = {"displayText": name.capitalize(), "value": name, "preferredOs": "linux", "majorVersions": shown}
    return Resource(name, "Microsoft.Web/functionAppStacks", {"properties": properties})


def _minor(name: str, version: str) -> dict[str, Any]:
    sku = {
        "skuCode": "FC1",
        "instanceMemoryMB": [{"size": size, "isDefault": size == MEMORY[1]} for size in MEMORY],
        "maximumInstanceCount": {"lowestMaximumInstanceCount": INSTANCES[0], "highestMaximumInstanceCount": INSTANCES[1], "defaultValue": 100},
        "functionAppConfigProperties": {"runtime": {"name": name, "version": version}},
    }
    linux = {
        "runtimeVersion": f"{name.capitalize()}|{version}",
        "remoteDebuggingSupported": False,
        "isPreview": False,
        "isDefault": DEFAULTS.get(name) == version,
        "isHidden": False,
        "appInsightsSettings": {"isSupported": True},
        "gitHubActionSettings": {"isSupported": True, "supportedVersion": version},
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": name},
        "siteConfigPropertiesDictionary": {"use32BitWorkerProcess": False, "linuxFxVersion": f"{name.capitalize()}|{version}"},
        "supportedFunctionsExtensionVersions": ["~4"],
        "supportedFunctionsExtensionVersionsInfo": [{"version": "~4", "isDeprecated": False, "isDefault": True}],
        "endOfLifeDate": None,
        "Sku": [sku],
    }
    return {"displayText": f"{name.capitalize()} {version}", "value": version, "stackSettings": {"linuxRuntimeSettings": linux}}
