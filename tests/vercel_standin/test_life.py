"""A deployment's life: files, build, aliases, promotion, rollback, deletion; and variables, jobs and faults on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fnctl_vercel.standin import builds
from fnctl_vercel.standin.account import Build, Project, Rolling, now
from fnctl_vercel.standin.hosts import share
from fnctl_vercel.standin.limits import PLANS
from vercel_standin.conftest import Api, output, packed


def test_a_deployment_asks_for_its_files_first_and_is_live_when_its_aliases_are(api: Api) -> None:
    archive = packed(output())
    entry = {"file": ".vercel/source.tgz.part1", "mode": 0o666}
    sha = api.upload(b"another")["sha"]
    body = {"name": "shop", "target": "production", "files": [{**entry, "sha": sha.replace(sha[0], "0"), "size": 1}]}
    refused = api.call("POST /v13/deployments", body, 400, params={"prebuilt": "1"})
    assert refused["error"]["missing"] == [body["files"][0]["sha"]]  # type: ignore[index]
    made = api.call("POST /v13/deployments", body | {"files": [entry | api.upload(archive)]}, params={"prebuilt": "1"})
    assert (made["readyState"], made["target"]) == ("QUEUED", "production")
    live = api.until(f"GET /v13/deployments/{made['id']}", lambda found: found["aliasAssigned"])
    assert live["alias"] == ["shop.vercel.app", "shop-sandbox.vercel.app"]
    assert (live["readySubstate"], live["aliasError"]) == ("PROMOTED", None)


def test_parts_of_an_archive_are_joined_in_the_order_of_their_numbers(api: Api) -> None:
    whole = packed(output())
    parts = [whole[at : at + 50] for at in range(0, len(whole), 50)]
    files = [{"file": f".vercel/source.tgz.part{number + 1}", **api.upload(part)} for number, part in enumerate(parts)]
    made = api.call("POST /v13/deployments", {"name": "shop", "files": files[::-1]}, params={"prebuilt": "1"})
    assert api.ended(made["id"])["readyState"] == "READY"


def test_files_one_by_one_make_the_same_tree(api: Api) -> None:
    files = [{"file": f".vercel/output/{path}", "mode": 0o100644, **api.upload(content)} for path, content in output().items()]
    made = api.call("POST /v13/deployments", {"name": "shop", "files": files}, params={"prebuilt": "1"})
    assert api.ended(made["id"])["readyState"] == "READY"


def node(name: str, **settings: Any) -> dict[str, bytes]:
    """A Node function that is never called."""
    config = {"runtime": "nodejs22.x", "handler": "x.mjs", "launcherType": "Nodejs", **settings}
    return {f"functions/{name}.func/.vc-config.json": json.dumps(config).encode(), f"functions/{name}.func/x.mjs": b""}


BUILDS: list[tuple[str, dict[str, bytes], str, str]] = [
    ("no output", {"other.json": b"{}"}, "BUILD_UNSUPPORTED", "prebuilt"),
    ("no JSON", {"config.json": b"{"}, "INVALID_BUILD_OUTPUT", "config.json"),
    ("another version", {"config.json": b'{"version": 2}'}, "INVALID_BUILD_OUTPUT", "version"),
    ("a function without settings", output({"functions/a.func/x": b""}), "INVALID_BUILD_OUTPUT", ".vc-config.json"),
    ("a cron without a path", output(crons=[{"path": "x", "schedule": "* * * * *"}]), "INVALID_CRON", "cron"),
    ("more routes than there may be", output(routes=[{"src": "/"}] * 2049), "TOO_MANY_ROUTES", "2048"),
    *(
        (
            name,
            output({"functions/a.func/.vc-config.json": json.dumps({"handler": "x.js", "launcherType": "Nodejs", **settings}).encode()}),
            code,
            "a",
        )
        for name, settings, code in (
            ("an old runtime", {"runtime": "nodejs20.x"}, "INVALID_RUNTIME"),
            ("a long timeout", {"runtime": "nodejs22.x", "maxDuration": 1801}, "INVALID_MAX_DURATION"),
            ("much memory", {"runtime": "nodejs22.x", "memory": 4097}, "INVALID_MEMORY"),
            ("many regions", {"runtime": "nodejs22.x", "regions": ["fra1"] * 6}, "TOO_MANY_REGIONS"),
            ("an unknown trigger", {"runtime": "nodejs22.x", "experimentalTriggers": [{"type": "blob"}]}, "INVALID_TRIGGER"),
            (
                "a queue without a consumer",
                {"runtime": "nodejs22.x", "experimentalTriggers": [{"type": "queue/v2beta", "topic": "a"}]},
                "INVALID_TRIGGER",
            ),
            ("no launcher", {"runtime": "nodejs22.x", "launcherType": ""}, "INVALID_BUILD_OUTPUT"),
        )
    ),
]


@pytest.mark.parametrize(("tree", "code", "word"), [one[1:] for one in BUILDS], ids=[one[0] for one in BUILDS])
def test_a_build_that_cannot_be_fails_with_a_code_and_an_event(api: Api, tree: dict[str, bytes], code: str, word: str) -> None:
    found = api.ended(api.create(tree)["id"])
    assert (found["readyState"], found["errorCode"]) == ("ERROR", code)
    assert word in found["errorMessage"]
    events = api.call(f"GET /v3/deployments/{found['id']}/events")
    assert any(one["type"] == "stderr" and found["errorMessage"] in one["text"] for one in events)


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        (output({path: content for n in range(13) for path, content in node(f"f{n}").items()}), "exceeded_serverless_functions_per_deployment"),
        (output(crons=[{"path": "/a", "schedule": "0 * * * *"}]), "CRON_TOO_FREQUENT"),
        (output(node("a", maxDuration=301)), "INVALID_MAX_DURATION"),
    ],
    ids=["13 functions", "an hourly cron", "301 seconds"],
)
def test_hobby_has_less(api: Api, tree: dict[str, bytes], code: str) -> None:
    assert api.ended(api.create(tree)["id"])["readyState"] == "READY"
    api.sandbox("PUT teams/team_sandbox", {"plan": "hobby"}, status=200)
    assert api.ended(api.create(tree)["id"])["errorCode"] == code


def env(key: str, value: str, target: str, kind: str = "encrypted") -> dict[str, Any]:
    return {"key": key, "value": value, "type": kind, "target": [target]}


def test_a_variable_has_one_value_for_a_target_and_an_upsert_needs_the_same_targets(api: Api) -> None:
    both = {**env("A", "1", "production"), "target": ["production", "preview"]}
    made = api.call("POST /v10/projects/shop/env", both, 201)["created"]
    refused = api.call("POST /v10/projects/shop/env?upsert=true", env("A", "2", "production"), 400)["error"]
    assert (refused["code"], refused["envVarKey"], refused["target"]) == ("ENV_CONFLICT", "A", ["production", "preview"])
    changed = api.call("POST /v10/projects/shop/env", {**both, "value": "2"}, 201, params={"upsert": "true", "teamId": "team_sandbox"})
    assert changed["created"]["id"] == made["id"]
    assert api.call("POST /v9/projects/shop/env", {**both, "value": "3"}, 400, params={"upsert": "true", "teamId": "team_sandbox"})


def test_values_come_back_as_their_type_allows(api: Api) -> None:
    wanted = [env("P", "open", "preview", "plain"), env("E", "sealed", "preview"), env("S", "hidden", "preview", "sensitive")]
    created = api.call("POST /v10/projects/shop/env", wanted, 201)
    assert [one["key"] for one in created["created"]] == ["P", "E", "S"]
    shown = {one["key"]: one["value"] for one in api.call("GET /v10/projects/shop/env")["envs"]}
    assert shown["P"] == "open"
    assert shown["E"] not in ("", "sealed")
    assert shown["S"] == ""
    opened = {
        one["key"]: one["value"] for one in api.call("GET /v10/projects/shop/env", params={"decrypt": "true", "teamId": "team_sandbox"})["envs"]
    }
    assert opened == {"P": "open", "E": "sealed", "S": ""}
    ids = {one["key"]: one["id"] for one in created["created"]}
    assert api.call(f"GET /v1/projects/shop/env/{ids['S']}")["value"] == ""


def test_of_several_variables_those_that_fail_are_named_and_the_rest_is_there(api: Api) -> None:
    api.call("POST /v10/projects/shop/env", env("A", "1", "preview"), 201)
    found = api.call("POST /v10/projects/shop/env", [env("A", "2", "preview"), env("B", "2", "preview")], 201)
    assert [one["key"] for one in found["created"]] == ["B"]
    assert [one["error"]["code"] for one in found["failed"]] == ["ENV_CONFLICT"]


def test_promote_and_rollback_move_the_aliases_by_a_job_and_leave_the_crons(api: Api) -> None:
    first = api.live(output(crons=[{"path": "/old", "schedule": "0 5 * * *"}]))
    api.call("PATCH /v9/projects/shop", {"autoAssignCustomDomains": False})
    second = api.deploy(output(crons=[{"path": "/new", "schedule": "0 5 * * *"}]), target="production")
    assert (second["readySubstate"], second["aliasAssigned"]) == ("STAGED", False)
    api.call(f"POST /v10/projects/shop/promote/{second['id']}", {}, 201)
    job = api.until("GET /v9/projects/shop", lambda found: found["lastAliasRequest"]["jobStatus"] == "succeeded")["lastAliasRequest"]
    assert (job["fromDeploymentId"], job["toDeploymentId"], job["type"]) == (first["id"], second["id"], "promote")
    api.call(f"POST /v10/projects/shop/promote/{second['id']}", {}, 409)
    api.call(f"POST /v9/projects/shop/rollback/{first['id']}", {}, 201)
    project = api.until("GET /v9/projects/shop", lambda found: found["lastAliasRequest"]["jobStatus"] == "succeeded")
    assert project["targets"]["production"]["id"] == first["id"]
    assert [one["path"] for one in project["crons"]["definitions"]] == ["/new"]
    assert project["lastRollbackTarget"]["fromDeploymentId"] == second["id"]


def test_after_a_rollback_nothing_new_is_live_until_it_is_promoted(api: Api) -> None:
    first = api.live(output())
    api.live(output())
    api.call(f"POST /v1/projects/shop/rollback/{first['id']}", {}, 201)
    api.until("GET /v9/projects/shop", lambda found: found["targets"]["production"]["id"] == first["id"])
    third = api.deploy(output(), target="production")
    assert third["readySubstate"] == "STAGED"


def test_hobby_goes_one_step_back(api: Api) -> None:
    api.sandbox("PUT teams/team_sandbox", {"plan": "hobby"}, status=200)
    first, second, _third = (api.live(output()) for _ in range(3))
    assert api.call(f"POST /v9/projects/shop/rollback/{first['id']}", {}, 402)
    api.call(f"POST /v9/projects/shop/rollback/{second['id']}", {}, 201)


def test_a_preview_cannot_be_promoted_and_is_built_again_from_its_files(api: Api) -> None:
    preview = api.deploy(output(), meta={"release": "7"})
    assert preview["target"] is None
    assert api.call(f"POST /v10/projects/shop/promote/{preview['id']}", {}, 400)
    again = api.call("POST /v13/deployments", {"name": "shop", "deploymentId": preview["id"], "target": "production", "meta": {"action": "promote"}})
    assert api.ended(again["id"])["readyState"] == "READY"


def test_a_rolling_release_shares_the_traffic_until_it_is_complete(api: Api) -> None:
    first = api.live(output())
    stages = [{"targetPercentage": 10, "requireApproval": True}, {"targetPercentage": 50}, {"targetPercentage": 100}]
    api.call("PATCH /v1/projects/shop/rolling-release/config", {"target": "production", "stages": stages})
    second = api.deploy(output({"static/hello.txt": b"canary"}), target="production")
    assert second["readySubstate"] == "ROLLING"
    found = api.call("GET /v1/projects/shop/rolling-release")["rollingRelease"]
    assert (found["activeStage"]["targetPercentage"], found["currentDeployment"]["uid"]) == (10, first["id"])
    assert api.client.post(f"/v10/projects/shop/promote/{first['id']}", json={}).status_code == 409
    api.call("POST /v1/projects/shop/rolling-release/approve-stage", {"nextStageIndex": 1, "canaryDeploymentId": second["id"]})
    assert {api.visit("shop.vercel.app", "/hello.txt").text for _ in range(40)} == {"hello", "canary"}
    api.call("POST /v1/projects/shop/rolling-release/complete", {"canaryDeploymentId": second["id"]})
    api.until("GET /v9/projects/shop", lambda project: project["targets"]["production"]["id"] == second["id"])


def test_stages_with_a_duration_pass_by_themselves() -> None:
    stages = [{"targetPercentage": 10, "duration": 5}, {"targetPercentage": 50, "duration": 10}, {"targetPercentage": 100}]
    project = Project("prj", "shop", "team", 1, 1, rolling_config={"target": "production", "stages": stages})
    found = []
    for minutes in (0, 6, 16, 60):
        project.rolling = Rolling("old", "new", 0, now() - minutes * 60_000)
        found.append(share(project))
    assert found == [10, 50, 100, 100]


def test_a_function_may_have_the_size_of_its_language(tmp_path: Path) -> None:
    for runtime, most in (("nodejs22.x", 250), ("python3.13", 500)):
        folder = tmp_path / runtime / "functions" / "a.func"
        folder.mkdir(parents=True)
        build = Build(tmp_path / runtime, {}, {"a": {"runtime": runtime, "handler": "x", "launcherType": "Nodejs"}})
        for more, codes in ((0, []), (1, ["LAMBDA_SIZE_EXCEEDED"])):
            with (folder / "data").open("wb") as file:
                file.truncate(most * 1024 * 1024 + more)  # holds no bytes on the disk
            assert [one.code for one in builds.function_problems(build, PLANS["pro"])] == codes


def test_lists_are_newest_first_and_go_on_where_they_ended(api: Api) -> None:
    made = [api.deploy(output(), meta={"n": str(number)})["id"] for number in range(3)]
    first = api.call("GET /v7/deployments", params={"projectId": "shop", "limit": "2", "teamId": "team_sandbox"})
    assert [one["uid"] for one in first["deployments"]] == made[:0:-1]
    params = {"projectId": "shop", "until": str(first["pagination"]["next"]), "teamId": "team_sandbox"}
    assert [one["uid"] for one in api.call("GET /v7/deployments", params=params)["deployments"]] == made[:1]


def test_a_deleted_project_leaves_nothing(api: Api) -> None:
    made = api.live(output())
    api.call("DELETE /v9/projects/shop", status=204)
    api.call(f"GET /v13/deployments/{made['id']}", status=404)
    assert api.call("GET /v4/aliases")["aliases"] == []
    assert list((api.state / "data" / "deployments").iterdir()) == []


FAULTS: list[tuple[str, dict[str, Any], int | None]] = [
    ("throttled", {"status": 429, "code": "rate_limited", "retry_after": 7}, 429),
    ("broken", {"status": 503, "code": "service_unavailable"}, 503),
    ("dropped before it is done", {"act": "drop"}, None),
    ("done, and its answer lost", {"act": "lose"}, None),
]


@pytest.mark.parametrize(("fault", "status"), [one[1:] for one in FAULTS], ids=[one[0] for one in FAULTS])
def test_the_call_that_a_test_names_goes_wrong(api: Api, fault: dict[str, Any], status: int | None) -> None:
    api.sandbox("POST faults", {"method": "POST", "path": "/v11/projects", "skip": 1, **fault})
    api.call("POST /v11/projects", {"name": "one"})
    if status is None:
        with pytest.raises(httpx.RemoteProtocolError):
            api.client.post("/v11/projects", json={"name": "two"})
    else:
        answer = api.client.post("/v11/projects", json={"name": "two"})
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, "7" if status == 429 else None)
    api.call("GET /v9/projects/two", status=200 if fault.get("act") == "lose" else 404)
    api.call("POST /v11/projects", {"name": "three"})


def test_a_limit_is_counted_said_and_kept(api: Api) -> None:
    api.sandbox("PUT limits", {"upload": 1})
    api.upload(b"one")
    answer = api.client.post("/v2/files", content=b"two", headers={"x-now-digest": "x", "content-type": "application/octet-stream"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("1", "0")
    assert answer.json()["error"]["limit"]["total"] == 1


def test_jobs_can_be_made_to_hang_or_to_fail(api: Api) -> None:
    api.live(output())
    stuck = api.deploy(output(), target="production", autoAssignCustomDomains=False)
    api.sandbox("PUT behaviour", {"alias": "stuck"})
    api.call(f"POST /v10/projects/shop/promote/{stuck['id']}", {}, 201)
    assert api.until("GET /v9/projects/shop", lambda found: found["lastAliasRequest"]["jobStatus"] == "in-progress")
    assert api.call(f"POST /v10/projects/shop/promote/{stuck['id']}", {}, 409)
    assert api.call(f"GET /v13/deployments/{stuck['id']}")["aliasAssigned"] is False
    api.sandbox("PUT behaviour", {"build": "failed"})
    assert api.ended(api.create(output())["id"])["errorCode"] == "BUILD_FAILED"


def test_the_journal_holds_requests_and_no_token(api: Api) -> None:
    api.call("POST /v11/projects", {"name": "noted"})
    lines = (api.state / "data" / "requests.jsonl").read_text().splitlines()
    assert [(one["method"], one["path"], one["status"]) for one in map(json.loads, lines)][-1] == ("POST", "/v11/projects", 200)
    assert not any("authorization" in line.lower() for line in lines)


def test_what_is_protected_asks_who_comes(api: Api) -> None:
    api.call("PATCH /v9/projects/shop", {"ssoProtection": {"deploymentType": "prod_deployment_urls_and_all_previews"}})
    live = api.live(output())
    assert api.visit("shop.vercel.app", "/hello.txt").text == "hello"
    assert api.visit(live["url"], "/hello.txt").status_code == 401
    secret = next(iter(api.call("PATCH /v1/projects/shop/protection-bypass", {})["protectionBypass"]))
    assert api.visit(live["url"], "/hello.txt", headers={"x-vercel-protection-bypass": secret}).text == "hello"
    assert api.visit(live["url"], "/hello.txt", headers={"x-vercel-protection-bypass": "guessed"}).status_code == 401
