"""`tracing: otel` needs OpenTelemetry's API in the bundle: without it a build stops, and with it the runtime beside a Node bundle can reach it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from build.test_node import run
from fakes import parts
from fnctl.build import node, python
from fnctl.build.model import Bundle
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function


def wheeled(tmp_path: Path, listed: str, **words: Any) -> Bundle:
    links = parts.wheel(tmp_path / "links", "opentelemetry_api").parent
    parts.wheel(links, "requests")
    folder = parts.write(tmp_path / "shop", {"src/api.py": "def handler(event): ...\n", "requirements.txt": listed})
    function = replace(parts.function("api", "src/api.py"), **{"interface": "event", "tracing": "otel", **words})
    cache = parts.cache(tmp_path, folder, **parts.offline(links))
    return python.bundle(parts.service(folder, function), function, parts.ARM, cache)


def test_python_without_the_api_is_refused_and_told_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(FnctlError) as caught:
        wheeled(tmp_path, "requests\n")
    found = parts.only(caught.value)
    assert (found.code, found.message) == ("FN447", "`api` has `tracing: otel`, and opentelemetry-api is not among its dependencies")
    assert "opentelemetry-sdk" in str(found.help)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("opentelemetry-api\n", {}),
        ("requests\n", {"layers": ("arn:aws:lambda:eu-west-1:123456789012:layer:otel:1",)}),
        ("requests\n", {"tracing": "platform"}),
        ("requests\n", {"interface": "native"}),
    ],
)
def test_python_with_it_or_without_need_of_it_is_built(tmp_path: Path, listed: str, words: dict[str, Any]) -> None:
    assert [wheel.name.partition("-")[0] for wheel in wheeled(tmp_path, listed, **words).wheels] == [listed.strip().replace("-", "_")]


API = {"package.json": '{"name": "@opentelemetry/api", "version": "1.9.0", "main": "index.js"}', "index.js": "exports.trace = { of: 'the project' };"}


def bundled(tmp_path: Path, function: Function, files: dict[str, str]) -> Bundle:
    sources = {"src/api.ts": 'export const handler = () => "ran";\nexport const other = 1;\n'}
    folder = parts.write(tmp_path / "shop", sources | {f"node_modules/@opentelemetry/api/{name}": text for name, text in files.items()})
    return node.bundles(parts.service(folder, function), {"api": parts.NODE}, parts.cache(tmp_path, folder))["api"]


@pytest.mark.usefixtures("installed")
def test_a_node_bundle_hands_its_own_api_to_the_runtime(tmp_path: Path) -> None:
    function = replace(parts.function("api", "src/api.ts", "nodejs20"), interface="fetch", tracing="otel")
    seen = run(bundled(tmp_path, function, API), tmp_path / "run", "[m.handler(), m.fnctl_otel.trace.of, Object.keys(m).sort()]")
    assert seen == ["ran", "the project", ["fnctl_otel", "handler"]]
    with pytest.raises(FnctlError) as caught:
        bundled(tmp_path / "without", function, {})
    found = parts.only(caught.value)
    assert (found.code, found.message) == ("FN433", "`@opentelemetry/api` is imported, but it is not there")
    assert found.help == "install the package:\n  npm install @opentelemetry/api"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("words", [{"tracing": "platform"}, {"tracing": "otel", "interface": "native"}])
def test_other_node_bundles_stay_as_they_are(tmp_path: Path, words: dict[str, Any]) -> None:
    function = replace(parts.function("api", "src/api.ts", "nodejs20"), **{"interface": "fetch", **words})
    assert run(bundled(tmp_path, function, {}), tmp_path / "run", "Object.keys(m)") == ["handler"]
