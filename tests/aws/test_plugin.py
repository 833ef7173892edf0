"""The doors of the three built-in adapters."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from aws.services import SHA, function, http, service
from fnctl.adapter import Adapter
from fnctl.build.model import Bundle, File
from fnctl_aws.kinds import all_kinds
from fnctl_aws.plugin import Aws

BUILT_IN = ("aws", "azure", "vercel")


def door(name: str) -> Adapter:
    made: Adapter = import_module(f"fnctl_{name}.plugin").fnctl_adapter()
    return made


@pytest.mark.parametrize("name", BUILT_IN)
def test_an_adapter_says_who_it_is(name: str) -> None:
    adapter = door(name)
    assert adapter.name == adapter.extra == name
    assert adapter.ready
    assert set(adapter.schema()) == {"target", "function", "resource"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_words_are_those_of_the_manifests_schema(name: str, root: Path) -> None:
    shapes: Any = json.loads((root / "schemas/fnctl_schemas/manifest-1.schema.json").read_text())["$defs"]
    own: Any = door(name).schema()
    assert set(own["target"]) == set(shapes[name]["properties"]) - {"only", "rollout"}
    assert set(own["function"]) == set(shapes[f"{name}Function"]["properties"]) - set(shapes["function"]["properties"])
    assert set(own["resource"]) <= set(shapes[f"{name}Resource"]["properties"])


@pytest.mark.parametrize(
    ("runtime", "architecture", "first", "has"),
    [
        ("python3.13", "x86_64", "manylinux_2_34_x86_64", "manylinux2014_x86_64"),
        ("python3.11", "x86_64", "manylinux_2_26_x86_64", "manylinux1_x86_64"),
        ("python3.12", "arm64", "manylinux_2_34_aarch64", "manylinux2014_aarch64"),
    ],
)
def test_wheels_are_for_amazon_linux(runtime: str, architecture: Any, first: str, has: str) -> None:
    target = Aws().build_target(service(function(runtime=runtime, architecture=architecture)), "api")
    assert target.platform_tags[0] == first
    assert has in target.platform_tags
    assert target.python == runtime.removeprefix("python")
    assert "boto3" in target.provided


def test_node_leaves_the_sdk_out() -> None:
    target = Aws().build_target(service(function(runtime="nodejs24")), "api")
    assert (target.python, target.externals) == (None, ("@aws-sdk/*",))


@pytest.mark.parametrize(("runtime", "entry"), [("python3.13", ("src/api.py", "app")), ("nodejs24", ("handler.mjs", "app"))])
def test_a_recipe_is_what_the_function_node_names(runtime: str, entry: tuple[str, str]) -> None:
    from fnctl.graph import Address, Artifact

    made = service(function(runtime=runtime, triggers=(http("GET /"),), interface="function"))
    target = Aws().build_target(made, "api")
    bundle = Bundle("api", target, (File(entry[0], b"app = None"),), (), entry, "", "d")
    (recipe,) = Aws().recipes(made, {"api": bundle})
    paths = [file.path for file in recipe.files]
    assert entry[0] in paths
    assert len(paths) == len(set(paths))
    node = Aws().translate(made, {"api": Artifact(SHA, 1, 1)}).nodes[Address("function/api")]
    assert recipe.facts["handler"] == node.props["handler"]
    assert str(recipe.facts["shim"]).startswith(str(node.props["shim"]))


def test_rules_and_translation_load_no_sdk() -> None:
    told = "import sys; from fnctl_aws.plugin import Aws; list(Aws().rules()); Aws().schema(); import fnctl_aws.translate, fnctl_aws.kinds"
    check = f"{told}; print([name for name in sys.modules if name.split('.')[0] in ('boto3', 'botocore', 'httpx', 'rich')])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_kind_keeps_the_contract() -> None:
    for name, kind in all_kinds(object()).items():  # type: ignore[arg-type]  # nothing is called
        assert isinstance(kind.rank, int), name
        assert isinstance(kind.replaces, frozenset)
        assert isinstance(kind.secret, frozenset)
