"""The one thing that a ledger needs from a platform: an object store with conditional writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class Conflict(Exception):  # the HTTP word for it, and nobody's failure
    """A conditional write or delete found something else than it expected."""


class Store(Protocol):
    """Objects by key under one service and stage. Every method may raise CloudError or CredentialsError; a missing place reads as empty."""

    place: str
    """Where it is, for people: `s3://fnctl-123456789012-eu-west-1/orders/dev`."""

    def exists(self) -> bool:
        """Tell whether the place (bucket, container, folder) is there."""
        ...

    def bootstrap(self) -> None:
        """Create the place: versioned, encrypted, private. Idempotent and safe for two at once."""
        ...

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return the bytes and their version (ETag), or None."""
        ...

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Write and return the new version. With `expect` only over that version, with `absent` only where nothing is; else Conflict."""
        ...

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove one object; nothing there is success. With `expect` only that version; else Conflict."""
        ...

    def list(self, prefix: str = "") -> Iterable[str]:
        """Yield keys that start with `prefix`, sorted."""
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file unless an object of that key is there (keys of artifacts hold their digest)."""
        ...

    def get_file(self, key: str, path: Path) -> None:
        """Download to `path`. Raises KeyError where there is none."""
        ...

    def purge(self, *, keep: str | None = None) -> None:
        """Remove every object and version of this service and stage, except `keep`."""
        ...
