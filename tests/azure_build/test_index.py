"""The look into an artifact before anybody uploads it: what the host would not find is an error with its place, and why nobody could look is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azure_build import hosting
from azure_build.conftest import SAMPLE
from azure_build.made import recipes_of, service_of
from fakes.cli import environment
from fnctl.adapter import Indexed
from fnctl.build.model import Recipe
from fnctl_azure.plugin import Azure


def recipe(name: str) -> Recipe:
    return next(one for one in recipes_of(service_of(SAMPLE)) if one.name == name)


def changed(archive: str, to: Path, **members: str | None) -> Path:
    """Copy an archive with members replaced, or left out."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(to, "w") as target:
        for info in source.infolist():
            text = members.get(info.filename.replace("/", "__").replace(".", "_"), "")
            if text is not None:
                target.writestr(info.filename, text or source.read(info))
    return to


def path(built: Mapping[str, Any], name: str) -> str:
    return str(next(one["path"] for one in built["artifacts"] if one["artifact"] == name))


def looked(archive: str | Path, name: str, environ: Mapping[str, str] | None = None, **facts: Any) -> Indexed:
    made = recipe(name)
    return Azure().index(service_of(SAMPLE), replace(made, facts={**made.facts, **facts}), Path(archive), environ or os.environ)


def test_what_was_built_is_what_the_host_would_find(built: Mapping[str, Any]) -> None:
    assert looked(path(built, "python"), "python") == Indexed()
    found = looked(path(built, "node"), "node")
    assert found.findings == ()
    exact = hosting.node().exact
    assert [note.partition(" was loaded by Node.js ")[0] for note in found.notes] == ([] if exact else ["`node`"])


def test_a_handler_that_raises_is_named_with_its_line_and_the_manifests(built: Mapping[str, Any], tmp_path: Path) -> None:
    archive = changed(path(built, "python"), tmp_path / "python.zip", src__app_py="\n\nraise KeyError('REGION')\n")
    (finding,) = looked(archive, "python").findings
    told = "`late` cannot be loaded: cannot import src/app.py: KeyError: 'REGION' (src/app.py, line 3)"
    assert (finding.code, finding.severity, finding.message) == ("AZ601", "error", told)
    assert finding.span is not None
    assert finding.span.line == 16


def test_an_app_that_cannot_be_loaded_has_no_functions_and_says_why(built: Mapping[str, Any], tmp_path: Path) -> None:
    archive = changed(path(built, "python"), tmp_path / "python.zip", function_app_py="import nowhere\n")
    (finding,) = looked(archive, "python").findings
    assert finding.message == "the app `python` cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"
    assert "the app would have no functions" in str(finding.help)


def test_an_app_that_ends_its_process_says_so(built: Mapping[str, Any], tmp_path: Path) -> None:
    archive = changed(path(built, "python"), tmp_path / "python.zip", src__app_py="import os\nos._exit(3)\n")
    (finding,) = looked(archive, "python").findings
    assert finding.message == "the app `python` cannot be loaded: its process ended with 3"


def test_a_function_that_would_not_be_there_is_an_error(built: Mapping[str, Any]) -> None:
    (finding,) = looked(path(built, "keyed"), "keyed", functions={"keyed": ["keyed", "gone"]}).findings
    assert (finding.code, finding.message) == ("AZ602", "the host would not find gone in the app `keyed`")


def test_nothing_of_the_machines_environment_reaches_the_code(built: Mapping[str, Any], tmp_path: Path) -> None:
    asked = "import json, os\nraise RuntimeError(json.dumps(sorted(os.environ)))\n"
    archive = changed(path(built, "keyed"), tmp_path / "keyed.zip", src__plain_py=asked)
    (finding,) = looked(archive, "keyed", {**os.environ, "AWS_SECRET_ACCESS_KEY": "x", "AZURE_CLIENT_SECRET": "x"}).findings
    names = json.loads(finding.message.partition("RuntimeError: ")[2].partition(" (src")[0])
    assert "A_KEY" in names
    assert not [name for name in names if "CLIENT" in name or "ACCESS" in name]


def test_without_that_python_it_says_that_nobody_looked(built: Mapping[str, Any], tmp_path: Path) -> None:
    elsewhere = {"PATH": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    found = looked(path(built, "python"), "python", elsewhere)
    assert found == Indexed(notes=("`python` was not loaded to see what the host would find in it: there is no Python 3.13 here",))


@pytest.mark.skipif(hosting.python() is None, reason="no Python 3.13 interpreter")
def test_a_build_with_a_broken_handler_ends_with_its_name(tmp_path: Path) -> None:
    copy = shutil.copytree(SAMPLE, tmp_path / "sample")
    (copy / "src/app.py").write_text("import nowhere\n\napp = nowhere.app\n")
    command = [sys.executable, "-m", "fnctl", "build", "--output", "json"]
    done = subprocess.run(command, cwd=copy, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    errors = [one for one in json.loads(done.stdout)["diagnostics"] if one["severity"] == "error"]
    assert [(one["path"], one["line"]) for one in errors] == [("src/app.py", 1)]
    assert "nowhere" in errors[0]["message"]


def test_an_app_that_is_packed_already_is_imported_and_goes_up_byte_for_byte(built: Mapping[str, Any], tmp_path: Path) -> None:
    packed = changed(path(built, "keyed"), tmp_path / "app.zip", host_json='{"version": "2.0"}').read_bytes()
    old = "{ handler: function_app.py:app, artifact: app.zip, runtime: python3.13, interface: native, triggers: [{ http: GET /old }] }"
    (tmp_path / "fnctl.yaml").write_text(f"fnctl: 1\nservice: pre\ntargets: {{ azure: {{ region: westeurope }} }}\nfunctions:\n  old: {old}\n")
    command = [sys.executable, "-m", "fnctl", "build", "--output", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (one,) = json.loads(done.stdout)["artifacts"]
    assert Path(one["path"]).read_bytes() == packed
    assert one["notes"] == ["`python` is as somebody else has packed it, and was not looked into"]
