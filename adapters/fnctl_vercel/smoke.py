"""Asking a deployment by its own address before it gets traffic, past the protection that a team may have switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.errors import CloudError, Unreachable
from fnctl_vercel import deployments
from fnctl_vercel.client import Client

PATH = "/_fnctl"
"""No route of the author's leads there, unless one takes all paths: then it is the author's code that answers."""
BYPASS = "x-vercel-protection-bypass"
LIMIT = 60.0
"""Seconds that a new deployment's name may take to be known everywhere."""
LOGIN_PAGE = "https://vercel.com/sso"


def wants_login(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether Deployment Protection answered, and not the deployment."""
    return status in (401, 403) or headers.get("location", "").startswith(LOGIN_PAGE)


def answers(client: Client, project: str, found: Mapping[str, Any], run: Run) -> None:
    """Ask it, and wait until it answers. Raises CloudError when it answers with one of Vercel's own errors."""
    url = client.url(str(found["url"])) + PATH
    held = dict[str, str]()

    def done() -> tuple[int, Mapping[str, str]] | None:
        try:
            status, headers, _ = client.ask(url, headers=held)
        except Unreachable:
            return None
        if wants_login(status, headers) and not held:
            held.update(bypass(client, project, run, make=True))
            return None if held else (status, headers)
        return status, headers

    status, headers = client.wait(f"{deployments.id_of(found)} to answer", done, run, limit=LIMIT)
    trouble = headers.get("x-vercel-error", "")
    if trouble.startswith("DEPLOYMENT") or (status >= 500 and trouble):
        message = f"the new deployment does not work: {url} answers {status} {trouble}"
        raise CloudError(message, reason=trouble, help="see `fnctl logs`; the old deployment still serves")


def bypass(client: Client, project: str, run: Run | None, *, make: bool = False) -> dict[str, str]:
    """Return the header that passes the protection of a project's deployments; {} where there is no such secret and none may be made."""
    found = client.find(f"/v9/projects/{project}", run) or {}
    secret = _automation(found.get("protectionBypass") or {})
    if not secret and make:
        try:
            made = client.patch(f"/v1/projects/{project}/protection-bypass", {}, run)
        except CloudError:
            return {}  # not every token may: the answer that asks for a login proves that the deployment is there
        secret = _automation(made.get("protectionBypass") or {})
    return {BYPASS: secret} if secret else {}


def _automation(found: Mapping[str, Any]) -> str:
    return next((secret for secret, about in found.items() if about.get("scope") == "automation-bypass"), "")
