"""Vercel's REST API over httpx and nothing above it: one scope, patient calls, and every failure in fnctl's own errors."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fnctl import __version__
from fnctl.adapter import Cancel, Run, Where
from fnctl.errors import CloudError, FnctlError, Unreachable
from fnctl.reaching import tell, wait
from fnctl_vercel import faults
from fnctl_vercel.place import Place, place_of

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 60.0
POOL = 16
"""Connections at most: uploads go four at a time, reads beside them."""
UPLOAD = "/v2/files"
STRETCH = 256 * 1024
"""Bytes of an upload between two words about it."""
POLLS = (0.25, 0.5, 1.0, 1.0, 2.0, 2.0, 5.0)
"""Seconds between two looks at a deployment or a job; the last one repeats."""


class Client:
    """One scope of the API, shared by all threads of a run."""

    def __init__(self, place: Place, transport: httpx.BaseTransport | None = None) -> None:
        """Open nothing yet. `transport` stands in for the network in tests."""
        import httpx

        self.place = place
        agent = {"authorization": f"Bearer {place.token}", "user-agent": f"fnctl/{__version__}"}
        limits, timeout = httpx.Limits(max_connections=POOL), httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
        local = place.endpoint is not None
        self._api = httpx.Client(base_url=place.base, headers=agent, limits=limits, timeout=timeout, transport=transport, trust_env=not local)
        # Deployments are asked by another client: the token is for the API alone.
        self._plain = httpx.Client(headers={"user-agent": agent["user-agent"]}, timeout=timeout, transport=transport, trust_env=not local)
        self._closing = threading.Event()
        self._full = 0.0  # until then, in monotonic seconds, no upload is taken: all threads wait, and not each for a refusal of its own

    def get(self, path: str, run: Run | None = None, /, **query: str) -> Any:
        """Read. Raises CloudError, CredentialsError, Unreachable."""
        return self._call("GET", path, run, query)

    def find(self, path: str, run: Run | None = None, /, **query: str) -> Any:
        """Read, and return None when Vercel says that there is no such thing."""
        try:
            return self.get(path, run, **query)
        except CloudError as error:
            if error.reason == "not_found":
                return None
            raise

    def pages(self, path: str, key: str, run: Run | None = None, /, **query: str) -> Iterator[Any]:
        """Yield the items under `key` of every page, the newest first."""
        more: dict[str, str] = {}
        while True:
            page = self.get(path, run, **query, **more)
            yield from page.get(key) or ()
            following = (page.get("pagination") or {}).get("next")
            if not following or not page.get(key):
                return
            more = {"until": str(following)}

    def post(self, path: str, body: object = None, run: Run | None = None, /, *, once: bool = False, **query: str) -> Any:
        """Write. `once`: a lost answer is not asked for again, and the error says `unknown`."""
        return self._call("POST", path, run, query, body={} if body is None else body, once=once)

    def patch(self, path: str, body: object, run: Run | None = None, /, **query: str) -> Any:
        """Change."""
        return self._call("PATCH", path, run, query, body=body)

    def delete(self, path: str, run: Run | None = None, /, **query: str) -> bool:
        """Remove; False when nothing was there."""
        try:
            self._call("DELETE", path, run, query)
        except CloudError as error:
            if error.reason == "not_found":
                return False
            raise
        return True

    def upload(self, path: Path, digest: str, size: int, run: Run | None = None, sent: Callable[[int], None] = lambda _count: None) -> None:
        """Send one file's bytes; Vercel compares the digest. Sending twice is the same as once.

        `sent` hears how many bytes have gone, and a negative number where a try has failed.
        """
        headers = {"content-type": "application/octet-stream", "x-vercel-digest": digest, "content-length": str(size)}
        self._call("POST", UPLOAD, run, {}, headers=headers, file=_Body(path, sent, run))

    def lines(self, path: str, *, idle: float, **query: str) -> Iterator[Any]:
        """Yield the JSON lines of a stream until it ends, or is silent for `idle` seconds."""
        import httpx

        timeout = httpx.Timeout(idle, connect=CONNECT_TIMEOUT)
        try:
            with self._api.stream("GET", path, params={**query, **self.place.scope}, timeout=timeout) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise self._refused("GET", path, answer)
                for line in answer.iter_lines():
                    if line.strip():
                        yield json.loads(line)
        except (httpx.ReadTimeout, httpx.RemoteProtocolError):
            return
        except (httpx.HTTPError, ValueError) as error:
            raise self._lost("GET", path, error) from None

    def ask(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b"", *, timeout: float = READ_TIMEOUT
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask a deployment (not the API; the token stays here) and return status, headers and body. Raises Unreachable."""
        import httpx

        try:
            answer = self._plain.request(method, url, headers=dict(headers or {}), content=body or None, timeout=timeout)
        except httpx.HTTPError as error:
            message = f"{url} does not answer: {_words(error)}"
            raise Unreachable(message, reason="Unreachable", help=faults.REACH) from None
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content

    def url(self, host: str) -> str:
        """Return where a deployment's host or alias is: in a sandbox a port of this machine, for the names there do not resolve."""
        if not self.place.front:
            return f"https://{host}"
        import httpx

        try:
            answer = self._plain.put(f"{self.place.front.rstrip('/')}/fronts/{host}", json={"host": host})
            return str(answer.raise_for_status().json()["url"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            message = f"the sandbox's HTTP front does not answer: {_words(error)}"
            raise Unreachable(message, help="fnctl sandbox stop, then try again") from None

    def wait(self, what: str, done: Callable[[], T | None], run: Run, *, limit: float = 300.0) -> T:
        """Poll `done` until it returns something. `what` follows the words "waiting for"; `limit` is in seconds.

        Raises:
            CloudError: the time is up (reason `Timeout`), or the run was stopped (reason `Interrupted`).
        """
        return wait(what, done, run, every=POLLS, limit=limit)

    def close(self) -> None:
        """Wake whoever waits between tries, and give back connections."""
        self._closing.set()
        self._api.close()
        self._plain.close()

    def _call(
        self,
        method: str,
        path: str,
        run: Run | None,
        query: Mapping[str, str],
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        file: _Body | None = None,
        once: bool = False,
    ) -> Any:
        began, attempt, told, lost = time.monotonic(), 0, False, False
        while True:
            if file is not None and (left := self._full - time.monotonic()) > 0 and not self._sleep(left, run):
                message = "stopped while the limit of uploads was waited for"
                raise CloudError(message, reason="Interrupted", help=faults.AGAIN)
            failure, after = self._try(method, path, query, body, headers, file)
            if not isinstance(failure, FnctlError):
                return failure
            if isinstance(failure, CloudError):
                lost = failure.unknown = lost or failure.unknown  # what one try may have done, a later refusal does not undo
            pause = None if after is None or (once and lost) else _pause(after, attempt, isinstance(failure, Unreachable))
            if pause is None or time.monotonic() - began + pause > faults.PATIENCE:
                raise failure
            told = told or tell(run, time.monotonic() - began + pause, str(failure))
            if not self._sleep(pause, run):
                raise failure
            attempt += 1

    def _try(
        self, method: str, path: str, query: Mapping[str, str], body: object, headers: Mapping[str, str] | None, file: _Body | None
    ) -> tuple[Any, float | None]:
        """Ask once. Returns the answer, or the failure and when to ask again: seconds, 0 for as soon as may be, None for never."""
        import httpx

        params = {**query, **self.place.scope}
        try:
            if file is not None:
                answer = self._api.request(method, path, params=params, headers=headers, content=file.stretches())
                self._learn(answer)
            else:
                answer = self._api.request(method, path, params=params, headers=headers, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Unreachable(f"nothing answers at {self.place.base}: {_words(error)}", reason="Unreachable", help=faults.REACH), 0
        except httpx.HTTPError as error:
            return self._lost(method, path, error), 0
        if answer.status_code >= 400:
            failure = self._refused(method, path, answer)
            found = faults.refusal(answer.status_code, answer.headers, _json(answer), time.time())
            return failure, (found.after or 0) if found.passes else None
        return _json(answer), None

    def _learn(self, answer: httpx.Response) -> None:
        """Note when uploads go on, where an answer says that none are left for now: a minute at most is waited for."""
        found, last = faults.refusal(answer.status_code, answer.headers, {}, time.time()), faults.last(answer.headers, time.time())
        after = found.after if answer.status_code == 429 else last
        if after is not None and after <= faults.LONGEST_WAIT:
            self._full = max(self._full, time.monotonic() + after)

    def _refused(self, method: str, path: str, answer: httpx.Response) -> FnctlError:
        found = faults.refusal(answer.status_code, answer.headers, _json(answer), time.time())
        return faults.error_of(f"{method} {path}", found, self.place.team)

    def _lost(self, method: str, path: str, error: Exception) -> CloudError:
        message = f"the answer of {self.place.base} to {method} {path} was lost: {_words(error)}"
        return CloudError(message, reason="Lost", unknown=True, help=faults.AGAIN)

    def _sleep(self, seconds: float, run: Run | None) -> bool:
        if run is None:
            return not self._closing.wait(seconds)
        return run.cancel() is not Cancel.NOW and time.monotonic() + seconds < run.deadline and run.sleep(seconds)


class _Body:
    """A file on its way: says each stretch that has gone, and takes that back when it is sent again. A run that is to stop now ends it."""

    def __init__(self, path: Path, sent: Callable[[int], None], run: Run | None) -> None:
        self._path, self._sent, self._run, self._gone = path, sent, run, 0

    def stretches(self) -> Iterator[bytes]:
        self._sent(-self._gone)
        self._gone = 0
        with self._path.open("rb") as stream:
            while stretch := stream.read(STRETCH):
                if self._run is not None and self._run.cancel() is Cancel.NOW:
                    message = "stopped during the upload"
                    raise CloudError(message, reason="Interrupted", help=f"{faults.AGAIN}, and what has arrived is not sent again")
                yield stretch
                self._gone += len(stretch)
                self._sent(len(stretch))


def connect(where: Where) -> Client:
    """Open Vercel as `where` says. Asks nothing yet."""
    return Client(place_of(where))


def _pause(after: float, attempt: int, nobody: bool) -> float | None:
    """Return the seconds before the next try, None for no more: where nobody listens, three tries are enough."""
    if after > faults.LONGEST_WAIT or attempt >= (3 if nobody else len(faults.STEPS)):
        return None
    # Threads that were refused together come back apart.
    return after + random.uniform(0, 0.2) if after else faults.STEPS[attempt]  # noqa: S311  # not a secret


def _json(answer: httpx.Response) -> Any:
    if not answer.content:
        return {}
    try:
        return answer.json()
    except ValueError:
        words = " ".join(answer.text[:200].split())
        told = f"status {answer.status_code}, and a page that is not the API's own" if words.startswith("<") else words
        return {"error": {"code": "not_json", "message": told}} if answer.status_code >= 400 else {}


def _words(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
