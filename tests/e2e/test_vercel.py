"""Vercel through the command line and its stand-in: deployed, asked, changed, rolled back, destroyed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes.cli import Fnctl
from fnctl_vercel.standin.account import TOKEN

HERE = ("--target", "vercel", "--sandbox")
MANIFEST = """\
fnctl: 1
service: shop
targets: { vercel: { region: fra1, plan: pro } }
defaults: { runtime: python3.13, timeout: 10s }
secrets: [KEY]
functions:
  api:
    handler: api.py:handler
    secrets: [KEY]
    triggers: [{ http: GET / }, { http: "GET /orders/{id}" }]
  nightly:
    handler: nightly.py:handler
    triggers: [{ schedule: "0 3 * * *" }]
"""
API = "def handler(request):\n    return {'version': 1}\n"
NIGHTLY = "def handler(event):\n    print('ran', event.type)\n"


class Api:
    """Asks the stand-in as fnctl does."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def get(self, path: str, method: str = "GET") -> Any:
        mark = "&" if "?" in path else "?"
        request = urllib.request.Request(f"{self.endpoint}{path}{mark}teamId=team_sandbox", method=method)
        request.add_header("authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def projects(self) -> list[str]:
        return sorted(one["name"] for one in self.get("/v10/projects?limit=100")["projects"])

    def uploads(self, folder: Path) -> int:
        lines = (folder / ".fnctl" / "sandbox" / "vercel").rglob("requests.jsonl")
        return sum(line.count('"/v2/files') for path in lines for line in path.read_text().splitlines())


def test_the_life_of_a_service(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "api.py": API, "nightly.py": NIGHTLY})
    fnctl("sandbox", "start", "--target", "vercel", cwd=folder)
    api = Api(fnctl("sandbox", "status", "--target", "vercel", "--output", "json", cwd=folder).document()["endpoint"])
    try:
        _life(fnctl, folder, api)
    finally:
        fnctl("sandbox", "stop", "--target", "vercel", cwd=folder)


def _life(fnctl: Fnctl, folder: Path, api: Api) -> None:
    refused = fnctl("deploy", *HERE, "--yes", cwd=folder, code=1)
    assert "error[FN943]: the secret KEY has no value for the stage dev" in refused.err
    assert api.projects() == []
    fnctl("secret", "set", "KEY", *HERE, cwd=folder, stdin="s3cr3t-value-of-the-test")

    first = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (first["status"], first["release"]) == ("deployed", 1)
    assert api.projects() == ["shop-dev", "shop.fnctl-ledger"]
    live = api.get("/v9/projects/shop-dev")
    assert [one["schedule"] for one in live["crons"]["definitions"]] == ["0 3 * * *"]

    sent = api.uploads(folder)
    again = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (again["status"], again["release"]) == ("unchanged", 1)
    assert api.uploads(folder) == sent > 0

    (folder / "api.py").write_text(API.replace("1", "2"))
    plan = fnctl("plan", *HERE, "--output", "json", "--exit-code", cwd=folder, code=3).document()
    assert [(one["action"], one["address"]) for one in plan["changes"]] == [("update", "deployment"), ("update", "function/api")]
    second = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (second["status"], second["release"]) == ("deployed", 2)
    moved = api.get("/v9/projects/shop-dev")["targets"]["production"]["id"]
    assert moved != live["targets"]["production"]["id"]

    sent = api.uploads(folder)
    back = fnctl("rollback", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (back["status"], back["release"]) == ("restored", 3)
    assert api.get("/v9/projects/shop-dev")["targets"]["production"]["id"] == live["targets"]["production"]["id"]
    assert api.uploads(folder) == sent

    gone = fnctl("destroy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert gone["status"] == "destroyed"
    assert api.projects() == []
