"""What nobody means to write: too large, too deep, wrongly encoded, endless, in circles. A clear finding each, within bounds of memory and work.

The bounds are the operating system's: a process over them is killed, and its screen is another one.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
MEMORY, WORK = 512 * 1024**2, 60
"""Bytes of address space, and seconds of processor: several times what any of these takes."""

HEAD = b"fnctl: 1\nservice: shop\ntargets: { aws: {}, azure: {}, vercel: {} }\n"
RUNS = b"defaults: { runtime: python3.13 }\n"
API = HEAD + b'functions: { api: { handler: "a.py:b", runtime: python3.13 } }\n'


def lines(count: int, *parts: bytes) -> bytes:
    """Write the same lines so many times, numbered where `%d` stands."""
    return b"".join(part.replace(b"%d", b"%d" % n) for n in range(count) for part in parts)


def levels(first: bytes, each: bytes) -> bytes:
    """Write thirty anchors, each made of the one before: `%d` is the level, `%p` the one below."""
    return first + b"".join(each.replace(b"%d", b"%d" % n).replace(b"%p", b"%d" % (n - 1)) for n in range(1, 30))


def beside(name: str, content: bytes, manifest: bytes = API) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return manifest

    return make


def linked(name: str, to: str, manifest: bytes | None = None) -> Callable[[Path], bytes | None]:
    def make(folder: Path) -> bytes | None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(to)
        return manifest

    return make


def piped(name: str, manifest: bytes | None = None) -> Callable[[Path], bytes | None]:
    def make(here: Path) -> bytes | None:
        os.mkfifo(here / name)
        return manifest

    return make


def folder(name: str, manifest: bytes | None = None) -> Callable[[Path], bytes | None]:
    def make(here: Path) -> bytes | None:
        (here / name).mkdir(parents=True)
        return manifest

    return make


CASES: dict[str, bytes | Callable[[Path], bytes | None]] = {
    "alias-bomb": levels(b"a0: &a0 [x, x, x, x]\n", b"a%d: &a%d [" + b"*a%p, " * 10 + b"]\n"),
    "merge-bomb": levels(b"a0: &a0 { x: 1 }\n", b"a%d: &a%d { b: { <<: [" + b"*a%p, " * 20 + b"] }, c: *a%p }\n"),
    "anchor-in-itself": HEAD + b"vars: &v { a: *v }\n",
    "merge-of-a-word": HEAD + b"vars: { <<: word, a: 1 }\n",
    "ten-megabytes": HEAD + b"# nothing\n" * 1024**2,
    "no-end": linked("fnctl.zero", "/dev/zero"),
    "cannot-be-read": linked("fnctl.mem", "/proc/self/mem"),  # also for root, who may read everything else
    "deep-flow": b"a: " + b"[" * 10_000 + b"]" * 10_000,
    "deep-block": b"".join(b" " * n + b"a:\n" for n in range(1_000)),
    "deep-workflow": HEAD + b"workflows: { w: { steps: " + b"[{ parallel: { x: " * 40 + b"[]" + b" } }]" * 40 + b" } }\n",
    "many-wrong-keys": HEAD + RUNS + b"functions:\n" + lines(5_000, b'  f%d: { handlr: "a.py:b", memroy: 1 }\n'),
    "many-wrong-names": HEAD
    + RUNS
    + b"resources:\n"
    + lines(500, b"  queue-%d: { type: queue }\n")
    + b"functions:\n"
    + lines(500, b'  f%d: { handler: "a.py:b", uses: { qeue-%d: send } }\n'),
    "one-long-line": HEAD.replace(b"\n", b"\n") + b'vars: { a: "' + b"x" * 1024**2 + b'", b: [1] }\n',
    "many-equal-keys": HEAD + b"vars:\n" + b"  a: 1\n" * 20_000,
    "giant-key": HEAD + b"? " + b"k" * 1024**2 + b"\n: 1\n",
    "giant-integer": HEAD + b"ttl: " + b"9" * 100_000 + b"\n",
    "giant-float": HEAD + b"ttl: 1e" + b"9" * 1_000 + b"\n",
    "utf-16": HEAD.decode().encode("utf-16"),
    "utf-16-without-a-mark": HEAD.decode().encode("utf-16-le"),
    "utf-32": HEAD.decode().encode("utf-32"),
    "latin-1": HEAD + "vars: { a: café }\n".encode("latin-1"),
    "nul": HEAD + b"vars: { a: x\x00y }\n",
    "byte-order-mark": b"\xef\xbb\xbf" + HEAD + b"functoins: {}\n",
    "carriage-returns": (HEAD + b"functoins: {}\n").replace(b"\n", b"\r\n"),
    "lone-carriage-returns": (HEAD + b"functoins: {}\n").replace(b"\n", b"\r"),
    "tab": HEAD + b"functions:\n\tapi: {}\n",
    "tag-of-python": HEAD + b"vars: { a: !!python/object/apply:os.system [ls] }\n",
    "tag-of-binary": HEAD + b"vars: { a: !!binary aGk= }\n",
    "second-document": HEAD + b"---\nfnctl: 1\n",
    "empty": b"",
    "include-of-itself": HEAD + b"include: [fnctl.yaml, 'fnctl.*']\n",
    "include-in-a-circle": beside("part.yaml", b"include: [fnctl.yaml]\nfunctions: {}\n", HEAD + b"include: [part.yaml]\n"),
    "include-of-a-folder": folder("parts/one.yaml", HEAD + b"include: ['parts/*']\n"),
    "include-through-a-loop": linked("parts/up", "..", HEAD + b"include: ['**/*']\n"),
    "include-with-many-stars": folder("a/" * 12, HEAD + b"include: ['" + b"**/" * 16 + b"*.yaml']\n"),
    "include-outside": HEAD + b"include: ['../*.yaml', /etc/passwd]\n",
    "link-to-itself": linked("fnctl.yaml", "fnctl.yaml"),
    "manifest-is-a-folder": folder("fnctl.yaml"),
    "handler-is-a-folder": folder("a.py", API),
    "handler-has-no-end": linked("a.py", "/dev/zero", API),
    "handler-cannot-be-read": linked("a.py", "/proc/self/mem", API),
    "handler-in-a-loop": linked("a.py", "a.py", API),
    "handler-is-a-pipe": piped("a.py", API),
    "manifest-is-a-pipe": piped("fnctl.yaml"),
    "handler-nested": beside("a.py", b"x = " + b"(" * 5_000),
    "handler-with-minus": beside("a.py", b"x = " + b"-" * 50_000 + b"1\n"),
    "handler-of-quotes": beside("a.py", b"'''" * 30_001 + b"\nb = 1\n"),
    "variables-in-a-circle": API + b'vars: { a: "${vars.b}", b: "${vars.a}" }\n',
}


WORDS = {"no-end": ("-f", "fnctl.zero"), "cannot-be-read": ("-f", "fnctl.mem"), "many-wrong-names": ("--select", "FN0")}


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK))


@pytest.mark.parametrize("name", CASES)
def test_it_is_a_clear_finding_within_bounds(tmp_path: Path, name: str) -> None:
    given = CASES[name]
    manifest = given if isinstance(given, bytes) else given(tmp_path)
    if manifest is not None:
        (tmp_path / "fnctl.yaml").write_bytes(manifest)
    environ = {**os.environ, "NO_COLOR": "1", "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-m", "fnctl", "validate", *WORDS.get(name, ())]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, check=False, encoding="utf-8", timeout=10 * WORK, preexec_fn=bounded
    )
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.stderr, "utf-8")
    assert (done.returncode, done.stdout) == (1, "")
    assert not (tmp_path / "state").exists(), "a bug was reported"
    assert done.stderr == path.read_text("utf-8")
