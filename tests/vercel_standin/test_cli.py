"""Vercel's own CLI works on the stand-in: it deploys, lists, rolls back, promotes and cleans up. `scripts/conformance-vercel` installs it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from fnctl_vercel.sandbox import VercelSandbox
from fnctl_vercel.standin.account import TOKEN
from vercel.output import python
from vercel.trees import bootstrap, lay
from vercel_standin.conftest import Api, output

CLI = Path(os.environ.get("XDG_CACHE_HOME", ".cache")).absolute() / "conformance" / "vercel" / "node_modules" / ".bin" / "vercel"
SECONDS = 120
QUIET = {"VERCEL_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1", "CI": "1", "NO_COLOR": "1"}

pytestmark = pytest.mark.skipif(not CLI.exists(), reason="Vercel's CLI is not installed: scripts/conformance-vercel does it")


class Cli:
    """The CLI in a linked folder."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api, self.folder = api, folder
        project = {"projectId": api.call("GET /v9/projects/shop")["id"], "orgId": "team_sandbox", "projectName": "shop"}
        (folder / ".vercel").mkdir(parents=True)
        (folder / ".vercel" / "project.json").write_text(json.dumps({**project, "settings": {"framework": None, "nodeVersion": "22.x"}}))

    def write(self, word: str) -> None:
        """Lay out a tree whose one page says the word."""
        for path, content in output({"static/hello.txt": word.encode()}, crons=[{"path": "/hello.txt", "schedule": "0 5 * * *"}]).items():
            file = self.folder / ".vercel" / "output" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def lay(self, files: Mapping[str, str]) -> None:
        """Write the author's files."""
        for path, text in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def run(self, *words: str, environ: Mapping[str, str] | None = None) -> str:
        """Run it; return both of its streams. `environ`: for a build, which asks uv and its index."""
        own = {**(environ or {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent)}), **QUIET}
        command = [str(CLI), *words, "--token", TOKEN, "--api", self._api.environ["FNCTL_VERCEL_ENDPOINT"]]
        done = subprocess.run(
            command, cwd=self.folder, env=own, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def cli(api: Api, tmp_path: Path) -> Cli:
    return Cli(api, tmp_path / "linked")


def page(api: Api) -> str:
    return api.visit("shop.vercel.app", "/hello.txt").text


def deployed(api: Api) -> list[str]:
    return [one["uid"] for one in api.call("GET /v7/deployments")["deployments"]]


def test_it_deploys_rolls_back_promotes_and_removes(api: Api, cli: Cli) -> None:
    cli.write("one")
    cli.run("deploy", "--prebuilt", "--prod", "--yes")
    assert page(api) == "one"
    cli.write("two")
    assert "Aliased" in cli.run("deploy", "--prebuilt", "--prod", "--yes", "--archive=tgz")
    assert page(api) == "two"
    second, first = deployed(api)
    hosts = {one["uid"]: one["url"] for one in api.call("GET /v7/deployments")["deployments"]}
    listing = cli.run("ls")
    assert all(host in listing for host in hosts.values())
    assert second in cli.run("inspect", hosts[second])
    assert "rolled back" in cli.run("rollback", first, "--yes")
    assert page(api) == "one"
    assert "was promoted" in cli.run("promote", second, "--yes")
    assert page(api) == "two"
    cli.run("crons", "run", "/hello.txt")
    cli.run("rm", hosts[first], "--yes")
    assert deployed(api) == [second]


def test_it_sets_variables_and_aliases_and_reads_logs(api: Api, cli: Cli) -> None:
    cli.write("one")
    cli.run("deploy", "--prebuilt", "--prod", "--yes")
    (made,) = deployed(api)
    host = api.call(f"GET /v13/deployments/{made}")["url"]
    cli.run("env", "add", "NAME", "production", "--value", "x", "--yes")
    assert "NAME" in cli.run("env", "ls")
    cli.run("alias", "set", host, "mine.vercel.app")
    assert "mine.vercel.app" in cli.run("alias", "ls")
    assert api.visit("mine.vercel.app", "/hello.txt").text == "one"
    cli.run("alias", "rm", "mine.vercel.app", "--yes")
    cli.run("logs", "--deployment", made, "--json")
    assert "shop" in cli.run("project", "ls")


PYTHON = 'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"from python"]\n'
NODE = 'export default function handler(request, response) { response.end("from node"); }\n'
MANIFEST = """
functions:
  hello: { handler: "hello.py:app", interface: wsgi, triggers: [{ http: GET /api/hello }] }
  hellots: { handler: "hellots.ts:handler", runtime: nodejs22, triggers: [{ http: GET /api/hellots }] }
"""
OURS = {"handler", "shouldAddHelpers", "environment"}
"""The shim is called, and it reads the request itself; the manifest's values are in the environment."""


def test_what_vercel_builds_runs_here_and_what_fnctl_builds_says_the_same(api: Api, cli: Cli, tmp_path: Path) -> None:
    """One function in each language, by `vercel build` and by fnctl: the same words in .vc-config.json, and both answer."""
    interpreter = python()
    if interpreter is None:
        pytest.skip("no Python 3.13 interpreter")
    for runtime in ("python3.13", "nodejs22"):
        VercelSandbox(api.state.parents[2]).build_target(runtime, "x86_64")
    cli.lay({"api/hello.py": PYTHON, "api/hellots.ts": NODE, ".python-version": "3.13\n"})
    cli.run("build", "--yes", "--prod", environ={**os.environ, "PATH": f"{interpreter.parent}:{os.environ['PATH']}"})
    cli.run("deploy", "--prebuilt", "--prod", "--yes", "--archive=tgz")
    assert [api.visit("shop.vercel.app", f"/api/{name}").text for name in ("hello", "hellots")] == ["from python", "from node"]
    tree = lay(tmp_path / "ours", MANIFEST, {"hello.py": PYTHON, "hellots.ts": NODE}, bootstrap(tmp_path / "wheel"))
    for name in ("hello", "hellots"):
        ours = json.loads((tree / "functions" / f"{name}.func" / ".vc-config.json").read_text())
        theirs = json.loads((cli.folder / ".vercel" / "output" / "functions" / "api" / f"{name}.func" / ".vc-config.json").read_text())
        shared = (set(ours) & set(theirs)) - OURS
        assert {key: ours[key] for key in shared} == {key: theirs[key] for key in shared}
        assert set(ours) - set(theirs) <= {"supportsResponseStreaming"}, name  # Node can stream as well
        assert theirs["environment"].items() <= ours["environment"].items()
