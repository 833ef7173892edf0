"""Strangers' adapters, installed for real: one that works takes part in everything, one that is broken is a finding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.conftest import installed

MANIFEST = """\
fnctl: 1
service: shop
targets:
  folder: { path: share }
defaults: { runtime: "RUNTIME" }
functions:
  hello: { handler: "src/hello.py:handler", triggers: [{ http: GET / }], env: { GREETING: hello } }
  tick: { handler: "src/tick.py:handler", triggers: [{ schedule: "0 3 * * *" }] }
"""
Fnctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packages installed, as pip would; nothing is fetched."""
    return installed(tmp_path_factory.mktemp("site"), "folder", "broken", "audit", "bash")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/hello.py").write_text("def handler(request):\n    return {'hello': 'folder'}\n")
    (tmp_path / "src/tick.py").write_text("def handler(event):\n    return None\n")
    (tmp_path / "fnctl.yaml").write_text(MANIFEST.replace("RUNTIME", f"python3.{sys.version_info.minor}"))
    return tmp_path


@pytest.fixture
def fnctl(site: Path, project: Path, tmp_path: Path) -> Fnctl:
    environ = {**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1"}
    environ |= {name: str(tmp_path / name.lower()) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME")}

    def run(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fnctl", *words]
        done = subprocess.run(command, cwd=project, env={**environ, **more}, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == code, f"fnctl {' '.join(words)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "result"
    return last


def live(project: Path) -> dict[str, str]:
    return {path.name: json.loads(path.read_text())["code"] for path in (project / "share").glob("*.json")}


def test_both_are_listed_and_the_broken_one_says_why(fnctl: Fnctl) -> None:
    found = {plugin["name"]: plugin for plugin in json.loads(fnctl("plugins", "--output", "json").stdout)["plugins"]}
    assert (found["folder"]["distribution"], found["folder"]["version"], found["folder"]["error"]) == ("fnctl-adapter-folder", "0.3.0", None)
    assert found["folder"]["hooks"] == ["fnctl_adapter"]
    assert "a_package_that_nobody_installed" in found["broken"]["error"]
    assert set(found) >= {"aws", "azure", "vercel"}


def test_its_own_words_are_checked(fnctl: Fnctl, project: Path) -> None:
    fnctl("validate")
    manifest = project / "fnctl.yaml"
    manifest.write_text(manifest.read_text().replace("path: share", "paht: share"))
    found = json.loads(fnctl("validate", "--output", "json", code=1).stdout)["diagnostics"]
    assert [(d["severity"], d["line"]) for d in found if d["severity"] == "error"] == [("error", 4)]
    assert "path" in found[0]["help"]


def test_its_own_rules_are_heard(fnctl: Fnctl) -> None:
    found = json.loads(fnctl("validate", "--output", "json").stdout)["diagnostics"]
    assert [(d["code"], d["severity"], d["target"], d["line"]) for d in found if d["code"] == "FOLDER001"] == [("FOLDER001", "warning", "folder", 8)]


def test_its_own_errors_have_pages(fnctl: Fnctl) -> None:
    fnctl("deploy", "--yes")
    said = fnctl("invoke", "hello", code=1).stderr
    assert "error[FOLDER101]" in said
    assert "not-in-a-folder" in fnctl("explain", "FOLDER101").stdout
    found = json.loads(fnctl("explain", "folder102", "--output", "json").stdout)["error"]
    assert (found["name"], found["group"]) == ("no-such-python", "FOLDER: an adapter's own")


def test_the_life_of_a_service_on_it(fnctl: Fnctl, project: Path) -> None:
    first = result(fnctl("deploy", "--yes", "--output", "json"))
    assert (first["status"], first["release"]) == ("deployed", 1)
    before = live(project)
    assert set(before) == {"shop-dev-hello.json", "shop-dev-tick.json"}
    assert Path(first["outputs"]["functions"]["hello"]["id"]).is_file()
    assert result(fnctl("deploy", "--yes", "--output", "json"))["status"] == "unchanged"

    (project / "src/hello.py").write_text("def handler(request):\n    return {'hello': 'again'}\n")
    second = result(fnctl("deploy", "--yes", "--output", "json"))
    assert (second["status"], second["release"]) == ("deployed", 2)
    assert {name for name, code in live(project).items() if code != before[name]} == {"shop-dev-hello.json"}

    back = result(fnctl("rollback", "--yes", "--output", "json"))
    assert (back["status"], back["release"]) == ("restored", 3)
    assert live(project) == before

    assert result(fnctl("destroy", "--yes", "--output", "json"))["status"] == "destroyed"
    assert list((project / "share").iterdir()) == []


def test_an_observer_hears_the_whole_run(fnctl: Fnctl, project: Path) -> None:
    heard = project / "audit.jsonl"
    fnctl("deploy", "--yes", AUDIT_LOG=str(heard))
    lines = [json.loads(line) for line in heard.read_text().splitlines()]
    done = {line["address"] for line in lines if line["type"] == "change" and line["status"] == "done"}
    assert "function/hello" in done
    assert (lines[-1]["type"], lines[-1]["verb"], lines[-1]["status"], lines[-1]["release"]) == ("result", "deploy", "deployed", 1)


def test_an_observer_that_fails_is_a_warning(fnctl: Fnctl, project: Path) -> None:
    done = fnctl("deploy", "--yes", "--output", "json", AUDIT_LOG=str(project / "missing" / "audit.jsonl"))
    assert result(done)["status"] == "deployed"
    warnings = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "finding"]
    assert [line["code"] for line in warnings if line["severity"] == "warning"].count("FN962") == 1


def test_a_broken_one_is_a_finding_at_the_line_that_asks_for_it(fnctl: Fnctl, project: Path) -> None:
    manifest = project / "fnctl.yaml"
    manifest.write_text(manifest.read_text().replace("folder: { path: share }", "broken: {}"))
    (found,) = json.loads(fnctl("validate", "--output", "json", code=1).stdout)["diagnostics"]
    assert (found["line"], found["target"]) == (4, "broken")
    assert "fnctl-adapter-broken" in found["message"]
    assert "pip install" in found["help"]
    assert "Traceback" not in fnctl("deploy", "--yes", code=1).stderr


def test_a_target_without_an_adapter_is_a_finding_with_the_pip_line(fnctl: Fnctl, project: Path) -> None:
    manifest = project / "fnctl.yaml"
    manifest.write_text(manifest.read_text().replace("folder: { path: share }", "moon: {}"))
    (found,) = json.loads(fnctl("validate", "--output", "json", code=1).stdout)["diagnostics"]
    assert found["line"] == 4
    assert "pip install fnctl-adapter-moon" in found["help"]


BASH = '#!/bin/bash\nset -eu\n. lib/words.sh\nhandler() { greet "$1"; }\n'


def scripted(project: Path, runtime: str = "bash5") -> Path:
    for name, text in {"src/tick.sh": BASH, "src/lib/words.sh": 'greet() { echo "hello $1"; }\n'}.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    manifest = project / "fnctl.yaml"
    manifest.write_text(manifest.read_text().replace('handler: "src/tick.py:handler"', f'handler: "src/tick.sh:handler", runtime: {runtime}'))
    return manifest


def test_a_strangers_builder_is_listed_and_builds_its_runtime(fnctl: Fnctl, project: Path) -> None:
    scripted(project)
    kinds = {(p["name"], p["kind"]): p for p in json.loads(fnctl("plugins", "--output", "json").stdout)["plugins"]}
    assert (kinds["bash", "builder"]["distribution"], kinds["bash", "builder"]["hooks"]) == ("fnctl-builder-bash", ["fnctl_builder"])
    assert {kinds["python", "builder"]["distribution"], kinds["nodejs", "builder"]["distribution"]} == {"fnctl-cli"}
    fnctl("validate")
    built = {row["function"]: row for row in json.loads(fnctl("build", "--output", "json").stdout)["artifacts"]}
    with zipfile.ZipFile(project / built["tick"]["path"]) as archive:
        assert archive.namelist() == ["src/lib/words.sh", "src/tick.sh"]
    assert json.loads(fnctl("build", "--output", "json").stdout)["artifacts"][1]["cached"]


def test_a_strangers_builder_finds_what_is_wrong_at_its_place(fnctl: Fnctl, project: Path) -> None:
    scripted(project)
    (project / "src/lib/words.sh").write_text("greet() {\n  echo )\n}\n")
    done = fnctl("build", code=1)
    assert "BASH001" in done.stderr
    assert "src/lib/words.sh:2" in done.stderr
    assert "while building `tick`" in done.stderr


def test_a_runtime_without_a_builder_is_a_finding_with_the_pip_line(fnctl: Fnctl, project: Path) -> None:
    scripted(project, "go1.25")
    (found,) = (d for d in json.loads(fnctl("validate", "--output", "json", code=1).stdout)["diagnostics"] if d["severity"] == "error")
    assert (found["code"], found["line"]) == ("FN055", 8)
    assert "pip install fnctl-builder-go" in found["help"]
