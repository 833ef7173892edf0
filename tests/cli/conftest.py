"""A command line without a process: streams that remember, an engine that answers what the test gives it, and golden screens."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, cast

import pytest

import fnctl_schemas
from fnctl.__main__ import main
from fnctl.commands.world import Engine, World

GOLDEN = Path(__file__).parent / "golden"


class Terminal(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@dataclass(frozen=True)
class Done:
    """What a run left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.out))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Fnctl(Protocol):
    def __call__(
        self, *words: str, stdin: str = "", tty: bool = False, environ: Mapping[str, str] | None = None, **engine: Callable[..., Any]
    ) -> Done: ...


@pytest.fixture
def fnctl(tmp_path: Path) -> Fnctl:
    """Run `main` with a given engine: each keyword is one of the pipeline's functions. Without any, with the real one."""

    def run(*words: str, stdin: str = "", tty: bool = False, environ: Mapping[str, str] | None = None, **engine: Callable[..., Any]) -> Done:
        out, err = Terminal(), Terminal(tty=tty)
        surroundings = {"TERM": "dumb", "XDG_STATE_HOME": str(tmp_path / "state"), **(environ or {})}
        world = World(Terminal(stdin, tty=tty), out, err, surroundings, tmp_path, cast("Engine", SimpleNamespace(**engine)) if engine else None)
        code = main(list(words), world)
        return Done(int(code), out.getvalue(), err.getvalue())

    return run


def gives(value: Any) -> Callable[..., Any]:
    """Make an engine's function that answers with a value."""
    return lambda *_args, **_more: value


def strict(schema: Any) -> Any:
    """Close every object of a schema that names its properties: what we write must be what we describe."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if "properties" in closed and "additionalProperties" not in closed and "if" not in closed and "const" not in closed["properties"].get("type", {}):
        closed["additionalProperties"] = False
    return closed


def problems(form: str, value: Any) -> list[str]:
    """Validate one document, or one line of a stream, against its published schema."""
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(fnctl_schemas.read(f"{form}-1.schema.json"))
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(value)]


def golden(name: str, text: str) -> None:
    """Compare a whole screen. FNCTL_UPDATE_GOLDEN=1 writes it anew; read the difference before committing it."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
