"""What the build's own words lead to, run by the sandbox: an archive made elsewhere, minified code, an unbundled package; and what is too large."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.cli import Fnctl

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: nodejs22, memory: 128MB, timeout: 10s }
functions:
  legacy: { handler: "app/main.py:handler", artifact: dist/legacy.zip, runtime: python3.13 }
  small: { handler: "src/small.ts:handler", interface: function, bundle: { minify: true }, triggers: [{ http: GET /small }] }
  far: { handler: "src/far.ts:handler", interface: function, bundle: { external: [words] }, triggers: [{ http: GET /far }] }
"""
SOURCES = {
    "src/small.ts": "class NotToday extends Error {}\nexport function handler(): unknown { return { name: NotToday.name }; }\n",
    "src/far.ts": 'import { greet } from "words";\nexport function handler(): unknown { return { said: greet("far") }; }\n',
    "node_modules/words/package.json": '{"name": "words", "version": "1.0.0", "type": "module", "exports": "./index.js"}',
    "node_modules/words/index.js": 'import { readFileSync } from "node:fs";\n'
    'const hello = readFileSync(new URL("hello.txt", import.meta.url), "utf8");\nexport const greet = (name) => hello + name;\n',
    "node_modules/words/hello.txt": "hello ",
}
HERE = ("--target", "aws", "--sandbox")


def test_they_run(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, **SOURCES})
    (folder / "dist").mkdir()
    with zipfile.ZipFile(folder / "dist/legacy.zip", "w") as made:
        made.writestr("app/main.py", "def handler(event, context):\n    return {'took': event['n'], 'as': context.function_name}\n")
    assert fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "deployed"

    def body(*words: str) -> object:
        return json.loads(fnctl("invoke", *words, *HERE, "--output", "json", cwd=folder).out)["body"]

    assert body("legacy", "--data", '{"n": 3}') == {"took": 3, "as": "shop-dev-legacy"}
    assert body("small", "--path", "/small") == {"name": "NotToday"}
    assert body("far", "--path", "/far") == {"said": "hello far"}
    assert fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "unchanged"


LARGE = """\
fnctl: 1
service: shop
targets: {{ {target} }}
limits: {{ {name}: {{ {limit} }} }}
functions:
  api: {{ handler: "api.py:handler", runtime: python3.13, timeout: 10s, triggers: [{{ http: GET / }}] }}
"""
TARGETS = [
    ("aws: { region: eu-west-1 }", "lambda.zip.unpacked: 0.001", "AWS140"),
    ("azure: { plan: premium }", "functions.package: 0.000001", "AZ501"),
]


@pytest.mark.parametrize(("target", "limit", "code"), TARGETS, ids=[code for *_, code in TARGETS])
def test_what_is_over_the_platforms_maximum_is_never_sent(fnctl: Fnctl, project: Callable[..., Path], target: str, limit: str, code: str) -> None:
    name = target.partition(":")[0]
    manifest = LARGE.format(target=target, name=name, limit=limit)
    folder = project(**{"fnctl.yaml": manifest, "api.py": "def handler(request):\n    return 1\n"})
    # Nobody has logged in: a platform that were asked would end it with 8.
    done = fnctl("deploy", "--yes", "--output", "json", cwd=folder, code=1, env={"HOME": str(folder)})
    found = [line for line in done.lines() if line["type"] == "finding" and line["severity"] == "error"]
    assert [one["code"] for one in found] == [code]
    assert any(note.startswith("largest: ") for note in found[0]["notes"])
    if name == "aws":
        fnctl("build", cwd=folder, code=1)
        (folder / "fnctl.yaml").write_text(manifest + f"rules: {{ {code}: off }}\n")
        fnctl("build", cwd=folder)  # the manifest's own word counts here too
