"""The stand-in against Vercel's description of its API and against what its CLI was seen to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from fnctl_vercel.standin import shapes
from vercel_standin import contracts
from vercel_standin.conftest import Api, output, packed

pytestmark = contracts.NEEDED

CLI = {"version", "source", "env", "build", "public", "regions", "crons", "functions", "schedules", "$schema", "routes", "rewrites", "redirects"}
MORE: Mapping[str, set[str]] = {
    "deployment": {*CLI, "headers", "cleanUrls", "trailingSlash", "autoAssignCustomDomains"},
    "variable-change": {"visibility"},
    "bypass": set(),
}
"""Fields that the description lacks and the CLI sends."""
SHAPES = {
    "deployment": "POST /v13/deployments",
    "project": "POST /v11/projects",
    "project-change": "PATCH /v9/projects/{idOrName}",
    "variable-change": "PATCH /v9/projects/{idOrName}/env/{id}",
    "variable-ids": "DELETE /v1/projects/{idOrName}/env",
    "bypass": "PATCH /v1/projects/{idOrName}/protection-bypass",
    "alias": "POST /v2/deployments/{id}/aliases",
    "domain": "POST /v10/projects/{idOrName}/domains",
}


@pytest.mark.parametrize("name", SHAPES)
def test_bodies_hold_what_the_description_lets_them_hold(name: str) -> None:
    ours, theirs = shapes.known()[name], contracts.request(SHAPES[name])
    assert set(ours["properties"]) - MORE.get(name, set()) == set(theirs["properties"])
    assert set(theirs.get("required", ())) <= set(ours.get("required", ()))
    assert theirs.get("additionalProperties", True) == ours.get("additional", True)
    for key, said in theirs["properties"].items():
        bounds = {word: said[word] for word in ("maxLength", "minLength", "maximum", "minimum", "maxItems", "minItems", "pattern") if word in said}
        assert bounds == {word: ours["properties"][key].get(word) for word in bounds}, key


def test_answers_fit_their_description(api: Api) -> None:
    wanted = {"key": "A", "value": "1", "type": "encrypted", "target": ["preview"]}
    asked: list[tuple[str, int, Any]] = [
        ("POST /v11/projects", 200, api.call("POST /v11/projects", {"name": "other"})),
        ("POST /v10/projects/{idOrName}/env", 201, api.call("POST /v10/projects/shop/env", wanted, 201)),
        ("GET /v10/projects/{idOrName}/env", 200, api.call("GET /v10/projects/shop/env")),
        ("GET /v13/deployments/{idOrUrl}", 200, first := api.live(output(crons=[{"path": "/a", "schedule": "0 5 * * *"}]), meta={"a": "b"})),
        ("POST /v13/deployments", 200, second := api.create(output(), target="production")),
        ("GET /v13/deployments/{idOrUrl}", 200, api.ended(second["id"])),
    ]
    api.until("GET /v9/projects/shop", lambda found: found["targets"]["production"]["id"] == second["id"])
    api.call(f"POST /v9/projects/shop/rollback/{first['id']}", {}, 201)
    asked += [
        ("GET /v9/projects/{idOrName}", 200, api.until("GET /v9/projects/shop", lambda found: found["lastAliasRequest"]["jobStatus"] == "succeeded")),
        ("GET /v10/projects", 200, api.call("GET /v10/projects")),
        ("GET /v6/deployments", 200, api.call("GET /v6/deployments")),
        ("GET /v4/aliases", 200, api.call("GET /v4/aliases")),
        ("GET /v2/deployments/{id}/aliases", 200, api.call(f"GET /v2/deployments/{first['id']}/aliases")),
        ("POST /v2/deployments/{id}/aliases", 200, api.call(f"POST /v2/deployments/{first['id']}/aliases", {"alias": "mine.vercel.app"})),
        ("POST /v10/projects/{idOrName}/domains", 200, api.call("POST /v10/projects/shop/domains", {"name": "shop.example.com"})),
        ("GET /v9/projects/{idOrName}/domains", 200, api.call("GET /v9/projects/shop/domains")),
        ("GET /v1/projects/{projectId}/promote/aliases", 200, api.call("GET /v1/projects/shop/promote/aliases")),
        ("GET /v3/deployments/{idOrUrl}/events", 200, api.call(f"GET /v3/deployments/{first['id']}/events")),
        ("PATCH /v1/projects/{idOrName}/protection-bypass", 200, api.call("PATCH /v1/projects/shop/protection-bypass", {})),
        ("DELETE /v13/deployments/{id}", 200, api.call(f"DELETE /v13/deployments/{second['id']}")),
    ]
    wrong = {call: found for call, status, value in asked if (found := contracts.problems(call, status, value))}
    assert wrong == {}


class Replay:
    """One recorded part, sent again: the fake's ids and files stand for ours."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._project = api.call("GET /v9/projects/shop")["id"]
        self._names = {"prj_fake": self._project, "team_fake": "team_sandbox", "proj1": "shop"}
        self._files: dict[str, bytes] = {}

    def send(self, row: Mapping[str, Any]) -> int:
        """Send one request as it was recorded; return the status."""
        query = {key: self._ours(value) for key, value in row["query"].items()}
        sha = row["headers"].get("x-now-digest")
        if sha:
            content = self._files[sha]
            headers = {"content-type": "application/octet-stream", "x-now-digest": _sha(content), "x-now-size": str(len(content))}
            return self._api.client.request(row["method"], row["path"], params=query, content=content, headers=headers).status_code
        body = json.loads(self._ours(json.dumps(row["body"]))) if "body" in row else None
        for one in (body or {}).get("files", ()):
            if "sha" in one:
                content = self._files.setdefault(one["sha"], _content(one["file"], one["sha"]))
                one |= {"sha": _sha(content), "size": len(content)}
        answer = self._api.client.request(row["method"], self._ours(row["path"]), params=query, **({"json": body} if body is not None else {}))
        if row["path"] == "/v13/deployments" and row["status"] == 200 and answer.status_code == 200:
            self._names[json.loads(row["resp"] if row["resp"].endswith("}") else row["resp"].partition(",")[0] + "}")["id"]] = answer.json()["id"]
        return answer.status_code

    def _ours(self, text: str) -> str:
        for theirs, ours in self._names.items():
            text = text.replace(theirs, ours)
        return text


def _content(path: str, seed: str) -> bytes:
    """What a file might have held: the recording has no contents."""
    if ".tgz.part" in path:
        return packed(output())
    if path.endswith(".vc-config.json"):
        return json.dumps({"runtime": "python3.12", "handler": "x.y", "seed": seed}).encode()
    return output()["config.json"] if path.endswith("output/config.json") else seed.encode()


def _sha(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


PARTS = [
    (f"{name}: {title}", rows)
    for name in ("cli_deploy.jsonl", "cli_more.jsonl")
    for title, rows in (contracts.conversation(name) if contracts.FOLDER.exists() else ())
]


def test_the_recorded_conversation_of_the_cli_is_answered_as_it_was(api: Api) -> None:
    """The recorder was a fake: where it knew no route, only that we have one is asked; it forgot what it had deployed whenever it was restarted."""
    replay, wrong = Replay(api), list[tuple[str, str, int, int]]()
    for title, rows in PARTS:
        for row in rows:
            found = replay.send(row)
            lacking = row["status"] == 404 and "fake:" in row["resp"]
            forgotten = row["status"] == 404 and "could not be found" in row["resp"]
            invented = row["path"] == "/v9/projects/dpl_1"  # the fake had a project of any name
            if found != row["status"] and not invented and not (forgotten and found == 200) and not (lacking and found in (200, 201, 409)):
                wrong.append((title, f"{row['method']} {row['path']}", row["status"], found))
    assert wrong == []
    assert len(PARTS) > 10
