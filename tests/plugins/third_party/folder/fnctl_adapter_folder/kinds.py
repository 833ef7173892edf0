"""The one kind of object: `NAME.json` says which archive beside it is live."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State


@dataclass
class FunctionKind:
    """A function's archives and its live record."""

    folder: Path
    rank: int = 0
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset({"environment"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Read the live record."""
        try:
            return self._state(node.name, json.loads(self._record(node.name).read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _refused(f"{node.name}.json cannot be read", error) from error

    def phases(self, change: Change) -> Sequence[Phase]:
        """Put new archives beside the old ones, switch the record, then take the old archives away."""
        return ("prepare", "switch", "retire")

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Do one phase's part. Each can be done again after any crash."""
        node = change.node
        try:
            if phase == "prepare":
                self._copy(node, run)
            elif phase == "switch":
                _replace(self._record(node.name), json.dumps(dict(props), indent=2, sort_keys=True))
            else:
                self._sweep(node.name, keep=str(props["code"]))
        except OSError as error:
            raise _refused(f"{self.folder} cannot be written", error) from error
        return self._state(node.name, props)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove the record first: from then on nothing is live."""
        try:
            self._record(node.name).unlink(missing_ok=True)
            self._sweep(node.name, keep="")
        except OSError as error:
            raise _refused(f"{node.name} cannot be removed", error) from error

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """A function holds no data."""
        return None

    def _record(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _archive(self, name: str, digest: str) -> Path:
        return self.folder / f"{name}.{digest}.zip"

    def _copy(self, node: Node, run: Run) -> None:
        assert node.artifact is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        there = self._archive(node.name, node.artifact.sha256)
        if not there.exists():
            partial = there.with_suffix(".part")
            shutil.copyfile(run.fetch(node.artifact), partial)
            partial.replace(there)

    def _sweep(self, name: str, *, keep: str) -> None:
        for path in self.folder.glob(f"{name}.*.zip"):
            if path != self._archive(name, keep):
                path.unlink(missing_ok=True)

    def _state(self, name: str, props: Mapping[str, Any]) -> State:
        return State(name, dict(props), {"path": str(self._archive(name, str(props.get("code"))))})


def _replace(path: Path, text: str) -> None:
    partial = path.with_suffix(f".{os.getpid()}.part")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _refused(message: str, error: Exception) -> CloudError:
    return CloudError(message, notes=(str(error),), help="make the folder writable, then run the same command again")
