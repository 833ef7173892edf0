"""One sandbox of Azure for the tests of this folder, told of faults through its own address, and a small service that is deployed there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from azure_standin import contracts
from fakes.cli import Done, environment
from fakes.forked import Command, command
from fnctl.adapter import Where
from fnctl_azure.client import Client, connect
from fnctl_azure.kinds.types import RESOURCES
from fnctl_azure.place import ledger_group
from fnctl_azure.sandbox import AzureSandbox

MANIFEST = """\
fnctl: 1
service: small
targets: {{ azure: {{ region: westeurope }} }}
defaults: {{ runtime: python3.13 }}
{secrets}resources:
  jobs: {{ type: queue }}
functions:
  api: {{ handler: "api.py:handler", triggers: [{{ http: GET / }}], uses: {{ jobs: send }}, env: {{ GREETING: "{greeting}" }}{own} }}
  work: {{ handler: "work.py:handler", triggers: [{{ queue: jobs }}, {{ schedule: {{ every: 5m }} }}] }}
"""
API = """\
import logging
import os

{top}
def handler(request):
    print("asked")
    logging.info("told by the function")
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").info("told by an SDK of each of its calls")
    return {{"version": {version}, "greeting": os.environ["GREETING"], "token": bool(os.environ.get("TOKEN"))}}
"""
WORK = "import sys\n\n\ndef handler(event):\n    print('got', event.data)\n"


@dataclass
class Cloud:
    """The stand-in, and what a test may ask of it beside fnctl."""

    sandbox: AzureSandbox
    environ: Mapping[str, str]
    seen: int = 0

    def tell(self, word: str, said: Any = None, method: str = "POST") -> Any:
        """Tell the stand-in something."""
        answer = httpx.request(method, f"{self.environ['FNCTL_AZURE_ENDPOINT']}/_fnctl/{word}", json=said, trust_env=False, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def world(self, **said: Any) -> None:
        """Change how it behaves."""
        self.tell("world", said)

    def fault(self, how: str, **said: Any) -> None:
        """Let requests go wrong."""
        self.tell("faults", {"how": how, **said})

    def written(self) -> list[str]:
        """The writes since the last look, each as its method and the end of its path."""
        every = self.requests()
        lines, self.seen = every[self.seen :], len(every)
        return [f"{line['method']} {'/'.join(line['path'].split('/')[-2:])}" for line in lines if line["write"] and line["plane"] != "telemetry"]

    def requests(self) -> list[dict[str, Any]]:
        """All requests since it was empty."""
        return contracts.read(self.sandbox.state / "data")

    def client(self, folder: Path) -> Client:
        """Open it as fnctl does, for what people do by hand."""
        return connect(Where("small", "dev", {"region": "westeurope"}, self.environ, folder, True))

    def resources(self) -> list[str]:
        """Ids of all that is there, the ledger apart."""
        ledger = f"/resourceGroups/{ledger_group('westeurope')}/"
        return [one for one in self.tell("resources", method="GET") if ledger not in f"{one}/"]


@dataclass
class Project:
    """A folder with the small service in it."""

    folder: Path
    cloud: Cloud
    command: Command

    def write(self, version: int = 1, *, greeting: str = "hi", top: str = "", secrets: bool = False, own: str = "") -> None:
        """Write the manifest and its code."""
        said = "secrets: [TOKEN]\n" if secrets else ""
        mine = ", secrets: [TOKEN]" if secrets else ""
        (self.folder / "fnctl.yaml").write_text(MANIFEST.format(secrets=said, greeting=greeting, own=mine + own))
        (self.folder / "api.py").write_text(API.format(version=version, top=top))
        (self.folder / "work.py").write_text(WORK)

    def run(self, verb: str, *words: str, code: int | None = 0, stdin: str = "") -> Done:
        """Run a verb; a code other than `code` fails the test with the whole screen."""
        done = self.command.start([verb, *words, "--target", "azure"], self.folder, environment(self.cloud.environ), stdin).wait()
        screen = f"fnctl {verb} {' '.join(words)} -> {done.code}\n{done.out}\n{done.err}"
        assert code is None or done.code == code, screen
        assert "Traceback" not in done.err, screen
        assert "the-hidden-value" not in screen, screen
        return done

    def deploy(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """Deploy, and give the result's line."""
        done = self.run("deploy", "--yes", "--output", "json", *words, code=code)
        return done.result() if done.out else {}

    def answer(self) -> Any:
        """What the deployed API says. A host that starts anew after a changed setting may still be at it."""
        until = time.monotonic() + 15
        while True:
            found = self.run("invoke", "api", "--path", "/", "--output", "json", code=None).document()
            if isinstance(found["body"], dict) or time.monotonic() > until:
                return found["body"]
            time.sleep(0.1)

    def app(self) -> str:
        """Return the app's id."""
        return next(one for one in self.cloud.resources() if "/sites/" in one and one.rpartition("/")[2].startswith("small-dev-python"))

    def arm(self, method: str, path: str, body: Any = None, api: str = RESOURCES) -> dict[str, Any]:
        """Do something by hand."""
        client = self.cloud.client(self.folder)
        try:
            return client.arm(method, path, api, body)
        finally:
            client.close()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    sandbox = AzureSandbox(tmp_path_factory.mktemp("azure"))
    sandbox.build_target("python3.13", "x86_64")
    yield Cloud(sandbox, sandbox.start(lambda _sentence: None))
    sandbox.stop()


@pytest.fixture(scope="session")
def fnctl() -> Iterator[Command]:
    with command("azure.mgmt.web", "azure.storage.blob", "fnctl_azure.plugin", "fnctl_azure.cloud") as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, cloud: Cloud, fnctl: Command) -> Iterator[Project]:
    cloud.sandbox.reset()
    cloud.tell("faults", method="DELETE")
    made = Project(tmp_path, cloud, fnctl)
    cloud.seen = 0
    made.write()
    yield made
    assert contracts.problems(cloud.requests()) == [], "what Azure publishes of itself does not allow these"
