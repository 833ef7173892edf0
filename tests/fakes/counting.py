"""A loopback proxy before a platform's endpoint that writes down every call, which of them write, and cuts some off when told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from fakes.passing import Passing, Server

READS = ("Get", "List", "Describe", "Head", "Filter", "Query", "Scan", "Batch")

Fault: TypeAlias = Literal["refused", "lost", "killed", "held"]
"""refused: it gets no further. lost: it is done, and nobody hears of it. killed: it is done, and who asked dies before the answer.
held: it waits until `released` is set."""

HELD_SECONDS = 60.0


@dataclass(frozen=True)
class Refusal:
    """An answer that the platform gives instead of doing what it was asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


FORBIDDEN = Refusal(
    403,
    {"content-type": "application/json", "x-amzn-errortype": "AccessDeniedException"},
    b'{"__type": "AccessDeniedException", "message": "a policy of the organisation forbids it"}',
)


def aws_name(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    """`METHOD path`, or `Service.Operation` where all operations share one path."""
    if target := headers.get("x-amz-target"):
        return target
    action = parse_qs(body.decode("latin-1")).get("Action") if method == "POST" and path == "/" else None
    return f"query.{action[0]}" if action else f"{method} {path.partition('?')[0]}"


def aws_reads(call: str) -> bool:
    """A GET or HEAD, or an operation that only asks."""
    if call.startswith(("GET ", "HEAD ")):
        return True
    operation = call.rpartition(".")[2] if " " not in call else ""
    return operation.startswith(READS)


@dataclass
class Counted:
    """The proxy's endpoint, and every call in order by its name. `refuses` says which get no further, `faults` what else happens to them.

    `name` and `reads` know how a platform's requests are told apart; several proxies may share one of these. `kill` ends whoever asks.
    `passes` is given every answer's body, for what in it names an endpoint that has a proxy too.
    """

    endpoint: str = ""
    calls: list[str] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda _call: False
    faults: Callable[[str], Fault | None] = lambda _call: None
    refusal: Refusal = FORBIDDEN
    name: Callable[[str, str, Mapping[str, str], bytes], str] = aws_name
    reads: Callable[[str], bool] = aws_reads
    kill: Callable[[], None] = lambda: None
    passes: Callable[[bytes], bytes] = lambda body: body
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def writes(self) -> list[str]:
        """Calls that change something."""
        return [call for call in self.calls if not self.reads(call)]

    def meet(self, call: str) -> Fault | None:
        """Note a call, and say what becomes of it."""
        with self.lock:
            self.calls.append(call)
            return "refused" if self.refuses(call) else self.faults(call)

    def cut(self, fault: Fault, *, at: int, of: Callable[[str], bool] | None = None) -> None:
        """Let `fault` happen once: to the write number `at` from now, or to that of those that `of` names."""
        left = [at]

        def meets(call: str) -> Fault | None:
            if self.reads(call) or not (of is None or of(call)):
                return None
            left[0] -= 1
            return fault if left[0] == 0 else None

        self.faults = meets

    def heal(self) -> None:
        """No more faults, and a new count."""
        self.calls.clear()
        self.released.clear()
        self.faults, self.refuses = lambda _call: None, lambda _call: False


@contextmanager
def counting(upstream: str, counted: Counted | None = None) -> Iterator[Counted]:
    """Stand before `upstream` while the block runs."""
    counted = counted or Counted()
    with standing(upstream, counted) as endpoint:
        counted.endpoint = endpoint
        yield counted


@contextmanager
def standing(upstream: str, counted: Counted) -> Iterator[str]:
    """Stand before one of several endpoints of a platform, whose calls are counted together."""
    target = urlsplit(upstream)
    server = Server(("127.0.0.1", 0), type("Before", (Proxy,), {"counted": counted, "host": str(target.hostname), "port": target.port}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Proxy(Passing):
    """Hands one request on, or does to it what it has to meet."""

    counted: Counted
    host: str
    port: int

    def handle_any(self) -> None:
        body = self.body()
        fault = self.counted.meet(self.counted.name(self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        if fault == "refused":
            self.answer(self.counted.refusal.status, list(self.counted.refusal.headers.items()), self.counted.refusal.body)
            return
        if fault == "held":
            self.counted.released.wait(HELD_SECONDS)
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=60)) as connection:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            content = self.counted.passes(answer.read())
        if fault in (None, "held"):
            self.answer(answer.status, answer.getheaders(), content)
            return
        if fault == "killed":
            self.counted.kill()
        self.close_connection = True
