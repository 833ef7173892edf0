"""A service's life at Vercel: what is written and what is not, and every way to go wrong."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnctl.errors import CloudError, Exit, FnctlError
from fnctl_vercel import upload
from fnctl_vercel.kinds import rolling
from vercel_cloud.conftest import Shop


def eventually(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_deployed_again_changed_rolled_back_destroyed(shop: Shop) -> None:
    first = shop.deploy(shop.graph("one"))
    assert (first.status, first.release) == ("deployed", 1)
    one = shop.live()
    assert shop.projects() == ["shop-prod", "shop.fnctl-ledger"]
    assert first.outputs["api"]["id"] == f"{one['id']}/api"

    before = shop.writes()
    assert shop.deploy(shop.graph("one")).status == "unchanged"
    assert shop.writes() == before

    assert shop.deploy(shop.graph("two")).status == "deployed"
    two = shop.live()
    assert two["id"] != one["id"]
    sent = shop.writes().count("POST /v2/files")
    back = shop.rollback(1)
    assert (back.status, back.release) == ("restored", 3)
    assert shop.live()["id"] == one["id"]
    assert shop.writes().count("POST /v2/files") == sent
    project = shop.ask("/v9/projects/shop-prod")["id"]
    assert f"POST /v1/projects/{project}/rollback/{one['id']}" in shop.writes()
    assert shop.count() == 2

    assert shop.destroy() == "destroyed"
    assert shop.projects() == []


def test_crons_do_not_move_with_the_traffic_so_a_rollback_makes_them_again(shop: Shop) -> None:
    shop.deploy(shop.graph("one", "0 3 * * *"))
    first = shop.live()
    shop.deploy(shop.graph("two", "0 4 * * *"))
    sent = shop.writes().count("POST /v2/files")
    assert shop.rollback(1).status == "restored"
    assert shop.live()["id"] != first["id"]
    assert shop.live()["meta"]["fnctlArtifact"] == first["meta"]["fnctlArtifact"]
    assert [one["schedule"] for one in shop.ask("/v9/projects/shop-prod")["crons"]["definitions"]] == ["0 3 * * *"]
    assert shop.writes().count("POST /v2/files") == sent, "Vercel keeps the files itself"


def test_hobby_reaches_one_release_back_and_further_by_making_it_again(shop: Shop) -> None:
    shop.steer("PUT", "teams/team_sandbox", {"plan": "hobby"})
    for page in ("one", "two", "three"):
        shop.deploy(shop.graph(page))
    assert shop.rollback(1).exit is Exit.OK
    assert shop.count() == 4
    assert any("does not go back" in line for line in shop.said)


def test_a_new_secret_is_live_with_the_next_deploy(shop: Shop) -> None:
    cloud = shop.cloud()
    version = cloud.secret_set("KEY", "s3cr3t value")
    assert cloud.secret_set("KEY", "s3cr3t value") == version, "an equal value is known by its hash"
    (found,) = [one for one in shop.ask("/v10/projects/shop-prod/env")["envs"] if one["key"] == "KEY"]
    assert (found["type"], found["target"], found["value"]) == ("sensitive", ["production"], "")
    assert shop.deploy(shop.graph("one", secrets=("KEY",))).status == "deployed"
    assert shop.deploy(shop.graph("one", secrets=("KEY",))).status == "unchanged"
    assert cloud.secret_set("KEY", "another") != version
    assert shop.deploy(shop.graph("one", secrets=("KEY",))).status == "deployed"
    assert shop.count() == 2
    assert shop.destroy() == "destroyed"
    assert (cloud.secrets(), shop.projects()) == ({}, [])
    cloud.close()


def test_a_secret_that_was_stored_in_words_alone_is_not_believed(shop: Shop) -> None:
    shop.steer("POST", "faults", {"method": "POST", "path": "/v10/projects/.*/env", "status": 201})  # "created", and nothing is
    cloud = shop.cloud()
    with pytest.raises(CloudError, match="was stored, and its list has another, or none"):
        cloud.secret_set("KEY", "value")
    assert cloud.secret_set("KEY", "value")
    cloud.close()


def test_secrets_outlive_a_first_deploy_that_fails(shop: Shop) -> None:
    cloud = shop.cloud()
    cloud.secret_set("KEY", "value")
    shop.steer("PUT", "behaviour", {"build": "failed"})
    failed = shop.deploy(shop.graph("one", secrets=("KEY",)))
    assert (failed.status, failed.exit) == ("restored", Exit.RESTORED)
    assert any("asked for by a test" in note for one in failed.diagnostics for note in (one.message, *one.notes))
    assert list(cloud.secrets()) == ["KEY"]
    shop.steer("PUT", "behaviour", {})
    assert shop.deploy(shop.graph("one", secrets=("KEY",))).status == "deployed"
    cloud.close()


def test_a_build_that_fails_leaves_the_old_release_serving(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()
    shop.steer("PUT", "behaviour", {"build": "failed"})
    failed = shop.deploy(shop.graph("two"))
    assert (failed.status, failed.exit) == ("restored", Exit.RESTORED)
    assert shop.live()["id"] == live["id"]
    assert failed.diagnostics[0].message.startswith("Vercel could not build the deployment")
    assert failed.diagnostics[0].notes[-2].startswith("Error: "), "the log's last line"
    assert failed.diagnostics[0].notes[-1].startswith("https://vercel.com/")


def test_an_alias_that_never_comes_is_waited_for_no_longer_than_said(shop: Shop) -> None:
    shop.settings["alias_timeout"] = "1s"
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]
    shop.steer("PUT", "behaviour", {"alias": "stuck"})
    stopped = shop.deploy(shop.graph("two"))
    assert stopped.exit is Exit.STOPPED, "what may still move is not said to be restored"
    assert "gave up waiting for the production addresses" in stopped.diagnostics[0].message
    assert "alias_timeout" in str(stopped.diagnostics[0].help)
    other = shop.deploy(shop.graph("three"))
    assert (other.exit, "an earlier move of the production addresses" in other.diagnostics[0].message) == (Exit.STOPPED, True)
    assert shop.live()["id"] == live
    shop.steer("PUT", "behaviour", {})
    assert shop.deploy(shop.graph("three")).status == "deployed"
    assert shop.deploy(shop.graph("three")).status == "unchanged"


@pytest.mark.parametrize("fault", [{"status": 429, "retry_after": 1, "code": "too_many_requests"}, {"act": "drop"}, {"act": "lose"}, {"status": 503}])
def test_an_upload_that_is_refused_dropped_or_not_answered_is_sent_again(shop: Shop, fault: dict[str, object]) -> None:
    shop.steer("POST", "faults", {"path": "/v2/files", **fault})
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert shop.count() == 1


def test_a_project_of_somebody_else_is_not_touched(shop: Shop) -> None:
    with shop.api as api:
        api.post("/v11/projects", json={"name": "shop-prod"})
    before = shop.writes()
    failed = shop.deploy(shop.graph("one"))
    assert [one.code for one in failed.diagnostics] == ["FN919"]
    assert not [one for one in shop.writes()[len(before) :] if "shop-prod" in one or one.startswith("POST /v13")]


def test_a_shared_project_is_used_as_it_is_and_stays(shop: Shop) -> None:
    with shop.api as api:
        api.post("/v11/projects", json={"name": "shop-prod"})
    theirs = shop.ask("/v9/projects/shop-prod")
    shop.settings |= {"project": "shop-prod", "shared": True}
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert shop.live()["meta"]["fnctlService"] == "shop"
    assert shop.destroy() == "destroyed"
    assert shop.projects() == ["shop-prod"]
    after = shop.ask("/v9/projects/shop-prod")
    assert (after["id"], after["autoAssignCustomDomains"], after["targets"]) == (theirs["id"], True, {})
    assert shop.ask("/v10/projects/shop-prod/env")["envs"] == []


def test_a_preview_takes_only_its_own_along(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]
    shop.settings |= {"project": "shop-prod", "environment": "preview"}
    for shop.stage, name in (("pr-1", "ONE"), ("pr-2", "TWO")):
        cloud = shop.cloud()
        cloud.secret_set(name, "value")
        assert (list(cloud.secrets()), cloud.outputs(shop.service(secrets=("ONE",)))["secret/ONE"]) != ([name], "")
        cloud.close()
        assert shop.deploy(shop.graph(name)).status == "deployed"
    shop.stage = "pr-1"
    assert shop.destroy() == "destroyed"
    left = [(one["key"], one["target"]) for one in shop.ask("/v10/projects/shop-prod/env")["envs"] if one["type"] == "sensitive"]
    assert (left, shop.count(), shop.live()["id"]) == ([("TWO", ["preview"])], 2, live)


def test_a_custom_environment_has_its_own_deployments_and_secrets(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]
    with shop.api as api:
        api.post("/v9/projects/shop-prod/custom-environments", json={"slug": "staging"})
    shop.stage, shop.settings = "test", {"plan": "pro", "project": "shop-prod", "environment": "staging"}
    cloud = shop.cloud()
    cloud.secret_set("KEY", "value")
    cloud.close()
    made = shop.deploy(shop.graph("two", secrets=("KEY",)))
    assert made.status == "deployed", made.diagnostics
    assert shop.deploy(shop.graph("two", secrets=("KEY",))).status == "unchanged"
    newest = shop.ask("/v6/deployments?limit=1")["deployments"][0]
    (staging,) = shop.ask("/v9/projects/shop-prod")["customEnvironments"]
    assert newest["customEnvironment"]["id"] == staging["id"]
    assert shop.live()["id"] == live
    assert shop.destroy() == "destroyed"
    assert shop.count() == 1


@pytest.mark.parametrize(
    ("environment", "message"),
    [("preview", "there is no Vercel project shop-prod"), ("staging", "the Vercel project shop-prod has no environment `staging`")],
)
def test_what_somebody_else_has_to_make_first_is_said_before_anything_is_written(shop: Shop, environment: str, message: str) -> None:
    if environment == "staging":
        with shop.api as api:
            api.post("/v11/projects", json={"name": "shop-prod"})
    shop.stage, shop.settings = "pr-1", {"plan": "pro", "project": "shop-prod", "environment": environment}
    before = (shop.projects(), shop.writes())
    with pytest.raises(FnctlError) as raised:
        shop.deploy(shop.graph("one"))
    (found,) = raised.value.diagnostics
    assert (found.code, found.message, bool(found.help)) == ("FN940", message, True)
    assert (shop.projects(), shop.writes()) == before
    assert shop.destroy() == "destroyed", "and nothing stands in the way of taking back"


def test_a_deploy_by_hand_is_drift_and_the_next_deploy_puts_ours_back(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    ours = shop.live()["id"]
    files = [{"file": ".vercel/output/config.json", "data": '{"version": 3}'}]
    with shop.api as api:
        body = {"name": "shop-prod", "project": "shop-prod", "target": "production", "files": files}
        other = api.post("/v13/deployments", json=body, params={"prebuilt": "1"}).json()
        project = shop.ask("/v9/projects/shop-prod")["id"]
        eventually(lambda: api.get(f"/v13/deployments/{other['id']}").json()["readyState"] == "READY")
        assert api.post(f"/v10/projects/{project}/promote/{other['id']}", json={}).status_code == 201
        eventually(lambda: shop.live()["id"] == other["id"])
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert shop.live()["id"] != other["id"]
    assert shop.live()["meta"]["fnctlArtifact"] == shop.ask(f"/v13/deployments/{ours}")["meta"]["fnctlArtifact"]


def test_part_of_the_traffic_first_then_all_of_it(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    graph = shop.graph("two", rollout={"canary": 10, "bake": 1})
    assert shop.deploy(graph).status == "deployed"
    writes = shop.writes()
    project = shop.ask("/v9/projects/shop-prod")["id"]
    start, complete = (writes.index(f"POST /v1/projects/{project}/rolling-release/{word}") for word in ("start", "complete"))
    assert start < complete
    assert shop.ask("/v9/projects/shop-prod")["rollingRelease"] is None


def test_a_team_whose_plan_has_no_rolling_releases_is_told_so(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]
    shop.steer("PUT", "teams/team_sandbox", {"plan": "hobby"})  # and the manifest says pro
    refused = shop.deploy(shop.graph("two", rollout={"canary": 10, "bake": 1}))
    assert (refused.exit, shop.live()["id"]) == (Exit.RESTORED, live)
    assert "cannot give a part of the traffic" in refused.diagnostics[0].message
    assert "targets.vercel.plan" in str(refused.diagnostics[0].help)


def test_a_part_of_the_traffic_comes_back_from_what_does_not_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]

    def silent(*_: object) -> None:
        message = "the new deployment does not work"
        raise CloudError(message)

    monkeypatch.setattr(rolling, "answers", silent)
    failed = shop.deploy(shop.graph("two", rollout={"canary": 10, "bake": 1}))
    assert (failed.exit, failed.diagnostics[0].message) == (Exit.RESTORED, "the new deployment does not work")
    found = shop.ask("/v9/projects/shop-prod")
    assert (found["targets"]["production"]["id"], found["rollingRelease"]) == (live, None)
    monkeypatch.undo()
    assert shop.deploy(shop.graph("two")).status == "deployed"


@pytest.mark.parametrize("canary", [{}, {"canary": 10, "bake": 1}], ids=["all at once", "a part first"])
def test_a_share_that_a_killed_run_left_goes_back_first(shop: Shop, canary: dict[str, int]) -> None:
    shop.deploy(shop.graph("one"))
    shop.deploy(shop.graph("two"))
    shop.rollback(1)
    with shop.api as api:
        path, two = "/v1/projects/shop-prod/rolling-release", shop.ask("/v6/deployments?limit=1")["deployments"][0]["uid"]
        api.patch(
            f"{path}/config", json={"target": "production", "stages": [{"targetPercentage": 10, "requireApproval": True}, {"targetPercentage": 100}]}
        )
        assert api.post(f"{path}/start", json={"canaryDeploymentId": two}).status_code == 200
    assert shop.deploy(shop.graph("one")).status == "deployed", "what is to be live was live, and not for everybody"
    assert not _split(shop)
    with shop.api as api:
        api.patch(
            f"{path}/config", json={"target": "production", "stages": [{"targetPercentage": 10, "requireApproval": True}, {"targetPercentage": 100}]}
        )
        assert api.post(f"{path}/start", json={"canaryDeploymentId": two}).status_code == 200
    assert shop.deploy(shop.graph("three", rollout=canary)).status == "deployed"
    assert not _split(shop)
    assert shop.deploy(shop.graph("three", rollout=canary)).status == "unchanged"


def _split(shop: Shop) -> bool:
    return bool(shop.ask("/v1/projects/shop-prod/rolling-release")["rollingRelease"] or shop.ask("/v9/projects/shop-prod")["rollingRelease"])


def test_ctrl_c_while_it_bakes_gives_the_traffic_back(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    live = shop.live()["id"]
    shop.stops_at = "of the traffic"
    begun = time.monotonic()
    stopped = shop.deploy(shop.graph("two", rollout={"canary": 10, "bake": 600}))
    assert (stopped.exit, time.monotonic() - begun < 60) == (Exit.INTERRUPTED, True)
    assert "the old one has all of it again" in stopped.diagnostics[0].message
    assert (shop.live()["id"], _split(shop)) == (live, False)


def test_a_setting_of_somebody_elses_project_is_theirs_again(shop: Shop) -> None:
    with shop.api as api:
        api.post("/v11/projects", json={"name": "shop-prod"})
        theirs = {"target": "production", "stages": [{"targetPercentage": 50, "duration": 60}, {"targetPercentage": 100}]}
        api.patch("/v1/projects/shop-prod/rolling-release/config", json=theirs)
    shop.settings |= {"project": "shop-prod", "shared": True}
    for page in ("one", "two"):
        assert shop.deploy(shop.graph(page)).status == "deployed"
    assert shop.deploy(shop.graph("three", rollout={"canary": 10, "bake": 1})).status == "deployed"
    assert shop.ask("/v9/projects/shop-prod")["rollingRelease"] == theirs
    assert shop.ask("/v1/projects/shop-prod/rolling-release")["rollingRelease"] is None


def test_file_by_file_equal_contents_go_up_once(shop: Shop) -> None:
    shop.settings["upload"] = "files"
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert shop.writes().count("POST /v2/files") == 2
    assert shop.deploy(shop.graph("two")).status == "deployed"
    assert shop.writes().count("POST /v2/files") == 3, "what is there is not sent again"


@pytest.mark.parametrize("theirs", [False, True])
def test_what_a_lost_ledger_knew_is_found_by_its_marks(shop: Shop, theirs: bool) -> None:
    if theirs:
        with shop.api as api:
            api.post("/v11/projects", json={"name": "shop-prod"})
        shop.settings |= {"project": "shop-prod", "shared": True}
    for page in ("one", "two"):
        shop.deploy(shop.graph(page))
    with shop.api as api:
        assert api.delete("/v9/projects/shop.fnctl-ledger").status_code == 204
    assert shop.destroy() == "destroyed"
    assert shop.projects() == (["shop-prod"] if theirs else [])
    assert shop.count() == 0


def test_a_secret_that_is_newer_than_the_release_makes_its_deployment_again(shop: Shop) -> None:
    cloud = shop.cloud()
    cloud.secret_set("KEY", "one")
    shop.deploy(shop.graph("one", secrets=("KEY",)))
    first = shop.live()
    shop.deploy(shop.graph("two", secrets=("KEY",)))
    cloud.secret_set("KEY", "two")
    cloud.close()
    assert shop.rollback(1).exit is Exit.OK
    assert shop.live()["id"] != first["id"]
    assert shop.live()["meta"]["fnctlArtifact"] == first["meta"]["fnctlArtifact"]


@pytest.mark.parametrize("path", ["/v10/projects/[^/]+/promote/.*", "/v1/projects/[^/]+/rollback/.*", "/v13/deployments", "/v11/projects"])
def test_a_write_that_was_done_without_an_answer_is_not_done_twice(shop: Shop, path: str) -> None:
    shop.steer("POST", "faults", {"method": "POST", "path": path, "act": "lose"})
    for page in ("one", "two"):
        assert shop.deploy(shop.graph(page)).exit is Exit.OK
    assert shop.rollback(1).exit is Exit.OK
    assert shop.count() == 2


def test_what_the_plan_does_not_take_is_refused_by_the_build(shop: Shop) -> None:
    shop.steer("PUT", "teams/team_sandbox", {"plan": "hobby"})
    refused = shop.deploy(shop.graph("one", functions=13))
    assert refused.exit is Exit.RESTORED
    assert refused.diagnostics[0].notes[0] == "error code: exceeded_serverless_functions_per_deployment"
    assert "asgi" in str(refused.diagnostics[0].help)
    assert shop.projects() == [], "nothing is left of a first deploy that failed"


def test_an_upload_that_was_cut_short_goes_on_where_it_ended(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PIECE", 64)
    graph = shop.graph("one")
    shop.steer("POST", "faults", {"path": "/v2/files", "status": 403, "code": "forbidden", "skip": 2})
    assert shop.deploy(graph).exit is Exit.RESTORED
    first = [one["headers"]["x-vercel-digest"] for one in shop.journal() if one["path"] == "/v2/files" and one["status"] == 200]
    assert shop.deploy(graph).status == "deployed"
    sent = [one["headers"]["x-vercel-digest"] for one in shop.journal() if one["path"] == "/v2/files" and one["status"] == 200]
    assert len(first) >= 2
    assert len(sent) == len(set(sent)), "what had arrived was sent again"


def sent(shop: Shop) -> list[str]:
    """The digests that arrived, in order."""
    return [one["headers"]["x-vercel-digest"] for one in shop.journal() if one["path"] == "/v2/files" and one["status"] == 200]


@pytest.mark.parametrize("fault", [{"status": 413, "code": "request_entity_too_large"}, {"status": 400, "code": "bad_request"}])
def test_an_archive_that_is_not_taken_goes_up_file_by_file(shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object]) -> None:
    monkeypatch.setattr(upload, "PIECE", 128)
    shop.steer("POST", "faults", {"path": "/v2/files", "skip": 1, **fault})  # the second piece, as of a proxy with little room
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert any(line.startswith("the archive did not get there") for line in shop.said)
    assert {one["file"] for one in _files(shop)} == {".vercel/output/config.json", ".vercel/output/static/index.txt"}
    assert shop.deploy(shop.graph("two")).status == "deployed", "the next one is an archive again"
    assert all(one["file"].startswith(".vercel/source.tgz.part") for one in _files(shop))
    assert len(sent(shop)) == len(set(sent(shop)))


def test_an_archive_that_cannot_be_read_there_goes_up_file_by_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def garbled(_artifact: Path, folder: Path) -> list[upload.Part]:
        (folder / "0").write_bytes(b"not an archive")
        return [upload.Part(f"{upload.PART}1", folder / "0", hashlib.sha1(b"not an archive").hexdigest(), 14, upload.PART_MODE)]

    monkeypatch.setattr(upload, "_archive", garbled)
    assert shop.deploy(shop.graph("one")).status == "deployed"
    assert len(_files(shop)) == 2


def _files(shop: Shop) -> list[dict[str, Any]]:
    """What the newest deployment was asked for with."""
    found: list[dict[str, Any]] = [one for one in shop.journal() if (one["method"], one["path"]) == ("POST", "/v13/deployments")][-1]["body"]["files"]
    return found


def test_a_deployment_says_of_which_release_commit_and_manifest_it_is(shop: Shop) -> None:
    shop.deploy(shop.graph("one"))
    shop.commit, shop.manifest = "c0ffee", "f00d"
    shop.deploy(shop.graph("two"))
    said = shop.live()["meta"]
    assert {word: said.get(f"fnctl{word}") for word in ("Service", "Stage", "Release", "Commit", "Manifest")} == {
        "Service": "shop",
        "Stage": "prod",
        "Release": "2",
        "Commit": "c0ffee",
        "Manifest": "f00d",
    }
    shop.commit = "another"
    assert shop.deploy(shop.graph("two")).status == "unchanged", "another commit of the same bytes is the same deployment"
