"""The ledger of one service, stage and target, on any object store.

releases/00000007.json   immutable; the highest number is the current one
intent.json              a run under way, or one that was killed
lock.json                who is deploying
artifacts/<sha256>.zip   the bytes that the kept releases need
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from fnctl.errors import FnctlError, LockLost
from fnctl.graph import Artifact, Graph
from fnctl.ledger.release import Intent, Release, read_intent, read_release
from fnctl.ledger.store import Conflict, Store

T = TypeVar("T")
RELEASES = "releases/"
INTENT = "intent.json"
UPLOADS = 4
"""Files on their way at a time: they go beside the changes, and must not hold those back."""


class Ledger:
    """Reads and writes the ledger. Every read of a missing place is empty; writes happen under the lock only."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def numbers(self) -> list[int]:
        """Return the numbers of all releases that are kept, ascending."""
        return sorted(int(Path(key).stem) for key in self.store.list(RELEASES))

    def head(self) -> Release | None:
        """Return the current release."""
        numbers = self.numbers()
        return self.release(numbers[-1]) if numbers else None

    def release(self, number: int) -> Release | None:
        """Return one release by its number."""
        return self._read(_key(number), read_release)

    def history(self) -> Iterator[Release]:
        """Yield the releases, the newest first."""
        for number in reversed(self.numbers()):
            release = self.release(number)
            if release is not None:
                yield release

    def intent(self) -> Intent | None:
        """Return what an interrupted run (or one under way) meant to make."""
        return self._read(INTENT, read_intent)

    def intend(self, intent: Intent) -> None:
        """Write down what may exist from now on."""
        self.store.put(INTENT, _dump(intent.to_json()))

    def record(self, release: Release) -> None:
        """Write a release, which makes it the current one, and close the intent. Raises LockLost when another run was first."""
        try:
            self.store.put(_key(release.number), _dump(release.to_json()), absent=True)
        except Conflict:
            message = f"release {release.number} was recorded by another run"
            raise LockLost(message, help="run `fnctl status`, then `fnctl deploy` again") from None
        self.store.delete(INTENT)

    def keep_bytes(self, artifacts: Iterable[Artifact]) -> None:
        """Upload the artifacts that are not there yet, so that any machine can roll back to them."""
        kept = set(self.store.list("artifacts/"))
        missing = {_artifact(a.sha256): a.path for a in artifacts if a.path is not None and _artifact(a.sha256) not in kept}
        with ThreadPoolExecutor(max_workers=UPLOADS) as pool:
            list(pool.map(self.store.put_file, missing, missing.values()))

    def fetch(self, artifact: Artifact, folder: Path) -> Path:
        """Return a local path of an artifact's bytes, downloaded where needed."""
        if artifact.path is not None and artifact.path.exists():
            return artifact.path
        path = folder / f"{artifact.sha256}.zip"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self.store.get_file(_artifact(artifact.sha256), path)
            except KeyError:
                message = f"the ledger has no artifact {artifact.sha256[:12]}"
                raise FnctlError(message, code="FN913", help="deploy from source instead: fnctl deploy") from None
        return path

    def close(self) -> None:
        """Take the intent back: what it meant to make is undone."""
        self.store.delete(INTENT)

    def prune(self, keep: int) -> None:
        """Forget all but the newest `keep` releases, and the artifacts that no kept release names."""
        numbers = self.numbers()
        old, kept = numbers[:-keep], numbers[-keep:]
        if not old:
            return
        wanted = {sha for number in kept if (release := self.release(number)) for sha in digests(release.graph)}
        for number in old:
            self.store.delete(_key(number))
        for key in list(self.store.list("artifacts/")):
            if Path(key).stem not in wanted:
                self.store.delete(key)

    def forget(self, *, keep: str | None = None) -> None:
        """Remove everything of this service and stage, except the key `keep` (the lock, which goes last)."""
        self.store.purge(keep=keep)

    def _read(self, key: str, parse: Callable[[Mapping[str, Any]], T]) -> T | None:
        found = self.store.get(key)
        if found is None:
            return None
        try:
            return parse(json.loads(found[0]))
        except (ValueError, KeyError, TypeError) as error:
            message = f"the ledger's {key} cannot be read: {type(error).__name__}: {error}"
            raise FnctlError(message, code="FN914", notes=(f"ledger: {self.store.place}",), help="was it written by a newer fnctl?") from error


def digests(graph: Graph) -> set[str]:
    """Name the artifacts that a graph needs."""
    return {node.artifact.sha256 for node in graph.nodes.values() if node.artifact}


def _key(number: int) -> str:
    return f"{RELEASES}{number:08d}.json"


def _artifact(sha256: str) -> str:
    return f"artifacts/{sha256}.zip"


def _dump(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=False).encode()
