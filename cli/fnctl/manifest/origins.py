"""Which line of the manifest a resolved value came from: the layers, asked from the strongest down. Nothing is tracked while merging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from fnctl.dataclass import dataclass
from fnctl.manifest.load import Document
from fnctl.manifest.model import Key
from fnctl.source import Span

_Path: TypeAlias = "tuple[Key, ...]"


@dataclass(frozen=True)
class Origins:
    """The layers of one stage and target. `overlays` are the keys of `stages` that apply, the weakest first. Called with a path, gives its Span."""

    document: Document
    target: str
    overlays: tuple[str, ...]

    def __call__(self, *path: Key, key: bool = False) -> Span | None:
        """Find the place of a resolved path such as ("functions", "api", "memory"), or of its nearest parent that has one."""
        return self.document.span(self.source(path), key)

    def source(self, path: _Path) -> _Path:
        """Return the path as the document has it: ("defaults", "memory")."""
        while path:
            for candidate in self._candidates(path):
                if _exists(self.document.data, candidate):
                    return candidate
            path = path[:-1]
        return ()

    def text(self, path: _Path) -> str:
        """Say where a value came from: `fnctl.yaml:24:14 (functions.api.targets.aws)`."""
        source = self.source(path)
        head = 2 if path[0] in ("functions", "resources", "workflows") else len(path) - 1
        layer = ".".join(map(str, source[: len(source) - len(path) + head])) or "the manifest"
        return f"{self.document.span(source) or self.document.path.name} ({layer})"

    def patch(self, path: _Path) -> Span | None:
        """Find the strongest overlay that touches a path: what was laid over is what made it wrong."""
        touching = (("stages", overlay, *path) for overlay in reversed(self.overlays))
        return self.document.span(next((p for p in touching if _exists(self.document.data, p)), self.source(path)), True)

    def _candidates(self, path: _Path) -> Iterator[_Path]:
        if len(path) == 2 and path[0] in ("functions", "resources", "workflows"):
            yield path  # a whole function stands where it is defined, not where a stage changes a word of it
        for layered in self._layers(path):
            for overlay in reversed(self.overlays):
                yield ("stages", overlay, *layered)
            yield layered

    def _layers(self, path: _Path) -> Iterator[_Path]:
        rest = path[2:]
        if path[0] == "rollout":
            yield ("targets", self.target, *path)
        if path[0] not in ("functions", "resources") or not rest or rest[0] == "targets":
            yield path
            return
        yield (*path[:2], "targets", self.target, *rest)
        if path[0] == "functions":
            yield ("defaults", "targets", self.target, *rest)
        yield path
        if path[0] == "functions":
            yield ("defaults", *rest)


def _exists(data: Any, path: _Path) -> bool:
    for part in path:
        if isinstance(data, str):
            return False
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):  # not there, or nothing that has parts
            return False
    return True
