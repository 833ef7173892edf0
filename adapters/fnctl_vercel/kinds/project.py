"""`vercel.project`: one for a service and stage, or somebody else's that is used as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.diagnostics import Diagnostic
from fnctl.errors import CloudError
from fnctl.graph import Json, Node, State
from fnctl_vercel import variables
from fnctl_vercel.kinds.base import Base
from fnctl_vercel.names import SECRET_NOTE


class Project(Base):
    """Props: `framework` (none), `staged` (a production deployment gets no traffic by itself), `node`, `memory` (None: as it is), and
    `environment`, the slug of a custom one that somebody else's project must have."""

    rank = 90

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its recorded id, else by its name. One that holds only secrets is not there yet, and one of somebody else's is none of ours."""
        found = (self.client.find(f"/v9/projects/{hint}", run) if hint else None) or self.client.find(f"/v9/projects/{node.name}", run)
        if found is None:
            return None
        if node.owned and self._whose(found, run) not in (variables.owner(self.service, self.stage), "" if found["id"] == hint else None):
            return None
        return _state(found, props)

    def unfit(self, node: Node, state: State | None) -> Diagnostic | None:
        """Say what is wrong with a project that is used as it is: it is not there, or has no such environment."""
        wanted = node.props.get("environment")
        if state is None:
            help = (
                "deploy the stage that it belongs to first, or correct `targets.vercel.project`; without `environment` and `shared` fnctl makes one"
            )
            return Diagnostic("FN940", "error", f"there is no Vercel project {node.name}", node.span, "used as it is, and not there", help=help)
        if wanted is None or wanted == state.props.get("environment"):
            return None
        known = state.outputs.get("environments")
        has = f"it has {', '.join(known)}" if isinstance(known, Mapping) and known else "it has none of its own"
        message = f"the Vercel project {node.name} has no environment `{wanted}`"
        return Diagnostic("FN940", "error", message, node.span, has, help="make it in the project's settings, or say `environment: preview`")

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it with the mark that says whose it is; adopt one that carries the mark already, and refuse any other."""
        name = change.node.name
        found = self.client.find(f"/v9/projects/{state.id if state else name}", run)
        if found is None:
            said: dict[str, Json] = {"name": name, "framework": None, "environmentVariables": [variables.mark(self.service, self.stage)]}
            found = self._create(said, run)
        self._own(name, found, run, known=state is not None)
        changed = self.client.patch(f"/v9/projects/{found['id']}", _settings(props), run)
        return _state({**found, **changed}, props)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Delete it with all that it holds, unless secrets are set: those are given up by `destroy`, and not by a deploy that failed."""
        found = variables.listed(self.client, state.id, run)
        owner = variables.owner_of(found or [])
        if found is None or owner is None:
            return
        kept = [variable for variable in found if str(variable.get("comment") or "").startswith(SECRET_NOTE)]
        if not kept:
            self.client.delete(f"/v9/projects/{state.id}", run)
            return
        bare = variables.owner(self.service, self.stage, bare=True)
        self.client.patch(f"/v9/projects/{state.id}/env/{owner['id']}", {"value": bare}, run)

    def _create(self, said: Mapping[str, Json], run: Run) -> Mapping[str, Any]:
        try:
            made: Mapping[str, Any] = self.client.post("/v11/projects", said, run)
        except CloudError:
            there: Mapping[str, Any] | None = self.client.find(f"/v9/projects/{said['name']}", run)
            if there is None:
                raise
            return there
        return made

    def _whose(self, found: Mapping[str, Any], run: Run) -> str:
        return str((variables.owner_of(variables.listed(self.client, str(found["id"]), run) or []) or {}).get("value") or "")

    def _own(self, name: str, found: Mapping[str, Any], run: Run, *, known: bool) -> None:
        """Refuse a project that is not ours, and turn one that held only secrets into a deployed one. A recorded one gets its mark back."""
        mark = variables.owner_of(variables.listed(self.client, str(found["id"]), run) or []) or {}
        wanted, bare = variables.owner(self.service, self.stage), variables.owner(self.service, self.stage, bare=True)
        if mark.get("value") == bare:
            self.client.patch(f"/v9/projects/{found['id']}/env/{mark['id']}", {"value": wanted}, run)
        elif known and not mark:
            variables.create(self.client, str(found["id"]), variables.mark(self.service, self.stage))
        elif mark.get("value") != wanted:
            whose = f"its mark says that it belongs to {mark['value']}" if mark else "it carries no mark of fnctl's"
            raise CloudError(
                f"the project {name} exists and does not belong to this service and stage",
                code="FN919",
                reason="Foreign",
                help="name another with `targets.vercel.project`; or use it as it is, and keep it at the end: `targets.vercel.shared: true`",
                notes=(whose,),
            )


def _settings(props: Mapping[str, Any]) -> dict[str, Json]:
    memory = props["memory"]
    return {
        "framework": props["framework"],
        "autoAssignCustomDomains": not props["staged"],
        **({"nodeVersion": props["node"]} if props["node"] else {}),
        **({"resourceConfig": {"functionDefaultMemoryType": memory}} if memory else {}),
    }


def _state(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> State:
    """Read a project in our words; what the manifest leaves open is as it is."""
    memory = (found.get("resourceConfig") or {}).get("functionDefaultMemoryType")
    custom = {str(one.get("slug")): str(one["id"]) for one in found.get("customEnvironments") or ()}
    props: dict[str, Json] = {
        "framework": found.get("framework"),
        "staged": found.get("autoAssignCustomDomains") is False,
        "node": found.get("nodeVersion") if wanted["node"] else None,
        "memory": memory if wanted["memory"] else None,
        "environment": wanted.get("environment") if wanted.get("environment") in custom else None,
    }
    return State(str(found["id"]), props, {"id": str(found["id"]), "name": str(found["name"]), "environments": custom})
