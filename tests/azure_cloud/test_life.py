"""An app's life on the stand-in: what is written for what edit, and what becomes of a publish that goes wrong."""

from __future__ import annotations

from azure_cloud.conftest import Project

PUBLISH = ["PATCH tags/default", "POST api/publish", "PATCH tags/default"]


def test_only_what_an_edit_asks_for_is_written(project: Project) -> None:
    project.deploy()
    assert project.answer() == {"version": 1, "greeting": "hi", "token": False}
    project.cloud.written()

    assert project.deploy()["status"] == "unchanged"
    assert project.cloud.written() == []

    project.write(2)
    assert project.deploy()["status"] == "deployed"
    assert project.cloud.written() == PUBLISH
    assert project.answer()["version"] == 2

    project.write(2, greeting="hello")
    project.deploy()
    app = project.app().rpartition("/")[2]
    assert project.cloud.written() == [f"PUT sites/{app}"], "a changed setting is one update of the site, and no package"
    assert project.answer()["greeting"] == "hello"

    project.run("rollback", "1", "--yes")
    assert project.answer() == {"version": 1, "greeting": "hi", "token": False}


def test_a_package_without_functions_is_never_a_success(project: Project) -> None:
    project.cloud.world(no_functions=True)
    refused = project.run("deploy", "--yes", code=5)
    assert "AZ613" in refused.err
    assert project.cloud.resources() == []
    project.cloud.world(no_functions=False)
    project.deploy()

    project.write(2)
    project.cloud.fault("refuse", path="/functions$", status=200, body={"value": []}, nth=2, times=8)
    refused = project.run("deploy", "--yes", code=5)
    assert "lists no functions, and the package holds 3" in " ".join(refused.err.split())
    project.cloud.tell("faults", method="DELETE")
    assert project.answer()["version"] == 1
    assert project.run("plan", "--output", "json").document()["summary"]["update"] > 0
    project.deploy()
    assert project.answer()["version"] == 2


def test_a_deployment_site_that_is_busy_or_starts_is_waited_for(project: Project) -> None:
    project.cloud.fault("refuse", path="/api/publish$", status=409, code="Conflict", message="There is a deployment currently in progress.")
    project.cloud.fault("refuse", path="/api/deployments/", status=503)
    project.deploy()
    assert project.answer()["version"] == 1


def test_a_right_that_has_not_arrived_is_waited_for(project: Project) -> None:
    project.cloud.world(pace={"roles": 2.0})
    try:
        told = project.run("deploy", "--yes").err
    finally:
        project.cloud.world(pace={"roles": 0.05})
    assert "the app's identity is not allowed to read its container yet" in told
    assert project.answer()["version"] == 1


def test_a_deployment_that_fails_shows_the_end_of_its_log(project: Project) -> None:
    project.cloud.fault("refuse", path="/api/deployments/[^/]+$", status=200, body={"status": 3, "status_text": "Failed"}, times=9)
    project.cloud.fault("refuse", path="/log$", status=200, body=[{"message": "one"}, {"message": "ERROR: no such wheel"}], times=9)
    refused = project.run("deploy", "--yes", code=5)
    assert "AZ614" in refused.err
    assert "ERROR: no such wheel" in refused.err


def test_an_app_of_which_nobody_knows_what_it_runs_is_published_again(project: Project) -> None:
    """A run that was killed with its package on the way up leaves the app without its mark."""
    project.deploy()
    id_ = project.app()
    tags = project.arm("GET", f"{id_}/providers/Microsoft.Resources/tags/default")["properties"]["tags"]
    body = {"operation": "Delete", "properties": {"tags": {"fnctl:live": tags["fnctl:live"]}}}
    project.arm("PATCH", f"{id_}/providers/Microsoft.Resources/tags/default", body)
    project.cloud.written()
    assert project.deploy()["status"] == "deployed"
    assert project.cloud.written() == PUBLISH[1:]


def test_a_setting_that_somebody_changed_is_seen_and_put_right(project: Project) -> None:
    project.deploy()
    id_ = project.app()
    settings = project.arm("POST", f"{id_}/config/appsettings/list", api="2025-05-01")["properties"]
    project.arm("PUT", f"{id_}/config/appsettings", {"properties": {**settings, "GREETING": "who?", "MORE": "1"}}, "2025-05-01")
    changes = project.run("plan", "--output", "json").document()["changes"]
    assert [(one["address"], sorted(field["path"] for field in one["fields"])) for one in changes] == [
        ("app/python", ["settings.GREETING", "settings.MORE"])
    ]
    project.deploy()
    assert project.answer()["greeting"] == "hi"
    assert project.run("plan", "--output", "json").document()["changes"] == []


def test_every_event_reaches_the_function_and_its_logs_are_found(project: Project) -> None:
    project.deploy()
    assert project.answer()["version"] == 1
    assert project.run("invoke", "work", code=1).err.count("AZ618")
    for kind, data in (("queue", '{"n": 1}'), ("schedule", "")):
        assert project.run("invoke", "work", "--event", kind, "--data", data, "--output", "json").document()["status"] == 202
    told = [line for line in project.run("logs", "--output", "json").lines() if line["type"] == "log"]
    assert {"api", "work"} <= {str(line["function"]) for line in told}
    assert any("got" in line["message"] and "{'n': 1}" in line["message"] for line in told)
    assert any("told by the function" in line["message"] for line in told)
    assert not [line for line in told if "told by an SDK" in line["message"]]
    assert "asked" in project.run("logs", "api", "--filter", "asked").out
