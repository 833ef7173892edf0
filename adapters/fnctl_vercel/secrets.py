"""Secrets: write-only variables of the project. Values go in; what comes out is when each was written, and a salted hash to compare with."""

from __future__ import annotations

import hashlib
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnctl.errors import CloudError, FnctlError
from fnctl.graph import Json
from fnctl_vercel import variables
from fnctl_vercel.client import Client
from fnctl_vercel.names import PREVIEW, PRODUCTION, SECRET_NOTE

LIMIT = 65_536
"""Bytes of all variables of a deployment together (vercel.com/docs/environment-variables, 2026-06-16): no value can be larger."""
ROUNDS = 200_000
"""Of PBKDF2: whoever may read a comment must not find a short secret by trying."""


@dataclass(frozen=True)
class Vault:
    """The secrets of one service and stage: sensitive variables of one environment of its project."""

    client: Client
    service: str
    stage: str
    project: str
    environment: str
    shared: bool

    def versions(self) -> Mapping[str, str]:
        """Name -> version of every secret that was set for this service and stage; previews of one project see one another's."""
        return {name: _version(found) for name, found in self._all().items() if self._ours(found)}

    def known(self) -> Mapping[str, str]:
        """Name -> version of every variable of this environment, also of those that somebody has set in the project's settings."""
        return {name: _version(found) for name, found in self._all().items()}

    def set(self, name: str, value: str) -> str:
        """Write a value, unless it is there already, and return its version."""
        _check(name, value)
        self._ready()
        there = self._all().get(name)
        if there is not None and self._same(there, value):
            return _version(there)
        custom = self._custom()
        kind = "encrypted" if custom else "sensitive"  # Vercel takes sensitive ones for its own environments only
        said: dict[str, Json] = {"key": name, "value": value, "type": kind, "comment": self._note(value)}
        variables.create(self.client, self.project, {**said, **variables.for_environment(self.environment, custom)}, upsert=True)
        stored = self._all().get(name)
        if stored is None or not self._same(stored, value):
            message = f"Vercel says that the variable {name} was stored, and its list has another, or none"
            raise CloudError(message, help="set it again; if it stays so, remove it in the project's settings first")
        return _version(stored)

    def remove(self, name: str) -> None:
        """Remove a value; the last one of a project that holds nothing else takes the project along."""
        found = self._all().get(name)
        if found is not None and self._ours(found):
            self.client.delete(f"/v9/projects/{self.project}/env/{found['id']}")
        left = variables.listed(self.client, self.project)
        owner = variables.owner_of(left or [])
        if owner is not None and owner.get("value") == variables.owner(self.service, self.stage, bare=True) and len(left or ()) == 1:
            self.client.delete(f"/v9/projects/{self.project}")

    @property
    def _mark(self) -> str:
        """How the comment of a secret of this service and stage begins."""
        return f"{SECRET_NOTE} {variables.owner(self.service, self.stage)} "

    def _ours(self, variable: Mapping[str, Any]) -> bool:
        return str(variable.get("comment") or "").startswith(self._mark)

    def _note(self, value: str, salt: str = "") -> str:
        """Write the comment of a secret: a salt and a slow hash, by which an equal value is known again."""
        salt = salt or randomness.token_hex(8)
        mixed = hashlib.pbkdf2_hmac("sha256", value.encode(), bytes.fromhex(salt), ROUNDS)
        return f"{self._mark}{salt}:{mixed.hex()[:32]}"

    def _same(self, variable: Mapping[str, Any], value: str) -> bool:
        comment = str(variable.get("comment") or "")
        return self._ours(variable) and comment == self._note(value, comment.removeprefix(self._mark).partition(":")[0])

    def _all(self) -> dict[str, dict[str, Any]]:
        seen = {self.environment, self._custom_id()}
        found = variables.listed(self.client, self.project) or ()
        return {str(variable["key"]): variable for variable in found if seen & set(variables.targets(variable))}

    def _ready(self) -> None:
        """Make the project where there is none yet: secrets are set before the first deploy."""
        if self.client.find(f"/v9/projects/{self.project}") is not None:
            return
        if self.shared:
            message = f"there is no Vercel project {self.project}"
            raise FnctlError(message, code="FN940", help="deploy the stage that it belongs to first, or make it; then set the secret")
        marked = variables.mark(self.service, self.stage, bare=True)
        self.client.post("/v11/projects", {"name": self.project, "framework": None, "environmentVariables": [marked]})

    def _custom(self) -> str | None:
        found = self._custom_id()
        if not found and self.environment not in (PRODUCTION, PREVIEW):
            message = f"the Vercel project {self.project} has no environment `{self.environment}`"
            raise FnctlError(message, code="FN940", help="make it in the project's settings, or say `environment: preview`")
        return found or None

    def _custom_id(self) -> str:
        """Return the id of a custom environment, "" for Vercel's own."""
        if self.environment in (PRODUCTION, PREVIEW):
            return ""
        project = self.client.find(f"/v9/projects/{self.project}") or {}
        return next((str(one["id"]) for one in project.get("customEnvironments") or () if one.get("slug") == self.environment), "")


def _version(variable: Mapping[str, Any]) -> str:
    return str(variable.get("updatedAt") or variable.get("createdAt") or "")


def _check(name: str, value: str) -> None:
    size = len(value.encode())
    if not size:
        message = f"the value of the secret {name} is empty"
        raise FnctlError(message, code="FN950", help=f"pipe it in:\nfnctl secret set {name} < FILE")
    if size > LIMIT:
        message = f"the value of the secret {name} has {size} bytes, and all variables of a project together may have {LIMIT}"
        raise FnctlError(message, code="FN950", help="keep big values in a store, and the key to it here")
