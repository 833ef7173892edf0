"""Vercel's stand-in, once for all tests of this folder and empty for each; what speaks to it is a plain HTTP client."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fnctl_vercel.sandbox import VercelSandbox

PATIENCE = 20.0
ENDED = ("READY", "ERROR", "CANCELED")


@dataclass
class Api:
    """The API as a caller sees it."""

    client: httpx.Client
    environ: Mapping[str, str]
    state: Path

    def call(self, ask: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """Call `GET /path`, ask for the status, and return the JSON."""
        method, _, path = ask.partition(" ")
        answer = self.client.request(method, path, json=body, **more) if body is not None else self.client.request(method, path, **more)
        assert answer.status_code == status, (ask, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def sandbox(self, ask: str, body: Any = None, status: int = 204) -> Any:
        """Ask beside the API."""
        method, _, path = ask.partition(" ")
        answer = self.client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def upload(self, content: bytes) -> dict[str, Any]:
        """Send a file; return its entry without a path."""
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        answer = self.client.post("/v2/files", content=content, headers={"x-now-digest": sha, "content-type": "application/octet-stream"})
        assert answer.status_code == 200, answer.text
        return {"sha": sha, "size": len(content)}

    def create(self, tree: Mapping[str, bytes], **more: Any) -> Any:
        """Ask for a deployment of an output tree, sent as one archive."""
        files = [{"file": ".vercel/source.tgz.part1", "mode": 0o666, **self.upload(packed(tree))}]
        body = {"name": "shop", "project": "shop", "files": files, **more}
        return self.call("POST /v13/deployments", body, params={"prebuilt": "1", "skipAutoDetectionConfirmation": "1"})

    def ended(self, deployment: str) -> Any:
        """Wait until nothing more happens to it."""
        return self.until(f"GET /v13/deployments/{deployment}", lambda found: found["readyState"] in ENDED)

    def deploy(self, tree: Mapping[str, bytes], **more: Any) -> Any:
        """Create one and wait until it is ready."""
        found = self.ended(self.create(tree, **more)["id"])
        assert found["readyState"] == "READY", found
        return found

    def live(self, tree: Mapping[str, bytes], **more: Any) -> Any:
        """Deploy for production, and wait for the aliases."""
        made = self.deploy(tree, target="production", **more)
        return self.until(f"GET /v13/deployments/{made['id']}", lambda found: found["readySubstate"] == "PROMOTED")

    def until(self, ask: str, done: Any) -> Any:
        """Ask again until it is so."""
        limit, found = time.monotonic() + PATIENCE, None
        while time.monotonic() < limit:
            found = self.call(ask)
            if done(found):
                return found
            time.sleep(0.02)
        pytest.fail(f"{ask}: {found}")

    def visit(self, host: str, path: str = "/", method: str = "GET", **more: Any) -> httpx.Response:
        """Ask a deployment's host, as a browser would."""
        headers = {"host": host, **more.pop("headers", {})}
        return self.client.request(method, path, headers={**headers, "authorization": headers.get("authorization", "")}, params={}, **more)


def packed(tree: Mapping[str, bytes]) -> bytes:
    """One .tar.gz of an output tree."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for path, content in tree.items():
            member = tarfile.TarInfo(f".vercel/output/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def output(files: Mapping[str, bytes] | None = None, **config: Any) -> dict[str, bytes]:
    """An output tree: static files and config.json."""
    written = {"version": 3, "routes": [{"handle": "filesystem"}], **config}
    return {"config.json": json.dumps(written).encode(), **(files or {"static/hello.txt": b"hello"})}


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The process, for all tests."""
    sandbox = VercelSandbox(tmp_path_factory.mktemp("vercel"))
    environ = sandbox.start(lambda _sentence: None)
    headers = {"authorization": f"Bearer {environ['VERCEL_TOKEN']}"}
    with httpx.Client(base_url=environ["FNCTL_VERCEL_ENDPOINT"], headers=headers, params={"teamId": environ["VERCEL_ORG_ID"]}, timeout=60) as client:
        yield Api(client, environ, sandbox.state)
    sandbox.stop()


@pytest.fixture
def api(started: Api) -> Api:
    """The stand-in, empty but for the project `shop`."""
    return emptied(started)


def emptied(api: Api) -> Api:
    """Begin anew, on Pro."""
    api.sandbox("POST reset")
    api.sandbox("PUT teams/team_sandbox", {"plan": "pro"}, status=200)
    api.call("POST /v11/projects", {"name": "shop", "ssoProtection": None})
    return api
