"""A package on its way to an app: One Deploy, the wait for it, and the look at which functions the host then lists.

That the platform says "deployed" proves little: a module that raises when it is imported leaves an app without functions. So a publish is done when
the functions that the package was found to hold are listed, and not before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl.graph import Node
from fnctl_azure.kinds import package
from fnctl_azure.kinds.base import Client, say
from fnctl_azure.kinds.types import WEB

BUSY, SCM_LOST = 600.0, 120.0
"""Seconds: as long as another deployment may take, and as long as the site of the deployments may be away while it starts."""
DEPLOYED, SYNCED, SYNCED_HERE = 1200.0, 240.0, 3.0
"""Seconds from the upload to the end of the deployment, and from there until the host lists the functions: vendors' tools wait 60 s for that, and the
stand-in needs none."""
RUNNING = 60.0
"""Seconds that a host is waited for which starts anew; it may take longer, and then its first caller waits."""
RIGHTS = 300.0
"""Seconds that a new role assignment may take to be believed everywhere."""
NO_HOST = "BadRequest"
"""Why functions cannot be looked for: ARM's word where the host does not answer it."""
TAIL = 15
"""Lines of a failed deployment's log that are shown."""
FAILED = {3: "failed", -1: "was cancelled", 5: "met another one", 6: "ended half-way"}
DONE, NOT_FOUND = 4, 404
NOT_YET_ALLOWED = ("AuthorizationPermissionMismatch", "AuthorizationFailure", "does not have permission", "403", "container does not exist")
"""What the log says while the identity's right to the package's container has not arrived."""
EARLY_MISSES = 5
"""404s that a deployment answers before it can be seen."""


class Answer(Protocol):
    """What a site of an app answers."""

    @property
    def status(self) -> int:
        """Of HTTP."""
        ...

    @property
    def body(self) -> bytes:
        """As it came."""
        ...


class Door(package.Keeper, Protocol):
    """What publishing asks of Azure beside ARM: the site that takes packages, and the host itself."""

    @property
    def sandbox(self) -> bool:
        """Whether it is the stand-in, which needs no time for what takes Azure a minute."""
        ...

    def scm(self, method: str, url: str, *, file: Path | None = None, run: Run | None = None, limit: float = ...) -> Answer:
        """Ask an app's deployment site: what passes (another deployment, a site that starts) is waited out for `limit` seconds."""
        ...

    def host_status(self, id_: str, url: str) -> Mapping[str, Any]:
        """Return what the host says of itself, {} where it cannot be asked."""
        ...


class NotAllowedYet(CloudError):
    """A deployment that failed because a right has not arrived everywhere yet."""


class Publisher:
    """Takes packages to apps; one for all of them."""

    def __init__(self, client: Door) -> None:
        """Keep the client."""
        self.client = client

    def publish(self, node: Node, id_: str, site: Mapping[str, Any], props: Mapping[str, Any], run: Run) -> list[str]:
        """Upload the node's package, wait until it is deployed, and return the functions that the host lists then.

        Raises:
            CloudError: the package was refused, or the functions that it holds are not listed in time.
        """
        if node.artifact is None:
            raise CloudError(f"{node.address} has no artifact", code="FN913", help="run `fnctl deploy` again")
        flex = props["functionAppConfig"] is not None
        if package.address(props) is None:
            self._sent(node, site, run.fetch(node.artifact), run, flex=flex, remote=bool(props["remote_build"]))
            if not flex:
                self.client.arm("POST", f"{id_}/syncfunctiontriggers", WEB, run=run)
        return self.again(node, id_, site, props, run)

    def laid(self, node: Node, props: Mapping[str, Any], run: Run) -> None:
        """Put the package where the app's settings say that it is, if they do: before the app reads them."""
        if (url := package.address(props)) and node.artifact is not None:
            package.upload(self.client, url, run.fetch(node.artifact), str(props["parent"]), run)

    def tidied(self, node: Node, props: Mapping[str, Any], before: Mapping[str, Any] | None, run: Run) -> None:
        """Remove packages that no release in sight runs. The new one serves already: what cannot be removed stays, and the next run tries again."""
        if url := package.address(props):
            try:
                package.tidy(self.client, url, package.address(before) if before else None, str(props["parent"]), run)
            except CloudError as error:
                say(run, node, f"packages of older releases stay where they are: {error}")

    def again(self, node: Node, id_: str, site: Mapping[str, Any], props: Mapping[str, Any], run: Run) -> list[str]:
        """Wait for an app that starts anew with other settings, among which its package may be."""
        if package.address(props):
            self._looked(node, id_, site, props["functions"], run)
        return self.synced(node, id_, site, props["functions"], run)

    def _looked(self, node: Node, id_: str, site: Mapping[str, Any], wanted: Sequence[str], run: Run) -> None:
        """Let the platform look for the app's functions until it finds them.

        It cannot while the host has no package, as before its identity's right has arrived; and what it asks may still be the old host.
        """
        began, here = time.monotonic(), self.client.sandbox
        while True:
            try:
                self.client.arm("POST", f"{id_}/syncfunctiontriggers", WEB, run=run)
            except CloudError as error:
                if error.reason != NO_HOST:
                    raise
            else:
                if _fits(listed(self.client, id_), wanted):
                    return
            if time.monotonic() - began > (SYNCED_HERE if here else RIGHTS) or not run.sleep(0.5 if here else 15.0):
                raise self._unlisted(node, id_, site, wanted)

    def _sent(self, node: Node, site: Mapping[str, Any], file: Path, run: Run, *, flex: bool, remote: bool) -> None:
        scm, began, told = self.client.url(scm_host(site)), time.monotonic(), False
        while True:
            try:
                return self._deploy(node, scm, file, run, flex=flex, remote=remote)
            except NotAllowedYet:
                if time.monotonic() - began > RIGHTS or not run.sleep(2.0 if self.client.sandbox else 15.0):
                    raise
                if not told:
                    say(run, node, "the app's identity is not allowed to read its container yet: a new right takes a minute")
                told = True

    def _deploy(self, node: Node, scm: str, file: Path, run: Run, *, flex: bool, remote: bool) -> None:
        path = f"publish?RemoteBuild={str(remote).lower()}&Deployer=fnctl" if flex else "zipdeploy?isAsync=true&Deployer=fnctl"
        answer = self.client.scm("POST", f"{scm}/api/{path}", file=file, run=run, limit=BUSY)
        deployment = _json(answer.body) if flex else None
        self._followed(node, scm, str(deployment or "latest"), run)

    def _followed(self, node: Node, scm: str, deployment: str, run: Run) -> None:
        """Wait until a deployment has ended. Its worker may be gone before it can be asked a last time: that is an end, too."""
        seen, misses = False, 0

        def done() -> bool | None:
            nonlocal seen, misses
            answer = self.client.scm("GET", f"{scm}/api/deployments/{deployment}", run=run, limit=SCM_LOST)
            if answer.status == NOT_FOUND:
                misses += 1
                return True if seen or misses > EARLY_MISSES else None
            seen = True
            told = _json(answer.body) or {}
            status = int(told.get("status") or 0)
            if status in FAILED:
                said = str(told.get("status_text") or told.get("message") or "")
                more = f": {said}" if said and said.lower() != FAILED[status] else ""
                raise self._failed(node, scm, deployment, FAILED[status] + more, run)
            return True if status == DONE else None

        self.client.wait(f"the package of {node.name} to be deployed", done, run, limit=DEPLOYED)

    def _failed(self, node: Node, scm: str, deployment: str, why: str, run: Run) -> CloudError:
        """Say why, with the end of the log: what the platform says beside it helps nobody."""
        answer = self.client.scm("GET", f"{scm}/api/deployments/{deployment}/log", run=run, limit=SCM_LOST)
        entries = _json(answer.body) if answer.status < NOT_FOUND else None
        lines = [str(entry.get("message") or "").rstrip() for entry in entries or () if isinstance(entry, Mapping)]
        text = "\n".join(lines[-TAIL:])
        error = NotAllowedYet if any(word in text for word in NOT_YET_ALLOWED) else CloudError
        return error(
            f"the deployment of {node.name} {why}",
            code="AZ614",
            reason="DeploymentFailed",
            notes=(f"the end of its log:\n{text}",) if text else (),
            help="correct what the log names, and deploy again",
        )

    def synced(self, node: Node, id_: str, site: Mapping[str, Any], wanted: Sequence[str], run: Run) -> list[str]:
        """Wait until the host lists what the package holds: exactly that, for an old one may still answer."""

        def done() -> list[str] | None:
            found = listed(self.client, id_)
            return found if _fits(found, wanted) else None

        try:
            found = self.client.wait(f"the functions of {node.name} to be listed", done, run, limit=SYNCED_HERE if self.client.sandbox else SYNCED)
        except CloudError as error:
            if error.reason != "Timeout":
                raise
            raise self._unlisted(node, id_, site, wanted) from None
        self._up(node, id_, site, run)
        return found

    def _up(self, node: Node, id_: str, site: Mapping[str, Any], run: Run) -> None:
        """Wait a while for a host that starts anew. One that cannot be asked, or takes longer, is not for us to judge; one in error is."""
        url, last = self.client.url(str((site.get("properties") or {}).get("defaultHostName") or "")), dict[str, Any]()

        def done() -> bool | None:
            last.clear()
            last.update(self.client.host_status(id_, url))
            return True if last.get("state") in (None, "Running") else None

        try:
            self.client.wait(f"the host of {node.name} to run", done, run, limit=SYNCED_HERE if self.client.sandbox else RUNNING)
        except CloudError as error:
            if error.reason != "Timeout":
                raise
            if last.get("state") == "Error":
                notes = tuple(str(line) for line in last.get("errors") or ())[:3]
                message = f"the host of {node.name} cannot start"
                raise CloudError(message, code="AZ613", reason="HostInError", notes=notes, help="its logs are in Application Insights") from None

    def _unlisted(self, node: Node, id_: str, site: Mapping[str, Any], wanted: Sequence[str]) -> CloudError:
        found = listed(self.client, id_)
        host = str((site.get("properties") or {}).get("defaultHostName") or "")
        status = self.client.host_status(id_, self.client.url(host))
        errors = tuple(str(line) for line in status.get("errors") or ())
        missing = sorted(set(wanted) - set(found))
        what = f"lists no functions, and the package holds {len(wanted)}" if not found else f"does not list {', '.join(missing) or 'exactly these'}"
        return CloudError(
            f"the package of {node.name} is deployed, but its host {what}",
            code="AZ613",
            reason="FunctionsNotListed",
            notes=(*errors[:3], *((f"its state is {status['state']}",) if status.get("state") else ())),
            help="a module that raises while it is imported does that: see its logs in Application Insights; `fnctl build` loads the app here",
        )


def listed(client: Client, id_: str) -> list[str]:
    """Return the names of the functions that ARM lists for an app."""
    return sorted(str(item.get("name") or "").rpartition("/")[2] for item in client.pages(f"{id_}/functions", WEB))


def _fits(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether these are an app's functions; of one that somebody else has packed nobody knows them."""
    return list(found) == list(wanted) or (not wanted and bool(found))


def scm_host(site: Mapping[str, Any]) -> str:
    """Return the host that takes packages. It is never put together from the app's name: many apps have another one."""
    states = (site.get("properties") or {}).get("hostNameSslStates") or ()
    found = next((str(state["name"]) for state in states if state.get("hostType") == "Repository"), None)
    if found is None:
        raise CloudError(
            f"the app {site.get('name')} has no deployment site", code="AZ615", reason="NoRepositoryHost", help="run the same command again"
        )
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
