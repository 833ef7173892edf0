"""What the adapter adds to an artifact: which files, which way in, and a digest that only the shim's own code moves."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from fnctl.build.model import BuildTarget, Bundle
from fnctl.build.shims import joined
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Resource, Trigger
from fnctl_aws.runtime.recipe import Shim, configuration, shim
from fnctl_runtime.routes import match
from runtime.lambdas import service


def made(interface: Any, runtime: str = "python3.13", name: str = "sink", **options: Any) -> Shim:
    function = Function(name, "src/app.py", "handler", interface, runtime, **options)
    entry = ("handler.mjs", "handler") if runtime.startswith("node") else ("src/app.py", "handler")
    return shim(service(function), function, Bundle(name, BuildTarget(runtime, "x86_64"), (), (), entry, "", ""))


def test_only_what_the_runtime_needs_travels() -> None:
    python = {file.path for file in made("event").files}
    assert {"_fnctl_aws.py", "_fnctl.json", "fnctl_runtime/event.py", "fnctl_aws/__init__.py", "fnctl_aws/runtime/entry.py"} <= python
    assert not any(path.endswith((".mjs", ".ts")) or "recipe" in path for path in python)
    node = {file.path for file in made("fetch", "nodejs22").files}
    assert node == {"_fnctl.mjs", "_fnctl.json"}, "one file: Node reads it sooner than many"


def node(**options: Any) -> bytes:
    (source,) = [file.source for file in made(runtime="nodejs22", **options).files if file.path == "_fnctl.mjs"]
    assert isinstance(source, bytes)
    return source


def test_a_node_function_for_events_brings_no_more_than_it_asks_for() -> None:
    asking = ({"interface": "fetch"}, {"interface": "task"}, {"interface": "event", "secrets": ("A",)}, {"interface": "event", "tracing": "otel"})
    (whole,) = {node(**options) for options in asking}
    assert len(node(interface="event")) < len(whole) / 2
    claiming = Function("sink", "src/app.py", "handler", "event", "nodejs22", idempotent={"table": "seen", "ttl": 60})
    assert joined("fnctl_aws.runtime", (claiming,)).source == whole
    assert joined("fnctl_azure.runtime", (claiming, replace(claiming, idempotent=None))).source != joined("fnctl_azure.runtime", ()).source


ALONE = ("_fnctl_aws", "fnctl_runtime.otel")
"""What starts by being imported, and what is imported only where the author brings OpenTelemetry."""


def test_every_import_of_the_shim_is_in_the_artifact_or_the_standard_library(tmp_path: Path) -> None:
    for file in made("event").files:
        target = tmp_path / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        assert isinstance(file.source, bytes)
        target.write_bytes(file.source)
    names = [file.path[:-3].replace("/", ".").removesuffix(".__init__") for file in made("event").files if file.path.endswith(".py")]
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfor name in {[name for name in names if name not in ALONE]}: __import__(name)"
    subprocess.run([sys.executable, "-I", "-S", "-W", "error", "-c", code], check=True, timeout=60)


def test_the_digest_is_of_the_code_and_not_of_the_function() -> None:
    assert made("event").digest == made("event", name="other", secrets=("A",)).digest == made("asgi").digest
    assert made("event").digest != made("event", "nodejs22").digest
    assert made("native").digest == ""
    assert made("event").handler == "_fnctl_aws.handler"
    assert made("event", "nodejs22").handler == "_fnctl.handler"


@pytest.mark.parametrize(("interface", "runtime"), [("fetch", "python3.13"), ("asgi", "nodejs22"), ("wsgi", "nodejs22")])
def test_an_interface_that_does_not_run_there_is_refused(interface: str, runtime: str) -> None:
    with pytest.raises(FnctlError, match=rf"function sink: interface `{interface}` cannot run on {runtime}"):
        made(interface, runtime)


def test_an_existing_resource_is_known_by_the_end_of_its_identifier() -> None:
    function = Function("sink", "src/app.py", "handler", "event", "python3.13", triggers=(Trigger("queue", "jobs", "jobs", {}, ()),))
    whole = replace(service(function), resources={"jobs": Resource("jobs", "queue", existing="arn:aws:sqs:eu-west-1:123456789012:legacy")})
    bundle = Bundle("sink", BuildTarget("python3.13", "x86_64"), (), (), ("src/app.py", "handler"), "", "")
    assert configuration(whole, function, bundle)["triggers"] == [{"kind": "queue", "key": "jobs", "names": ["legacy"], "whole": False}]


ROUTES = [
    *(("GET", "/orders/{id}"), ("GET", "/orders/new"), ("ANY", "/{rest*}"), ("POST", "/orders")),
    *(("GET", "/"), ("GET", "/files/{name*}"), ("GET", "/files")),
]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/orders/7", {"id": "7"}),
        ("GET", "/orders/new", {}),
        ("POST", "/orders/", {}),
        ("PUT", "/orders/7/lines", {"rest": "orders/7/lines"}),
        ("PUT", "/", {"rest": ""}),
        ("GET", "/", {}),
        ("GET", "/files", {}),
        ("GET", "/files/a/b", {"name": "a/b"}),
        ("PUT", "/orders//7/", {"rest": "orders//7/"}),
        ("PUT", "//x/", {"rest": "/x/"}),
    ],
)
def test_the_best_route_wins(method: str, path: str, expected: dict[str, str]) -> None:
    assert match(ROUTES, method, path) == expected
    assert match(reversed(ROUTES), method, path) == expected
    assert match([("GET", "/orders/{id}")], "GET", "/other/7") is None


def test_the_best_route_wins_in_node_too() -> None:
    module = Path(__file__).parents[2] / "cli/fnctl_runtime/node/routes.mjs"
    cases = [["GET", "/orders/7"], ["GET", "/orders/new"], ["POST", "/orders/"], ["PUT", "/orders/7/lines"], ["GET", "/"], ["PUT", "/"]]
    cases += [["GET", "/files"], ["GET", "/files/a/b"]]
    cases += [["PUT", "/orders//7/"], ["PUT", "//x/"]]
    code = f"import {{ match }} from {module.as_uri()!r};\nconst routes = {json.dumps(ROUTES)};\n"
    code += f"console.log(JSON.stringify({json.dumps(cases)}.flatMap((c) => [match(routes, ...c), match([...routes].reverse(), ...c)])));"
    done = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)[::2] == [match(ROUTES, *case) for case in cases] == json.loads(done.stdout)[1::2]


@pytest.mark.parametrize("path", ["/a%20b/%E4%B8%96", "/%zz%20%", "/%FFa%20", "/ü%C3%BC%E4", "/a+b%2B%2f%25"])
def test_a_path_is_decoded_alike_in_both_languages(path: str) -> None:
    module = Path(__file__).parents[2] / "cli/fnctl_runtime/node/routes.mjs"
    code = f"import {{ decoded }} from {module.as_uri()!r};\nconsole.log(JSON.stringify(decoded({json.dumps(path)})));"
    done = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == unquote(path)
