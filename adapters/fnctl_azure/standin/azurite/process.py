"""One Azurite for all storage accounts of a sandbox: started on free ports, known by its process, ended with it."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from fnctl_azure.standin.hosts.model import Account

START_SECONDS = 60.0
_LISTENS = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")
SERVICES = ("blob", "queue", "table")


class Azurite:
    """The emulator. It knows every account, and has one key for all of them: no secret, as it opens nothing but this machine's own ports."""

    key = "test"

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Start it, and wait until it listens.

        Args:
            command: what starts it (`parts.azurite`).
            folder: where it keeps what it holds.

        Raises:
            RuntimeError: it does not come up; the text is what it said.
        """
        folder.mkdir(parents=True, exist_ok=True)
        words = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder)]
        ports = [word for service in SERVICES for word in (f"--{service}Port", "0", f"--{service}Host", "127.0.0.1")]
        environ = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "FNCTL_AZURITE_KEY": self.key}
        self._process = subprocess.Popen(
            [*command, *words, *ports], cwd=folder, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._found: Future[dict[str, str]] = Future()
        self._thread = threading.Thread(target=self._read, daemon=True, name="azurite")
        self._thread.start()
        self.addresses = self._begun()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def account(self, name: str) -> Account:
        """Return a storage account as this machine has it."""
        return Account(name, self.key, *(f"{self.addresses[service]}/{name}" for service in SERVICES))

    def _begun(self) -> dict[str, str]:
        try:
            return self._found.result(START_SECONDS)
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        found: dict[str, str] = {}
        said: list[str] = []
        assert self._process.stdout is not None  # noqa: S101  # PIPE was asked for
        with self._process.stdout as lines:
            for line in lines:
                said = [*said[-20:], line.rstrip()]
                if told := _LISTENS.search(line):
                    found[told[1].lower()] = told[2]
                if len(found) == len(SERVICES) and not self._found.done():
                    self._found.set_result(found)
        if not self._found.done():
            self._found.set_exception(RuntimeError("Azurite has ended: " + "\n".join(said)))

    def close(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None  # noqa: S101  # PIPE was asked for
        self._process.stdin.close()
        self._thread.join(2)
