"""The storage of this machine, as the resource manager knows it: where accounts answer, and what is made in them."""

from __future__ import annotations

from fnctl_azure.standin.world import Resource


class Storage:
    """Accounts have a path each below one port for each service."""

    def __init__(self, base: str) -> None:
        self._base = base

    def endpoints(self, account: str) -> dict[str, str]:
        """Where an account answers."""
        return {service: f"{self._base}/{service}/{account}/" for service in ("blob", "queue", "table")}

    def opened(self, account: Resource) -> None:
        """Let an account answer."""

    def make(self, account: str, kind: str, name: str) -> None:
        """Make a container, queue or table."""

    def remove(self, account: str, kind: str, name: str) -> None:
        """Remove one, with what is in it."""
