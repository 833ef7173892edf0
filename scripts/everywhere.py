#!/usr/bin/env python3
"""One manifest, three platforms: deploy examples/portable to the three sandboxes in one go, and put the same requests to each.

`scripts/demo --all [FOLDER]`. In FOLDER it stays deployed; without one, a temporary folder is used and everything is stopped at the end.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "portable"
TARGETS = ("aws", "azure", "vercel")
STAGE = "web"
FUNCTIONS = {"api": "FastAPI", "shop": "Flask", "plain": "Python", "greet": "TypeScript", "web": "fetch, TypeScript"}


class Ask(NamedTuple):
    """One request; AT stands for the function."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


ASKED = (
    Ask("/AT/seen?tag=a&tag=b&q=caf%C3%A9"),
    Ask("/AT/seen", "POST", b'{"name": "Zo\xc3\xab"}', (("content-type", "application/json"), ("cookie", "a=1; b=2"))),
    Ask("/AT/echo", "POST", bytes(range(256)), (("content-type", "application/octet-stream"),)),
    Ask("/AT/item/a%20b/c"),
    Ask("/AT/text"),
    Ask("/AT/visit", headers=(("cookie", "seen=4"),)),
    Ask("/AT/moved"),
    Ask("/AT/refused"),
    Ask("/AT/broken"),
    Ask("/AT/large"),
)


def main(words: list[str]) -> int:
    """Deploy, ask, print, and say whether all were equal."""
    with place(words) as folder:
        with ThreadPoolExecutor(len(TARGETS)) as pool:
            urls = dict(zip(TARGETS, pool.map(lambda target: deployed(folder, target), TARGETS), strict=True))
        if not all(urls.values()):
            return 1
        return table(urls)


@contextmanager
def place(words: list[str]) -> Iterator[Path]:
    """Give a copy of the example; what runs in a temporary one is stopped."""
    if words:
        yield copy(Path(words[0]))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = copy(Path(made) / "portable")
        try:
            yield folder
        finally:
            for target in TARGETS:
                fnctl(folder, "sandbox", "stop", "--target", target)


def copy(folder: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".fnctl", "node_modules", "__pycache__"), dirs_exist_ok=True))


def deployed(folder: Path, target: str) -> dict[str, str]:
    """Deploy, and give the URLs by function; {} where that failed, after the whole screen."""
    begun = time.monotonic()
    done = fnctl(folder, "deploy", "--target", target, "--stage", STAGE, "--sandbox", "--yes", "--output", "json")
    if done.returncode:
        print(f"{target}: deploy ended with {done.returncode}\n{done.stdout}{done.stderr}", file=sys.stderr)
        return {}
    result = json.loads(done.stdout.splitlines()[-1])
    print(f"{target}: release {result['release']} is live after {time.monotonic() - begun:.0f} s", flush=True)
    return {name: output["url"] for name, output in result["outputs"]["functions"].items() if name in FUNCTIONS}


def fnctl(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "AZURE_", "VERCEL_", "FNCTL_AZURE", "FNCTL_VERCEL"))}
    env = {"FNCTL_FETCH_INTERPRETERS": "1", **env, "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", "fnctl", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def table(urls: dict[str, dict[str, str]]) -> int:
    """Print a line for each request: status, bytes and the start of their digest, and whether the three are one."""
    print(f"\n{'request':44}{''.join(f'{target:22}' for target in TARGETS)}".rstrip())
    wrong = 0
    for function, kind in FUNCTIONS.items():
        print(f"\n{function}: {kind}")
        for ask in ASKED:
            answers = [answer(urls[target][function], ask._replace(path=ask.path.replace("AT", function))) for target in TARGETS]
            same = len(set(answers)) == 1
            wrong += not same
            cells = "".join(f"{f'{status} {size:>7} B {digest}':22}" for status, size, digest in answers)
            print(f"  {ask.method:5}{ask.path.replace('AT', function)[:36]:37}{cells}{'' if same else 'NOT EQUAL'}".rstrip())
    print(f"\n{len(FUNCTIONS) * len(ASKED) - wrong} of {len(FUNCTIONS) * len(ASKED)} requests have one answer on {', '.join(TARGETS)}.")
    return 1 if wrong else 0


def answer(url: str, ask: Ask) -> tuple[int, int, str]:
    """Give status, size of the body, and a digest of all that a caller reads: body, type, place, cookies."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
        found = connection.getresponse()
        body = re.sub(rb'("request_id": ?")[^"]*', rb"\1", found.read())
        # Where there is no body, a front is free to name a type for it.
        names = ("content-type", "location", "set-cookie", "x-reason")[0 if body else 1 :]
        fields = [value for name in names for value in sorted(said(found.msg.get_all(name) or ()))]
    finally:
        connection.close()
    return found.status, len(body), hashlib.sha256(repr((found.status, fields, body)).encode()).hexdigest()[:6]


def said(values: Iterable[str]) -> Iterator[str]:
    """Put the attributes of a cookie, and what stands behind a type, in one order, for it means nothing; a host may encode a cookie's value, too."""
    for value in values:
        first, *more = value.split(";")
        yield ";".join([unquote(first), *sorted(one.strip().lower() for one in more)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
