"""What TypeScript says: of handlers that use the shipped types, rightly and wrongly, and of the shim's own modules, by their comments."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import parts
from fakes.cli import environment
from fnctl.build import tools

ROOT = Path(__file__).parents[2]
WORDS = ("--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--types", "node")
RIGHT = """
import type { BatchHandler, ChangeData, CloudEvent, EventHandler, FetchHandler, FunctionHandler, ObjectData, TaskContext } from "./fnctl-runtime.js";

export const get: FetchHandler = async (request, context) => Response.json({ url: request.url, id: context.params.id, on: context.trace() });
export const post: FunctionHandler = async (request) => ({ body: request.json(), tag: request.query.getAll("tag"), agent: request.headers.get("x") });
export const thumbs: EventHandler<ObjectData> = (event) => event.data.key.length;
export const changes: EventHandler<ChangeData<{ id: string }>> = ({ data }) => data.change === "remove" && data.old?.id;
export const batch: BatchHandler<{ n: number }> = (events) => events.filter((event) => event.data.n < 0);
export const pay = (event: CloudEvent<{ order: string }>) => JSON.stringify(event.follow("order.paid", { order: event.data.order }, { name: "x" }));
export const step = (input: { n: number }, { key, attempt, compensation }: TaskContext) => ({ key, last: attempt > input.n, compensation });
"""
WRONG = """
import type { CloudEvent, EventHandler, FetchHandler, TaskContext } from "./fnctl-runtime.js";

// @ts-expect-error an event's attributes are there to be read
export const write = (event: CloudEvent) => (event.id = "x");
// @ts-expect-error what arrives is unknown until somebody says what it is
export const guess: EventHandler = (event) => event.data.order;
// @ts-expect-error a fetch handler answers with a Response
export const plain: FetchHandler = () => ({ hello: "x" });
// @ts-expect-error a key is a text
export const numbered = (_input: unknown, context: TaskContext): number => context.key;
"""


@pytest.fixture(scope="session")
def tsc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TypeScript's compiler and Node's types, as a project would install them."""
    folder = parts.write(tmp_path_factory.mktemp("typed"), {"package.json": "{}"})
    npm = tools.npm(environment())
    assert npm, "scripts/setup asks for npm"
    words = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "typescript@5.9.3", "@types/node@22")
    subprocess.run([npm, *words], cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


def complaints(tsc: Path, folder: Path, *words: str) -> str:
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(tsc / "node_modules")
    command = ["node", str(modules / "typescript/bin/tsc"), *WORDS, *words]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120).stdout


def typed(folder: Path) -> Path:
    """A folder with the types that `fnctl schema --types` prints."""
    command = [sys.executable, "-m", "fnctl", "schema", "--types"]
    done = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True, timeout=60)
    return parts.write(folder, {"fnctl-runtime.d.ts": done.stdout, "package.json": '{"type": "module"}'})


def test_handlers_have_types_and_mistakes_are_told(tsc: Path, tmp_path: Path) -> None:
    """In one run, for the compiler takes seconds to start: what is right, what is wrong and expected, what is wrong, and the documentation's."""
    blocks = re.findall(r"```ts\n(.*?)```", (ROOT / "docs" / "handlers.md").read_text(), re.DOTALL)
    assert blocks
    documented = {f"block{number}.ts": block.replace('"./fnctl-runtime"', '"./fnctl-runtime.js"') for number, block in enumerate(blocks)}
    files = {"right.ts": RIGHT, "expected.ts": WRONG, "wrong.ts": WRONG.replace("@ts-expect-error", ""), **documented}
    parts.write(typed(tmp_path), files)
    said = [line for line in complaints(tsc, tmp_path, *files).splitlines() if not line.startswith(" ")]
    assert [(line.partition("(")[0], line.split(": ")[1]) for line in said] == [
        ("wrong.ts", "error TS2540"),
        ("wrong.ts", "error TS18046"),
        ("wrong.ts", "error TS2322"),
        ("wrong.ts", "error TS2322"),
    ]


def test_the_shims_modules_are_what_their_comments_say(tsc: Path, tmp_path: Path) -> None:
    modules: list[str] = []
    for adapter in ("fnctl_aws", "fnctl_vercel"):
        for source in ("cli/fnctl_runtime/node", f"adapters/{adapter}/runtime/node"):
            shutil.copytree(ROOT / source, tmp_path / adapter, dirs_exist_ok=True)
        found = sorted(path.name for path in (tmp_path / adapter).glob("*.mjs"))
        assert {"main.mjs", "entry.mjs", "once.mjs", "otel.mjs"} <= set(found)
        modules += [f"{adapter}/{name}" for name in found]
    assert complaints(tsc, tmp_path, "--allowJs", "--checkJs", *modules) == ""


def test_the_joined_shims_are_what_their_sources_make(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "shims", tmp_path], check=True, timeout=120)
    joined = sorted(tmp_path.glob("*/*.mjs"))
    assert len(joined) == 2 * 3
    for made in joined:
        kept = ROOT / "adapters" / made.parent.name / "runtime" / made.name
        assert kept.read_text() == made.read_text(), f"{kept.relative_to(ROOT)} is old: run scripts/shims"
