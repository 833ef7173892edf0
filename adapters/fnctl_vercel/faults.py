"""What Vercel's refusals mean: which of them pass, how long to wait, and in fnctl's words what to do about the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnctl.errors import CloudError, CredentialsError, FnctlError
from fnctl_vercel.place import LOGIN

AGAIN = "run the same command again: it looks first at what is there"
REACH = "check the connection, and FNCTL_VERCEL_ENDPOINT if it is set"
STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
LONGEST_WAIT = 60.0
"""Seconds that a Retry-After is waited for; Vercel's own command line waits as long. A lock-out of uploads lasts hours."""
PATIENCE = 180.0
"""Seconds for all tries of one call."""
CONFLICTS = frozenset({"ENV_CONFLICT", "ENV_ALREADY_EXISTS", "env_already_exists"})
HELP: Mapping[str, str] = {
    "builds_rate_limited": "wait until the limit is over, or deploy to another target meanwhile",
    "exceeded_serverless_functions_per_deployment": "serve several routes from one `asgi` function, or use `plan: pro`",
    "LAMBDA_SIZE_EXCEEDED": "see what it is made of, and `exclude` what the code does not read:\nfnctl size --target vercel",
    "missing_project_settings": AGAIN,
    "too_many_files": "leave `targets.vercel.upload` out: an archive is one file",
    "domain_not_verified": "verify the domain in the project's settings",
    "not_found": "is it deleted, or in another team? see `targets.vercel.team`",
}
DENIED = "give the token's user a role that may do this in the team, or use another token"
PLAN = "look at the team's billing page: the plan, or a payment, stands in the way"
_SECRETS = re.compile(r"(?i)\b(?:bearer\s+\S+|vc[aprk]_[A-Za-z0-9]{8,})")


class Refused(CloudError):
    """Vercel said no. `body` has what it said besides: the digests that are missing, the variable that is in the way."""

    def __init__(self, message: str, body: Mapping[str, Any], status: int, **more: Any) -> None:
        super().__init__(message, **more)
        self.body, self.status = body, status


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer that is no success: status, the error's code and words, and when to ask again (seconds from now)."""

    status: int
    code: str
    message: str
    body: Mapping[str, Any]
    after: float | None = None

    @property
    def passes(self) -> bool:
        """Tell whether the same call may succeed later."""
        return (self.status == 429 and self.code != "builds_rate_limited") or self.status in (500, 502, 503, 504)

    @property
    def unknown(self) -> bool:
        """Tell whether the call may have taken effect: an error of the platform after it was heard."""
        return self.status in (500, 502, 504)


def refusal(status: int, headers: Mapping[str, str], body: object, now: float) -> Refusal:
    """Read an answer: `{"error": {"code", "message", ...}}`, or the same without the outer map."""
    whole = body if isinstance(body, Mapping) else {}
    error = whole.get("error")
    said = error if isinstance(error, Mapping) else whole
    message = str(said.get("message") or (error if isinstance(error, str) else "") or f"status {status}")
    code = "not_found" if status == 404 else str(said.get("code") or status)
    return Refusal(status, code, _scrub(message), said, _after(status, headers, said, now))


def _after(status: int, headers: Mapping[str, str], said: Mapping[str, Any], now: float) -> float | None:
    if status not in (429, 503):
        return None
    given = headers.get("retry-after", "")
    if given.isdigit():
        return float(given)
    limit = said.get("limit")
    return _until(str(headers.get("x-ratelimit-reset") or (limit.get("reset", "") if isinstance(limit, Mapping) else "")), now)


def last(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until more calls are taken, where an answer says that it was the last one for now."""
    return _until(headers.get("x-ratelimit-reset", ""), now) if headers.get("x-ratelimit-remaining") == "0" else None


def _until(reset: str, now: float) -> float | None:
    return max(0.0, (float(reset) / 1000 if len(reset) > 11 else float(reset)) - now) if reset.isdigit() else None  # milliseconds or seconds


def error_of(call: str, found: Refusal, scope: str) -> FnctlError:
    """Put a refusal into fnctl's errors. `call` is `POST /v13/deployments`, `scope` names the team that was asked for."""
    words, notes = found.message.rstrip("."), (f"{call} answered {found.status} {found.code}",)
    if found.status == 401 or found.body.get("invalidToken") or found.body.get("missingToken"):
        return CredentialsError(f"Vercel does not accept this token: {words}", notes=notes, help=LOGIN)
    if found.status == 403 and scope and found.code in ("forbidden", "team_unauthorized", "not_authorized"):
        return CredentialsError(f"this token may not do that in the team {scope}: {words}", notes=notes, help=f"is {scope} the right team? {DENIED}")
    if found.status == 403:
        return Refused(f"{call} is not allowed: {words}", found.body, 403, reason=found.code, notes=notes, help=DENIED)
    if found.status == 402:
        return Refused(f"Vercel refuses this for the team's plan or billing: {words}", found.body, 402, reason=found.code, notes=notes, help=PLAN)
    if found.status == 429:
        later = f"; it ends in {_span(found.after)}" if found.after else ""
        help_ = HELP.get(found.code, "wait until then: what was uploaded stays, and the next run goes on from there")
        return CloudError(f"Vercel's limit of calls is reached: {words}{later}", reason=found.code, notes=notes, help=help_)
    more = {"reason": found.code, "unknown": found.unknown, "notes": notes, "help": HELP.get(found.code)}
    return Refused(f"{call} failed: {words}", found.body, found.status, **more)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _scrub(message: str) -> str:
    return _SECRETS.sub("[hidden]", " ".join(message.split()))
