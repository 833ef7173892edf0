"""Slots beside an app: their keys, and the swap, in which content and settings change places and some settings stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fnctl_azure.standin import ids, operations
from fnctl_azure.standin.apps import Apps
from fnctl_azure.standin.providers import Provider, Work, web
from fnctl_azure.standin.providers.config import site_of
from fnctl_azure.standin.providers.web import SITES, SLOTS
from fnctl_azure.standin.wire import Answer, refused_by_web
from fnctl_azure.standin.world import Resource

PRODUCTION = "production"
STAYS = frozenset({"cors", "experiments", "alwaysOn", "functionAppScaleLimit", "minimumElasticInstanceCount", "ipSecurityRestrictions"})
"""Words of the configuration that no swap moves ("Set up staging environments in Azure App Service", 2026)."""
VERSION = "_EXTENSION_VERSION"
"""The end of settings that stay, too."""


def providers(apps: Apps) -> dict[str, Provider]:
    """What they do, apps and slots themselves among them: they can be swapped."""
    found: dict[str, Provider] = {}
    for site in (SITES.lower(), SLOTS.lower()):
        plain = web.providers(apps)[site]
        found[site] = replace(plain, actions={**plain.actions, "slotsswap": swap(apps)})
        found[f"{site}/host/functionkeys"] = Provider(put=_host_key(apps), stored=_forgotten)
        found[f"{site}/functions/keys"] = Provider(put=_own_key(apps), stored=_forgotten)
    return found


def _host_key(apps: Apps) -> Any:
    def put(work: Work) -> None:
        apps.keys(site_of(work)).functions[work.target.name] = _value(work)

    return put


def _own_key(apps: Apps) -> Any:
    def put(work: Work) -> None:
        apps.keys(site_of(work)).own.setdefault(work.target.names[-2], {})[work.target.name] = _value(work)

    return put


def _value(work: Work) -> str:
    value = work.body["properties"].get("value")
    if not isinstance(value, str) or not value:
        raise refused_by_web(400, "BadRequest", "The key must have a value.")
    return value


def _forgotten(work: Work, made: Resource) -> None:
    """Keys are the host's: they are asked for by a POST and are no resources that anybody lists."""
    work.world.resources.pop(made.id.lower(), None)


def swap(apps: Apps) -> Any:
    """Return what answers `slotsswap`: app and slot change places, and the caller is told where to look for the end."""

    def act(work: Work) -> Answer:
        said = str(work.request.json().get("targetSlot") or "")
        if not said or "preserveVnet" not in work.request.json():
            raise refused_by_web(400, "BadRequest", "The request must have a targetSlot and preserveVnet.")
        here, there = site_of(work, itself=True), _named(work, said)
        if here.id == there.id:
            raise refused_by_web(400, "BadRequest", "The source and the target of a swap must be two slots.")
        operation = work.world.begin(here.id)
        before = [_content(site) for site in (here, there)]
        _exchange(work, here, there)

        def failed(why: str) -> None:
            for site, content in zip((here, there), before, strict=True):
                site.hidden["settings"], site.properties["siteConfig"] = content
            operation.error = {"code": "SwapFailed", "message": f"Cannot swap site slots for site '{here.name}': {why}"}

        apps.swap(here, there, failed)
        return operations.started(work.world, work.request, operation, 202, None)

    return act


def _named(work: Work, name: str) -> Resource:
    site = ids.resource_id(work.target.prefix, SITES, work.target.names[:1])
    found = work.world.find(site if name.lower() == PRODUCTION else f"{site}/slots/{name}")
    if found is None:
        raise refused_by_web(404, "NotFound", f"Cannot find slot with name {name}.", "51004")
    return found


def _content(site: Resource) -> tuple[dict[str, str], dict[str, Any]]:
    return dict(site.hidden.get("settings") or {}), dict(site.properties.get("siteConfig") or {})


def _exchange(work: Work, here: Resource, there: Resource) -> None:
    names = work.world.find(f"{ids.resource_id(work.target.prefix, SITES, work.target.names[:1])}/config/slotConfigNames")
    sticky: set[str] = set((names.properties.get("appSettingNames") or ()) if names else ())
    (settings, config), (others, other) = _content(here), _content(there)

    def moved(own: Mapping[str, Any], theirs: Mapping[str, Any], stays: Callable[[str], bool]) -> dict[str, Any]:
        return {name: value for name, value in theirs.items() if not stays(name)} | {name: value for name, value in own.items() if stays(name)}

    def kept(name: str) -> bool:
        return name in sticky or name.endswith(VERSION)

    here.hidden["settings"], there.hidden["settings"] = moved(settings, others, kept), moved(others, settings, kept)
    here.properties["siteConfig"], there.properties["siteConfig"] = moved(config, other, _stays), moved(other, config, _stays)


def _stays(word: str) -> bool:
    return word in STAYS
