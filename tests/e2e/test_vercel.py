"""Vercel through the command line and its stand-in: deployed, asked, changed, rolled back, destroyed; crons, queues, logs; bad days."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.test_orders import eventually, get
from fakes.cli import Fnctl
from fnctl_vercel.standin.account import TOKEN

HERE = ("--target", "vercel", "--sandbox")
MANIFEST = """\
fnctl: 1
service: shop
targets: { vercel: { region: fra1, plan: pro } }
defaults: { runtime: python3.13, timeout: 10s }
secrets: [KEY]
resources:
  jobs: { type: queue, max_receives: 2, visibility: 1 }
stages:
  dev: {}
  "pr-*": { targets: { vercel: { project: shop-dev, environment: preview } } }
functions:
  api:
    handler: api.py:handler
    secrets: [KEY]
    triggers: [{ http: GET / }, { http: "GET /orders/{id}" }]
  worker:
    handler: worker.py:handler
    triggers: [{ queue: jobs }, { schedule: { cron: "0 3 * * *", name: nightly } }]
"""
API = "import os\n\n\ndef handler(request):\n    return {'version': 1, 'key': len(os.environ['KEY'])}\n"
WORKER = """\
import logging

logging.basicConfig(level=logging.INFO)


def handler(event):
    logging.info("met", extra={"kind": event.type, "attempt": event.attempt})
    if event.data == {"bad": True}:
        raise ValueError("not this one")
"""


class Api:
    """Asks the stand-in past fnctl."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self._folder = folder

    def get(self, path: str, method: str = "GET", body: Any = None) -> Any:
        mark = "&" if "?" in path else "?"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.endpoint}{path}{mark}teamId=team_sandbox", method=method, data=data)
        request.add_header("authorization", f"Bearer {TOKEN}")
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def projects(self) -> list[str]:
        return sorted(one["name"] for one in self.get("/v10/projects?limit=100")["projects"])

    def uploads(self) -> int:
        lines = (self._folder / ".fnctl" / "sandbox" / "vercel").rglob("requests.jsonl")
        return sum('"/v2/files"' in line for path in lines for line in path.read_text().splitlines())

    def messages(self) -> list[tuple[str, int, bool]]:
        """Topic, tries and whether it is settled, of each message."""
        found = self.get("/_sandbox/messages")
        return sorted(
            (one["topic"], max([0, *(g["count"] for g in one["groups"].values())]), any(g["done"] for g in one["groups"].values())) for one in found
        )


@pytest.fixture
def shop(fnctl: Fnctl, project: Callable[..., Path]) -> Iterator[tuple[Path, Api]]:
    """The service in a folder, and the stand-in that it will be deployed to."""
    folder = project(**{"fnctl.yaml": MANIFEST, "api.py": API, "worker.py": WORKER})
    fnctl("sandbox", "start", "--target", "vercel", cwd=folder)
    yield folder, Api(fnctl("sandbox", "status", "--target", "vercel", "--output", "json", cwd=folder).document()["endpoint"], folder)
    fnctl("sandbox", "stop", "--target", "vercel", cwd=folder)


def test_the_life_of_a_service(fnctl: Fnctl, shop: tuple[Path, Api]) -> None:
    folder, api = shop

    def run(*words: str) -> dict[str, Any]:
        return fnctl(*words, *HERE, "--yes", "--output", "json", cwd=folder).result()

    refused = fnctl("deploy", *HERE, "--yes", cwd=folder, code=1)
    assert "error[FN943]: the secret KEY has no value for the stage dev" in refused.err
    assert api.projects() == []
    fnctl("secret", "set", "KEY", *HERE, cwd=folder, stdin="s3cr3t-value-of-the-test")
    first = run("deploy")
    assert (first["status"], first["release"]) == ("deployed", 1)
    assert api.projects() == ["shop-dev", "shop.fnctl-ledger"]
    url = first["outputs"]["functions"]["api"]["url"]
    assert get(url) == (200, {"version": 1, "key": len("s3cr3t-value-of-the-test")})

    sent = api.uploads()
    again = run("deploy")
    assert (again["status"], again["release"], api.uploads()) == ("unchanged", 1, sent)

    _crons_and_queues(fnctl, folder, api, url)

    (folder / "api.py").write_text(API.replace("1", "2"))
    plan = fnctl("plan", *HERE, "--output", "json", "--exit-code", cwd=folder, code=3).document()
    assert [(one["action"], one["address"]) for one in plan["changes"]] == [("update", "deployment"), ("update", "function/api")]
    second = run("deploy")
    assert (second["status"], second["release"], get(url)[1]["version"]) == ("deployed", 2, 2)

    fnctl("secret", "set", "KEY", *HERE, "--stage", "pr-12", cwd=folder, stdin="preview")
    preview = run("deploy", "--stage", "pr-12")["outputs"]["functions"]["api"]["url"]
    assert preview != url
    with pytest.raises(urllib.error.HTTPError) as closed:
        get(preview)
    assert closed.value.code == 401, "Deployment Protection is on for previews"
    closed.value.close()
    asked = fnctl("invoke", "api", "--path", "/", *HERE, "--stage", "pr-12", "--output", "json", cwd=folder).document()
    assert asked["body"] == {"version": 2, "key": len("preview")}
    assert run("destroy", "--stage", "pr-12")["status"] == "destroyed"

    sent = api.uploads()
    back = run("rollback")
    assert (back["status"], back["release"], back["restores"]) == ("restored", 3, 1)
    assert (get(url)[1]["version"], api.uploads()) == (1, sent)
    first_said, last_said = (fnctl("history", "--provenance", n, *HERE, cwd=folder).document() for n in "13")
    assert (first_said, [one["name"] for one in last_said["subject"]]) == (last_said, ["output.zip"])

    assert run("destroy")["status"] == "destroyed"
    assert api.projects() == []


def _crons_and_queues(fnctl: Fnctl, folder: Path, api: Api, url: str) -> None:
    project = api.get("/v9/projects/shop-dev")
    (cron,) = project["crons"]["definitions"]
    assert (cron["path"], cron["schedule"]) == ("/_fnctl/worker/schedule/nightly", "0 3 * * *")
    with pytest.raises(urllib.error.HTTPError) as forged:
        get(url.rstrip("/") + cron["path"])
    assert forged.value.code == 401
    forged.value.close()
    api.get(f"/v1/projects/{project['id']}/crons/run", "POST", {"path": cron["path"], "schedule": cron["schedule"]})
    assert eventually(lambda: "fnctl.schedule" in _logs(fnctl, folder)), "the cron did not reach its function"

    fnctl("invoke", "worker", "--event", "queue", "--data", '{"good": true}', *HERE, cwd=folder)
    fnctl("invoke", "worker", "--event", "queue", "--data", '{"bad": true}', *HERE, cwd=folder)
    assert eventually(lambda: api.messages() == [("jobs", 1, True), ("jobs", 2, True), ("jobs-dlq", 0, False)]), api.messages()
    lines = _logs(fnctl, folder)
    assert '"attempt": 2' in lines
    assert "it is in jobs-dlq now" in lines
    by_hand = fnctl("invoke", "worker", "--event", "schedule", *HERE, "--output", "json", cwd=folder).document()
    assert (by_hand["ok"], by_hand["status"]) == (True, 200)


def _logs(fnctl: Fnctl, folder: Path) -> str:
    return fnctl("logs", "worker", *HERE, cwd=folder).out


TWELVE = "".join(f'  f{n}: {{ handler: "worker.py:handler", triggers: [{{ http: "GET /{n}" }}] }}\n' for n in range(11))
HOBBY = MANIFEST.replace("plan: pro", "plan: hobby").replace("secrets: [KEY]\n", "", 1).replace("    secrets: [KEY]\n", "")


@pytest.mark.parametrize(
    ("manifest", "env", "code", "words"),
    [
        (HOBBY + TWELVE, {}, 1, "error[VC105]: the plan hobby deploys no more than 12"),
        (MANIFEST, {"VERCEL_TOKEN": "not-a-token"}, 8, "Vercel does not accept this token"),
        (MANIFEST, {"VERCEL_ORG_ID": "team_stranger"}, 8, "this token may not do that in the team team_stranger"),
        (MANIFEST, {"VERCEL_TOKEN": ""}, 8, "there is no token for Vercel"),
        (MANIFEST, {"FNCTL_VERCEL_ENDPOINT": "http://127.0.0.1:9"}, 1, "nothing answers at http://127.0.0.1:9"),
    ],
)
def test_a_bad_day_is_a_finding_with_its_exit_code(
    fnctl: Fnctl, shop: tuple[Path, Api], manifest: str, env: dict[str, str], code: int, words: str
) -> None:
    folder, api = shop
    (folder / "fnctl.yaml").write_text(manifest)
    given = {"FNCTL_VERCEL_ENDPOINT": api.endpoint, "VERCEL_TOKEN": TOKEN, "VERCEL_ORG_ID": "team_sandbox", "HOME": str(folder), **env}
    done = fnctl("deploy", "--target", "vercel", "--yes", cwd=folder, code=code, env=given)
    assert words in " ".join(done.err.split())
    assert "not-a-token" not in done.err
    assert api.projects() == []


def test_a_node_bundle_of_260_mb_is_never_sent(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    web = '  web: { handler: "web.mjs:handler", runtime: nodejs22, include: [model.bin], triggers: [{ http: GET /web }] }\n'
    manifest = f"fnctl: 1\nservice: shop\ntargets: {{ vercel: {{ plan: pro }} }}\nfunctions:\n{web}"
    folder = project(**{"fnctl.yaml": manifest, "web.mjs": "export const handler = () => ({ ok: true });\n"})
    with (folder / "model.bin").open("wb") as file:
        file.truncate(260 * 1024 * 1024)  # holds no bytes on the disk
    done = fnctl(
        "deploy", "--target", "vercel", "--yes", cwd=folder, code=1, env={"HOME": str(folder)}
    )  # Vercel, without a login, would end it with 8
    assert "error[VC401]: the artifact of `web` is over the platform's maximum" in done.err
    assert "260.1 MB unpacked, and at most 250 MB" in done.err
    assert "largest: model.bin 260.0 MB" in done.err


def test_the_parts_of_the_orders_example_that_vercel_can_host(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project("orders")
    try:
        deployed = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
        assert (deployed["status"], sorted(deployed["outputs"]["functions"])) == ("deployed", ["nightly", "quote"])
        assert get(deployed["outputs"]["functions"]["quote"]["url"] + "tea")[1]["sku"] == "tea"
        assert fnctl("invoke", "nightly", "--event", "schedule", *HERE, "--output", "json", cwd=folder).document()["ok"]
        assert eventually(lambda: '"orders": 0' in fnctl("logs", "nightly", *HERE, cwd=folder).out)
        assert fnctl("destroy", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "destroyed"
    finally:
        fnctl("sandbox", "stop", "--target", "vercel", cwd=folder)
