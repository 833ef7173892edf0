"""A function that is an image, through the command line: deployed, changed, brought back, refused as an archive, removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fakes.aws import client
from fakes.cli import Fnctl

REPOSITORY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop"
MANIFEST = f"""\
fnctl: 1
service: shop
targets: {{ aws: {{ region: eu-west-1 }} }}
functions:
  web:
    image: {{ uri: "{REPOSITORY}:1", command: [app.web] }}
    triggers: [{{ http: GET / }}]
"""
ARCHIVE = 'handler: "web.py:handler"\n    runtime: python3.13'
HERE = ("--target", "aws", "--sandbox")


def test_an_image_lives_through_every_verb(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "web.py": "def handler(request):\n    return 'built'\n"})

    def edit(old: str, new: str) -> None:
        path = folder / "fnctl.yaml"
        path.write_text(path.read_text().replace(old, new))

    first = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder)
    assert first.result()["status"] == "deployed"
    assert [line["message"] for line in first.lines() if "needs Docker" in line.get("message", "")] == [
        "web: an image needs Docker, so it is deployed in the sandbox and cannot be called there"
    ]
    again = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert again["status"] == "unchanged"
    called = fnctl("invoke", "web", *HERE, cwd=folder, code=1)
    assert "the sandbox runs no container images: they need Docker" in " ".join((called.out + called.err).split())

    edit(f"{REPOSITORY}:1", f"{REPOSITORY}:2")
    assert "m/shop:1 -> 111122223333.d…m/shop:2" in fnctl("plan", *HERE, cwd=folder).out
    (change,) = fnctl("plan", *HERE, "--output", "json", cwd=folder).document()["changes"]
    assert [(field["before"], field["after"]) for field in change["fields"]] == [(f"{REPOSITORY}:1", f"{REPOSITORY}:2")]
    assert fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()["release"] == 2
    assert fnctl("status", *HERE, "--output", "json", cwd=folder).document()["drift"] == 0
    assert fnctl("rollback", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "restored"
    endpoint = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()["endpoint"]
    there = client("lambda", endpoint).get_function(FunctionName="shop-dev-web", Qualifier="live")
    assert (there["Code"]["ImageUri"], there["Configuration"]["Version"]) == (f"{REPOSITORY}:1", "1")

    edit(f'image: {{ uri: "{REPOSITORY}:2", command: [app.web] }}', ARCHIVE)
    refused = " ".join(fnctl("deploy", *HERE, "--yes", cwd=folder, code=1).err.split())
    assert "shop-dev-web was made from an image, and Lambda never makes it one from an archive" in refused
    assert "give the function another name than `web`" in refused
    edit("  web:\n", "  page:\n")
    assert fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "deployed"
    names = {found["FunctionName"] for found in client("lambda", endpoint).list_functions()["Functions"]}
    assert names == {"shop-dev-page"}, "the other name takes its place"
    fnctl("destroy", *HERE, "--yes", cwd=folder)
    assert client("lambda", endpoint).list_functions()["Functions"] == []
