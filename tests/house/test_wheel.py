"""The wheel: what people install is the packages and their data, and nothing called cli, adapters, schemas or tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email import message_from_bytes
from pathlib import Path

import pytest

PACKAGES = {
    "fnctl": "cli/fnctl",
    "fnctl_runtime": "cli/fnctl_runtime",
    "fnctl_aws": "adapters/fnctl_aws",
    "fnctl_azure": "adapters/fnctl_azure",
    "fnctl_vercel": "adapters/fnctl_vercel",
    "fnctl_schemas": "schemas/fnctl_schemas",
}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=root, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def members(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def tracked(root: Path, folder: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", folder], cwd=root, check=True, capture_output=True, text=True)
    return {name.removeprefix(folder + "/") for name in listed.stdout.split("\0") if name}


def metadata(wheel: zipfile.ZipFile, name: str) -> bytes:
    (path,) = [member for member in wheel.namelist() if member.endswith(f".dist-info/{name}")]
    return wheel.read(path)


def test_it_installs_the_packages_and_no_other_top_level_name(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in members(wheel)} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_it_holds_every_tracked_file(wheel: zipfile.ZipFile, root: Path, package: str) -> None:
    assert tracked(root, PACKAGES[package]) <= {name.removeprefix(package + "/") for name in members(wheel) if name.startswith(package + "/")}


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_typed(wheel: zipfile.ZipFile, package: str) -> None:
    assert f"{package}/py.typed" in members(wheel)


def test_it_holds_nothing_that_only_this_machine_needs(wheel: zipfile.ZipFile) -> None:
    assert [name for name in members(wheel) if "__pycache__" in name or "node_modules" in name or name.endswith((".pyc", ".tmp"))] == []


def test_its_entry_points_are_the_command_and_the_adapters(wheel: zipfile.ZipFile) -> None:
    parser = ConfigParser()
    parser.read_string(metadata(wheel, "entry_points.txt").decode())
    assert dict(parser["console_scripts"]) == {"fnctl": "fnctl.__main__:program"}
    assert dict(parser["fnctl.adapters"]) == {name: f"fnctl_{name}.plugin" for name in ("aws", "azure", "vercel")}


def test_its_metadata_name_the_licence_and_the_extras(wheel: zipfile.ZipFile) -> None:
    message = message_from_bytes(metadata(wheel, "METADATA"))
    assert (message["Name"], message["License-Expression"], message["License-File"]) == ("fnctl-cli", "Apache-2.0", "LICENSE")
    assert set(message.get_all("Provides-Extra", [])) == {"aws", "azure", "vercel", "fast", "sandbox", "lsp", "all"}
    assert message["Requires-Python"] == ">=3.11"
