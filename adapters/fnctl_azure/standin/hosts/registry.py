"""All hosts of a sandbox: an app's port, its package, its keys, and what is to be ended with it."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnctl_azure.standin.hosts import admin, environment, front, grid
from fnctl_azure.standin.hosts.app import App, Package
from fnctl_azure.standin.hosts.blobs import Watcher
from fnctl_azure.standin.hosts.front import Front
from fnctl_azure.standin.hosts.listeners import Listeners
from fnctl_azure.standin.hosts.messages import Request, Response
from fnctl_azure.standin.hosts.model import Account, Found, IndexFailed, Keys, Subscription, Write
from fnctl_azure.standin.hosts.shares import Share, chosen, told


@dataclass
class _Host:
    app: App
    front: Front
    keys: Keys
    listeners: Listeners
    place: Path
    shares: Sequence[Share] = ()


class Hosts:
    """The apps of a sandbox by name. Safe to be called from many threads; `close` ends what it started."""

    def __init__(
        self,
        state: Path,
        write: Write,
        account: Callable[[str], Account | None] = lambda _: None,
        secret: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Begin with none.

        Args:
            state: a folder of its own, where apps have their homes.
            write: what is given each line of a log; called from many threads.
            account: finds a storage account of this sandbox by its name.
            secret: follows a Key Vault reference, the whole text of the setting; None when it cannot.
        """
        self._state = state
        self._write = write
        self._account = account
        self._secret = secret
        self._hosts: dict[str, _Host] = {}
        self._watcher = Watcher(self._app, account)
        self._lock = threading.RLock()

    def address(self, app: str) -> str:
        """Give an app its port, and return its address: http://127.0.0.1:PORT. Until something is published it answers 503."""
        return self._open(app).front.address

    def _open(self, name: str) -> _Host:
        with self._lock:
            if name not in self._hosts:
                self._hosts[name] = self._made(name)
            return self._hosts[name]

    def _made(self, name: str) -> _Host:
        door = Front(self._ports().get(name, 0), lambda given: self._answer(name, given))
        self._keep(name, door.port)
        keys = Keys(_key(), {"default": _key()}, {grid.EXTENSION: _key(), "blobs_extension": _key()})
        place = self._state / "apps" / hashlib.sha256(name.encode()).hexdigest()[:16]
        app = App(name, door.address, place, self._write)
        return _Host(app, door, keys, Listeners(app, self._account), place)

    def _answer(self, name: str, given: Request) -> Response:
        """Answer at an app's door, or let a slot do it that has a share."""
        host = self._open(name)
        if not host.shares:
            return front.answer(host.app, host.keys, given)
        share = chosen(host.shares, given)
        other = self._hosts.get(share.app, host) if share else host
        return told(front.answer(other.app, other.keys, given), share)

    def share(self, app: str, shares: Sequence[Share]) -> None:
        """Send shares of an app's requests elsewhere from now on."""
        self._open(app).shares = tuple(shares)

    def swap(self, one: str, other: str, settings: Mapping[str, str], others: Mapping[str, str]) -> None:
        """Exchange what two hosts run; each takes the other's package with settings of its own. Doors and keys stay, and no request is lost.

        Raises:
            IndexFailed: a package cannot be loaded with the settings that it would have. Nothing has moved then.
        """
        hosts, fresh = (self._open(one), self._open(other)), list[App]()
        packages = (hosts[1].app.package, hosts[0].app.package)
        for name, host, package, given in zip((one, other), hosts, packages, (settings, others), strict=True):
            fresh.append(App(name, host.front.address, host.place, self._write))
            try:
                if package is not None:
                    fresh[-1].publish(package, self._whole(given))
            except IndexFailed:
                for app in fresh:
                    app.close()
                raise
        for host, app in zip(hosts, fresh, strict=True):
            host.listeners.stop()
            old, host.app, host.listeners = host.app, app, Listeners(app, self._account)
            host.listeners.start()
            old.close()

    def publish(self, app: str, folder: Path, runtime: str, command: Sequence[str], settings: Mapping[str, str]) -> list[Found]:
        """Run a package in place of the last one.

        Args:
            app: its name.
            folder: the unpacked package, which stays where it is.
            runtime: `python3.13` or `nodejs22`.
            command: what starts a worker; the folder comes behind it (`parts.command`).
            settings: the app's settings.

        Raises:
            IndexFailed: it cannot be loaded. The app has no functions then, and `status` says why.
        """
        host = self._open(app)
        host.listeners.stop()
        package = Package(folder, "python" if runtime.startswith("python") else "node", tuple(command))
        found = host.app.publish(package, self._whole(settings))
        host.listeners.start()
        return found

    def fail(self, app: str, why: str) -> None:
        """Leave an app without functions, for a reason that its status says."""
        host = self._open(app)
        host.listeners.stop()
        host.app.fail(why)

    def settings(self, app: str, settings: Mapping[str, str]) -> None:
        """Take an app's new settings: its worker starts anew with them."""
        host = self._open(app)
        host.listeners.stop()
        host.app.restart(self._whole(settings))
        host.listeners.start()

    def _whole(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {**environment.storage(settings, self._account), **environment.followed(settings, self._secret)}

    def functions(self, app: str) -> list[Found]:
        """Return what an app has registered."""
        host = self._hosts.get(app)
        return list(host.app.functions.values()) if host else []

    def status(self, app: str) -> Mapping[str, object]:
        """Say how a host is, as /admin/host/status does."""
        return admin.status(self._open(app).app)

    def keys(self, app: str) -> Keys:
        """Return what opens an app's doors."""
        return self._open(app).keys

    def subscribe(self, identity: str, subscription: Subscription) -> None:
        """Send a storage account's events to a function from now on. `identity` is the event subscription's id; one of the same id is replaced."""
        self._watcher.subscribe(identity, subscription)

    def unsubscribe(self, identity: str) -> None:
        """Send no more events."""
        self._watcher.unsubscribe(identity)

    def _app(self, name: str) -> App | None:
        host = self._hosts.get(name)
        return host.app if host else None

    def remove(self, app: str) -> None:
        """End an app, its port with it."""
        with self._lock:
            host = self._hosts.pop(app, None)
        if host is not None:
            _end(host)

    def close(self) -> None:
        """End all of them."""
        self._watcher.close()
        for name in list(self._hosts):
            self.remove(name)

    def _ports(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads((self._state / "ports.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known

    def _keep(self, name: str, port: int) -> None:
        self._state.mkdir(parents=True, exist_ok=True)
        made = self._state / "ports.new"
        made.write_text(json.dumps({**self._ports(), name: port}, indent=1), encoding="utf-8")
        made.replace(self._state / "ports.json")


def _end(host: _Host) -> None:
    host.listeners.stop()
    host.front.close()
    host.app.close()


def _key() -> str:
    return secrets.token_urlsafe(40)
