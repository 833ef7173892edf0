"""`vercel.deployment`: all functions of a service at once. Made beside the old one, asked by its own address, then given the traffic."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError, FnctlError
from fnctl.graph import Json, Node, State
from fnctl_vercel import deployments, upload
from fnctl_vercel.faults import HELP, Refused
from fnctl_vercel.kinds import rolling
from fnctl_vercel.kinds.base import Base, say
from fnctl_vercel.kinds.traffic import give
from fnctl_vercel.names import PREVIEW, PRODUCTION
from fnctl_vercel.smoke import answers

BUILD_LIMIT = 2700.0
"""Seconds that Vercel lets a build take."""
LAST = 20
"""Lines of a failed build that are shown."""
SPOKEN = frozenset({"stdout", "stderr", "command", "fatal"})
"""Events of a build that are lines of its log."""


class Deployment(Base):
    """Props: `project`, `environment`, `artifact` (SHA-256), `secrets` (versions), `cron_secret`, `crons`, `members`; `how` to go about it."""

    rank = 20

    def phases(self, change: Change) -> Sequence[Phase]:
        """Make it beside the old one, then move the traffic. A preview has no traffic to move."""
        return ("prepare", "switch") if change.node.props["environment"] == PRODUCTION else ("prepare",)

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Look at what has the traffic. Somebody else's deployment, or none, while there are ours: that is another state than it should be."""
        project, environment = props["project"], str(props["environment"])
        if not isinstance(project, str):
            return None
        seen: dict[str, Any] = (self.client.find(f"/v9/projects/{project}", run) or {}) if environment == PRODUCTION else {}
        if environment == PRODUCTION:
            found = deployments.serving(self.client, seen, run)
        else:
            found = deployments.live(self.client, project, environment, self.service, self.stage, run)
        if found is not None and deployments.ours(found, self.service, self.stage):
            return self._state(found, props, self._crons(props, seen), self._unsettled(seen, deployments.id_of(found), run))
        newest = next(deployments.every(self.client, project, self.service, self.stage, run), None)
        nothing: dict[str, Json] = {**dict.fromkeys((*deployments.COMPARED, "crons")), "project": project, "environment": environment}
        return State(deployments.id_of(newest), {**nothing, "members": {}, "how": props["how"]}, {}) if newest else None

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Prepare: find or make one that is ready, and ask it. Switch: give it the traffic, and wait until it has it."""
        found = self._ready(props, run) or self._make(change.node, props, run)
        if phase == "prepare":
            answers(self.client, str(props["project"]), found, run)
            return self._state(found, props, props["crons"])
        try:
            give(self.client, props, found, run)
        except Refused as error:
            if not _was_live(found) or error.reason in ("timeout", "not_found"):
                raise
            # A plan that reaches one release back only: the same files make a new deployment, which may have the traffic.
            say(run, change.node, f"Vercel does not go back to {deployments.id_of(found)} ({error.reason}): the same is made again")
            found = self._make(change.node, props, run)
            give(self.client, props, found, run)
        return self._state(self.client.get(f"/v13/deployments/{deployments.id_of(found)}", run), props, props["crons"])

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Delete every deployment of this service and stage."""
        for found in list(deployments.every(self.client, str(state.props["project"]), self.service, self.stage, run)):
            self.client.delete(f"/v13/deployments/{deployments.id_of(found)}", run)

    def _unsettled(self, seen: Mapping[str, Any], name: str, run: Run) -> dict[str, Json]:
        """Name a deployment that has a part of the traffic, or is about to get it: neither is a state to stay in."""
        split = rolling.under_way(self.client, seen, run) if seen.get("rollingRelease") else None
        moving = deployments.moving(seen)
        return {**({"rolling": split[0]} if split else {}), **({"moving": moving} if moving and moving != name else {})}

    def _state(
        self, found: Mapping[str, Any], props: Mapping[str, Any], crons: list[list[str]], unsettled: Mapping[str, Json] | None = None
    ) -> State:
        made = deployments.made(found)
        environment = self._environment(found, str(props["project"]))
        whole: dict[str, Json] = {
            **{name: made.get(name) for name in deployments.COMPARED},
            "project": props["project"],
            "environment": environment,
            "crons": crons,
            "members": props["members"],  # what differs in these differs in the artifact
            "how": {**props["how"], **unsettled} if unsettled else props["how"],
        }
        told: dict[str, Json] = {str(name): str(digest) for name, digest in (made.get("members") or {}).items()}
        url = deployments.address(self.client, found, environment)
        return State(deployments.id_of(found), whole, {"id": deployments.id_of(found), "url": url, **told})

    def _environment(self, found: Mapping[str, Any], project: str) -> str:
        """Return where a deployment is: of a custom environment Vercel says the id, and the project knows which slug that is."""
        custom = found.get("customEnvironment") or {}
        if not custom:
            return str(found.get("target") or PREVIEW)
        listed = (self.client.find(f"/v9/projects/{project}") or {}).get("customEnvironments") or ()
        return str(custom.get("slug") or next((one.get("slug") for one in listed if one["id"] == custom.get("id")), custom.get("id")))

    def _ready(self, props: Mapping[str, Any], run: Run) -> dict[str, Any] | None:
        """Find one that is the same: left by a run that was interrupted, or live before. Crons do not move with the traffic: they must agree."""
        project, wanted = str(props["project"]), deployments.key(props)
        for found in deployments.every(self.client, project, self.service, self.stage, run):
            ready = deployments.state(found) == "READY"
            if ready and deployments.said(found, "Key") == wanted:
                whole: dict[str, Any] = self.client.get(f"/v13/deployments/{deployments.id_of(found)}", run)
                seen = self.client.find(f"/v9/projects/{project}", run) or {}
                return whole if self._crons(props, seen) == props["crons"] else None
            if ready and props["environment"] != PRODUCTION:
                return None  # of previews the newest is the one that counts
        return None

    def _crons(self, props: Mapping[str, Any], seen: Mapping[str, Any]) -> list[list[str]]:
        """Return the crons that the project has: those of its newest production build, whatever has the traffic. A preview starts none."""
        if props["environment"] != PRODUCTION:
            return [list(one) for one in props["crons"]]
        return sorted([str(one["path"]), str(one["schedule"])] for one in (seen.get("crons") or {}).get("definitions") or ())

    def _make(self, node: Node, props: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Make one: of the bytes that are here, else of the files that Vercel has kept of an earlier one."""
        path = self._local(node)
        if path is None:
            return self._wait(self._again(node, props, run), run)
        try:
            return self._sent(node, props, path, str(props["how"]["upload"]), run)
        except upload.Untaken as failed:
            if upload.count(path) > upload.FILES:
                raise
            say(run, node, f"the archive did not get there ({failed}): each file goes up by itself now")
            return self._sent(node, props, path, "files", run)

    def _sent(self, node: Node, props: Mapping[str, Any], path: Path, how: str, run: Run) -> dict[str, Any]:
        """Make one of the bytes that are here, as an archive or file by file."""
        with upload.parts(path, how) as parts:
            made = self._create(node, props, [part.entry() for part in parts], run, parts)
        try:
            return self._wait(made, run)
        except CloudError as error:
            if how == "archive" and "ARCHIVE" in error.reason:
                raise upload.untaken(error) from None
            raise

    def _local(self, node: Node) -> Path | None:
        artifact = node.artifact
        return artifact.path if artifact is not None and artifact.path is not None and artifact.path.exists() else None

    def _again(self, node: Node, props: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Make one of what an earlier one was made of. Where Vercel has given up its files, ask it to redeploy that one."""
        mine = deployments.every(self.client, str(props["project"]), self.service, self.stage, run)
        earlier = next((one for one in mine if deployments.said(one, "Artifact") == props["artifact"] and deployments.files(one)), None)
        if earlier is None or node.artifact is None:
            message = f"no deployment that Vercel keeps was made of the artifact {str(props['artifact'])[:12]}"
            raise FnctlError(message, code="FN913", help="deploy from source instead: fnctl deploy")
        try:
            return self._create(node, props, deployments.files(earlier), run)
        except Refused as error:
            if error.reason != "missing_files":
                raise
        return self._create(node, props, deployments.files(earlier), run, again=deployments.id_of(earlier))

    def _create(
        self, node: Node, props: Mapping[str, Any], files: list[dict[str, Json]], run: Run, parts: Sequence[upload.Part] = (), again: str = ""
    ) -> dict[str, Any]:
        """Ask for the deployment; upload what it says is missing; ask again with the same words."""
        nonce = secrets.token_hex(8)
        body: dict[str, Json] = {
            "name": node.name,
            "project": str(props["project"]),
            "meta": deployments.meta(self.service, self.stage, props, files, nonce, run.labels),
            **_where(props),
            **({"deploymentId": again} if again else {"files": files, "projectSettings": {"framework": None}}),
        }
        for _ in range(3):
            try:
                return self._post(str(props["project"]), body, nonce, run)
            except Refused as error:
                missing = {str(sha) for sha in error.body.get("missing") or ()}
                if error.reason != "missing_files" or not any(part.sha in missing for part in parts):
                    raise
                upload.send(self.client, parts, missing, run, lambda words: say(run, node, words))
        message = "Vercel asks for files that were uploaded a moment ago"
        raise CloudError(message, help="run the same command again: what is there stays there")

    def _post(self, project: str, body: Mapping[str, Json], nonce: str, run: Run) -> dict[str, Any]:
        """Ask once; where the answer was lost, look whether the deployment is there."""
        query = {"skipAutoDetectionConfirmation": "1", "forceNew": "1", "prebuilt": "1"}
        try:
            made: dict[str, Any] = self.client.post("/v13/deployments", body, run, once=True, **query)
        except CloudError as error:
            if not error.unknown:
                raise
            mine = deployments.every(self.client, project, self.service, self.stage, run)
            found = next((one for one in mine if deployments.said(one, "Run") == nonce), None)
            return found or dict(self.client.post("/v13/deployments", body, run, once=True, **query))
        return made

    def _wait(self, made: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Wait until it is built. Aliases are no part of that: it has no traffic yet."""
        name = deployments.id_of(made)

        def done() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client.get(f"/v13/deployments/{name}", run)
            if deployments.state(found) in deployments.STOPPED or found.get("checksConclusion") == "failed":
                raise self._failed(found, run)
            return found if deployments.state(found) == "READY" else None

        return self.client.wait(f"Vercel to build {name}", done, run, limit=BUILD_LIMIT)

    def _failed(self, found: Mapping[str, Any], run: Run) -> CloudError:
        """Say why a build failed: its own words, and the last lines of its log."""
        code, words = str(found.get("errorCode") or deployments.state(found).lower()), str(found.get("errorMessage") or "it gives no reason")
        said = self.client.find(f"/v3/deployments/{deployments.id_of(found)}/events", run, builds="1", direction="forward", limit="-1") or ()
        spoken = [one for one in said if isinstance(one, Mapping) and one.get("type") in SPOKEN]
        lines = [str((one.get("payload") or {}).get("text") or one.get("text") or "").rstrip() for one in spoken]
        more = (str(found["inspectorUrl"]),) if found.get("inspectorUrl") else ()
        return CloudError(
            f"Vercel could not build the deployment: {words.rstrip('.')}",
            reason=code,
            notes=(f"error code: {code}", *[line for line in lines if line][-LAST:], *more),
            help=HELP.get(code, "correct what it says and deploy again; nothing has changed for your callers"),
        )


def _where(props: Mapping[str, Any]) -> dict[str, Json]:
    """Say which environment, and that production's addresses are to stay where they are for now."""
    environment = str(props["environment"])
    if environment == PRODUCTION:
        # A project of ours is set so already; of somebody else's nothing is changed, and this one deployment says it.
        return {"target": PRODUCTION, **({"autoAssignCustomDomains": False} if props["how"]["shared"] else {})}
    return {} if environment == PREVIEW else {"customEnvironmentSlugOrId": environment}


def _was_live(found: Mapping[str, Any]) -> bool:
    return found.get("readySubstate") == "PROMOTED"
