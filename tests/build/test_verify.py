"""Reproducible builds: the examples, two clones, and what `--verify` says when a build is not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from build.test_local import BACKEND, package
from fakes import parts
from fakes.cli import Fnctl
from fnctl.build import verify

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/fnctl.yaml"))
BUILDS = [(example, target) for example in EXAMPLES for target in yaml.safe_load((example / "fnctl.yaml").read_text())["targets"]]
MANIFEST = """\
fnctl: 1
service: shop
targets: {aws: {region: eu-west-1}}
defaults: {runtime: python3.13}
functions:
  api: {handler: src/api.py:handler, interface: function, triggers: [{http: GET /}]}
"""
API = "def handler(request):\n    return {}\n"


def git(*words: str, cwd: Path) -> None:
    name = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *name, *words], cwd=cwd, check=True, capture_output=True)


def shop(folder: Path, backend: str = BACKEND) -> Path:
    """A service in a repository, with a package beside it."""
    parts.write(folder, {"shop/fnctl.yaml": MANIFEST, "shop/src/api.py": API, "shop/requirements.txt": "../lib\n", "shop/src/run.sh": "echo\n"})
    (folder / "shop/src/run.sh").chmod(0o755)
    package(folder / "lib", "lib", files={"backend.py": backend})
    git("init", cwd=folder)
    git("add", ".", cwd=folder)
    git("commit", "-m", "first", cwd=folder)
    return folder


@pytest.mark.parametrize(("example", "target"), BUILDS, ids=[f"{example.name}-{target}" for example, target in BUILDS])
def test_every_example_builds_to_the_same_bytes_twice(fnctl: Fnctl, example: Path, target: str, tmp_path: Path) -> None:
    subprocess.run(["cp", "-R", str(example), str(tmp_path / "service")], check=True)
    document = json.loads(fnctl("build", "--target", target, "--verify", "--output", "json", cwd=tmp_path / "service").out)
    assert document["artifacts"]
    assert all(made["verified"] for made in document["artifacts"])


def test_two_clones_give_the_same_digests(fnctl: Fnctl, tmp_path: Path) -> None:
    shop(tmp_path / "origin")
    digests = []
    for clone in ("one", "elsewhere/two"):
        (tmp_path / clone).parent.mkdir(exist_ok=True)
        git("clone", str(tmp_path / "origin"), str(tmp_path / clone), cwd=tmp_path)
        environ = {"XDG_CACHE_HOME": str(tmp_path / clone / ".cache"), "UV_CACHE_DIR": str(tmp_path / "uv")}
        document = json.loads(fnctl("build", "--output", "json", cwd=tmp_path / clone / "shop", env=environ).out)
        digests.append([(made["function"], made["sha256"]) for made in document["artifacts"]])
    assert digests[0] == digests[1]


def test_what_is_not_reproducible_is_named_with_its_members(fnctl: Fnctl, tmp_path: Path) -> None:
    careless = BACKEND.replace('pathlib.Path("litter")', f'members["{"lib"}/now.py"] = str(time.time_ns())\n    pathlib.Path("litter")')
    folder = shop(tmp_path / "origin", careless) / "shop"
    done = fnctl("build", "--verify", cwd=folder, code=1)
    assert "FN444" in done.err
    assert "two builds of `api` differ" in done.err
    assert "lib/now.py: other bytes" in done.err


def test_the_copy_is_the_repository_without_what_is_made(tmp_path: Path) -> None:
    top = shop(tmp_path / "origin")
    parts.write(top, {"shop/.fnctl/build/x": "", "shop/__pycache__/x": "", "venv/pyvenv.cfg": "", "shop/node_modules/p/index.js": "x"})
    (top / "shop/inside").symlink_to(top / "lib")
    with verify.elsewhere(top / "shop", parts.environ(tmp_path)) as place:
        assert sorted(path.name for path in place.folder.iterdir()) == ["fnctl.yaml", "inside", "node_modules", "requirements.txt", "src"]
        assert sorted(path.name for path in place.folder.parent.iterdir()) == ["lib", "shop"]
        assert (place.folder / "inside").resolve() == place.folder.parent / "lib"
        assert (place.folder / "node_modules/p/index.js").samefile(top / "shop/node_modules/p/index.js")
        assert place.environ["TZ"] != parts.environ(tmp_path).get("TZ")
    assert not place.folder.exists()
