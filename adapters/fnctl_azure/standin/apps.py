"""Function apps as they run: their hosts, what is published to them, the settings that they get."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl_azure.standin import external, oryx, package, scm, vault
from fnctl_azure.standin.deployments import BUILDING, FAILED, SUCCEEDED, Deployment
from fnctl_azure.standin.hosts import Found, Hosts, IndexFailed, Keys, Row
from fnctl_azure.standin.hosts.model import Subscription
from fnctl_azure.standin.hosts.shares import Share
from fnctl_azure.standin.providers import identities
from fnctl_azure.standin.server import Port
from fnctl_azure.standin.storage import Storage
from fnctl_azure.standin.telemetry import Telemetry
from fnctl_azure.standin.wire import Answer, Request, refused_by_web
from fnctl_azure.standin.world import Resource, World

SETTING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
DYNAMIC = "Dynamic"
"""What Consumption is called there."""
ENOUGH = 20
"""Deployments that an app remembers."""

Listen = Callable[[Callable[[Request], Answer]], Port]
"""Open a port that answers by a function."""


@dataclass
class Running:
    """One app or slot. `queue` does what changes its host, one thing after the other."""

    name: str
    publish: Port
    queue: ThreadPoolExecutor
    deployments: list[Deployment] = field(default_factory=list[Deployment])
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    references: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the secrets of its settings were reached when they were last looked for, by the setting."""
    folder: Path | None = None
    barren: bool = False
    listed: list[Found] = field(default_factory=list[Found])
    unmounted: str = ""
    """Why there is no package, where the app's settings name one."""


class Apps:
    """All apps of the stand-in, by id. `state` is a folder of their own; `runtimes` holds what starts a worker of each runtime."""

    def __init__(self, world: World, listen: Listen, storage: Storage, telemetry: Telemetry, state: Path, runtimes: Path) -> None:
        self._world = world
        self._listen = listen
        self._storage = storage
        self._telemetry = telemetry
        self._state = state
        self._runtimes = runtimes
        self._running: dict[str, Running] = {}
        self._hosts = Hosts(state / "hosts", self._told, storage.account)
        world.leaving.append(self._gone)

    def open(self, site: Resource) -> tuple[str, str]:
        """The host names of an app and of its publish endpoint; made when first asked for."""
        key = site.id.lower()
        if key not in self._running:
            words = site.id.split("/")
            name = f"{words[-3]}-{words[-1]}" if site.type.endswith("/slots") else site.name
            publish = self._listen(lambda request: self._scm(key, request))
            self._running[key] = Running(name, publish, ThreadPoolExecutor(1, thread_name_prefix=f"app-{name}"))
        running = self._running[key]
        return self._hosts.address(running.name).removeprefix("http://"), running.publish.host

    def set(self, site: Resource) -> None:
        """Take the app's settings anew: its worker starts again with them."""
        running = self._running[site.id.lower()]
        if _tier(site) == DYNAMIC:
            self._mounted(running, site)
        elif running.folder is not None:
            self._world.after.append(running.queue.submit(self._restart, running, site))

    def _mounted(self, running: Running, site: Resource) -> None:
        running.unmounted = external.STARTING
        self._world.after.append(running.queue.submit(self._mount, running, site))

    def _mount(self, running: Running, site: Resource) -> None:
        """Fetch what the app's settings name, and run it: at every start, as there. What cannot be fetched is tried again after a call."""
        running.settings = self._followed(running, site)
        folder = self._state / "packages" / running.name / uuid.uuid4().hex
        try:
            data = external.fetch(self._world, self._storage, site)
            package.check(data, package.runtime(site).rstrip("0123456789."))
            package.unpack(data, folder)
            with contextlib.suppress(IndexFailed):  # it is in the host's status
                self._run(running, site, folder)
            running.unmounted = ""
        except package.Bad as error:
            running.unmounted = str(error)
            self._hosts.fail(running.name, str(error))

    def sync(self, site: Resource) -> str:
        """Look for an app's functions anew, and return what keeps the host from that. Other plans than Consumption do it by themselves."""
        running = self._running[site.id.lower()]
        if _tier(site) != DYNAMIC:
            return ""
        why = running.unmounted
        if why not in ("", external.STARTING):
            self._mounted(running, site)
        elif not why:
            running.listed = [] if running.barren else self._hosts.functions(running.name)
        return why

    def _restart(self, running: Running, site: Resource) -> None:
        running.settings = self._followed(running, site)
        self._hosts.settings(running.name, running.settings)

    def functions(self, site: Resource) -> list[Found]:
        """What the host found in the package."""
        running = self._running[site.id.lower()]
        if _tier(site) == DYNAMIC:
            return running.listed
        found = [] if running.barren else self._hosts.functions(running.name)
        # What is listed is what was found last: a host that is starting anew has not forgotten its functions.
        if found or running.barren or self.status(site)["state"] == "Error":
            running.listed = found
        return running.listed

    def keys(self, site: Resource) -> Keys:
        """What opens its doors."""
        return self._hosts.keys(self._running[site.id.lower()].name)

    def deployments(self, site: Resource) -> list[Deployment]:
        """What was published, the newest first."""
        return list(reversed(self._running[site.id.lower()].deployments))

    def status(self, site: Resource) -> dict[str, Any]:
        """The host's state, as the platform shows it."""
        return dict(self._hosts.status(self._running[site.id.lower()].name))

    def subscribe(self, identity: str, subscription: Subscription) -> None:
        """Send events of blobs to a function from now on."""
        self._hosts.subscribe(identity, subscription)

    def unsubscribe(self, identity: str) -> None:
        """Send no more of them."""
        self._hosts.unsubscribe(identity)

    def shakes(self, address: str) -> bool:
        """Whether a webhook's address is an app's here, with a key that opens it."""
        host, _, rest = address.removeprefix("https://").removeprefix("http://").partition("/")
        code = rest.rpartition("code=")[2].partition("&")[0]
        for running in self._running.values():
            if self._hosts.address(running.name) == f"http://{host}":
                keys = self._hosts.keys(running.name)
                return rest.startswith("runtime/webhooks/") and code in (keys.master, *keys.system.values())
        return False

    def route(self, site: Resource) -> None:
        """Send the shares of an app's requests to its slots that its configuration says."""
        rules = ((site.properties.get("siteConfig") or {}).get("experiments") or {}).get("rampUpRules") or ()
        slots = {self._hosts.address(running.name).removeprefix("http://"): running.name for running in self._running.values()}
        shares = [Share(str(rule["name"]), slots[rule["actionHostName"]], float(rule["reroutePercentage"])) for rule in rules]
        self._hosts.share(self._running[site.id.lower()].name, shares)

    def addressed(self, host: str) -> bool:
        """Whether an app or slot answers at a host name."""
        return any(self._hosts.address(running.name) == f"http://{host}" for running in self._running.values())

    def swap(self, site: Resource, other: Resource, failed: Callable[[str], None]) -> None:
        """Let an app and its slot exchange what they run; their settings have changed places already. `failed` is told why nothing has moved."""
        one, two = self._running[site.id.lower()], self._running[other.id.lower()]

        def exchange() -> None:
            try:
                self._hosts.swap(one.name, two.name, self._followed(one, site), self._followed(two, other))
            except IndexFailed as error:
                with self._world.lock:
                    failed(str(error))
                return
            for word in ("folder", "barren", "listed"):
                mine, theirs = getattr(one, word), getattr(two, word)
                setattr(one, word, theirs)
                setattr(two, word, mine)
            one.settings, two.settings = self._followed(one, site), self._followed(two, other)

        self._world.after.append(one.queue.submit(exchange))

    def pull(self, site: Resource, address: str) -> Deployment:
        """Publish what is at an address."""
        return self._begin(self._running[site.id.lower()], site, lambda: package.fetch(address), "OneDeploy", remote=False)

    def close(self) -> None:
        """End all workers."""
        self._hosts.close()
        for running in self._running.values():
            running.publish.close()

    def _scm(self, key: str, request: Request) -> Answer:
        site = self._world.find(key)
        if site is None:
            return Answer(404, b"")

        def begin(data: bytes, who: str, remote: bool) -> Deployment:  # the endpoint's own three words
            return self._begin(self._running[key], site, lambda: data, who, remote=remote)

        return scm.answer(self._world, request, flex=_flex(site), deployments=self.deployments(site), begin=begin)

    def _begin(self, running: Running, site: Resource, data: Callable[[], bytes], deployer: str, *, remote: bool) -> Deployment:
        with self._world.lock:
            if running.deployments and not running.deployments[-1].complete:
                raise refused_by_web(409, "Conflict", "There is a deployment currently in progress. Please try again when it completes.")
            started = Deployment(str(uuid.uuid4()), received=self._world.now(), deployer=deployer, remote=remote)
            running.deployments = [*running.deployments[-ENOUGH:], started]
        running.queue.submit(self._publish, running, site, started, data)
        return started

    def _publish(self, running: Running, site: Resource, started: Deployment, data: Callable[[], bytes]) -> None:
        started.status = BUILDING
        started.say(f"[Kudu-OneDeploy] Received deployment {started.id}")
        try:
            time.sleep(self._world.pace.publish)
            self._deploy(running, site, started, data())
            started.status = SUCCEEDED
        except package.Bad as error:
            started.say(str(error))
            started.status = FAILED
        except Exception as error:
            started.say(f"[Kudu] the sandbox failed: {type(error).__name__}: {error}")
            started.status = FAILED
            raise
        finally:
            started.ended = self._world.now()

    def _deploy(self, running: Running, site: Resource, started: Deployment, data: bytes) -> None:
        runtime = package.runtime(site)
        if _tier(site) == DYNAMIC:
            # Its builder keeps what it makes by the key of the host's storage (microsoft/vscode-azurefunctions#3688).
            raise package.Bad("[Kudu-UploadBuiltContentStep] Malformed SCM_RUN_FROM_PACKAGE when uploading built content.")
        package.check(data, runtime.rstrip("0123456789."))
        folder = self._state / "packages" / running.name / started.id
        try:
            package.unpack(data, folder)
            if started.remote:
                oryx.build(folder, self._runtimes / f"{runtime}.pip.json", started.say)
            if _flex(site):
                self._stored(site, oryx.packed(folder) if started.remote else data)
        except package.Bad:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        started.say("[Kudu-PackageZipStep] completed.")
        try:
            found = self._run(running, site, folder)
            started.say(f"[Kudu-SyncTriggerStep] completed: {len(found)} functions.")
        except IndexFailed:
            # As there: the package is up, and whether its functions are is another question.
            started.say("[Kudu-SyncTriggerStep] completed.")

    def _run(self, running: Running, site: Resource, folder: Path) -> list[Found]:
        """Run an unpacked package in place of the last one. Raises IndexFailed, Bad."""
        runtime = package.runtime(site)
        before, running.folder = running.folder, folder
        running.settings, running.barren = self._followed(running, site), self._world.barren
        try:
            return self._hosts.publish(running.name, folder, runtime, self._command(runtime), running.settings)
        finally:
            if before is not None:
                shutil.rmtree(before, ignore_errors=True)

    def _command(self, runtime: str) -> list[str]:
        try:
            found: list[str] = json.loads((self._runtimes / f"{runtime}.json").read_text())
        except (OSError, ValueError) as error:
            message = f"[Kudu-StartupStep] Nothing on this machine was prepared for {runtime}: `fnctl build --sandbox` does that."
            raise package.Bad(message) from error
        return found

    def _stored(self, site: Resource, data: bytes) -> None:
        """Put the package where the app's configuration says, with the rights of the app's identity."""
        place = site.properties["functionAppConfig"]["deployment"]["storage"]
        account, container = package.place(str(place["value"]))
        path = next((one.id for one in self._world.of_type("Microsoft.Storage/storageAccounts") if one.name == account), "")
        scope = f"{path}/blobServices/default/containers/{container}"
        if not path or self._world.find(scope) is None:
            raise package.Bad(
                f"[StorageAccessibleCheck] Error while checking access to storage account: The specified container does not exist: {container}"
            )
        with self._world.lock:
            who = identities.acting(self._world, site, place["authentication"])
            allowed = (
                identities.may(self._world, who, identities.READ_BLOBS, scope)
                if who
                else bool(place["authentication"].get("storageAccountConnectionStringName"))
            )
        if not allowed:
            raise package.Bad(
                "[StorageAccessibleCheck] Error while checking access to storage account: AuthorizationPermissionMismatch: This request is not "
                "authorized to perform this operation using this permission. Status: 403"
            )
        self._storage.upload(account, container, "released-package.zip", data)

    def references(self, site: Resource) -> Mapping[str, str]:
        """How the app's secrets were reached, by the setting that refers to one."""
        return self._running[site.id.lower()].references

    def _followed(self, running: Running, site: Resource) -> Mapping[str, str]:
        """The app's settings with the secrets behind them, as its identity sees them."""
        settings: dict[str, str] = dict(site.hidden.get("settings") or {})
        with self._world.lock:
            wanted = str(site.properties.get("keyVaultReferenceIdentity") or "SystemAssigned")
            kind = "SystemAssignedIdentity" if wanted == "SystemAssigned" else "UserAssignedIdentity"
            who = identities.acting(self._world, site, {"type": kind, "userAssignedIdentityResourceId": wanted})
            found = {name: vault.follow(self._world, value, who) for name, value in settings.items() if value.startswith("@Microsoft.KeyVault(")}
        running.references = {name: status for name, (status, _) in found.items()}
        return settings | {name: value for name, (_, value) in found.items() if value is not None} | {"WEBSITE_SKU": _tier(site)}

    def _told(self, row: Row) -> None:
        """A line of a host's log goes to the component that the app is connected to; without one it goes nowhere, as there."""
        running = next((one for one in list(self._running.values()) if one.name == row["app"]), None)
        said = running.settings.get(SETTING, "") if running else ""
        key = next((part.partition("=")[2] for part in said.split(";") if part.lower().startswith("instrumentationkey=")), "")
        if key:
            self._telemetry.write(key, row)

    def _gone(self, resource: Resource) -> None:
        running = self._running.pop(resource.id.lower(), None)
        if running is not None:
            running.queue.shutdown(wait=False, cancel_futures=True)
            self._hosts.remove(running.name)
            running.publish.close()
            if running.folder is not None:  # which a swap may have brought: what is in the folder of its name may be another's
                shutil.rmtree(running.folder, ignore_errors=True)


def _flex(site: Resource) -> bool:
    return _tier(site) == "FlexConsumption"


def _tier(site: Resource) -> str:
    return str(site.properties.get("sku") or "")
