"""The stand-in's one address: which part of Azure a request is for."""

from __future__ import annotations

import socket
from pathlib import Path

from fnctl_azure.standin import entra, vault
from fnctl_azure.standin.apps import Apps
from fnctl_azure.standin.arm import Arm
from fnctl_azure.standin.control import PREFIX, Control
from fnctl_azure.standin.faults import Faults, Record
from fnctl_azure.standin.providers import Provider, config, data, events, identities, monitor, slots, stacks, storage, vaults, web
from fnctl_azure.standin.server import Dropped, Port, Serve
from fnctl_azure.standin.storage import OWN, Emulator, Storage
from fnctl_azure.standin.telemetry import Telemetry
from fnctl_azure.standin.wire import Answer, Refused, Request, refused
from fnctl_azure.standin.world import World

ABSENT = "/_absent/"
"""Where endpoints of services lead that are configuration only."""


class Desk:
    """All of Azure that is here. `state` is the folder that it may fill."""

    def __init__(self, state: Path, bound: socket.socket, identity: str, emulator: Emulator, runtimes: Path) -> None:
        self.state = state
        self.world = World()
        self.faults = Faults()
        self.record = Record(state / "requests.jsonl")
        self._identity = identity
        self._front = Port(self._answer, bound)
        self.base = f"http://{self._front.host}"
        self.telemetry = Telemetry()
        self.storage = Storage(self.world, emulator)
        self.apps = Apps(self.world, self._listen, self.storage, self.telemetry, state, runtimes)
        self.arm = Arm(self.world, self._providers())
        self.control = Control(self.world, self.faults, self.record, (self.telemetry.clear, lambda: self.storage.wipe(OWN)))

    @property
    def port(self) -> int:
        """Its number."""
        return self._front.number

    def close(self) -> None:
        """Stop answering, everywhere."""
        self.apps.close()
        self._front.close()

    def _providers(self) -> dict[str, Provider]:
        stored = {
            **identities.providers(),
            **storage.providers(self.storage),
            **vaults.providers(self.world),
            **monitor.providers(self.telemetry),
            **data.providers(),
            **stacks.providers(),
            **events.providers(self.world, self.apps),
        }
        return {**stored, **config.providers(self.apps), **web.providers(self.apps), **slots.providers(self.apps)}

    def _listen(self, serve: Serve) -> Port:
        return Port(lambda request: self._watched("publish", request, serve))

    def _answer(self, request: Request) -> Answer:
        if request.path == "/health":
            return Answer(200, self._identity.encode())
        if request.path.startswith(PREFIX):
            return self.control.answer(request)
        lower = request.path.lower()
        if lower.startswith(("/subscriptions", "/providers", "/tenants")):
            return self._watched("arm", request, self.arm.answer)
        if lower.startswith(vault.PREFIX):
            return self._watched("vault", request, lambda asked: vault.answer(self.world, asked))
        if lower.startswith(ABSENT):
            message = "Nothing here carries messages or holds items of this service: the sandbox keeps its configuration only."
            raise refused(501, "NotImplemented", message)
        return self._watched("entra", request, lambda asked: entra.answer(self.world, asked))

    def _watched(self, plane: str, request: Request, serve: Serve) -> Answer:
        """Answer, with the faults that were asked for, and write it down; what opens doors is not written."""
        if plane == "entra":
            return self.faults.around(request, serve)
        try:
            answer = self.faults.around(request, serve)
        except Refused as error:
            answer = Answer(error.status, error.body, error.headers)
        except Dropped:
            self.record.add(plane, request, None)
            raise
        self.record.add(plane, request, answer)
        return answer
