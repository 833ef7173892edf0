"""The verbs around a deploy: secrets, the lock, the sandbox, schemas and plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cli.conftest import Fnctl, gives, problems
from fnctl.errors import CloudError, Exit, FnctlError
from fnctl.session import Session


def test_a_secret_comes_from_standard_input_and_is_never_shown(fnctl: Fnctl) -> None:
    stored: list[str] = []

    def refuse(_session: Session, _name: str, value: str) -> str:
        message = f"the vault does not like {value}"
        raise CloudError(message)

    def kept(_session: Session, _name: str, value: str) -> str:
        stored.append(value)
        return "4"

    done = fnctl("secret", "set", "KEY", stdin="correct horse battery\n", secret_set=kept)
    assert (done.code, stored) == (0, ["correct horse battery"])
    assert "version 4" in done.err
    refused = fnctl("secret", "set", "BAD", stdin="correct horse battery\n", secret_set=refuse)
    assert refused.code == 1
    assert "correct horse" not in refused.out + refused.err
    assert "[redacted]" in refused.err


def test_an_empty_secret_is_refused(fnctl: Fnctl) -> None:
    assert fnctl("secret", "set", "KEY", stdin="\n", secret_set=gives("1")).code == Exit.USAGE


def test_a_secret_is_removed(fnctl: Fnctl) -> None:
    gone: list[str] = []
    done = fnctl("secret", "rm", "KEY", "--output", "json", secret_remove=lambda _session, name: gone.append(name))
    assert (done.code, gone) == (0, ["KEY"])
    assert done.document["secrets"] == [{"name": "KEY", "set": False, "version": None}]


@pytest.mark.parametrize(("lock", "words"), [({"who": "bob", "host": "ci-7"}, "Removed the lock of bob, on ci-7."), (None, "There is no lock.")])
def test_unlock_says_whose_lock_it_was(fnctl: Fnctl, lock: Any, words: str) -> None:
    assert words in fnctl("unlock", "--yes", unlock=gives(lock)).err
    line = fnctl("unlock", "--output", "json", unlock=gives(lock)).lines[-1]
    assert line["lock"] == lock
    assert problems("event", line) == []


class FakeSandbox:
    """A stand-in that starts nothing."""

    def __init__(self) -> None:
        self.running = False

    def start(self, log: Callable[[str], None]) -> dict[str, str]:
        log("starting")
        self.running = True
        return {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    def stop(self) -> bool:
        was, self.running = self.running, False
        return was

    def status(self) -> dict[str, Any] | None:
        return {"pid": 7, "endpoint": "http://127.0.0.1:1", "started": 1.0, "log": "x", "differences": ["None."]} if self.running else None

    def reset(self) -> None:
        if not self.running:
            raise FnctlError("the sandbox is not running")


def test_sandbox_lives_and_dies(fnctl: Fnctl) -> None:
    box = FakeSandbox()

    def run(*words: str) -> Any:
        return fnctl("sandbox", *words, sandbox=gives(box))

    assert run("reset").code == 1
    assert run("status").out == "No sandbox is running.\n"
    assert run("start").out == "export AWS_ENDPOINT_URL=http://127.0.0.1:1\n"
    for verb in ("status", "start", "reset"):
        document = run(verb, "--output", "json").document
        assert problems("sandbox", document) == []
        assert document["running"] is True
    assert "its data is gone" in run("stop").err
    assert "No sandbox was running" in run("stop").err
    assert run("stop", "--output", "json").document == {"schema": "fnctl/sandbox/1", "running": False}


def test_schema_prints_the_manifests_and_the_forms(fnctl: Fnctl) -> None:
    manifest = fnctl("schema")
    assert manifest.document["$defs"]["function"]
    assert fnctl("schema", "--form", "plan").document["title"] == "What a deploy would change"
    assert fnctl("schema", "--form", "plam").code == Exit.USAGE


def test_plugins_lists_the_built_in_adapters(fnctl: Fnctl) -> None:
    done = fnctl("plugins", "--output", "json")
    assert problems("plugins", done.document) == []
    assert {"aws", "azure", "vercel"} <= {p["name"] for p in done.document["plugins"]}
    assert "aws" in fnctl("plugins").out
