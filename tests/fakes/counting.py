"""A loopback proxy before an AWS endpoint that writes down every call, which of them write, and refuses some when told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

READS = ("Get", "List", "Describe", "Head", "Filter", "Query", "Scan", "Batch")
NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Counted:
    """The proxy's endpoint, and every call in order as `METHOD path` or `Service.Operation`. `refuses` says which get no further."""

    endpoint: str
    calls: list[str] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda _call: False

    def writes(self) -> list[str]:
        """Calls that change something: neither a GET or HEAD, nor an operation that only asks."""
        return [call for call in self.calls if not _reads(call)]


def _reads(call: str) -> bool:
    if call.startswith(("GET ", "HEAD ")):
        return True
    operation = call.rpartition(".")[2] if " " not in call else ""
    return operation.startswith(READS)


class Server(ThreadingHTTPServer):
    """One thread a connection, and room for a whole pool of them to knock at once: a full backlog costs a second."""

    request_queue_size = 256
    daemon_threads = True


@contextmanager
def counting(upstream: str) -> Iterator[Counted]:
    """Stand before `upstream` while the block runs."""
    target = urlsplit(upstream)
    counted = Counted("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or an answer in two packets waits 40 ms for an acknowledgement
        wbufsize = -1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            call = _name(self.command, self.path, self.headers.get("x-amz-target"), body)
            counted.calls.append(call)
            if counted.refuses(call):
                self._refuse()
                return
            connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in NOT_FORWARDED:
                    self.send_header(key, value)
            self.send_header("content-length", answer.getheader("content-length") or str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            connection.close()

        def _refuse(self) -> None:
            words = b'{"__type": "AccessDeniedException", "message": "a policy of the organisation forbids it"}'
            self.send_response(403)
            self.send_header("content-type", "application/json")
            self.send_header("x-amzn-errortype", "AccessDeniedException")
            self.send_header("content-length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815  # the base class asks for these names

    server = Server(("127.0.0.1", 0), Handler)
    counted.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield counted
    finally:
        server.shutdown()
        server.server_close()


def _name(method: str, path: str, target: str | None, body: bytes) -> str:
    if target:
        return target
    action = parse_qs(body.decode("latin-1")).get("Action") if method == "POST" and path == "/" else None
    return f"query.{action[0]}" if action else f"{method} {path.partition('?')[0]}"
