"""Azure's SDKs and nothing above them: a login, ARM, the sites of apps, blobs, and every failure in fnctl's own errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from fnctl.adapter import Cancel, Run, Where
from fnctl.errors import CloudError, FnctlError
from fnctl.graph import Address
from fnctl.reaching import tell, wait
from fnctl_azure import faults
from fnctl_azure.client.blobs import Blobs, by_key, by_login
from fnctl_azure.client.login import claims, credential
from fnctl_azure.client.operations import UNDER_WAY, ended, following, over
from fnctl_azure.client.signing import key_of, signed
from fnctl_azure.client.wire import MANAGEMENT, READ_TIMEOUT, STORAGE, Answer, Wire
from fnctl_azure.place import Place, place_of

T = TypeVar("T")
OPERATION = 1800.0
"""Seconds that a long operation may take; the slowest of them, a Premium plan, takes some minutes."""
UPLOAD_TIMEOUT = 600.0
NEAR = 0.5
"""Seconds between two looks at what is on this machine."""
SUBSCRIPTIONS = "2022-12-01"
NEEDED = ("azure.identity", "azure.mgmt.web", "azure.storage.blob")


class Client:
    """One subscription and region, shared by all threads of a run."""

    def __init__(self, wire: Wire, place: Place, subscription: str, tenant: str) -> None:
        """Take what `connect` found."""
        self.subscription, self.tenant, self.region, self.sandbox = subscription, tenant, place.region, place.local
        self.endpoint, self.place = place.endpoint, place
        self._wire = wire
        self._closing = threading.Event()

    def arm(self, method: str, path: str, api: str, body: Any = None, run: Run | None = None) -> dict[str, Any]:
        """Ask ARM, wait until a long operation has ended, and return what is there then ({} for nothing).

        Raises:
            CloudError: Azure said no, the operation failed, or it has not ended in time.
            CredentialsError: no login, or one that is not accepted.
            Unreachable: nothing answers at the endpoint.
        """
        answer = self.request(method, self._url(path, api), what=path, body=body, run=run, gone=method == "DELETE")
        if answer.status == faults.NOT_FOUND:
            return {}
        if method in ("GET", "HEAD"):
            return ended(answer)
        url = following(answer, self.endpoint)
        if url is not None:
            self._followed(method, path, url, answer, run)
        elif method != "DELETE" and ended(answer).get("properties", {}).get("provisioningState") in UNDER_WAY:
            self._provisioned(path, api, run)
        elif method != "PUT" or answer.body:
            return ended(answer)
        return (self.find(path, api) or {}) if method == "PUT" else {}

    def find(self, path: str, api: str) -> dict[str, Any] | None:
        """Read; None where nothing is there."""
        answer = self.request("GET", self._url(path, api), what=path, gone=True)
        return None if answer.status == faults.NOT_FOUND else ended(answer)

    def pages(self, path: str, api: str) -> Iterator[dict[str, Any]]:
        """Yield the items of every page; none where the parent is not there."""
        url: str | None = self._url(path, api)
        while url:
            answer = self.request("GET", url, what=path, gone=True)
            told = {} if answer.status == faults.NOT_FOUND else ended(answer)
            yield from told.get("value") or ()
            url = told.get("nextLink")
            if url and urlsplit(url).netloc != urlsplit(self.endpoint).netloc:
                msg = f"the next page of {_short(path)} is elsewhere: {urlsplit(url).netloc}"
                raise CloudError(msg, reason="ForeignLink", help=faults.AGAIN)

    def request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        scope: str | None = MANAGEMENT,
        body: Any = None,
        file: Path | None = None,
        headers: Mapping[str, str] | None = None,
        run: Run | None = None,
        gone: bool = False,
        timeout: float = READ_TIMEOUT,
        busy: Mapping[int, float] | None = None,
    ) -> Answer:
        """Ask anything of Azure, and wait out what passes: throttles and a server's own faults for as long as faults.py says.

        Args:
            method: of HTTP.
            url: whole.
            what: the object, for messages.
            scope: whose token goes along; None for none.
            body: JSON, or bytes as they are.
            file: what to upload, from its start.
            headers: more of them.
            run: whose waiting can be cancelled, ends at its deadline and is told.
            gone: a 404 is an answer.
            timeout: seconds without a word.
            busy: more statuses that pass, and for how many seconds.
        """
        began, attempt, told, lost = time.monotonic(), 0, False, False
        while True:
            asked = 0.0
            try:
                answer = self._wire.send(method, url, **self._allowed(url, scope, headers), body=body, file=file, timeout=timeout)
            except _sdk_failures() as error:
                names = frozenset(base.__name__ for base in type(error).__mro__)
                failure, patience = faults.broken(names, str(error), f"{method} {_short(what)}", _origin(url))
            else:
                if answer.status < 400 or (gone and answer.status == faults.NOT_FOUND and faults.fault_of(answer.body)[0] not in faults.NOWHERE):
                    return answer
                failure, patience = faults.answered(method, _short(what), answer.status, answer.body)
                patience = faults.Patience(busy[answer.status]) if busy and answer.status in busy else patience
                asked = answer.retry_after
            if isinstance(failure, CloudError):
                lost = failure.unknown = lost or failure.unknown  # what one try may have done, a later refusal does not undo
            elapsed = time.monotonic() - began
            if patience is None or (pause := patience.pause(attempt, elapsed, asked)) is None:
                raise failure from None
            told = told or tell(run, elapsed + pause, str(failure))
            if not self._sleep(pause, run):
                raise failure from None
            attempt += 1

    def _allowed(self, url: str, scope: str | None, headers: Mapping[str, str] | None) -> dict[str, Any]:
        """Return whose token goes along, or a signature where a stand-in's storage takes no tokens."""
        if scope == STORAGE and self.place.storage:
            return {"scope": None, "headers": signed(url, self.place.storage, headers or {})}
        return {"scope": scope, "headers": headers}

    def once(self, method: str, url: str, *, body: Any, headers: Mapping[str, str], timeout: float) -> Answer:
        """Call people's code: whatever it answers is its answer, and nothing is sent twice. Raises Unreachable, CloudError."""
        try:
            return self._wire.send(method, url, scope=None, body=body, headers=headers, timeout=timeout)
        except _sdk_failures() as error:
            names = frozenset(base.__name__ for base in type(error).__mro__)
            raise faults.broken(names, str(error), _host(url), _origin(url))[0] from None

    def wait(
        self,
        what: str,
        done: Callable[[], T | None],
        run: Run,
        *,
        every: Sequence[float] = faults.DENSE,
        limit: float = 300.0,
        address: Address | None = None,
    ) -> T:
        """Poll `done` until it returns something, first densely, then at the last step of `every`, and return that.

        `what` follows the words "waiting for". `limit` is in seconds; the run's deadline counts too.

        Raises:
            CloudError: the time is up (reason `Timeout`), or the run was stopped (reason `Interrupted`).
        """
        most = NEAR if self.sandbox else OPERATION
        return wait(what, done, run, every=[min(pause, most) for pause in every], limit=limit, address=address)

    def url(self, host: str) -> str:
        """Return the URL of a host that ARM has named."""
        return self.place.url(host)

    def scm(self, method: str, url: str, *, file: Path | None = None, run: Run | None = None, limit: float = 120.0) -> Answer:
        """Ask an app's deployment site: what passes (another deployment, a site that starts) is waited out for `limit` seconds."""
        busy: dict[int, float] = dict.fromkeys((faults.CONFLICT, 502, 503, 504), limit)
        headers = {"Content-Type": "application/zip", "Cache-Control": "no-cache"} if file else {}
        timeout = UPLOAD_TIMEOUT if file else READ_TIMEOUT
        return self.request(
            method, url, what=f"the package of {_host(url)}", file=file, headers=headers, run=run, gone=True, timeout=timeout, busy=busy
        )

    def host_status(self, id_: str, url: str) -> Mapping[str, Any]:
        """Return what the host says of itself, {} where it cannot be asked: a private app is one."""
        try:
            key = str(self.arm("POST", f"{id_}/host/default/listkeys", "2025-05-01").get("masterKey") or "")
            answer = self.once("GET", f"{url}/admin/host/status", body=None, headers={"x-functions-key": key}, timeout=READ_TIMEOUT)
            return ended(answer) if answer.status == 200 else {"state": "Offline"} if answer.status >= faults.SERVER_FAULT else {}
        except FnctlError:
            return {}

    def who(self) -> tuple[str, str]:
        """Return the object id of whoever deploys, and what it is: `User` or `ServicePrincipal`."""
        said = claims(self._token())
        person = said.get("idtyp") == "user" or "scp" in said  # `idtyp` is not in every token; what acts for a person says what it may
        return str(said["oid"]), "User" if person else "ServicePrincipal"

    def blobs(self, container: str, endpoint: str) -> Blobs:
        """Return a container of the account at `endpoint`, opened with this login; at a stand-in, whose storage takes no tokens, with its key."""
        storage = self.place.storage
        if storage:
            return Blobs(lambda: by_key(endpoint, container, key_of(storage)), endpoint, container)
        return Blobs(lambda: by_login(endpoint, container, self._wire.credential), endpoint, container)

    def _token(self) -> str:
        try:
            return self._wire.token()
        except _sdk_failures() as error:
            raise faults.broken(frozenset(base.__name__ for base in type(error).__mro__), str(error), "a token", self.endpoint)[0] from None

    def close(self) -> None:
        """Wake whoever waits between tries, and give back connections."""
        self._closing.set()
        self._wire.close()

    def _followed(self, method: str, path: str, url: str, first: Answer, run: Run | None) -> None:
        """Poll an operation until it has ended, at the pace that the platform asks for. Raises CloudError for one that failed."""
        began, pause, attempt = time.monotonic(), first.retry_after, 0
        told = False
        while True:
            pause = pause or faults.DENSE[min(attempt, len(faults.DENSE) - 1)]
            waited = time.monotonic() - began
            if waited + pause > OPERATION:
                msg = f"{method} {_short(path)} has not ended after {waited:.0f} s"
                raise CloudError(msg, reason="Timeout", unknown=True, help=faults.AGAIN)
            told = told or tell(run, waited + pause, f"waiting for {_short(path)}")
            if not self._sleep(min(pause, faults.LONGEST_PAUSE), run):
                raise _stopped(f"{method} {_short(path)}")
            answer = self.request("GET", url, what=path, run=run, gone=True)
            if over(answer, method, _short(path)):
                return
            pause, attempt = answer.retry_after, attempt + 1

    def _provisioned(self, path: str, api: str, run: Run | None) -> None:
        """Wait until a resource whose operation has no address of its own says how it ended."""
        began, attempt = time.monotonic(), 0
        while True:
            found = self.find(path, api) or {}
            state = (found.get("properties") or {}).get("provisioningState")
            if state not in UNDER_WAY:
                break
            pause = faults.DENSE[min(attempt, len(faults.DENSE) - 1)]
            if time.monotonic() - began + pause > OPERATION or not self._sleep(pause, run):
                raise _stopped(f"PUT {_short(path)}")
            attempt += 1
        if state in ("Failed", "Canceled"):
            raise CloudError(f"{_short(path)} could not be set up: it is {state}", reason=str(state), help="correct what its activity log says")

    def _url(self, path: str, api: str) -> str:
        base, _, query = path.partition("?")
        more = f"{quote(query, safe='=&$()')}&" if query else ""
        return f"{self.endpoint}{quote(base)}?{more}api-version={api}"

    def _sleep(self, seconds: float, run: Run | None) -> bool:
        if run is None:
            return not self._closing.wait(seconds)
        return run.cancel() is not Cancel.NOW and time.monotonic() + seconds < run.deadline and run.sleep(seconds)


def connect(where: Where) -> Client:
    """Open Azure as `where` says, and see who asks: which subscription, of which tenant.

    Raises:
        FnctlError: an SDK is missing, no region is set, or there is no one subscription to take.
        CredentialsError: no login, or one that Azure does not accept.
        Unreachable: nothing answers at the endpoint.
    """
    if missing := [name for name in NEEDED if not _installed(name)]:
        msg = f"the azure target needs {', '.join(missing)}"
        raise FnctlError(msg, code="FN967", help="pip install 'fnctl-cli[azure]'")
    place = place_of(where)
    wire = Wire(place, credential(place, where.environ))
    asking = Client(wire, place, place.subscription or "", place.tenant or "")
    found = _subscription(asking, place)
    expected = where.settings.get("tenant")
    if expected and str(expected) != found["tenantId"]:
        msg = f"the subscription {found['subscriptionId']} is of tenant {found['tenantId']}, and `targets.azure.tenant` says {expected}"
        raise FnctlError(msg, code="FN969", help="log in to that tenant, or correct the manifest; nothing was written")
    return Client(wire, place, str(found["subscriptionId"]), str(found["tenantId"]))


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even its parent
        return False


def _subscription(client: Client, place: Place) -> Mapping[str, Any]:
    if place.subscription:
        return client.arm("GET", f"/subscriptions/{place.subscription}", SUBSCRIPTIONS)
    seen = [one for one in client.pages("/subscriptions", SUBSCRIPTIONS) if one.get("state") != "Disabled"]
    if len(seen) == 1:
        return seen[0]
    msg = f"this login sees {len(seen)} subscriptions" if seen else "this login sees no subscription"
    names = tuple(f"{one.get('displayName')}: {one.get('subscriptionId')}" for one in seen[:9])
    raise FnctlError(msg, code="AZ617", notes=names, help="set `targets.azure.subscription` in the manifest, or AZURE_SUBSCRIPTION_ID")


def _sdk_failures() -> tuple[type[Exception], ...]:
    from azure.core.exceptions import AzureError

    return (AzureError, ConnectionError)


def _stopped(what: str) -> CloudError:
    return CloudError(f"stopped while waiting for {what}", reason="Interrupted", unknown=True, help="run the same command again")


def _short(path: str) -> str:
    """Name an object as people do: its type's last word and its name, without the subscription."""
    base = path.partition("?")[0]
    _, group, name = base.partition("/resourceGroups/")
    return base.rpartition("/providers/")[2] if "/providers/" in base else f"resourceGroups/{name}" if group else base


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _host(url: str) -> str:
    return urlsplit(url).netloc
