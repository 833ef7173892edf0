"""`azure.app`: a function app with its settings and its package, which change together: on Flex nothing runs beside the old.

Props, besides ARM's `parent`, `location`, `kind`, `httpsOnly`, `keyVaultReferenceIdentity`, `serverFarmId` and `tags`:

identities            list of ids of managed identities: [Ref(identity, "id")]
functionAppConfig     ARM's (`deployment`, `runtime`, `scaleAndConcurrency`, `siteUpdateStrategy`); None on other plans than Flex
tier                  what kind of plan it is on: no app on Linux moves from one to another, so it is made anew
siteConfig            ARM's, without `appSettings`; only what the manifest has a say in (`cors`, `linuxFxVersion`, `minTlsVersion`, ...)
settings              app settings: {NAME: value}; all that the app has, for what is not among them is removed
code                  digest of the package (`artifact.sha256`); the node carries the artifact
shim                  digest of fnctl's part of it, 12 characters, or None
functions             names that the host will list once the package is up, sorted: those of all doors of all members
remote_build          the platform installs the packages itself
slot, rollout         on plans with slots only: None for the slot, which is there while a canary is under way; and how a release gets its traffic,
                      `{"canary": PERCENT, "bake": SECONDS, "http": [functions], "keyed": [functions], "insights": id}`, None for all at once

Which package serves stands in a tag of the app. It is taken away before a package goes up and put back when its functions are listed, so that a run
that was killed in between is seen as what it is: an app of which nobody knows what it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Json, Node, State
from fnctl_azure.kinds.base import Arm, Type, foreign, merged_tags, projected
from fnctl_azure.kinds.canary import Canary, wanted
from fnctl_azure.kinds.publish import Door, Publisher, listed
from fnctl_azure.kinds.references import followed
from fnctl_azure.kinds.types import RESOURCES
from fnctl_azure.names import LIVE_TAG

OWN = frozenset({"identities", "tier", "siteConfig", "settings", "code", "shim", "functions", "remote_build", "slot", "rollout"})
"""Props that are no words of ARM's."""
PACKAGE = ("code", "shim", "functions", "remote_build")
"""What a publish is made of."""


class App(Arm):
    """Its settings are written with it, in one update of the site; a package follows only where another one is wanted."""

    def __init__(self, client: Door, type_: Type) -> None:
        """Keep the client, and who publishes."""
        super().__init__(client, type_)
        self.secret = frozenset({"settings"})
        self.publisher = Publisher(client)
        self.canary = Canary(client, self.publisher)

    def state(self, id_: str, found: Mapping[str, Any], props: Mapping[str, Any]) -> State:
        """Read what else belongs to it: settings, configuration, and which functions the host lists."""
        settings = self.canary.settings(id_)
        config = (self.client.find(f"{id_}/config/web", self.type.api) or {}) if props.get("siteConfig") else {}
        code, shim, remote = _marked(found)
        functions = listed(self.client, id_)
        live = self.live(found, {key: value for key, value in props.items() if key not in OWN})
        there = [str(key) for key in ((found.get("identity") or {}).get("userAssignedIdentities") or {})]
        own = {
            "identities": _ids(there, props.get("identities")),
            "tier": _tier((found.get("properties") or {}).get("sku"), props.get("tier")),
            "siteConfig": projected(config.get("properties") or {}, props.get("siteConfig")),
            "settings": settings,
            "code": code,
            "shim": shim,
            "functions": functions,
            "remote_build": remote,
            **({"slot": self.canary.left(id_), "rollout": props["rollout"]} if "slot" in props else {}),
        }
        return State(id_, live | own, self._outputs(id_, found, code, functions))

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole site, settings included."""
        body = super().body(node, {key: value for key, value in props.items() if key not in OWN})
        settings = [{"name": key, "value": str(value)} for key, value in sorted(props["settings"].items())]
        body["properties"]["siteConfig"] = {**(props.get("siteConfig") or {}), "appSettings": settings}
        if props["identities"]:
            body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {id_: {} for id_ in props["identities"]}}
        return body

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Bring settings and package to what is wanted. Whoever reads the app in between finds no package named on it."""
        node, id_ = change.node, self.id(change.node, props)
        assert id_ is not None  # noqa: S101  # nothing is written before all that it refers to is known
        site = self.client.find(id_, self.type.api)
        if site is not None and state is None:
            if not self._ours(props, site):
                raise foreign(id_, self.type.title, site.get("tags") or {})
            state = self.state(id_, site, props)  # an earlier run was killed before it could say so
        if state is not None and wanted(props, state, run):
            return self._by_canary(change, props, site or {}, run)
        publish = state is None or any(state.props.get(part) != props[part] for part in PACKAGE)
        if publish:
            self.publisher.laid(node, props, run)
        if state is None or any(state.props.get(key) != value for key, value in props.items() if key not in PACKAGE):
            site = self._put(change, props, site, run, unknown=publish)
        elif publish:
            self._tag(id_, "Delete", {LIVE_TAG: str((site or {}).get("tags", {}).get(LIVE_TAG, ""))}, run)
        assert site is not None  # noqa: S101  # it was there, or was just made
        # A setting can break an app as well as a package can.
        functions = self._publish(node, id_, site, props, state, run) if publish else self.publisher.again(node, id_, site, props, run)
        followed(self.publisher.client, node, id_, props["settings"], run)
        if state is not None and state.props.get("slot"):
            self.canary.remove(id_, run)
        return State(id_, dict(props), self._outputs(id_, site, props["code"], functions))

    def _by_canary(self, change: Change, props: Mapping[str, Any], site: Mapping[str, Any], run: Run) -> State:
        """Let a part of the traffic go to the new release first. What a swap leaves where it is (tags, CORS, scale) is written behind it."""
        node, id_ = change.node, self.id(change.node, props) or ""
        run = replace(run, deadline=run.deadline + float(props["rollout"]["bake"]))
        self.canary.bake(node, id_, self.body(node, props), props, run)
        functions = self._swapped(node, id_, site, props, run)
        site = self.client.find(id_, self.type.api) or {}
        there = self.state(id_, site, props).props
        if any(there.get(key) != value for key, value in props.items() if key not in (*PACKAGE, "slot")):
            site = self._put(change, props, site, run, unknown=False)
        self._mark(id_, props, run)
        with suppress(CloudError):  # the new release serves, and a slot that stays is drift
            self.canary.remove(id_, run)
        return State(id_, dict(props), self._outputs(id_, site, props["code"], functions))

    def _swapped(self, node: Node, id_: str, site: Mapping[str, Any], props: Mapping[str, Any], run: Run) -> list[str]:
        """Swap the slot in, and see that all functions are there. Else the old release comes back the same way, and its mark with it."""
        old, live = self.canary.settings(id_), str((site.get("tags") or {}).get(LIVE_TAG, ""))
        self._tag(id_, "Delete", {LIVE_TAG: live}, run)
        try:
            self.canary.swap(id_, props["settings"], run)
            return self.publisher.synced(node, id_, site, props["functions"], run)
        except CloudError:
            if self.canary.settings(id_) != old:
                self.canary.swap(id_, old, run)
            self._tag(id_, "Merge", {LIVE_TAG: live}, run)
            with suppress(CloudError):  # it is seen as drift, and goes with the way back
                self.canary.remove(id_, run)
            raise

    def _put(self, change: Change, props: Mapping[str, Any], site: Mapping[str, Any] | None, run: Run, *, unknown: bool) -> dict[str, Any]:
        body = self.body(change.node, props)
        found = dict((site or {}).get("tags") or {})
        if unknown:
            found.pop(LIVE_TAG, None)
        body["tags"] = merged_tags(props["tags"], found, change)
        return self.client.arm("PUT", self.id(change.node, props) or "", self.type.api, body, run)

    def _publish(self, node: Node, id_: str, site: Mapping[str, Any], props: Mapping[str, Any], state: State | None, run: Run) -> list[str]:
        functions = self.publisher.publish(node, id_, site, props, run)
        self._mark(id_, props, run)
        self.publisher.tidied(node, props, state.props if state else None, run)
        return functions

    def _mark(self, id_: str, props: Mapping[str, Any], run: Run) -> None:
        mark = " ".join((props["code"], props["shim"] or "-", *(["remote"] if props["remote_build"] else [])))
        self._tag(id_, "Merge", {LIVE_TAG: mark}, run)

    def _tag(self, id_: str, operation: str, tags: Mapping[str, str], run: Run) -> None:
        """Change one tag by ARM itself: written with the site it would be an update of it, which restarts the app."""
        if operation == "Merge" or any(tags.values()):
            body = {"operation": operation, "properties": {"tags": dict(tags)}}
            self.client.arm("PATCH", f"{id_}/providers/Microsoft.Resources/tags/default", RESOURCES, body, run)

    def _outputs(self, id_: str, found: Mapping[str, Any], code: str | None, functions: list[str] | Json) -> dict[str, Json]:
        inner = found.get("properties") or {}
        host = str(inner.get("defaultHostName") or "")
        url = self.client.url(host)
        live: dict[str, Json] = {"app": id_, "url": url, "code": code, "functions": functions}
        return {"id": id_, "name": str(found.get("name") or id_.rpartition("/")[2]), "host": host, "url": url, "live": live}

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it, and leave the plan to its own node."""
        self.client.arm("DELETE", f"{state.id}?deleteEmptyServerFarm=false", self.type.api, run=run)
        self.client.wait(f"{node.name} to be gone", lambda: True if self.client.find(state.id, self.type.api) is None else None, run)


def _marked(found: Mapping[str, Any]) -> tuple[str | None, str | None, bool]:
    """Read package, shim and how it was built off the app's tag."""
    words = str((found.get("tags") or {}).get(LIVE_TAG) or "").split()
    if len(words) < 2:
        return None, None, False
    return words[0], None if words[1] == "-" else words[1], "remote" in words[2:]


def _tier(found: Any, wanted: Any) -> Any:
    """Call a kind of plan as the graph does. An answer that says nothing of it is no reason to make the app anew."""
    return wanted if not found or str(found).casefold() == str(wanted).casefold() else found


def _ids(there: list[str], wanted: Any) -> list[str]:
    """Call identities as the manifest's graph does: ARM gives them back in another case and order."""
    names = {id_.casefold(): id_ for id_ in wanted or () if isinstance(id_, str)}
    found = [names.get(id_.casefold(), id_) for id_ in there]
    return sorted(found, key=list(wanted).index) if set(found) == set(names.values()) and wanted else sorted(found)
