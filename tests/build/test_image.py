"""Functions that are images: nothing is built for them, and what a manifest must not say beside one is found at its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes import parts
from fakes.cli import Fnctl

URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4"
MANIFEST = f"""\
fnctl: 1
service: shop
targets: {{ aws: {{ region: eu-west-1 }} }}
defaults: {{ runtime: python3.13, interface: function, include: [data/*] }}
functions:
  shop:
    image: {URI}
    triggers: [{{ http: GET / }}]
"""
BESIDE = '  api: { handler: "api.py:handler", triggers: [{ http: GET /api }] }\n'


def found(fnctl: Fnctl, folder: Path, manifest: str, severity: str = "error") -> list[tuple[str, int]]:
    parts.write(folder, {"fnctl.yaml": manifest})
    said = json.loads(fnctl("validate", "--output", "json", cwd=folder, code=None).out)["diagnostics"]
    return [(d["code"], d["line"]) for d in said if d["severity"] == severity]


def test_nothing_is_built_and_the_plan_names_it(fnctl: Fnctl, tmp_path: Path) -> None:
    parts.write(tmp_path, {"fnctl.yaml": MANIFEST})
    built = fnctl("build", cwd=tmp_path)
    assert (built.out.strip(), f"shop: nothing is built, {URI} runs" in built.err) == ("no artifacts", True)
    assert json.loads(fnctl("build", "--verify", "--output", "json", cwd=tmp_path).out)["artifacts"] == []
    assert fnctl("size", cwd=tmp_path).out.strip() == "no artifacts"
    plan = json.loads(fnctl("plan", "--offline", "--output", "json", cwd=tmp_path).out)
    (function,) = (change for change in plan["changes"] if change["kind"] == "aws.lambda.function")
    fields: dict[str, Any] = {field["path"]: field["after"] for field in function["fields"]}
    assert fields["image"] == {"uri": URI, "command": [], "entry_point": [], "working_directory": None}
    assert not {"runtime", "handler", "layers", "code"} & fields.keys()


def test_it_stands_beside_functions_that_are_built(fnctl: Fnctl, tmp_path: Path) -> None:
    parts.write(tmp_path, {"fnctl.yaml": MANIFEST + BESIDE, "api.py": "def handler(request):\n    return 'built'\n", "data/a.txt": "a"})
    (made,) = json.loads(fnctl("build", "--output", "json", cwd=tmp_path).out)["artifacts"]
    assert made["function"] == "api"
    provenance = json.loads((tmp_path / ".fnctl/build/aws/provenance.json").read_text())
    assert [subject["name"] for subject in provenance["subject"]] == ["api.zip"]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ((f"image: {URI}", f"image: {{ uri: '{URI}', command: [app.main], working_directory: /srv }}"), []),
        (("    triggers", '    handler: "shop.py:handler"\n    triggers'), [("FN057", 8)]),
        (("    triggers", "    interface: asgi\n    triggers"), [("FN057", 8)]),
        (("    triggers", "    runtime: python3.13\n    bundle: { minify: true }\n    triggers"), [("FN057", 8), ("FN057", 9)]),
        ((f"image: {URI}", "image: { command: [app.main] }"), [("FN060", 5), ("FN011", 7)]),
        ((f"image: {URI}", "image: [app.main]"), [("FN012", 7)]),
        ((f"    image: {URI}\n", ""), [("FN011", 6)]),
        ((URI, URI.replace("eu-west-1", "us-east-1")), [("AWS126", 7)]),
        ((URI, "ghcr.io/acme/shop:1.4"), [("AWS126", 7)]),
        ((URI, "public.ecr.aws/acme/shop:1.4"), [("AWS126", 7)]),
        ((URI, URI.replace(".ecr.", ".ecr-fips.")), [("AWS126", 7)]),
        ((URI, URI.removesuffix(":1.4")), [("AWS126", 7)]),
        ((URI, URI.replace(":1.4", "@sha256:" + "ab" * 31)), [("AWS126", 7)]),
        ((URI, URI.replace("shop:", "team/shop_api.v2:")), []),
        (("aws: { region: eu-west-1 }", "azure: {}"), [("FN109", 7)]),
        (("aws: { region: eu-west-1 }", "vercel: {}"), [("FN109", 7)]),
    ],
)
def test_what_cannot_be_is_found_at_its_line(fnctl: Fnctl, tmp_path: Path, change: tuple[str, str], errors: list[tuple[str, int]]) -> None:
    assert found(fnctl, tmp_path, MANIFEST.replace(*change)) == errors


def test_a_platform_without_images_says_nothing_about_runtimes(fnctl: Fnctl, tmp_path: Path) -> None:
    for target in ("azure", "vercel"):
        assert found(fnctl, tmp_path, MANIFEST.replace("aws: { region: eu-west-1 }", f"{target}: {{}}"), "warning") == []


def test_a_tag_is_advised_against_and_a_digest_is_not(fnctl: Fnctl, tmp_path: Path) -> None:
    assert ("ADV024", 7) in found(fnctl, tmp_path, MANIFEST, "advice")
    assert "ADV024" not in {code for code, _ in found(fnctl, tmp_path, MANIFEST.replace(":1.4", "@sha256:" + "ab" * 32), "advice")}


def test_a_stage_can_name_another_image_and_keep_the_command(fnctl: Fnctl, tmp_path: Path) -> None:
    long = MANIFEST.replace(f"image: {URI}", f"image: {{ uri: '{URI}', command: [app.main] }}")
    stages = 'stages:\n  prod:\n    functions:\n      shop: { image: { uri: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1.3" } }\n'
    parts.write(tmp_path, {"fnctl.yaml": long + stages})
    shown = json.loads(fnctl("show", "--resolved", "--stage", "prod", "--output", "json", cwd=tmp_path).out)
    assert "shop:1.3" in json.dumps(shown)
    assert "app.main" in json.dumps(shown)
