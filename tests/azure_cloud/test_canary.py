"""A canary on Premium: a share of the traffic to the new release in a slot, then all of it; and what becomes of one that fails or is killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from azure_cloud.conftest import Project
from azure_standin.caller import Caller, Reply
from fakes.cli import environment
from fakes.forked import Running

MANIFEST = """\
fnctl: 1
service: small
targets: {{ azure: {{ region: westeurope, plan: premium, app: a-name-that-is-cut }} }}
rollout: {{ canary: 50%, bake: {bake} }}
defaults: {{ runtime: python3.13 }}
secrets: [TOKEN]
resources:
  jobs: {{ type: queue }}
functions:
  api: {{ handler: "api.py:handler", triggers: [{{ http: GET / }}, {{ http: {{ method: GET, path: /locked, auth: key }} }}], secrets: [TOKEN] }}
  work: {{ handler: "work.py:handler", triggers: [{{ queue: jobs }}] }}
"""
WEB = "2025-05-01"


def write(project: Project, version: int, bake: str = "1m", top: str = "") -> None:
    (project.folder / "fnctl.yaml").write_text(MANIFEST.format(bake=bake))
    (project.folder / "api.py").write_text(f"def handler(request):\n    {top or 'pass'}\n    return {{'version': {version}}}\n")


def start(project: Project) -> Running:
    """Begin to deploy, and leave it at that."""
    words = ["deploy", "--yes", "--output", "json", "--target", "azure"]
    return project.command.start(words, project.folder, environment(project.cloud.environ))


def asked(url: str, path: str = "/", **headers: str) -> Reply:
    """Ask as somebody does who was never there."""
    return Caller("").raw("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}, host=url.removeprefix("http://"))


def versions(url: str) -> set[int]:
    """The releases that answer now."""
    return {asked(url).body["version"] for _ in range(12)}


def until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.05)


def shared(url: str) -> bool:
    """Whether two of them do."""
    return versions(url) == {1, 2}


def slots(project: Project) -> list[str]:
    return [one for one in project.cloud.resources() if "/slots/" in one]


@pytest.fixture
def released(project: Project) -> tuple[Project, str]:
    """Version 1, at its address. There was nothing beside which it could have stood."""
    write(project, 1)
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value")
    url = project.deploy()["outputs"]["functions"]["api"]["url"].rstrip("/")
    assert not any("slots" in path for path in project.cloud.written())
    return project, url


def test_a_share_goes_to_the_new_release_first_and_a_rollback_is_at_once(released: tuple[Project, str]) -> None:
    project, url = released
    id_ = next(one for one in project.cloud.resources() if "/sites/" in one)
    assert len(id_.rpartition("/")[2]) == 32, "its slot would be cut to the same name"
    write(project, 2, bake="3s")
    project.cloud.fault("lose", path="/slotsswap$")  # asked for again, which swaps it back
    deploy = start(project)
    until(lambda: bool(slots(project)) and shared(url))
    listed = project.arm("GET", f"{id_}/slots/next/functions", api=WEB)["value"]
    assert sorted(one["name"].rpartition("/")[2] for one in listed) == ["api_http", "api_http_locked"], "nobody else takes the queue's messages"
    key = project.arm("POST", f"{id_}/host/default/listkeys", api=WEB)["functionKeys"]["default"]
    there, here = (asked(url, "/locked", cookie=f"x-ms-routing-name={name}", x_functions_key=key) for name in ("next", "self"))
    assert (there.body, here.body) == ({"version": 2}, {"version": 1})
    assert "x-ms-routing-name=next" in there.headers["set-cookie"]
    done = deploy.wait()
    assert (done.code, done.result()["status"]) == (0, "deployed"), done.err
    assert "50 % of the HTTP traffic" in done.out + done.err
    assert versions(url) == {2}
    listed = project.arm("GET", f"{id_}/functions", api=WEB)["value"]
    assert len(listed) == 3
    settings = project.arm("POST", f"{id_}/config/appsettings/list", api=WEB)["properties"]
    assert (settings["AzureFunctionsWebHost__hostid"], "FNCTL_HTTP_ONLY" in settings) == (id_.rpartition("/")[2], False)
    assert slots(project) == []

    project.cloud.written()
    assert project.deploy()["status"] == "unchanged"
    assert project.cloud.written() == []
    project.run("rollback", "1", "--yes")
    assert asked(url).body == {"version": 1}
    assert not any("slots" in path for path in project.cloud.written())


def test_a_new_release_that_is_stopped_or_fails_more_gives_its_share_back_and_a_killed_one_is_cleared_away(released: tuple[Project, str]) -> None:
    project, url = released
    write(project, 2)
    deploy = start(project)
    until(lambda: bool(slots(project)) and shared(url))
    deploy.kill(signal.SIGINT)
    assert deploy.wait().code == 130
    assert (versions(url), slots(project)) == ({1}, [])

    write(project, 2, top="raise ValueError('no')")
    deploy = start(project)
    until(lambda: bool(slots(project)) and 500 in {asked(url).status for _ in range(12)})
    done = deploy.wait()
    assert done.code == 5, done.out + done.err
    assert done.result()["status"] == "restored"
    assert "AZ620" in done.out
    assert "requests to it failed, and 0 of " in done.out
    assert versions(url) == {1}
    assert slots(project) == []
    write(project, 1)
    assert project.deploy()["status"] == "unchanged"

    # One that starts in the slot only is not swapped in, and the app is not touched.
    write(project, 2, bake="0s")
    source = project.folder / "api.py"
    source.write_text(f"import os\nif not os.environ.get('FNCTL_HTTP_ONLY'):\n    os._exit(3)\n{source.read_text()}")
    project.cloud.written()
    refused = project.run("deploy", "--yes", "--no-import-check", code=5)
    assert "Cannot swap site slots" in " ".join(refused.err.split())
    assert (versions(url), slots(project)) == ({1}, [])
    assert project.cloud.written().count("POST api/zipdeploy") == 1, "to the slot: nothing was put back"

    # What a killed run leaves is seen, and taken away.
    write(project, 2)
    deploy = start(project)
    until(lambda: bool(slots(project)) and shared(url))
    deploy.kill()
    deploy.wait()
    assert shared(url), "nobody has ended it"
    write(project, 1)
    (change,) = [one for one in project.run("plan", "--output", "json").document()["changes"] if one["address"] == "app/a-name-that-is-cut"]
    assert sorted(field["path"].partition(".rampUpRules")[0] for field in change["fields"]) == ["siteConfig.experiments", "slot"]
    project.deploy()
    assert versions(url) == {1}
    assert slots(project) == []

    write(project, 2)
    deploy = start(project)
    until(lambda: bool(slots(project)))
    deploy.kill()
    deploy.wait()
    project.run("destroy", "--yes")
    assert project.cloud.resources() == []
