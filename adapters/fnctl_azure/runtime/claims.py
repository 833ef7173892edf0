"""Where `idempotent` keeps its claims on Azure: one entity a key in a Storage table, written on conditions."""

from __future__ import annotations

from hashlib import sha256

from fnctl_azure.runtime.tables import TableError, ask, entity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PART = 15_000
"""Characters of an answer in one property, which holds 64 KiB; an entity holds 1 MiB."""
_TURNS = 5
"""Looks at an entity that others take and give back meanwhile."""
_EXISTS, _MISSING, _CHANGED = 409, 404, 412


class Claims:
    """The store of `once`.

    An entity has `key`, `owner`, when a claim holds to (`until`) and when it expires (`expires`), in Unix seconds; an answer (JSON) is in `answer0`,
    `answer1` and so on. Its ETag is what makes a write conditional, and is kept with the attempt that got it.
    """

    def __init__(self, config: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._table = environ[config["idempotent"]["table"]].rstrip("/")
        self._environ = environ
        self._held: dict[str, str] = {}

    def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
        """See `fnctl_runtime.once.Store`."""
        own = {"key": key, "owner": owner, **_times(until=until, expires=expires)}
        for _ in range(_TURNS):
            if self._inserted(key, owner, own):
                return None
            found = self._found(key)
            if found is None:  # given back between our two looks
                continue
            theirs, etag = found
            answer = _answer(theirs)
            free = theirs.get("owner") == owner or theirs["expires"] <= now or (answer is None and theirs["until"] <= now)
            if not free:
                return answer or ""
            if self._written("PUT", key, owner, own, etag):
                return None
        return ""

    def _inserted(self, key: str, owner: str, own: Mapping[str, Any]) -> bool:
        body = {"PartitionKey": _hashed(key), "RowKey": "", **own}
        try:
            self._held[owner] = ask("POST", self._table, self._environ, body)[1]
        except TableError as error:
            if error.code == "TableNotFound":  # an emulator makes tables with their first entity's writer
                self._made()
                return self._inserted(key, owner, own)
            if error.status != _EXISTS:
                raise
            return False
        return True

    def _made(self) -> None:
        account, _, name = self._table.rpartition("/")
        try:
            ask("POST", f"{account}/Tables", self._environ, {"TableName": name})
        except TableError as error:
            if error.status != _EXISTS:
                raise

    def _found(self, key: str) -> tuple[dict[str, Any], str] | None:
        try:
            return ask("GET", entity(self._table, _hashed(key)), self._environ)
        except TableError as error:
            if error.status != _MISSING:
                raise
            return None

    def _written(self, method: str, key: str, owner: str, body: Mapping[str, Any] | None, etag: str) -> bool:
        try:
            self._held[owner] = ask(method, entity(self._table, _hashed(key)), self._environ, body, etag)[1]
        except TableError as error:
            if error.status not in (_MISSING, _CHANGED):
                raise
            return False
        return True

    def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
        """See `fnctl_runtime.once.Store`."""
        parts = [answer[start : start + _PART] for start in range(0, len(answer), _PART)]
        done = {"key": key, "owner": owner, **_times(until=0, expires=expires), **{f"answer{place}": part for place, part in enumerate(parts)}}
        etag = self._held.get(owner)
        written = etag is not None and self._written("PUT", key, owner, done, etag)
        self._held.pop(owner, None)
        return written

    def release(self, key: str, owner: str) -> None:
        """See `fnctl_runtime.once.Store`."""
        if etag := self._held.pop(owner, None):
            self._written("DELETE", key, owner, None, etag)
            self._held.pop(owner, None)


def _hashed(key: str) -> str:
    """Keys of entities take no slashes, and these have some."""
    return sha256(key.encode()).hexdigest()


def _times(**times: float) -> dict[str, Any]:
    """Say that they are fractions: a whole number would be taken for 32 bits."""
    return {word: value for name, seconds in times.items() for word, value in ((f"{name}@odata.type", "Edm.Double"), (name, float(seconds)))}


def _answer(found: Mapping[str, Any]) -> str | None:
    parts: list[str] = []
    while (part := found.get(f"answer{len(parts)}")) is not None:
        parts.append(part)
    return "".join(parts) if parts else None
