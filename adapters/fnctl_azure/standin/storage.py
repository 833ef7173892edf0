"""The storage accounts of this machine: an Azurite behind them, the resource manager's names before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fnctl_azure.standin import tables
from fnctl_azure.standin.hosts import storage
from fnctl_azure.standin.hosts.model import Account
from fnctl_azure.standin.world import Resource, World

ACCOUNTS = "Microsoft.Storage/storageAccounts"
OWN = "fnctlsandbox"
"""An account that is always there and is nobody's: what opens it opens every other one here."""
SERVICES = {"containers": "blob", "queues": "queue"}


class Emulator(Protocol):
    """What holds the data."""

    key: str
    addresses: dict[str, str]

    def account(self, name: str) -> Account:
        """An account by its name; every name has one."""
        ...


class Storage:
    """Storage accounts by name: those that the resource manager made, and the sandbox's own."""

    def __init__(self, world: World, emulator: Emulator) -> None:
        self._world = world
        self._emulator = emulator
        world.leaving.append(self._gone)

    def endpoints(self, account: str) -> dict[str, str]:
        """Where an account answers."""
        return {service: f"{address}/{account}/" for service, address in self._emulator.addresses.items()}

    def connection(self, account: str = OWN) -> str:
        """What opens an account, whatever its settings say: the sandbox's own key to it."""
        ends = ";".join(f"{service.capitalize()}Endpoint={address.rstrip('/')}" for service, address in self.endpoints(account).items())
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={self._emulator.key};{ends};"

    @property
    def key(self) -> str:
        """The key that Azurite takes, for accounts that have keys."""
        return self._emulator.key

    def account(self, name: str) -> Account | None:
        """An account as hosts reach it; None where the resource manager has none of that name."""
        known = any(one.name == name for one in self._world.of_type(ACCOUNTS))
        return self._emulator.account(name) if known else None

    def make(self, account: str, kind: str, name: str) -> None:
        """Make a container, queue or table."""
        if kind == "tables":
            tables.make(*self._table(account), name)
        else:
            storage.make(self._emulator.account(account), SERVICES[kind], name)

    def remove(self, account: str, kind: str, name: str) -> None:
        """Remove one, with what is in it."""
        if kind == "tables":
            tables.remove(*self._table(account), name)
        else:
            storage.remove(self._emulator.account(account), SERVICES[kind], name)

    def _table(self, account: str) -> tuple[str, str, str]:
        return self.endpoints(account)["table"], account, self._emulator.key

    def upload(self, account: str, container: str, name: str, content: bytes) -> None:
        """Write a blob."""
        storage.upload(self._emulator.account(account), container, name, content)

    def read(self, account: str, container: str, name: str) -> bytes | None:
        """Return a blob; None where there is none."""
        try:
            return storage.read(self._emulator.account(account), container, name)
        except storage.Unreachable as error:
            if error.status != 404:
                raise
            return None

    def wipe(self, account: str) -> None:
        """Remove all that is in an account, so that one of the same name begins empty."""
        place = self._emulator.account(account)
        lists: tuple[tuple[str, Callable[[Account], list[str]]], ...] = (("blob", storage.containers), ("queue", storage.queues))
        for service, listed in lists:
            for name in listed(place):
                storage.remove(place, service, name)
        for name in tables.listed(*self._table(account)):
            self.remove(account, "tables", name)

    def _gone(self, resource: Resource) -> None:
        if resource.type == ACCOUNTS:
            self.wipe(resource.name)
