"""A user's bad day, screen by screen: each mishap is a diagnostic with its exit code, kept as a golden file in golden/.

FNCTL_UPDATE_GOLDEN=1 writes the screens anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fakes.cli import Fnctl

GOLDEN = Path(__file__).parent / "golden"
MANIFEST = """\
fnctl: 1
service: shop
targets:
  aws: { region: eu-west-1 }
defaults: { runtime: python3.13, memory: 128MB, timeout: 10s }
functions:
  api:
    handler: src/api.py:handler
    triggers: [{ http: GET / }]
"""
API = "def handler(request):\n    return {'ok': True}\n"
TEST_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "never-shown-anywhere"}


@dataclass(frozen=True)
class Mishap:
    """What goes wrong: the command, its exit code, and how the project or the surroundings are broken."""

    words: tuple[str, ...]
    code: int
    change: tuple[str, str] = ("", "")
    files: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


DEPLOY = ("deploy", "--target", "aws", "--yes")
MISHAPS = {
    "wrong-key": Mishap(("validate",), 1, ("memory:", "memry:")),
    "several-at-once": Mishap(("validate",), 1, ("timeout: 10s }", "timeout: soon, memory: 5 }")),
    "missing-handler-file": Mishap(("validate",), 1, ("src/api.py", "src/apo.py")),
    "missing-handler-name": Mishap(("validate",), 1, ("api.py:handler", "api.py:handle")),
    "bad-cron": Mishap(("validate",), 1, ("http: GET /", 'schedule: "61 3 * * *"')),
    "not-yaml": Mishap(("validate",), 1, ("targets:", "targets: [")),
    "no-manifest": Mishap(("validate",), 1, drop=("fnctl.yaml",)),
    "unknown-target": Mishap(("deploy", "--target", "moon", "--yes"), 2),
    "no-target": Mishap(("plan", "--offline"), 2, ("  aws: { region: eu-west-1 }", "  aws: { region: eu-west-1 }\n  azure: { region: westeurope }")),
    "not-yet": Mishap(DEPLOY, 1, ("functions:", "resources:\n  alerts: { type: topic }\nfunctions:")),
    "no-login-at-vercel": Mishap(("deploy", "--yes"), 8, ("aws: { region: eu-west-1 }", "vercel: {}")),
    "no-region": Mishap(DEPLOY, 1, ("{ region: eu-west-1 }", "{}"), env=TEST_KEYS),
    "no-credentials": Mishap(DEPLOY, 8),
    "unreachable": Mishap(DEPLOY, 1, env={**TEST_KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:CLOSED"}),
    "bad-credentials": Mishap(DEPLOY, 8, env={**TEST_KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:REFUSES"}),
    "expired-token": Mishap(DEPLOY, 8, env={**TEST_KEYS, "AWS_SESSION_TOKEN": "old", "AWS_ENDPOINT_URL": "http://127.0.0.1:EXPIRED"}),
    "http-elsewhere": Mishap(DEPLOY, 1, env={**TEST_KEYS, "AWS_ENDPOINT_URL": "http://192.0.2.1:4566"}),
    "two-endpoints": Mishap((*DEPLOY, "--sandbox"), 2, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:CLOSED"}),
    "unwritable-folder": Mishap(("build", "--target", "aws"), 1, files={".fnctl": "a file where a folder should be"}),
    "a-plan-that-is-none": Mishap(("deploy", "my.plan", "--target", "aws", "--yes"), 1, files={"my.plan": "not a plan"}, env=TEST_KEYS),
    "no-terminal-and-no-yes": Mishap(("init", "--template", "nothing"), 2),
    "unknown-verb": Mishap(("deplyo",), 2),
}


@pytest.mark.parametrize("name", MISHAPS)
def test_screen(name: str, cold: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    mishap = MISHAPS[name]
    folder = project(**{"fnctl.yaml": MANIFEST.replace(*mishap.change), "src/api.py": API, **mishap.files})
    for path in mishap.drop:
        (folder / path).unlink()
    with _ports() as ports:
        env = {"HOME": str(tmp_path / "home"), **mishap.env}
        env = {key: _filled(value, ports) for key, value in env.items()}
        done = cold(
            *mishap.words, cwd=folder, code=None, env={**env, "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))}
        )
    screen = f"$ fnctl {' '.join(mishap.words)}\nexit {done.code}\n--- stdout\n{done.out}--- stderr\n{done.err}"
    screen = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", screen.replace(str(folder), "PROJECT").replace(str(tmp_path), "TMP"))
    assert "Traceback" not in screen
    assert TEST_KEYS["AWS_SECRET_ACCESS_KEY"] not in screen
    assert done.code == mishap.code, screen
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(screen)
    assert screen == golden.read_text()


def _filled(value: str, ports: dict[str, int]) -> str:
    for word, port in ports.items():
        value = value.replace(word, str(port))
    return value


@contextmanager
def _ports() -> Iterator[dict[str, int]]:
    """A port where nothing listens, and two where AWS says no."""
    with socket.socket() as closed, _refusing("InvalidClientTokenId", "The security token included in the request is invalid.") as refuses:
        closed.bind(("127.0.0.1", 0))  # bound and never listening: nobody else can take it meanwhile
        with _refusing("ExpiredToken", "The security token included in the request is expired") as expired:
            yield {"CLOSED": closed.getsockname()[1], "REFUSES": refuses, "EXPIRED": expired}


@contextmanager
def _refusing(code: str, words: str) -> Iterator[int]:
    """An endpoint that answers every call of the query protocol as AWS answers bad credentials."""
    body = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>'

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(403)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815  # the base class asks for these names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
