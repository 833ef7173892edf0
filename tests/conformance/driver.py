"""What the suite asks of a platform's stand-in, and the service that it takes through its life there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from fakes.cli import Done, environment
from fakes.counting import Counted, Refusal
from fakes.forked import Command, Running
from fnctl.standins import supervision
from fnctl.standins.life import Life

Object = tuple[str, str]
"""(kind, name) as the platform's own listings give it."""


class Driver(Protocol):
    """One platform's stand-in with a counting proxy before it. Nothing here goes through that proxy but fnctl.

    Attributes:
        target: the word after `--target`.
        settings: what the manifest says of the target, as YAML in one line.
        modules: what the preloaded command imports for it.
        wire: the proxy.
        expired: how the platform answers a token whose time is over.
    """

    target: str
    settings: str
    modules: tuple[str, ...]
    wire: Counted
    expired: Refusal

    def lend(self, folder: Path) -> None:
        """Let the sandbox of the project in `folder` be this stand-in, as it is seen through the proxy: see `lend`."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...

    def left(self) -> set[Object]:
        """All that a deploy can make and that is there, the ledger apart."""
        ...

    def meddle(self, how: Literal["changed", "removed"]) -> str:
        """Change or remove something of the deployed service behind fnctl's back, and say the address of what will be missed."""
        ...

    def publishes(self, call: str) -> bool:
        """Tell whether a call brings new code."""
        ...


MANIFEST = """\
fnctl: 1
service: living
targets: {{ {target}: {settings} }}
defaults: {{ runtime: python3.13, memory: {memory}, timeout: 10s }}
secrets: [TOKEN]
resources:
  jobs: {{ type: queue }}
functions:
  api: {{ handler: "src/api.py:handler", secrets: [TOKEN], triggers: [{{ http: GET / }}], uses: {{ jobs: send }} }}
"""
WORKER = '  {name}: {{ handler: "src/work.py:handler", triggers: [{{ queue: jobs }}]{more} }}\n'
EXTRA = '  {name}: {{ handler: "src/api.py:handler", triggers: [{{ http: GET /{name} }}] }}\n'
API = "import os\n\n\ndef handler(request):\n    return {{'version': {version}, 'token': bool(os.environ['TOKEN'])}}\n"
WORK = "def handler(event):\n    return None\n"


@dataclass
class Project:
    """A folder with the service in it, and the command that is run there."""

    folder: Path
    driver: Driver
    command: Command
    memory: str = "2GB"

    def write(self, version: int = 1, *, worker: str | None = "worker", renamed_from: str | None = None, extra: tuple[str, ...] = ()) -> None:
        """Write the manifest and its code: `version` is what the API answers, `worker` the name of the queue's consumer."""
        text = MANIFEST.format(target=self.driver.target, settings=self.driver.settings, memory=self.memory)
        if worker:
            more = f", renamed_from: {renamed_from}" if renamed_from else ""
            text += WORKER.format(name=worker, more=more)
        text += "".join(EXTRA.format(name=name) for name in extra)
        files = {"fnctl.yaml": text, "src/api.py": API.format(version=version), "src/work.py": WORK}
        (self.folder / "src").mkdir(exist_ok=True)
        for name, content in files.items():
            (self.folder / name).write_text(content)

    def start(self, verb: str, *words: str, env: Mapping[str, str] | None = None, command: Command | None = None, stdin: str = "") -> Running:
        """Start a verb for the platform."""
        place = ("--target", self.driver.target, "--sandbox")
        return (command or self.command).start([verb, *words, *place], self.folder, environment(env), stdin)

    def run(self, verb: str, *words: str, code: int | None = 0, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        """Run a verb; a code other than `code` fails the test with the whole screen."""
        return met(self.start(verb, *words, env=env, stdin=stdin).wait(), code, verb, *words)

    def deploy(self, *words: str, code: int | None = 0, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Deploy, and give the result's line."""
        done = self.run("deploy", "--yes", "--output", "json", *words, code=code, env=env)
        return done.result() if done.out else {}

    def first(self) -> dict[str, Any]:
        """Set the secret and deploy."""
        self.run("secret", "set", "TOKEN", stdin="the-secret-of-the-suite")
        return self.deploy()

    def plan(self) -> list[tuple[str, str]]:
        """What a deploy would change now: (action, address)."""
        document = self.run("plan", "--output", "json").document()
        return [(change["action"], change["address"]) for change in document["changes"]]

    def answer(self) -> Any:
        """What the deployed API says."""
        return self.run("invoke", "api", "--method", "GET", "--path", "/", "--output", "json").document()["body"]


def lend(folder: Path, platform: str, state: Path, wire: Counted) -> None:
    """Write down for a project's folder that its sandbox runs already: the one of `state`, seen through the proxy."""
    server = supervision.recall(state)
    assert server is not None
    life = Life.of(folder, platform)
    life.prepare()
    supervision.remember(life.state, replace(server, port=int(wire.endpoint.rpartition(":")[2])))


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that another process brings about."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.005)


def met(done: Done, code: int | None, *words: str) -> Done:
    """Fail with the whole screen when a run ended otherwise, or with a traceback, or showed the secret."""
    screen = f"fnctl {' '.join(words)} -> {done.code}\n{done.out}\n{done.err}"
    assert code is None or done.code == code, screen
    assert "Traceback" not in screen, screen
    assert "the-secret-of-the-suite" not in screen, screen
    return done
