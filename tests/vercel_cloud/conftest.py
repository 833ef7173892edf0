"""The adapter under fnctl's own engine, against the stand-in; outputs are a page and no functions, so that a deploy takes a moment."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from fnctl import pipeline
from fnctl.adapter import Cancel, Run, Where
from fnctl.apply.carry import look, remove
from fnctl.events import Event
from fnctl.graph import Artifact, Graph
from fnctl.ledger import lock
from fnctl.ledger.ledger import Ledger
from fnctl.manifest.model import Function, Service, Trigger
from fnctl.place import Place
from fnctl.session import Options, Session
from fnctl_vercel.cloud import VercelCloud, connect
from fnctl_vercel.plugin import Vercel
from fnctl_vercel.sandbox import VercelSandbox


@dataclass
class Shop:
    """One service on the stand-in: each verb opens everything anew, as a command does."""

    environ: Mapping[str, str]
    state: Path
    folder: Path
    stage: str = "prod"
    settings: dict[str, Any] = field(default_factory=lambda: {"plan": "pro"})
    said: list[str] = field(default_factory=list)
    stops_at: str = "\0"
    """Ctrl-C is pressed once where a line says this."""
    commit: str = ""
    manifest: str = ""

    @property
    def api(self) -> httpx.Client:
        """The stand-in, past the adapter."""
        headers = {"authorization": f"Bearer {self.environ['VERCEL_TOKEN']}"}
        return httpx.Client(
            base_url=self.environ["FNCTL_VERCEL_ENDPOINT"], headers=headers, params={"teamId": self.environ["VERCEL_ORG_ID"]}, timeout=30
        )

    def ask(self, path: str) -> Any:
        with self.api as api:
            return api.get(path).json()

    def steer(self, method: str, path: str, body: Any = None) -> None:
        """Make something go wrong."""
        with self.api as api:
            assert api.request(method, f"/_sandbox/{path}", json=body).status_code < 300

    def projects(self) -> list[str]:
        return sorted(one["name"] for one in self.ask("/v10/projects?limit=100")["projects"])

    def live(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("/v9/projects/shop-prod")["targets"]["production"]
        return found

    def count(self) -> int:
        return len(self.ask("/v6/deployments?limit=100")["deployments"])

    def journal(self) -> list[dict[str, Any]]:
        """Every request to the API since the last reset."""
        (file,) = self.state.rglob("requests.jsonl")
        return [json.loads(line) for line in file.read_text().splitlines()]

    def writes(self) -> list[str]:
        return [f"{one['method']} {one['path']}" for one in self.journal() if one["method"] != "GET"]

    def cloud(self) -> VercelCloud:
        return connect(Where("shop", self.stage, self.settings, self.environ, self.folder, True))

    def service(self, cron: str = "0 3 * * *", secrets: tuple[str, ...] = (), **more: Any) -> Service:
        triggers = (Trigger("http", "GET /", None, {"method": "GET", "path": "/"}, ()), Trigger("schedule", "tick", None, {"cron": cron}, ()))
        api = Function("api", "api.py", "handler", "event", "python3.13", triggers=triggers, secrets=secrets)
        return Service("shop", self.stage, "vercel", self.settings, {"api": api}, {}, {}, secrets, self.folder, **more)

    def graph(self, page: str = "one", cron: str = "0 3 * * *", *, functions: int = 0, **more: Any) -> Graph:
        """What a manifest with this page and this cron means; with so many Node functions."""
        config = {"version": 3, "routes": [{"handle": "filesystem"}], "crons": [{"path": "/_fnctl/api/schedule/tick", "schedule": cron}]}
        path = self.folder / "output.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number in range(functions):
                settings = {"runtime": "nodejs22.x", "handler": "_fnctl.mjs", "launcherType": "Nodejs"}
                archive.writestr(zipfile.ZipInfo(f"functions/f{number}.func/.vc-config.json"), json.dumps(settings))
                archive.writestr(f"functions/f{number}.func/_fnctl.mjs", b"")
            for name, body in (("config.json", json.dumps(config)), ("static/index.txt", page)):
                archive.writestr(zipfile.ZipInfo(name), body)
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        path = path.rename(path.with_name(f"{sha}.zip"))
        artifact = Artifact(sha, path.stat().st_size, 100, path)
        return Vercel().translate(self.service(cron, **more), {"output": artifact})

    def place(self) -> Place:
        cloud, session = self.cloud(), Session(options=Options(target="vercel"))

        def heard(event: Event) -> None:
            self.said.append(str(event.data.get("message", "")))
            if self.stops_at in self.said[-1]:
                session.cancel = Cancel.FINISH

        session.emit = heard
        session.confirm = lambda _question, _expect: True
        store = cloud.store
        assert store is not None
        ledger = Ledger(store)
        run = Run(session.emit, lambda: session.cancel, time.monotonic() + 120, _slept, lambda one: ledger.fetch(one, self.folder / "fetched"))
        service = self.service()
        return Place(session, service, Vercel(), cloud, ledger, run, cloud.outputs(replace(service, secrets=("KEY",))))

    def deploy(self, graph: Graph, **more: Any) -> pipeline.Result:
        place = self.place()
        place.session.environ |= {"GITHUB_SHA": self.commit}  # type: ignore[operator]  # a dict of this test's own
        external = {"manifest": {"name": "fnctl.yaml", "digest": {"sha256": self.manifest}}}
        place.provenance = {"predicate": {"buildDefinition": {"externalParameters": external}}} if self.manifest else None  # type: ignore[dict-item]  # invariance
        try:
            return pipeline.make_live(place, graph, show=lambda _plan: None, allow=frozenset(), **more)
        finally:
            place.cloud.close()

    def rollback(self, number: int) -> pipeline.Result:
        place = self.place()
        release = place.ledger.release(number)
        place.cloud.close()
        assert release is not None
        return self.deploy(release.graph, restores=number)

    def destroy(self) -> str:
        place = self.place()
        try:
            with lock.acquire(place.ledger.store, patience=0, sleep=lambda _seconds: True) as held:
                strays = {node.address: node for node in place.cloud.adrift(place.run)}
                return remove(place, look(place, Graph({}), extra=strays), held.check, 4).status
        finally:
            place.cloud.close()


def _slept(seconds: float) -> bool:
    time.sleep(seconds)
    return True


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VercelSandbox, Mapping[str, str]]]:
    """The process, for all tests."""
    sandbox = VercelSandbox(tmp_path_factory.mktemp("vercel"))
    yield sandbox, sandbox.start(lambda _sentence: None)
    sandbox.stop()


@pytest.fixture
def shop(started: tuple[VercelSandbox, Mapping[str, str]], tmp_path: Path) -> Shop:
    """The service, on an empty stand-in in which nothing goes wrong."""
    sandbox, environ = started
    made = Shop(environ, sandbox.state, tmp_path)
    made.steer("POST", "reset")
    made.steer("DELETE", "faults")
    made.steer("PUT", "teams/team_sandbox", {"plan": "pro"})
    return made
