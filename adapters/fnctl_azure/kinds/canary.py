"""A canary on a plan with slots: the new release beside the old one in a slot, a share of the HTTP traffic to it, a look at it, then a swap.

In the slot only HTTP starts functions: messages, timers and events stay with the old release until the swap. What a run that was killed leaves (a
slot, a rule for the traffic) is seen by whoever reads the app next, as drift.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fnctl.adapter import Cancel, Run
from fnctl.errors import CloudError, FnctlError
from fnctl.graph import Node, State
from fnctl_azure.kinds.base import say
from fnctl_azure.kinds.publish import Door, Publisher
from fnctl_azure.kinds.references import followed
from fnctl_azure.kinds.types import WEB
from fnctl_azure.names import digest

SLOT = "next"
HTTP_ONLY, HOST_ID = "FNCTL_HTTP_ONLY", "AzureFunctionsWebHost__hostid"
"""Settings that stay where they are when slots are swapped."""
HOST_NAME = 32
"""Characters of its name of which a host makes its id."""
LOOK, NEAR = 15.0, 1.0
"""Seconds between two looks at the new release, and between two on this machine, or at whether somebody wants to stop."""
WORSE = 0.05
"""How much larger the share of failed requests may be than that of the old release."""
MISSES = 2
"""Looks in a row that find the host away."""
SWAPS = 3
"""A swap whose answer is lost is asked for again, which swaps it back; so it is looked at and put right."""
QUERY = "2018-04-20"


class Canary:
    """Takes a release to an app in two steps; one for all apps."""

    def __init__(self, client: Door, publisher: Publisher) -> None:
        """Keep the client, and who publishes."""
        self.client, self.publisher = client, publisher

    def left(self, id_: str) -> str | None:
        """Return the slot's name where there is one."""
        return SLOT if self.client.find(_slot(id_), WEB) is not None else None

    def bake(self, node: Node, id_: str, body: Mapping[str, Any], props: Mapping[str, Any], run: Run) -> None:
        """Bring a release up in the slot, give it its share, and watch it for as long as the manifest says. It has no traffic of its own afterwards.

        Args:
            node: the app's node.
            id_: the app's id.
            body: what the app's site would be sent.
            props: what is wanted of the app.
            run: the run.

        Raises:
            FnctlError: it does not come up, does worse than the old one, or the run was stopped: the old release has all of the traffic.
        """
        how = props["rollout"]
        try:
            self._route(id_, (), run)
            slot = self._up(node, id_, body, props, run)
            self._keyed(id_, how["keyed"], run)
            host, share = str((slot.get("properties") or {}).get("defaultHostName")), int(how["canary"])
            self._route(id_, ({"actionHostName": host, "reroutePercentage": share, "name": SLOT},), run)
            say(run, node, f"{share} % of the HTTP traffic of {node.name} goes to the new release for {float(how['bake']):.0f} s")
            self._watch(node, id_, self.client.url(host), how, run)
            self._route(id_, (), run)
        except FnctlError:
            with suppress(FnctlError):  # what stays is drift, which the way back finds
                self._route(id_, (), run)
                self.remove(id_, run)
            raise

    def swap(self, id_: str, settings: Mapping[str, Any], run: Run) -> None:
        """Exchange slot and app until the app has these settings. Raises CloudError."""
        for _ in range(SWAPS):
            try:
                self.client.arm("POST", f"{id_}/slotsswap", WEB, {"targetSlot": SLOT, "preserveVnet": True}, run)
            except CloudError as error:
                if not error.unknown:
                    raise
            if self.settings(id_) == settings:
                return
        message = f"the slots of {id_.rpartition('/')[2]} were not swapped"
        raise CloudError(message, code="AZ621", reason="NotSwapped", help="run the same command again")

    def settings(self, id_: str) -> dict[str, Any]:
        """Return the app's settings that move with a swap: they tell what is where."""
        return {name: value for name, value in self._all(id_).items() if name != HOST_ID}

    def _all(self, id_: str) -> Mapping[str, Any]:
        return self.client.arm("POST", f"{id_}/config/appsettings/list", WEB).get("properties") or {}

    def remove(self, id_: str, run: Run) -> None:
        """Remove the slot with what is in it."""
        self.client.arm("DELETE", f"{_slot(id_)}?deleteEmptyServerFarm=false", WEB, run=run)

    def _up(self, node: Node, id_: str, body: Mapping[str, Any], props: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
        """Make the slot with what the app is to be, publish to it, and see that its host lists the functions that HTTP starts."""
        self._stick(id_, run)
        config = {key: value for key, value in body["properties"]["siteConfig"].items() if key != "experiments"}
        own = {HTTP_ONLY: "1", HOST_ID: f"{SLOT}-{digest(id_.casefold(), 20)}"}
        settings = [*config["appSettings"], *({"name": name, "value": value} for name, value in own.items())]
        inner = {**body["properties"], "siteConfig": {**config, "appSettings": settings}}
        slot = self.client.arm("PUT", _slot(id_), WEB, {**body, "properties": inner, "tags": props["tags"]}, run)
        self.publisher.publish(node, _slot(id_), slot, {**props, "functions": props["rollout"]["http"]}, run)
        followed(self.client, node, _slot(id_), props["settings"], run)
        return slot

    def _stick(self, id_: str, run: Run) -> None:
        """Let the slot's own settings stay in it, beside what somebody else has named there."""
        path = f"{id_}/config/slotConfigNames"
        found = {key: value for key, value in ((self.client.find(path, WEB) or {}).get("properties") or {}).items() if value}
        names = [str(name) for name in found.get("appSettingNames") or ()]
        if lacking := [name for name in (HTTP_ONLY, HOST_ID) if name not in names]:
            self.client.arm("PUT", path, WEB, {"properties": {**found, "appSettingNames": [*names, *lacking]}}, run)
        # The slot's host starts with the app's own settings before a swap: two that would then take one id from a long name refuse to run.
        if f"{_role(id_)}-{SLOT}"[:HOST_NAME].rstrip("-") == _role(id_) and HOST_ID not in (there := self._all(id_)):
            self.client.arm("PUT", f"{id_}/config/appsettings", WEB, {"properties": {**there, HOST_ID: _role(id_)}}, run)

    def _keyed(self, id_: str, functions: list[str], run: Run) -> None:
        """Open the slot's doors by the app's keys: a caller does not know to whom a request goes."""
        if not functions:
            return
        host = self.client.arm("POST", f"{id_}/host/default/listkeys", WEB).get("functionKeys") or {}
        for name, value in host.items():
            self._key(f"{_slot(id_)}/host/default/functionKeys/{name}", name, value, run)
        there = {str(item.get("name") or "").rpartition("/")[2] for item in self.client.pages(f"{id_}/functions", WEB)}
        for function in functions:
            own = self.client.arm("POST", f"{id_}/functions/{function}/listkeys", WEB) if function in there else {}
            for name, value in own.items():
                self._key(f"{_slot(id_)}/functions/{function}/keys/{name}", name, value, run)

    def _key(self, path: str, name: str, value: str, run: Run) -> None:
        self.client.arm("PUT", path, WEB, {"properties": {"name": name, "value": value}}, run)

    def _route(self, id_: str, rules: tuple[Mapping[str, Any], ...], run: Run) -> None:
        """Say which part of the traffic goes where; none of it elsewhere without a rule."""
        body = {"properties": {"experiments": {"rampUpRules": [dict(rule) for rule in rules]}}}
        self.client.arm("PATCH", f"{id_}/config/web", WEB, body, run)

    def _watch(self, node: Node, id_: str, url: str, how: Mapping[str, Any], run: Run) -> None:
        began, away, blind = time.monotonic(), 0, False
        while True:
            state = self.client.host_status(_slot(id_), url)
            away = away + 1 if state.get("state") == "Offline" else 0
            if state.get("state") == "Error" or away >= MISSES:
                raise _unwell(node, tuple(str(line) for line in state.get("errors") or ()) or ("its host does not run",))
            elapsed = time.monotonic() - began
            try:
                rows = self._counted(id_, str(how["insights"]), elapsed)
            except CloudError as error:
                if not blind:
                    say(run, node, f"Application Insights cannot be asked how many requests fail: {error}")
                blind, rows = True, {}
            _compared(node, id_, rows)
            if elapsed >= float(how["bake"]):
                return
            self._rest(min(NEAR if self.client.sandbox else LOOK, float(how["bake"]) - elapsed), run)

    def _counted(self, id_: str, component: str, seconds: float) -> dict[str, tuple[int, int]]:
        """Count the requests of app and slot, and those that failed, as far as Application Insights has them by now."""
        told = self.client.arm("POST", f"{component}/query", QUERY, {"query": kql(_role(id_), seconds)})
        rows = (row for table in told.get("tables") or () for row in table["rows"])
        return {str(role): (int(total), int(failed)) for role, total, failed in rows}

    def _rest(self, seconds: float, run: Run) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if run.cancel() is not Cancel.NO or not run.sleep(min(NEAR, left)):
                message = "stopped while the new release had a part of the traffic"
                raise CloudError(message, reason="Interrupted", help="run the same command again: all traffic is with the old release")


def wanted(props: Mapping[str, Any], state: State, run: Run) -> bool:
    """Tell whether a change goes by a canary: one is asked for, a release is there that the new one can stand beside, and none is brought back."""
    differs = any(state.props.get(key) != props[key] for key in ("code", "shim", "functions", "remote_build", "settings"))
    return bool(props.get("rollout")) and not run.back and differs and state.props.get("code") is not None


def kql(app: str, seconds: float) -> str:
    """Return the query for how many requests the app and its slot had, and how many of them failed."""
    parts = (
        "requests",
        f"where timestamp >= ago({int(seconds) + 1}s)",
        f"where cloud_RoleName in ('{app}', '{app}-{SLOT}')",
        "summarize total = sum(itemCount), failed = sumif(itemCount, success =~ 'false' or toint(resultCode) >= 500) by cloud_RoleName",
        "project cloud_RoleName, total, failed",
    )
    return " | ".join(parts)


def _compared(node: Node, id_: str, counts: Mapping[str, tuple[int, int]]) -> None:
    """Refuse a new release of whose requests more fail than of the old one's."""
    (had, bad), (total, failed) = counts.get(_role(id_), (0, 0)), counts.get(f"{_role(id_)}-{SLOT}", (0, 0))
    if total and failed / total > WORSE + (bad / had if had else 0.0):
        raise _unwell(node, (f"{failed} of {total} requests to it failed, and {bad} of {had} to the old one",))


def _role(id_: str) -> str:
    """Return what an app is called in Application Insights."""
    return id_.rpartition("/")[2].lower()


def _slot(id_: str) -> str:
    return f"{id_}/slots/{SLOT}"


def _unwell(node: Node, notes: tuple[str, ...]) -> CloudError:
    return CloudError(
        f"the new release of {node.name} does worse than the old one, which has all of the traffic again",
        code="AZ620",
        reason="CanaryFailed",
        notes=notes,
        help="its exceptions are in Application Insights; correct what fails, and deploy again",
    )
