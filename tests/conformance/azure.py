"""Azure: the sandbox's stand-in and the Azurite behind it, which run what was published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx

from azure_standin import contracts
from conformance.driver import Object, lend
from fakes.counting import Counted, Refusal, counting, standing
from fnctl_azure.place import ledger_group
from fnctl_azure.sandbox import AzureSandbox
from fnctl_azure.standin import entra, world

REGION = "westeurope"
GRANT = "/providers/Microsoft.Authorization/roleAssignments/"
MANAGEMENT = "https://management.azure.com/.default"
READS = re.compile(r"/(list\w*|checknameavailability|token|query)$", re.IGNORECASE)
"""POSTs that change nothing."""
JSON = {"content-type": "application/json"}
FORBIDDEN = b'{"error": {"code": "AuthorizationFailed", "message": "a policy of the organisation forbids it"}}'
EXPIRED = b'{"error": {"code": "ExpiredAuthenticationToken", "message": "The access token has expired."}}'
COUNTED = re.compile(rb'127\.0\.0\.1:\d+(?="[^{}]*"Repository"|/fnctl[0-9a-f]{19}/)')
"""Hosts that ARM tells and that stand behind the proxy too: an app's deployment site, and the ledger's account."""


def name(method: str, path: str, _headers: Mapping[str, str], _body: bytes) -> str:
    return f"{method} {path.partition('?')[0]}"


def reads(call: str) -> bool:
    method, _, path = call.partition(" ")
    return method in ("GET", "HEAD") or (method == "POST" and READS.search(path) is not None)


class Azure:
    """See Driver."""

    target = "azure"
    settings = f"{{ region: {REGION} }}"
    modules: tuple[str, ...] = ("azure.identity", "azure.mgmt.web", "azure.storage.blob", "fnctl_azure.plugin", "fnctl_azure.cloud")
    expired = Refusal(401, JSON, EXPIRED)

    def __init__(self, sandbox: AzureSandbox, wire: Counted, arm: httpx.Client) -> None:
        self.wire = wire
        self._sandbox = sandbox
        self._arm = arm

    def lend(self, folder: Path) -> None:
        lend(folder, self.target, self._sandbox.state, self.wire)

    def reset(self) -> None:
        self.hold()
        self._sandbox.reset()

    def hold(self) -> None:
        """Hold what was asked for since the last time against what Azure publishes of itself."""
        assert contracts.problems(contracts.read(self._sandbox.state / "data")) == []

    def left(self) -> set[Object]:
        """Everything that the resource manager knows, and the functions that the hosts have found."""
        ledger = f"/resourcegroups/{ledger_group(REGION)}/".lower()
        listed: list[str] = self._arm.get("/_fnctl/resources").raise_for_status().json()
        there = {(kind(one), one) for one in numbered(listed) if ledger not in f"{one}/".lower()}
        sites = [resource for kind_, resource in there if kind_ == "Microsoft.Web/sites"]
        return there | {("function", one["id"]) for site in sites for one in self._ask("GET", f"{site}/functions")["value"]}

    def meddle(self, how: Literal["changed", "removed"]) -> str:
        if how == "changed":
            (site,) = [one for one in self.left() if one[0] == "Microsoft.Web/sites"]
            path = f"{site[1]}/config/appsettings"
            settings = self._ask("POST", f"{path}/list")["properties"]
            self._ask("PUT", path, {"properties": {**settings, "TOKEN": "somebody else's"}})
            return "app/python"
        (queue,) = [one for one in self.left() if one[1].endswith("/queues/living-dev-jobs")]
        self._ask("DELETE", queue[1])
        return "queue/jobs"

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        version = "2025-06-01" if "Microsoft.Storage" in path else "2025-03-01"
        answer = self._arm.request(method, path, params={"api-version": version}, json=body, headers={"authorization": f"Bearer {self._token()}"})
        return answer.raise_for_status().json() if answer.content else None

    def _token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": entra.CLIENT, "client_secret": entra.SECRET, "scope": MANAGEMENT}
        return str(self._arm.post(f"/{world.TENANT}/oauth2/v2.0/token", data=form).raise_for_status().json()["access_token"])

    def publishes(self, call: str) -> bool:
        return call.startswith("POST /api/publish")


def numbered(resources: list[str]) -> Iterator[str]:
    """Grants in a scope get numbers for names: theirs are made of the identity that they are for, which is another one each time."""
    counts: Counter[str] = Counter()
    for one in resources:
        scope, grant, _ = one.partition(GRANT)
        counts[scope] += bool(grant)
        yield f"{scope}{GRANT}{counts[scope]}" if grant else one


def kind(resource: str) -> str:
    """`Microsoft.Web/sites/functions` of an id."""
    head, _, rest = resource.rpartition("/providers/")
    return "/".join(rest.split("/")[:1] + rest.split("/")[1::2]) if rest and head else "group"


@contextmanager
def driver(folder: Path) -> Iterator[Azure]:
    """Start the stand-in; it ends with the block."""
    sandbox = AzureSandbox(folder)
    sandbox.build_target("python3.13", "x86_64")
    environ = sandbox.start(lambda _sentence: None)
    wire = Counted(name=name, reads=reads, refusal=Refusal(403, JSON, FORBIDDEN))
    try:
        with ExitStack() as stack:
            before: dict[str, str] = {}

            def proxied(address: str) -> str:
                if address not in before:
                    before[address] = stack.enter_context(standing(f"http://{address}", wire)).removeprefix("http://")
                return before[address]

            wire.passes = lambda body: COUNTED.sub(lambda found: proxied(found[0].decode()).encode(), body)
            stack.enter_context(counting(environ["FNCTL_AZURE_ENDPOINT"], wire))
            arm = stack.enter_context(httpx.Client(base_url=environ["FNCTL_AZURE_ENDPOINT"], timeout=60))
            made = Azure(sandbox, wire, arm)
            yield made
            made.hold()
    finally:
        sandbox.stop()
