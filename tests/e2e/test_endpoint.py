"""The same verbs against an emulator that somebody else started, through AWS_ENDPOINT_URL; and what reaches that endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from fakes.aws import inventory, tagged
from fakes.cli import Fnctl
from fakes.counting import counting
from fakes.ministack import ministack

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: python3.13, memory: 128MB, timeout: 10s }
resources:
  jobs: { type: queue }
  notes: { type: table, key: id }
  files: { type: bucket }
secrets: [API_KEY]
functions:
  api: { handler: "api.py:handler", secrets: [API_KEY], triggers: [{ http: GET / }], uses: { jobs: send, notes: [read, write], worker: invoke } }
  open: { handler: "api.py:handler", triggers: [{ http: "ANY /{path*}" }], targets: { aws: { http: function_url } } }
  worker: { handler: "work.py:handler", triggers: [{ queue: { name: jobs, batch: 5 } }], uses: { files: write }, concurrency: { reserved: 2 } }
  nightly: { handler: "work.py:handler", triggers: [{ schedule: every 5m }] }
"""
API = "VERSION = 1\n\n\ndef handler(request):\n    return {'version': VERSION}\n"
WORK = "def handler(event):\n    return None\n"
AWS = ("--target", "aws")


def test_every_verb_against_a_foreign_emulator(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "api.py": API, "work.py": WORK})
    with ministack(tmp_path) as upstream, counting(upstream) as endpoint:
        env = {"AWS_ENDPOINT_URL": endpoint.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        missing = fnctl("deploy", *AWS, "--yes", cwd=folder, env=env, code=1)
        assert "the secret API_KEY has no value" in missing.err
        assert endpoint.writes() == [], "an error before the first write wrote something"

        fnctl("secret", "set", "API_KEY", *AWS, cwd=folder, env=env, stdin="v")
        listed = fnctl("secret", "list", *AWS, "--output", "json", cwd=folder, env=env).document()
        assert listed["secrets"] == [{"name": "API_KEY", "set": True, "version": "1"}]
        first = fnctl("deploy", *AWS, "--yes", "--output", "json", cwd=folder, env=env).result()
        assert first["status"] == "deployed"
        functions = {name for kind, name in inventory(upstream) if kind == "function"}
        assert functions == {"shop-dev-api", "shop-dev-open", "shop-dev-worker", "shop-dev-nightly"}

        endpoint.calls.clear()
        again = fnctl("deploy", *AWS, "--yes", "--output", "json", cwd=folder, env=env).result()
        assert (again["status"], endpoint.writes()) == ("unchanged", [])
        assert fnctl("status", *AWS, "--output", "json", cwd=folder, env=env).document()["drift"] == 0
        assert endpoint.writes() == []

        (folder / "api.py").write_text(API.replace("VERSION = 1", "VERSION = 2"))
        fnctl("plan", *AWS, "--out", "two.plan", cwd=folder, env=env)
        changed = fnctl("deploy", "two.plan", *AWS, "--yes", "--output", "json", cwd=folder, env=env).result()
        assert (changed["status"], changed["release"]) == ("deployed", 2)
        stale = fnctl("deploy", "two.plan", *AWS, "--yes", cwd=folder, env=env, code=4)
        assert "no longer fits" in stale.err

        fnctl("secret", "set", "API_KEY", *AWS, cwd=folder, env=env, stdin="w")
        plan = fnctl("plan", *AWS, "--output", "json", "--exit-code", cwd=folder, env=env, code=3).document()
        assert [(c["action"], c["address"]) for c in plan["changes"]] == [("update", "function/api")]
        fnctl("rollback", "1", *AWS, "--yes", cwd=folder, env=env)
        assert [line["release"] for line in fnctl("history", *AWS, "--output", "json", cwd=folder, env=env).document()["releases"]] == [3, 2, 1]

        fnctl("destroy", *AWS, "--yes", cwd=folder, env=env)
        assert inventory(upstream) == set()
        assert tagged(upstream, "shop") == []
        assert json.loads(fnctl("plan", *AWS, "--output", "json", cwd=folder, env=env).out)["summary"]["create"] > 10
