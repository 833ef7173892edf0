"""What the build's own words lead to, run by the sandbox: an archive made elsewhere, minified code, and a package that travels unbundled."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

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
