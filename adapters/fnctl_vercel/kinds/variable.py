"""`vercel.variable`: CRON_SECRET, which Vercel shows with every cron and fnctl with every call by hand. Nobody but the project knows its value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Json, Node, State
from fnctl_vercel import variables
from fnctl_vercel.kinds.base import Base
from fnctl_vercel.names import OWN_NOTE

LETTERS = 32
"""Bytes of randomness; Vercel asks for 16 characters at least."""


class Secret(Base):
    """Props: `project` (id), `environment`. Outputs: `version`, which changes with the value."""

    rank = 40

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it among the project's variables. One that the project has already serves as well."""
        project = props["project"]
        found = self._find(node.name, str(project), str(props["environment"]), run) if isinstance(project, str) else None
        return _state(found, props) if found else None

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Make one of random letters, unless there is one. It can be read back where the team lets it, so that `fnctl invoke` can show it."""
        name, project, environment = change.node.name, str(props["project"]), str(props["environment"])
        if self._find(name, project, environment, run) is None:
            said: dict[str, Json] = {
                "key": name,
                "value": secrets.token_urlsafe(LETTERS),
                "comment": f"{OWN_NOTE} {variables.owner(self.service, self.stage)}",
                **variables.for_environment(environment, self._custom(project, environment, run)),
            }
            self._create(project, said)
        found = self._find(name, project, environment, run)
        if found is None:
            message = f"the variable {name} was made and is not there"
            raise CloudError(message, help="run the same command again")
        return _state(found, props)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove what fnctl has made; a variable of somebody else's stays."""
        project = str(state.props["project"])
        found = next((one for one in variables.listed(self.client, project, run) or () if one["id"] == state.id), None)
        if found is not None and str(found.get("comment") or "") == f"{OWN_NOTE} {variables.owner(self.service, self.stage)}":
            self.client.delete(f"/v9/projects/{project}/env/{state.id}", run)

    def _create(self, project: str, said: Mapping[str, Json]) -> None:
        try:
            made = variables.create(self.client, project, {**said, "type": "encrypted"})
        except variables.Taken:
            return  # another run was first
        except CloudError as error:
            if error.unknown or "sensitive" not in str(error).lower():
                raise
            variables.create(self.client, project, {**said, "type": "sensitive"})  # a policy of the team
            return
        if variables.value(self.client, project, made) != said["value"]:
            message = f"Vercel says that the variable {said['key']} was stored, and holds another value"
            raise CloudError(message, help="remove it in the project's settings, then run the same command again")

    def _find(self, name: str, project: str, environment: str, run: Run) -> dict[str, Any] | None:
        found = [one for one in variables.listed(self.client, project, run) or () if one["key"] == name]
        if not found:
            return None
        seen = {environment, self._custom(project, environment, run)}
        return next((one for one in found if seen & set(variables.targets(one))), None)

    def _custom(self, project: str, environment: str, run: Run) -> str | None:
        if environment in variables.SOURCES:
            return None
        found = self.client.find(f"/v9/projects/{project}", run) or {}
        return next((str(one["id"]) for one in found.get("customEnvironments") or () if one.get("slug") == environment), None)


def _state(found: Mapping[str, Any], props: Mapping[str, Any]) -> State:
    version = f"{found['id']}@{found.get('updatedAt') or found.get('createdAt') or ''}"
    return State(str(found["id"]), {"project": props["project"], "environment": props["environment"]}, {"version": version})
