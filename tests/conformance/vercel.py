"""Vercel: the sandbox's stand-in, which runs what was uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx

from conformance.driver import Object, lend
from fakes.counting import Counted, Refusal, counting
from fnctl_vercel.deployments import made
from fnctl_vercel.sandbox import VercelSandbox

PROJECT = "living-dev"
FORBIDDEN = b'{"error": {"code": "forbidden", "message": "a policy of the team forbids it"}}'
EXPIRED = b'{"error": {"code": "forbidden", "message": "The token has expired", "invalidToken": true}}'
BESIDE = "/_sandbox/"
"""Where the stand-in itself is asked, and not the platform."""


def name(method: str, path: str, _headers: Mapping[str, str], _body: bytes) -> str:
    return f"{method} {path.partition('?')[0]}"


def reads(call: str) -> bool:
    return call.startswith(("GET ", "HEAD ")) or BESIDE in call


class Vercel:
    """See Driver."""

    target = "vercel"
    settings = "{ region: fra1, plan: pro }"
    modules: tuple[str, ...] = ("httpx", "fnctl_vercel.plugin", "fnctl_vercel.cloud")
    expired = Refusal(403, {"content-type": "application/json"}, EXPIRED)

    def __init__(self, sandbox: VercelSandbox, wire: Counted, api: httpx.Client) -> None:
        self.wire = wire
        self._sandbox = sandbox
        self._api = api

    def lend(self, folder: Path) -> None:
        lend(folder, self.target, self._sandbox.state, self.wire)

    def reset(self) -> None:
        self._sandbox.reset()
        self._api.put(f"{BESIDE}teams/team_sandbox", json={"plan": "pro"}).raise_for_status()

    def left(self) -> set[Object]:
        """Projects, their variables, the addresses of production, and what the deployment behind them says that it holds."""
        found: set[Object] = set()
        for project in self._get("/v9/projects")["projects"]:
            if project["name"].endswith(".fnctl-ledger"):
                continue
            found.add(("project", project["name"]))
            found |= {("variable", one["key"]) for one in self._get(f"/v10/projects/{project['id']}/env")["envs"]}
            live = self._get(f"/v9/projects/{project['id']}")["targets"].get("production")
            if live:
                found |= {("alias", host) for host in live["alias"]}
                found |= {("member", address) for address in made(live)["members"]}
        return found

    def meddle(self, how: Literal["changed", "removed"]) -> str:
        project = self._get(f"/v9/projects/{PROJECT}")
        if how == "changed":
            self._api.patch(f"/v9/projects/{project['id']}", json={"framework": "nextjs"}).raise_for_status()
            return "project"
        self._api.delete(f"/v13/deployments/{project['targets']['production']['id']}").raise_for_status()
        return "deployment"

    def publishes(self, call: str) -> bool:
        return call.startswith(("POST /v2/files", "POST /v13/deployments"))

    def _get(self, path: str) -> Any:
        return self._api.get(path).raise_for_status().json()


@contextmanager
def driver(folder: Path) -> Iterator[Vercel]:
    """Start the stand-in; it ends with the block."""
    sandbox = VercelSandbox(folder)
    sandbox.build_target("python3.13", "x86_64")
    environ = sandbox.start(lambda _sentence: None)
    endpoint, scope = environ["FNCTL_VERCEL_ENDPOINT"], {"teamId": environ["VERCEL_ORG_ID"]}
    wire = Counted(name=name, reads=reads, refusal=Refusal(403, {"content-type": "application/json"}, FORBIDDEN))
    try:
        with (
            counting(endpoint, wire),
            httpx.Client(base_url=endpoint, params=scope, headers={"authorization": f"Bearer {environ['VERCEL_TOKEN']}"}, timeout=60) as api,
        ):
            yield Vercel(sandbox, wire, api)
    finally:
        sandbox.stop()
