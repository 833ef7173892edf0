"""The Node shim's modules are what their comments say, by TypeScript's word."""

from __future__ import annotations

from pathlib import Path

from fakes import parts
from runtime.test_types import complaints
from runtime.test_types import tsc as tsc
from vercel.test_output import CASES, members, service

ROOT = Path(__file__).parents[2]
START = "functions/_fnctl/reader/queue/failed.func/_fnctl_runtime/"


def test_the_shims_modules_are_what_their_comments_say(tsc: Path, tmp_path: Path) -> None:
    (case,) = [case for case in CASES if case.name == "events"]
    shim = {path.removeprefix(START): text for path, text in members(service(case)).items() if path.startswith(START)}
    parts.write(tmp_path, {**shim, "fnctl-runtime.d.ts": (ROOT / "cli/fnctl_runtime/node/fnctl-runtime.d.ts").read_bytes()})
    assert {"entry.mjs", "http.mjs", "events.mjs", "messages.mjs", "clocks.mjs", "queues.mjs", "door.mjs", "routes.mjs"} <= shim.keys()
    assert complaints(tsc, tmp_path, "--allowJs", "--checkJs", *sorted(shim)) == ""
