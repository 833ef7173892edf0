"""From a manifest to apps: each case is a folder with a manifest, and what host and shim are told of each of its apps."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azure_build.made import bundle_of, recipes_of, service_of, text_of
from fnctl.build.model import File, Recipe
from fnctl.errors import FnctlError
from fnctl_azure.artifact import library
from fnctl_azure.plugin import Azure

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
SHIM = ("_fnctl/", "fnctl_runtime/", "fnctl_azure/")


def told(recipe: Recipe) -> dict[str, Any]:
    """What is in an app, all but the shim's own code."""
    return {
        "tree": sorted(file.path for file in recipe.files if not file.path.startswith(SHIM)),
        "packages": str(recipe.packages.name) if recipe.packages else None,
        "functions": list(recipe.functions),
        "there": recipe.facts["functions"],
        "host.json": json.loads(text_of(recipe, "host.json")),
        "_fnctl.json": json.loads(text_of(recipe, "_fnctl.json")),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_manifest_becomes_these_apps(case: Path) -> None:
    made = {recipe.name: told(recipe) for recipe in recipes_of(service_of(case))}
    golden = case / "apps.json"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.write_text(json.dumps(made, indent=1) + "\n")
    assert made == json.loads(golden.read_text())


def test_only_what_runs_there_travels() -> None:
    (python,) = recipes_of(service_of(CASES[0].parent / "triggers"))
    (node,) = recipes_of(service_of(CASES[0].parent / "routes"))
    paths = {file.path for file in python.files}
    assert {"function_app.py", "fnctl_azure/runtime/entry.py", "fnctl_azure/__init__.py", "fnctl_runtime/event.py"} <= paths
    assert not any(path.endswith(".mjs") or "artifact" in path or "plugin" in path for path in paths)
    assert {"_fnctl.mjs", "_fnctl.json", "package.json"} <= {file.path for file in node.files}
    assert not any(file.path.endswith((".py", ".d.ts")) for file in node.files)


def test_what_is_built_for_is_linux_on_x86_64_with_the_library_of_its_python() -> None:
    service = service_of(CASES[0].parent / "apps")
    old, new, node = (Azure().build_target(service, name) for name in ("api", "pay", "page"))
    assert {old.architecture, new.architecture, node.architecture} == {"x86_64"}
    assert old.brings[0].startswith("azure-functions==1.")
    assert new.brings[0].startswith("azure-functions==2.")
    assert all(line.count("--hash=sha256:") >= 2 for line in (*old.brings, *new.brings))
    assert (node.brings, node.externals[0]) == ((), "@azure/functions")
    assert "manylinux2014_x86_64" in new.platform_tags
    assert not any("aarch64" in tag for tag in new.platform_tags)


def test_one_wheel_a_package_and_a_functions_own_before_the_librarys(tmp_path: Path) -> None:
    service = service_of(CASES[0].parent / "triggers")
    pinned = [tmp_path / f"{name}-{version}-py3-none-any.whl" for name, version in (("azure_functions", "2.3.0"), ("werkzeug", "3.1.9"))]
    own = [tmp_path / "werkzeug-3.0.1-py3-none-any.whl", tmp_path / "flask-3.0.0-py3-none-any.whl", pinned[0]]
    bundles = {"work": bundle_of(service.functions["work"], pinned), "ordered": bundle_of(service.functions["ordered"], own)}
    (recipe,) = recipes_of(service, **bundles)
    assert set(recipe.wheels[".python_packages/lib/site-packages/"]) == set(own)
    assert not library.asked(bundles["work"])


def test_azure_installs_the_same_versions_where_it_is_asked_to(tmp_path: Path) -> None:
    service = service_of(CASES[0].parent / "triggers")
    remote = replace(service, settings={**service.settings, "remote_build": True})
    flask, library, mine = (tmp_path / f"{name}-py3-none-any.whl" for name in ("flask-3.0.0", "azure_functions-2.3.0", "mine-0.1"))
    bundle = replace(bundle_of(service.functions["work"], [flask, library, mine]), published={flask: "f1a5c", library: "a2"})
    (recipe,) = recipes_of(remote, work=bundle, ordered=bundle_of(service.functions["ordered"], ()))
    # A folder of the project's own is on no index, or somebody else's is there: it travels.
    assert recipe.wheels == {".python_packages/lib/site-packages/": (), "": (mine,)}
    assert recipe.installed == {".python_packages/lib/site-packages/": (library, flask)}
    said = {file.path: file.source for file in recipe.files}["requirements.txt"]
    assert said == b"azure-functions==2.3.0 --hash=sha256:a2\nflask==3.0.0 --hash=sha256:f1a5c\n"


def refused(**bundles: Any) -> FnctlError:
    with pytest.raises(FnctlError) as caught:
        recipes_of(service_of(CASES[0].parent / "triggers"), **bundles)
    return caught.value


def test_two_versions_of_a_package_cannot_live_in_one_app(tmp_path: Path) -> None:
    functions = service_of(CASES[0].parent / "triggers").functions
    one = bundle_of(functions["work"], [tmp_path / "httpx-0.27.0-py3-none-any.whl"])
    other = bundle_of(functions["ordered"], [tmp_path / "httpx-0.28.0-py3-none-any.whl"])
    (finding,) = refused(work=one, ordered=other).diagnostics
    assert (finding.code, finding.message) == ("AZ603", "`work` and `ordered` share the app `python`, and want two versions of httpx")
    assert finding.span is not None
    assert finding.span.line == 18
    assert "functions: { ordered: { targets: { azure: { app: ordered } } } }" in str(finding.help)


def test_two_modules_of_one_name_cannot_be_imported_in_one_app() -> None:
    def bundles(one: bytes, other: bytes) -> dict[str, Any]:
        functions = service_of(CASES[0].parent / "triggers").functions
        work = bundle_of(replace(functions["work"], handler_file="a/main.py"), (), File("a/util.py", one))
        ordered = bundle_of(replace(functions["ordered"], handler_file="b/main.py"), (), File("b/util.py", other))
        return {"work": work, "ordered": ordered}

    (finding,) = refused(**bundles(b"ONE = 1", b"TWO = 2")).diagnostics
    assert finding.code == "AZ604"
    assert "`import util` would mean one file for both" in finding.message
    assert recipes_of(service_of(CASES[0].parent / "triggers"), **bundles(b"SAME", b"SAME"))


@pytest.mark.parametrize(
    ("every", "there"), [("1m", "0 * * * * *"), ("5m", "0 */5 * * * *"), ("1h", "0 0 * * * *"), ("6h", "0 0 */6 * * *"), ("1d", "0 0 0 * * *")]
)
def test_a_rate_is_counted_by_a_timer(tmp_path: Path, every: str, there: str) -> None:
    assert schedule(tmp_path, f"every {every}") == there


def test_a_rate_that_no_timer_keeps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FnctlError, match="a timer cannot keep `every 90m`") as caught:
        schedule(tmp_path, "every 90m")
    assert caught.value.diagnostics[0].help == "write a rate that it can: every 2h; or five cron fields"


def schedule(folder: Path, text: str) -> str:
    tick = f"  tick: {{ handler: a.py:a, runtime: python3.13, triggers: [{{ schedule: {text} }}] }}\n"
    (folder / "fnctl.yaml").write_text(f"fnctl: 1\nservice: shop\ntargets: {{ azure: {{}} }}\nfunctions:\n{tick}")
    (recipe,) = recipes_of(service_of(folder))
    found: str = told(recipe)["_fnctl.json"]["functions"][0]["doors"][0]["binding"]["schedule"]
    return found


def test_an_app_that_is_packed_already_goes_up_as_it_is(tmp_path: Path) -> None:
    service = service_of(CASES[0].parent / "apps")
    packed = replace(bundle_of(service.functions["pay"]), files=(), prebuilt=tmp_path / "app.zip")
    recipe = next(one for one in recipes_of(service, pay=packed) if one.name == "pay")
    assert (recipe.prebuilt, recipe.files, recipe.functions) == (tmp_path / "app.zip", (), ("pay",))
    (note,) = Azure().index(service, recipe, tmp_path / "app.zip", {}).notes
    assert note == "`pay` is as somebody else has packed it, and was not looked into"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"artifact": "dist/app.zip"}, "function api: an `artifact` is a whole app, and `python` has other functions too"),
        ({"runtime": "go1.24"}, "function api: fnctl builds no go1.24 for Azure"),
        ({"interface": "fetch"}, "function api: interface `fetch` cannot run on python3.12"),
    ],
)
def test_what_cannot_run_there_is_refused(change: dict[str, Any], told: str) -> None:
    service = service_of(CASES[0].parent / "apps")
    changed = {**service.functions, "api": replace(service.functions["api"], **change)}
    with pytest.raises(FnctlError, match=re.escape(told)):
        recipes_of(replace(service, functions=changed))
