"""The ledger: variables of a project of its own, one a version, for creating a variable is the one write at Vercel that only the first can make.

An object `releases/00000007.json` of the stage `prod` in its version 1 is the variable `FNCTL_prod_Sreleases_S00000007_Djson_V1`. A new version is
created beside the old one, and the old one removed: whoever removes it has made the change, everybody else is told that there was a conflict.
"""

from __future__ import annotations

import base64
import re
import secrets as randomness
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from fnctl.errors import CloudError
from fnctl.graph import Json
from fnctl.ledger.store import Conflict
from fnctl_vercel import variables
from fnctl_vercel.client import Client
from fnctl_vercel.names import ledger_project
from fnctl_vercel.variables import Taken

PIECE = 32_768
"""Characters of one variable; a larger object has several, and the first, written last, is the one that counts."""
TARGET = ["development"]  # no deployment sees these, and no policy of a team makes them unreadable
_ESCAPES = {"_": "__", "/": "_S", ".": "_D", "-": "_H"}
_NAME = re.compile(r"FNCTL_(?P<stage>(?:[a-z0-9]|_H)+)_S(?P<key>.+)_V(?P<version>\d+)(?:_P(?P<piece>\d+)_[0-9a-f]{8})?")


@dataclass(frozen=True)
class Found:
    """One version of an object: the variable that counts, and in order those with the rest of it, also of writers that came too late."""

    version: int
    first: Mapping[str, Any]
    rest: tuple[Mapping[str, Any], ...] = ()


class ProjectStore:
    """A `fnctl.ledger.store.Store`. Artifacts are not copied: Vercel keeps the files of each deployment itself."""

    def __init__(self, client: Client, service: str, stage: str) -> None:
        """Name the place; nothing is read yet."""
        self._client, self._stage = client, stage
        self.project = ledger_project(service)
        self.place = f"the variables of the Vercel project {self.project}, stage {stage}"
        self._emptied = False

    def exists(self) -> bool:
        """Tell whether the project is there."""
        return self._client.find(f"/v9/projects/{self.project}") is not None

    def bootstrap(self) -> None:
        """Create the project; that somebody else was first is fine."""
        try:
            self._client.post("/v11/projects", {"name": self.project, "framework": None})
        except CloudError:
            if not self.exists():
                raise

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Read the newest version."""
        found = self._versions(key)
        if not found:
            return None
        newest = found[-1]
        own, _, head = variables.value(self._client, self.project, newest.first).partition(":")
        mine = [piece for piece in newest.rest if str(piece["key"]).endswith(f"_{own}")]
        rest = "".join(variables.value(self._client, self.project, piece) for piece in mine)
        return zlib.decompress(base64.b64decode(head + rest)), str(newest.version)

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Create the next version, then remove the one before it."""
        found = self._versions(key)
        newest = found[-1].version if found else 0
        if (absent and found) or (expect is not None and str(newest) != expect):
            raise Conflict(key)
        made = self._write(key, newest + 1, body, conditional=absent or expect is not None)
        gone = [self._remove(version) for version in reversed(found)]
        if expect is not None and not gone[0]:  # somebody removed what we replaced: theirs was first
            self._remove(Found(made, self._one(key, made)))
            raise Conflict(key)
        return str(made)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove an object. The last one of a purged ledger takes the project along."""
        if key.startswith("artifacts/"):
            return
        found = self._versions(key)
        if expect is not None and found and str(found[-1].version) != expect:
            raise Conflict(key)
        for version in found:
            self._remove(version)
        if self._emptied and not variables.listed(self._client, self.project):
            self._client.delete(f"/v9/projects/{self.project}")

    def list(self, prefix: str = "") -> Iterable[str]:
        """Return the keys below a prefix, sorted."""
        return sorted({key for key, _ in self._all() if key.startswith(prefix)})

    def put_file(self, key: str, path: Path) -> None:
        """Keep nothing: the deployment that was made of the file is the copy."""

    def get_file(self, key: str, path: Path) -> None:
        """Say that it is not here: a rollback asks Vercel for the deployment's own files instead."""
        raise KeyError(key)

    def purge(self, *, keep: str | None = None) -> None:
        """Remove all of this stage but `keep`."""
        for key, version in tuple(self._all()):
            if key != keep:
                self._remove(version)
        self._emptied = True

    def _write(self, key: str, version: int, body: bytes, *, conditional: bool) -> int:
        """Write one version, or the first free one after it; return which."""
        while True:
            try:
                self._write_one(self._name(key, version), body)
            except Taken:
                if conditional:
                    raise Conflict(key) from None
                version += 1
            except CloudError as error:
                if error.reason != "not_found":
                    raise
                self.bootstrap()  # another stage took it along a moment ago, being the last one that was there
            else:
                return version

    def _write_one(self, name: str, body: bytes) -> None:
        """Write what follows the first piece under a name of this writer's own, then the first, which makes the version. Raises Taken."""
        text, own = base64.b64encode(zlib.compress(body, 9)).decode(), randomness.token_hex(4)
        pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
        for number, piece in enumerate(pieces[1:], 1):
            variables.create(self._client, self.project, self._body(f"{name}_P{number}_{own}", piece), upsert=True)
        head = f"{own}:{pieces[0]}"
        try:
            variables.create(self._client, self.project, self._body(name, head), once=True)
        except CloudError as error:
            if not error.unknown or not self._is(name, head):
                raise

    def _is(self, name: str, text: str) -> bool:
        """Tell whether a variable whose answer was lost is ours."""
        found = next((one for one in variables.listed(self._client, self.project) or () if one["key"] == name), None)
        return found is not None and variables.value(self._client, self.project, found) == text

    def _one(self, key: str, version: int) -> Mapping[str, Any]:
        return next((one.first for one in self._versions(key) if one.version == version), {})

    def _remove(self, found: Found) -> bool:
        """Remove a version: the part that counts first. False when it was gone."""
        ids = [str(variable["id"]) for variable in (found.first, *found.rest) if variable]
        gone = [self._client.delete(f"/v9/projects/{self.project}/env/{one}") for one in ids]
        return bool(gone) and gone[0]

    def _versions(self, key: str) -> Sequence[Found]:
        return sorted((version for name, version in self._all() if name == key), key=lambda one: one.version)

    def _all(self) -> Iterator[tuple[str, Found]]:
        """Yield every version of every object of this stage."""
        heads: dict[tuple[str, int], Mapping[str, Any]] = {}
        rest: dict[tuple[str, int], list[tuple[int, Mapping[str, Any]]]] = {}
        for variable in variables.listed(self._client, self.project) or ():
            match = _NAME.fullmatch(str(variable["key"]))
            if match is None or _plain(match["stage"]) != self._stage:
                continue
            at = (_plain(match["key"]), int(match["version"]))
            if match["piece"]:
                rest.setdefault(at, []).append((int(match["piece"]), variable))
            else:
                heads[at] = variable
        for (key, version), first in heads.items():
            yield key, Found(version, first, tuple(piece for _, piece in sorted(rest.get((key, version), []), key=itemgetter(0))))

    def _name(self, key: str, version: int) -> str:
        return f"FNCTL_{_escaped(self._stage)}_S{_escaped(key)}_V{version}"

    def _body(self, name: str, text: str) -> dict[str, Json]:
        return {"key": name, "value": text, "type": "encrypted", "target": TARGET}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _plain(text: str) -> str:
    back = {code: letter for letter, code in _ESCAPES.items()}
    return re.sub(r"_[_SDH]", lambda found: back[found[0]], text)
