"""The main job on the sandbox with the example: deploy, call, change, roll back, destroy."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes.aws import inventory, tagged
from fakes.cli import Fnctl

HERE = ("--target", "aws", "--sandbox")


def get(url: str, data: dict[str, Any] | None = None) -> tuple[int, Any]:
    body = json.dumps(data).encode() if data is not None else None
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, json.loads(answer.read())


def eventually(ask: Callable[[], Any], *, within: float = 30.0) -> Any:
    until = time.monotonic() + within
    while True:
        try:
            found = ask()
        except OSError:
            found = None
        if found or time.monotonic() > until:
            return found
        time.sleep(0.2)


def test_the_life_of_the_example(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project("orders")
    endpoint = _start(fnctl, folder)

    first = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (first["status"], first["release"]) == ("deployed", 1)
    api = first["outputs"]["functions"]["api"]["url"].rstrip("/")
    quote = first["outputs"]["functions"]["quote"]["url"].rstrip("/")
    assert api.startswith("http://127.0.0.1:")

    status, before = get(api + "/")
    assert status == 200
    status, accepted = get(api + "/orders", {"sku": "tea", "quantity": 2})
    assert status == 202
    row = eventually(lambda: get(f"{api}/orders/{accepted['id']}")[1])
    assert row["sku"] == "tea"
    assert get(quote + ("/tea" if quote.endswith("/quote") else "/quote/tea"))[1]["sku"] == "tea"

    again = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (again["status"], again["release"]) == ("unchanged", 1)

    source = folder / "src" / "api.py"
    source.write_text(source.read_text().replace(before["version"], "2.0.0-test"))
    plan = fnctl("plan", *HERE, "--output", "json", "--exit-code", cwd=folder, code=3).document()
    assert [(c["action"], c["address"]) for c in plan["changes"]] == [("update", "function/api")]
    second = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (second["status"], second["release"]) == ("deployed", 2)
    assert get(api + "/")[1]["version"] == "2.0.0-test"

    back = fnctl("rollback", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (back["status"], back["release"]) == ("restored", 3)
    assert get(api + "/")[1] == before
    history = fnctl("history", *HERE, "--output", "json", cwd=folder).document()
    assert [(r["release"], r["restores"]) for r in history["releases"]] == [(3, 1), (2, None), (1, None)]

    said = [fnctl("history", "--provenance", str(n), *HERE, cwd=folder).document() for n in (1, 2, 3)]
    digests = [{one["name"]: one["digest"]["sha256"] for one in statement["subject"]} for statement in said]
    assert {name for name in digests[0] if digests[0][name] != digests[1][name]} == {"api.zip"}
    assert said[2] == said[0], "a rollback brings the statement of what it restores"
    assert "there is no release 9" in fnctl("history", "--provenance", "9", *HERE, cwd=folder, code=1).err

    gone = fnctl("destroy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert gone["status"] == "destroyed"
    assert inventory(endpoint) == set()
    assert tagged(endpoint, "orders") == []


def _start(fnctl: Fnctl, folder: Path) -> str:
    fnctl("sandbox", "start", "--target", "aws", cwd=folder)
    fnctl("secret", "set", "SIGNING_KEY", *HERE, cwd=folder, stdin="s3cr3t-value-of-the-test")
    endpoint = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()["endpoint"]
    assert isinstance(endpoint, str)
    return endpoint
