"""Function apps as they run: their ports, what was published to them, their keys."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fnctl_azure.standin import package, scm
from fnctl_azure.standin.deployments import BUILDING, FAILED, SUCCEEDED, Deployment
from fnctl_azure.standin.keys import fresh
from fnctl_azure.standin.wire import Answer, Request, refused_by_web
from fnctl_azure.standin.world import Resource, World


@dataclass
class Running:
    """One app or slot: where it answers, its keys, what was published."""

    host: str
    publish: str
    keys: dict[str, Any]
    deployments: list[Deployment] = field(default_factory=list[Deployment])
    functions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: str = ""


Listen = Callable[[Callable[[Request], Answer]], str]
"""Open a port that answers by a function; returns host:port."""


class Apps:
    """All apps of the stand-in, by id."""

    def __init__(self, world: World, listen: Listen) -> None:
        self._world = world
        self._listen = listen
        self._running: dict[str, Running] = {}
        world.leaving.append(self._gone)

    def open(self, site: Resource) -> tuple[str, str]:
        """The host names of an app and of its publish endpoint; made when first asked for."""
        key = site.id.lower()
        if key not in self._running:
            keys = {"master": fresh(), "functions": {"default": fresh()}, "system": {}, "own": {}}
            host = self._listen(lambda _request: Answer(503, b"Function host is not running."))
            publish = self._listen(lambda request: self._scm(key, request))
            self._running[key] = Running(host, publish, keys)
        running = self._running[key]
        return running.host, running.publish

    def set(self, site: Resource) -> None:
        """Take the app's settings and state anew."""

    def functions(self, site: Resource) -> list[dict[str, Any]]:
        """What the host found in the package."""
        return self._running[site.id.lower()].functions

    def keys(self, site: Resource) -> dict[str, Any]:
        """Its keys: master, functions, system, own."""
        return self._running[site.id.lower()].keys

    def deployments(self, site: Resource) -> list[Deployment]:
        """What was published, the newest first."""
        return list(reversed(self._running[site.id.lower()].deployments))

    def status(self, site: Resource) -> dict[str, Any]:
        """The host's state, as the platform shows it."""
        running = self._running[site.id.lower()]
        state = "Error" if running.error else "Running" if running.deployments else "Offline"
        return {"id": site.name[:32].lower(), "state": state, "version": "4.1041.200", "errors": [running.error] if running.error else None}

    def pull(self, site: Resource, address: str) -> Deployment:
        """Publish what is at an address."""
        return self._begin(self._running[site.id.lower()], site, lambda: package.fetch(address), "OneDeploy", remote=False)

    def shakes(self, address: str) -> bool:
        """Whether a webhook's address is an app's here, with a key that opens it."""
        host, _, rest = address.removeprefix("https://").removeprefix("http://").partition("/")
        running = next((one for one in self._running.values() if one.host == host), None)
        code = rest.rpartition("code=")[2].partition("&")[0]
        return running is not None and rest.startswith("runtime/webhooks/") and code in (running.keys["master"], *running.keys["system"].values())

    def _scm(self, key: str, request: Request) -> Answer:
        site = self._world.find(key)
        if site is None:
            return Answer(404, b"")
        return scm.answer(
            self._world,
            request,
            self.deployments(site),
            lambda data, who, remote: self._begin(self._running[key], site, lambda: data, who, remote=remote),
        )

    def _begin(self, running: Running, site: Resource, data: Callable[[], bytes], deployer: str, *, remote: bool) -> Deployment:
        with self._world.lock:
            if running.deployments and not running.deployments[-1].complete:
                raise refused_by_web(409, "Conflict", "There is a deployment currently in progress. Please try again when it completes.")
            started = Deployment(str(uuid.uuid4()), received=self._world.now(), deployer=deployer, remote=remote)
            running.deployments.append(started)
        threading.Thread(target=self._publish, args=(running, site, started, data), daemon=True, name=f"publish-{site.name}").start()
        return started

    def _publish(self, running: Running, site: Resource, started: Deployment, data: Callable[[], bytes]) -> None:
        started.status = BUILDING
        started.say(f"[Kudu-OneDeploy] Received deployment {started.id}")
        time.sleep(self._world.pace.publish)
        try:
            package.check(data(), str(((site.properties.get("functionAppConfig") or {}).get("runtime") or {}).get("name")))
        except package.Bad as error:
            started.say(str(error))
            started.status = FAILED
        else:
            started.say("[Kudu-SyncTriggerStep] completed.")
            started.status = SUCCEEDED
        started.ended = self._world.now()

    def _gone(self, resource: Resource) -> None:
        self._running.pop(resource.id.lower(), None)
