"""What a deployed handler can see: the sandbox's endpoint and credentials, never the machine's own. And what must never be seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fakes.cli import Fnctl

HERE = ("--target", "aws", "--sandbox")
MANIFEST = """\
fnctl: 1
service: seen
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: python3.13, memory: 128MB, timeout: 10s }
stages:
  dev: {}
  prod: { protect: true }
secrets: [API_KEY]
functions:
  show: { handler: "show.py:handler", secrets: [API_KEY], triggers: [{ http: GET / }] }
"""
HANDLER = """\
import os
import urllib.request


def handler(request):
    seen = {key: value for key, value in os.environ.items() if key != "API_KEY"}
    return {"environment": seen, "home": os.listdir(os.path.expanduser("~")), "secret": len(os.environ["API_KEY"])}
"""
VALUE = "hunter2-hunter2-hunter2"
OURS = {"AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_SECRET_ACCESS_KEY": "the-machine's-own", "AWS_PROFILE": "work", "CANARY": "yellow"}


def test_a_handler_sees_the_sandbox_only(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "show.py": HANDLER})
    fnctl("secret", "set", "API_KEY", *HERE, cwd=folder, stdin=VALUE, env=OURS)
    deployed = fnctl("deploy", *HERE, "--yes", "--output", "json", "--verbose", cwd=folder, env=OURS)
    reply = fnctl("invoke", "show", "--path", "/", *HERE, "--output", "json", cwd=folder, env=OURS)
    answer = reply.document()["body"]
    seen = answer["environment"]
    endpoint = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()["endpoint"]
    assert seen["AWS_ENDPOINT_URL"] == endpoint
    assert seen["AWS_ACCESS_KEY_ID"] != OURS["AWS_ACCESS_KEY_ID"]
    assert not set(OURS.values()) & set(seen.values())
    assert "AWS_PROFILE" not in seen
    assert seen["AWS_EC2_METADATA_DISABLED"] == "true"
    assert answer["home"] == []
    assert answer["secret"] == len(VALUE)
    shown = "".join(done.out + done.err for done in (deployed, reply, fnctl("logs", "show", *HERE, cwd=folder), fnctl("history", *HERE, cwd=folder)))
    assert VALUE not in shown
    plan = fnctl("plan", *HERE, "--output", "json", cwd=folder)
    assert VALUE not in plan.out + plan.err
    assert not [
        path for path in (folder / ".fnctl").rglob("*") if path.is_file() and "sandbox" not in path.parts and VALUE.encode() in path.read_bytes()
    ]


def test_a_protected_stage_asks_for_its_name(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "show.py": HANDLER})
    prod = (*HERE, "--stage", "prod")
    fnctl("secret", "set", "API_KEY", *prod, cwd=folder, stdin=VALUE)
    fnctl("deploy", *prod, "--yes", cwd=folder)
    refused = fnctl("destroy", *prod, "--yes", cwd=folder, code=None)
    assert refused.code != 0
    assert "prod" in refused.err
    assert fnctl("outputs", *prod, "--output", "json", cwd=folder).document()["functions"]["show"]
    fnctl("destroy", *prod, "--yes", "--confirm", "prod", cwd=folder)
    fnctl("outputs", *prod, cwd=folder, code=1)
