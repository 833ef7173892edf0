"""Packages with compiled parts, from the registry: whatever this machine is, the archive holds the files of the target's machine and Python."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import parts
from fnctl import plugins
from fnctl.build import builder
from fnctl.build.model import BuildTarget, Recipe
from fnctl.manifest.model import Service

NUMBERS = {"x86_64": 62, "arm64": 183}
"""EM_X86_64 and EM_AARCH64 of the ELF specification."""

PLACES = [
    ("aws", "python3.12", "x86_64"),
    ("aws", "python3.12", "arm64"),
    ("aws", "python3.13", "x86_64"),
    ("aws", "python3.13", "arm64"),
    ("aws", "python3.11", "arm64"),
    ("azure", "python3.12", "x86_64"),
    ("azure", "python3.13", "x86_64"),
    ("vercel", "python3.12", "x86_64"),
    ("vercel", "python3.13", "arm64"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"src/api.py": "import pydantic_core\n", "requirements.txt": "pydantic-core==2.41.5\n"}
    return parts.write(tmp_path_factory.mktemp("native") / "shop", files)


def target_of(name: str, runtime: str, architecture: str, service: Service) -> BuildTarget:
    function = service.functions["api"]
    asked = replace(service, functions={"api": replace(function, runtime=runtime, architecture=architecture)})  # type: ignore[arg-type]
    return replace(plugins.adapter(name).build_target(asked, "api"), brings=())


@pytest.mark.parametrize(("name", "runtime", "architecture"), PLACES, ids=["-".join(place) for place in PLACES])
def test_the_elf_files_are_the_targets(shop: Path, name: str, runtime: str, architecture: str) -> None:
    service = parts.service(shop, parts.function("api", "src/api.py", runtime))
    target, environ = target_of(name, runtime, architecture, service), parts.environ(shop.parent)
    bundle = builder.bundles(service, {"api": target}, plugins.builder, environ=environ)["api"]
    recipe = Recipe(f"{name}-{runtime}-{architecture}", bundle.files, {"": bundle.wheels}, ("api",))
    built = builder.artifacts([recipe], shop, target=name, environ=environ)[recipe.name]
    with zipfile.ZipFile(built.path) as archive:
        native = [path for path in archive.namelist() if path.endswith(".so")]
        heads = [archive.read(path)[:20] for path in native]
    assert native
    tag = f"cpython-{runtime.removeprefix('python').replace('.', '')}-{'aarch64' if architecture == 'arm64' else architecture}-linux-gnu"
    assert all(tag in path for path in native), native
    assert {(head[:4], int.from_bytes(head[18:20], "little")) for head in heads} == {(b"\x7fELF", NUMBERS[architecture])}


def test_the_platforms_accept_different_wheels(shop: Path) -> None:
    service = parts.service(shop, parts.function("api", "src/api.py"))
    tags = {
        (name, runtime): target_of(name, runtime, "x86_64", service).platform_tags
        for name, runtime in (("aws", "python3.11"), ("aws", "python3.13"), ("azure", "python3.13"), ("vercel", "python3.13"))
    }
    assert "manylinux_2_28_x86_64" not in tags["aws", "python3.11"]  # Amazon Linux 2 has glibc 2.26
    assert "manylinux_2_28_x86_64" in tags["aws", "python3.13"]
    assert len(set(tags.values())) >= 3
