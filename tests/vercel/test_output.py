"""From a manifest to a Build Output tree: each case is a folder with a manifest and what it means, checked against the vendor's own schema too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fnctl.build.model import Bundle, File
from fnctl.errors import FnctlError
from fnctl.manifest.load import load
from fnctl.manifest.model import Service
from fnctl.manifest.resolve import resolve
from fnctl.rules.engine import run
from fnctl.rules.limits import load as limits
from fnctl.rules.model import Subject
from fnctl_vercel.output.functions import consumer
from fnctl_vercel.output.places import places
from fnctl_vercel.output.recipe import recipe
from fnctl_vercel.output.routes import pattern
from fnctl_vercel.plugin import Vercel
from fnctl_vercel.runtime import __file__ as runtime

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
SCHEMA = Path(__file__).parents[3] / "shared" / "contracts" / "vercel" / "vercel-json.schema.json"
DOCUMENTED = {
    *("runtime", "handler", "memory", "architecture", "maxDuration", "environment", "regions", "supportsWrapper", "supportsResponseStreaming"),
    *("launcherType", "shouldAddHelpers", "shouldAddSourcemapSupport", "awsLambdaHandler"),
}
"""vercel.com/docs/build-output-api/primitives, 2025-03-04."""
KNOWN = {*DOCUMENTED, "experimentalTriggers", "functionFailoverRegions"}
"""And what @vercel/build-utils' Lambda takes besides: lambda.d.ts, vercel/vercel 17d9ebaf8, 2026-08-03."""


def service(folder: Path) -> Service:
    document, findings = load(folder / "fnctl.yaml")
    assert document is not None
    resolution = resolve(document, target="vercel", stage="prod", environ={})
    assert [finding for finding in (*findings, *resolution.diagnostics) if finding.severity == "error"] == []
    found = resolution.service
    assert found is not None
    known = limits("vercel", plan=str(found.settings["plan"]))
    assert errors(Subject(found, known, abilities=Vercel().abilities())) == []
    return found


def errors(subject: Subject) -> list[tuple[str, str | None]]:
    """What rules refuse, but for FN190: workflows are built for Vercel, and not deployed yet."""
    return [(one.code, one.help) for one in run(Vercel().rules(), subject) if one.severity == "error" and one.code != "FN190"]


def members(made: Service) -> dict[str, bytes]:
    bundles = {}
    for name, function in made.functions.items():
        node = function.runtime.startswith("nodejs")
        entry = ("handler.mjs", function.handler_name) if node else (function.handler_file, function.handler_name)
        own = (File(entry[0], b"# the author's\n"),)
        bundles[name] = Bundle(name, Vercel().build_target(made, name), own, () if node else (Path("vercel_runtime.whl"),), entry, "", "")
    whole = recipe(made, bundles)
    assert (whole.name, whole.unpacked) == ("output", ".vercel/output")
    python = {place.folder for place in places(made) if place.function.runtime.startswith("python")}
    assert whole.wheels == {f"{folder}_vendor/": (Path("vercel_runtime.whl"),) for folder in python}
    found = {file.path: file.source for file in whole.files}
    assert len(found) == len(whole.files)
    return {path: source for path, source in found.items() if isinstance(source, bytes)}


def described(files: dict[str, bytes]) -> dict[str, Any]:
    """The documents of a tree, and by folder the names of the other files that are not the runtime's own."""
    documents = {path: json.loads(text) for path, text in sorted(files.items()) if path.endswith((".vc-config.json", "config.json", "_fnctl.json"))}
    names: dict[str, list[str]] = {}
    for path in sorted(files):
        folder, mark, name = path.partition(".func/")
        if mark and path not in documents and not name.startswith(("fnctl_runtime/", "fnctl_vercel/", "_fnctl_runtime/")):
            names.setdefault(folder, []).append(name)
    return {"documents": documents, "files": names}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_manifest_means_this_tree(case: Path) -> None:
    made = described(members(service(case)))
    golden = case / "output.json"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(golden.read_text())


def configurations(case: Path) -> Iterator[dict[str, Any]]:
    yield from (json.loads(text) for path, text in members(service(case)).items() if path.endswith(".vc-config.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_function_s_configuration_holds_what_the_platform_knows(case: Path) -> None:
    for one in configurations(case):
        assert one.keys() <= KNOWN
        assert one["runtime"].startswith("python") or one["launcherType"] == "Nodejs"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_vendor_s_schema_takes_routes_crons_schedules_and_triggers(case: Path) -> None:
    if not SCHEMA.is_file():
        pytest.skip("the vendor's schema of vercel.json is not at hand")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    config = json.loads(members(service(case))["config.json"])
    both = {name: config[name] for name in ("routes", "crons", "schedules") if name in config}
    for one in configurations(case):
        # vercel.json leaves out `consumer`, which its builder makes of the path and writes into .vc-config.json
        triggers = [{key: value for key, value in trigger.items() if key != "consumer"} for trigger in one.get("experimentalTriggers", ())]
        both["functions"] = {"api/x.py": {"experimentalTriggers": triggers}} if triggers else {"api/x.py": {"maxDuration": one.get("maxDuration", 1)}}
        assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(both)] == []


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_no_secret_and_no_path_of_this_machine_is_in_it(case: Path) -> None:
    for path, text in members(service(case)).items():
        assert str(Path(runtime).parents[2]) not in text.decode("utf-8", "replace"), path
        assert path.endswith("_fnctl.json") or b"STRIPE_KEY" not in text, path


@pytest.mark.parametrize(
    ("path", "fits", "not_"),
    [
        ("/", ["/"], ["/a", ""]),
        ("/{path*}", ["/", "/a", "/a/b"], []),
        ("/orders/{id}", ["/orders/7", "/orders/7/", "/orders/a%2Fb"], ["/orders", "/orders/", "/orders/7/lines", "/x/orders/7"]),
        ("/files/{name*}", ["/files", "/files/", "/files/a/b"], ["/filesystem", "/file"]),
        ("/a.b/(c)", ["/a.b/(c)"], ["/aXb/(c)", "/a.b/c"]),
        ("/grüße", ["/gr%C3%BC%C3%9Fe"], ["/gr"]),
    ],
)
def test_a_path_is_a_pattern(path: str, fits: list[str], not_: list[str]) -> None:
    import re

    assert [text for text in (*fits, *not_) if re.match(pattern(path), text)] == fits


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("handler: 'a.ts:a', runtime: nodejs22, interface: asgi", "interface `asgi` cannot run on nodejs22"),
        ("handler: 'a.py:a', runtime: python3.13, artifact: a.zip", "an `artifact` cannot be part of the output"),
        ("handler: 'a.go:a', runtime: go1, interface: native", "fnctl builds no go1 for Vercel"),
    ],
)
def test_what_the_output_cannot_hold_is_refused_with_its_line(words: str, why: str, tmp_path: Path) -> None:
    text = f"fnctl: 1\nservice: shop\ntargets: {{ vercel: {{}} }}\nfunctions:\n  one: {{ {words} }}\n"
    (tmp_path / "fnctl.yaml").write_text(text)
    document, _ = load(tmp_path / "fnctl.yaml")
    assert document is not None
    made = resolve(document, target="vercel", stage="prod", environ={}).service
    assert made is not None
    function = made.functions["one"]
    packed = tmp_path / "a.zip" if function.artifact else None
    entry = (function.handler_file, function.handler_name)
    bundle = Bundle("one", Vercel().build_target(made, "one"), (), (), entry, "", "", prebuilt=packed)
    with pytest.raises(FnctlError, match=why) as caught:
        recipe(made, {"one": bundle})
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert found.span.line == 5
    assert found.help


def test_a_consumer_group_is_called_as_vercel_s_builder_calls_it() -> None:
    assert consumer("_fnctl/my_worker/queue/a.b") == "__fnctl_Smy__worker_Squeue_Sa_Db"


def test_a_rate_that_no_cron_can_keep_is_refused(tmp_path: Path) -> None:
    text = (CASES[0] / "fnctl.yaml").read_text().replace("every: 6h", "every: 90m")
    (tmp_path / "fnctl.yaml").write_text(text)
    document, _ = load(tmp_path / "fnctl.yaml")
    assert document is not None
    made = resolve(document, target="vercel", stage="prod", environ={}).service
    assert made is not None
    assert errors(Subject(made, limits("vercel", plan="pro"), abilities=Vercel().abilities())) == [("VC310", "every 2h")]
    with pytest.raises(FnctlError, match="a cron cannot keep this rate"):
        members(made)
