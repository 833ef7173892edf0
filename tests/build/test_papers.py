"""What lies beside an artifact: its bill of materials by CycloneDX's own schema, and its provenance as in-toto's own library reads it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fakes import parts
from fakes.cli import Done, Fnctl
from fnctl.build import provenance

# None of the three has types.
json_format: Any = import_module("google.protobuf.json_format")
statement: Any = import_module("in_toto_attestation.v1.statement")
predicate: Any = import_module("in_toto_attestation.predicates.provenance.v1.provenance_pb2")

SCHEMAS = files("cyclonedx") / "schema" / "_res"
MANIFEST = """fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 } }
defaults: { memory: 256MB, timeout: 10s }
functions:
  api: { handler: src/api.py:handler, runtime: python3.13, triggers: [{ http: GET / }] }
  thumbs: { handler: web/thumbs.ts:handler, runtime: nodejs22, interface: fetch, triggers: [{ http: GET /thumbs }] }
"""
Build = Callable[..., Done]


@pytest.fixture
def build(fnctl: Fnctl, installed: None, tmp_path: Path) -> Build:
    parts.wheel(tmp_path / "links", "page", "2.1", needs=("line>=1", "absent; extra == 'x'"))
    parts.wheel(tmp_path / "links", "line", "1.3")
    parts.write(
        tmp_path / "node_modules/@a/left", {"package.json": '{"name": "@a/left", "version": "1.4.0"}', "index.js": "export const left = 'l';\n"}
    )
    own = {
        "fnctl.yaml": MANIFEST,
        "src/api.py": "import page\n\n\ndef handler(request):\n    return page.name\n",
        "requirements.txt": "page==2.1\n",
        "web/thumbs.ts": 'import { left } from "@a/left";\nexport const handler = () => new Response(left);\n',
        "web/package-lock.json": "{}\n",
    }
    parts.write(tmp_path, own)
    env = {"XDG_CACHE_HOME": str(tmp_path / "xdg"), **parts.offline(tmp_path / "links")}
    return lambda *words, **more: fnctl("build", *words, cwd=tmp_path, env={**env, **more})


def beside(folder: Path, name: str) -> Path:
    return folder / ".fnctl" / "build" / "aws" / name


def read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_bytes())
    assert isinstance(found, dict)
    return found


def strict() -> jsonschema_rs.Draft7Validator:
    """The published schema, with the two that it refers to."""
    whole, licences, signature = (
        json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text("utf-8")) for name in ("bom-1.6", "spdx", "jsf-0.82")
    )
    others = [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", found) for name, found in (("spdx", licences), ("jsf-0.82", signature))]
    return jsonschema_rs.Draft7Validator(whole, registry=jsonschema_rs.Registry(others))


def test_a_bill_names_what_went_in_and_fits_the_schema(build: Build, tmp_path: Path) -> None:
    build()
    for name in ("api", "thumbs"):
        bill = read(beside(tmp_path, f"{name}.cdx.json"))
        assert [error.message for error in strict().iter_errors(bill)] == []
        archive = hashlib.sha256(beside(tmp_path, f"{name}.zip").read_bytes()).hexdigest()
        assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": archive}]
    api, thumbs = (read(beside(tmp_path, f"{name}.cdx.json")) for name in ("api", "thumbs"))
    refs = [one["purl"] for one in api["components"] if "fnctl" not in one["purl"]]
    assert refs == ["pkg:pypi/line@1.3", "pkg:pypi/page@2.1"]
    assert {one["ref"]: one["dependsOn"] for one in api["dependencies"]}["pkg:pypi/page@2.1"] == ["pkg:pypi/line@1.3"]
    assert "pkg:npm/%40a/left@1.4.0" in [one["purl"] for one in thumbs["components"]]
    assert str(tmp_path) not in json.dumps([api, thumbs])


def test_a_bill_is_of_the_artifact_that_is_there(build: Build, tmp_path: Path) -> None:
    build()
    place = beside(tmp_path, "api.cdx.json")
    first = place.read_bytes()
    place.write_bytes(first.replace(read(place)["serialNumber"].encode(), b"urn:uuid:00000000-0000-5000-8000-000000000000"))
    build()
    assert place.read_bytes() == first, "one of another artifact is written anew"
    parts.write(tmp_path, {"src/api.py": "def handler(request):\n    return 1\n"})
    build()
    assert read(place)["serialNumber"] != json.loads(first)["serialNumber"]


def test_a_statement_says_what_was_built_of_what(build: Build, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        return subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    parts.write(tmp_path, {".gitignore": "/links/\n/xdg/\n/node_modules/\n.fnctl/\n"})
    git("add", ".")
    git("commit", "-qm", "first")
    git("remote", "add", "origin", "https://someone:hunter2@git.example.com/shop.git")
    build(GITHUB_SHA="", CI_COMMIT_SHA="")
    said = read(beside(tmp_path, "provenance.json"))
    statement.Statement.copy_from_pb(json_format.ParseDict(said, statement.Statement([], "", {}).pb)).validate()
    json_format.ParseDict(said["predicate"], predicate.Provenance())  # an unknown word raises
    subjects = {one["name"]: one["digest"]["sha256"] for one in said["subject"]}
    assert subjects == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in beside(tmp_path, "").glob("*.zip")}
    manifest = said["predicate"]["buildDefinition"]["externalParameters"]["manifest"]
    assert manifest == {"name": "fnctl.yaml", "digest": {"sha256": hashlib.sha256((tmp_path / "fnctl.yaml").read_bytes()).hexdigest()}}
    source, *lists = said["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert (source["digest"], source["uri"]) == ({"gitCommit": git("rev-parse", "HEAD")}, "git+https://git.example.com/shop.git")
    digests = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("requirements.txt", "web/package-lock.json")}
    assert {one["name"]: one["digest"]["sha256"] for one in lists} == digests
    assert "hunter2" not in json.dumps(said)
    parts.write(tmp_path, {"notes.txt": "x", "requirements.txt": "page==2.1\nline\n"})
    build(GITHUB_SHA="", CI_COMMIT_SHA="")
    changed = read(beside(tmp_path, "provenance.json"))["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert changed["annotations"] == {"changed": True}


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://token@git.example.com/a/b.git", "https://git.example.com/a/b.git"),
        ("https://git.example.com:8443/a.git?x=secret", "https://git.example.com:8443/a.git"),
        ("git@git.example.com:a/b.git", "ssh://git.example.com/a/b.git"),
        ("ssh://git@git.example.com/a/b.git", "ssh://git.example.com/a/b.git"),
        ("/srv/git/a.git", None),
        ("file:///srv/git/a.git", None),
        ("", None),
    ],
)
def test_the_address_of_the_source_holds_no_secret(tmp_path: Path, remote: str, shown: str | None) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    if remote:
        subprocess.run(["git", "config", "remote.origin.url", remote], cwd=tmp_path, check=True)
    assert provenance.remote(tmp_path, {}) == shown
