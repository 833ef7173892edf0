"""Vercel's own Python runtime, fetched once, and deployments that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from vercel.output import Output
from vercel.output import python as interpreter
from vercel.queues import Queues, queues
from vercel.trees import bootstrap, lay

Deploy: TypeAlias = Callable[..., Output]
NONE: Mapping[str, str | None] = {}


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The wheel of vercel-runtime that goes into every Python function."""
    return bootstrap(tmp_path_factory.mktemp("runtime"))


@pytest.fixture
def broker() -> Iterator[Queues]:
    """Queues that keep what they are asked."""
    with queues() as found:
        yield found


@pytest.fixture
def deploy(runtime: tuple[Path, ...], tmp_path: Path) -> Iterator[Deploy]:
    """Lay out a manifest whose functions' files are given by path, and serve it."""
    if interpreter() is None:
        pytest.skip("no Python 3.13 interpreter")
    with ExitStack() as stack:

        def serve(
            manifest: str, files: Mapping[str, str], env: Mapping[str, str] | None = None, now: int | None = None, wheels: tuple[Path, ...] = ()
        ) -> Output:
            lay(tmp_path, manifest, files, (*runtime, *wheels))
            output = Output(tmp_path / "tree", env, now)
            stack.callback(output.close)
            return output

        yield serve


def push(
    body: bytes = b"{}", *, topic: str = "jobs", function: str = "worker", kind: str = "queue", count: int = 1, more: Mapping[str, str | None] = NONE
) -> dict[str, Any]:
    """A message as Queues push it: the arguments of `Output.send`. Field list: vercel-queue 0.10.0 (PyPI), push.py and embedded.py."""
    headers: dict[str, str | None] = {
        "content-type": "application/json",
        "ce-type": "com.vercel.queue.v2beta",
        "ce-vqsqueuename": topic,
        "ce-vqsconsumergroup": f"__fnctl_S{function}_S{kind}_S{topic}",
        "ce-vqsmessageid": "0b7c1d2e-0001-7aaa-8bbb-1c2d3e4f5a6b",
        "ce-vqsreceipthandle": f"rh-{count}",
        "ce-vqsdeliverycount": str(count),
        "ce-vqscreatedat": "2026-01-01T00:00:00.000Z",
        "ce-vqsregion": "fra1",
        **more,
    }
    path = f"_fnctl/{function}/{kind}/{topic}"
    return {"function": path, "method": "POST", "target": f"/{path}", "headers": [(k, v) for k, v in headers.items() if v is not None], "body": body}
