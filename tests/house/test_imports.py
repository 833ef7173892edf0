"""Who imports whom: no circle between any two modules, nothing foreign in what travels, and nothing heavy on the way to `validate`."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

PACKAGES = ("fnctl", "fnctl_runtime", "fnctl_aws", "fnctl_azure", "fnctl_vercel", "fnctl_schemas")
HEAVY = {"boto3", "botocore", "azure", "httpx", "pydantic", "rich", "importlib.metadata"}
SLOW = {
    "typer",
    "pluggy",
    "inspect",
    "dataclasses",
    "hashlib",
    "ast",
    "json",
    "urllib.parse",
    "yaml._yaml",
    "fnctl.adapter",
    "fnctl.build.model",
    "yaml.loader",
}
"""What is not heavy, and still takes longer to import than a manifest to check."""

MANIFEST = """
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 }, azure: { region: westeurope }, vercel: { region: fra1 } }
defaults: { runtime: python3.13, memory: 2GB }
functions:
  api: { handler: "api.py:handler", triggers: [{ http: GET / }] }
"""

# Run in a fresh interpreter: which modules are there once the command has ended?
REPORT = """
import sys
sys.argv = ["fnctl", *sys.argv[1:]]
from fnctl.__main__ import main
try:
    main()
except SystemExit as exit:
    code = exit.code
else:
    code = 0
modules = sorted(sys.modules)
import json
print(json.dumps({"code": code or 0, "modules": modules}), file=sys.stderr)
"""


def loaded(*words: str, cwd: Path) -> tuple[int, set[str]]:
    """Run fnctl and return its exit code and the modules that it imported."""
    done = subprocess.run([sys.executable, "-c", REPORT, *words], cwd=cwd, capture_output=True, text=True, check=True, timeout=60)
    report = json.loads(done.stderr.splitlines()[-1])
    return report["code"], set(report["modules"])


def imported(file: Path) -> set[str]:
    """Top-level names of everything that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_no_module_imports_itself_through_others() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()  # CycleError names the circle


def test_the_runtime_imports_the_standard_library_only(root: Path) -> None:
    files = [*(root / "cli/fnctl_runtime").rglob("*.py")]
    foreign = {file.name: names for file in files if (names := imported(file) - sys.stdlib_module_names - {"fnctl_runtime"})}
    assert files
    assert foreign == {"otel.py": {"opentelemetry"}}  # loaded for `tracing: otel` alone, whose bundle has to bring it (FN447)
    assert not [file for file in files if "fnctl_runtime.otel" in file.read_text("utf-8")]


@pytest.mark.parametrize("words", [("--version",), ("validate",), ("validate", "--output", "json")], ids=" ".join)
def test_the_way_to_validate_imports_nothing_heavy(root: Path, words: tuple[str, ...]) -> None:
    code, modules = loaded(*words, cwd=root / "examples/orders")
    assert code == 0
    assert modules & HEAVY == set()


def test_a_manifest_is_checked_for_all_platforms_without_what_is_slow(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text("def handler(request): ...\n")
    (tmp_path / "fnctl.yaml").write_text(MANIFEST)
    code, modules = loaded("validate", "--no-cache", cwd=tmp_path)
    assert code == 0
    assert modules & SLOW == set()


def test_a_target_imports_no_other_targets_adapter(root: Path) -> None:
    _, modules = loaded("validate", "--target", "aws", cwd=root / "examples/orders")
    assert not any(name.startswith(("fnctl_azure", "fnctl_vercel")) for name in modules)


def test_a_function_for_events_loads_no_requests() -> None:
    """Each module is compiled at a cold start: what an event does not need is not there when it comes."""
    roads = ("fnctl_aws.runtime.events", "fnctl_azure.runtime.events", "fnctl_vercel.runtime.clocks", "fnctl_vercel.runtime.messages")
    program = f"import sys, {', '.join(roads)}; print(*sys.modules)"
    modules = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout.split())
    assert set(roads) <= modules
    assert modules & {"fnctl_runtime.http", "fnctl_runtime.structured", "fnctl_runtime.otel", "fnctl_runtime.once", "fnctl_runtime.task"} == set()
