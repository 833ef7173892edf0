"""What a visitor of a host gets: protection, routes, files, and functions within their time, their sizes and their environment."""

from __future__ import annotations

import mimetypes
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from fnctl_vercel.standin import limits, routing
from fnctl_vercel.standin.account import Deployment, now
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.instances import REQUEST, Broken, Instance
from fnctl_vercel.standin.pool import Call
from fnctl_vercel.standin.queues import stamp
from fnctl_vercel.standin.routing import Found
from fnctl_vercel.standin.views import PROTECTED
from fnctl_vercel.standin.web import Answer, Pairs, Request

SECONDS = 300
BYPASS = "x-vercel-protection-bypass"
PIECE = 1 << 16
GONE_SECONDS = 1.0
_HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date", "x-vercel-internal-timing", "te", "upgrade", "trailer"})


def visit(engine: Engine, host: str, request: Request, *, inside: bool = False) -> Answer:
    """Answer a request to a host. `inside`: the platform's own, such as a cron's, which no protection stops."""
    deployment = engine.hosts.behind(host)
    if deployment is None or deployment.build is None:
        return failed(404, "DEPLOYMENT_NOT_FOUND", "The deployment could not be found on Vercel.")
    if not inside and protected(engine, deployment, host) and not _passes(engine, deployment, request):
        return failed(401, "AUTHENTICATION_REQUIRED", "Authentication Required")
    found = routing.find(deployment.build, request)
    answer = _served(engine, deployment, host, request, found)
    return replace(answer, pairs=(*routing.answered(found, answer.pairs), ("x-vercel-cache", "MISS"), ("x-robots-tag", "noindex")))


def protected(engine: Engine, deployment: Deployment, host: str) -> bool:
    """Whether visitors of this host have to be known. New projects protect everything but production's own names."""
    project = engine.account.projects[deployment.project]
    found = project.settings.get("ssoProtection", PROTECTED)
    kind = (found or {}).get("deploymentType")
    production = host in engine.hosts.production(project)
    own = any(host == one["name"] for one in project.domains)
    return {
        None: False,
        "all": True,
        "preview": deployment.target != "production",
        "all_except_custom_domains": not own,
    }.get(kind, not production)


def _passes(engine: Engine, deployment: Deployment, request: Request) -> bool:
    secret = request.header(BYPASS) or request.query.get(BYPASS, "")
    return secret in engine.account.projects[deployment.project].bypass


def _served(engine: Engine, deployment: Deployment, host: str, request: Request, found: Found) -> Answer:
    assert deployment.build is not None  # noqa: S101  # who asks has seen it
    if found.kind == "function":
        return run(engine, deployment, found.name, replace(request, target=found.target), host, found.given)
    if found.kind == "status":
        return Answer(found.status) if found.status != 404 or found.added else failed(404, "NOT_FOUND", "The page could not be found")
    file = deployment.build.tree / "static" / found.name
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Answer(found.status, file.read_bytes(), (("content-type", kind),))


@dataclass(frozen=True)
class _Run:
    """One request to one function."""

    engine: Engine
    deployment: Deployment
    call: Call
    request: Request
    config: Mapping[str, Any]

    @property
    def seconds(self) -> float:
        """How long it may take: maxDuration."""
        said = self.config.get("maxDuration")
        return float(said if isinstance(said, int) else SECONDS)

    @property
    def streams(self) -> bool:
        """Whether its answer may come in pieces."""
        return bool(self.config.get("supportsResponseStreaming"))

    def note(self, kind: str, text: str) -> None:
        """Add to the runtime log."""
        self.engine.pool.note(self.call, kind, text)


def run(engine: Engine, deployment: Deployment, name: str, request: Request, host: str, given: Mapping[str, str] | None = None) -> Answer:
    """Call one function; the platform's own answers for one that is too slow, too large, or broken."""
    if len(request.body) > limits.BODY:
        return failed(413, "FUNCTION_PAYLOAD_TOO_LARGE", "Request Entity Too Large")
    config = deployment.build.functions[name] if deployment.build else {}
    call = Call(secrets.token_hex(4), deployment.id, name, request.method, request.target.partition("?")[0], host, now())
    one = _Run(engine, deployment, call, request, config)
    try:
        instance = engine.pool.get(deployment, name)
    except Broken as broken:
        one.note("fatal", "\n".join(map(str, broken.args)) or "the function did not start")
        return _ended(one, failed(500, "FUNCTION_INVOCATION_FAILED", "A server error has occurred"))
    with engine.pool.held(call):
        return _ended(one, _asked(one, instance, {**_fields(one), **(given or {})}))


def _ended(one: _Run, answer: Answer) -> Answer:
    one.engine.pool.ended(one.call, answer.status)
    return replace(answer, pairs=(*answer.pairs, ("x-vercel-id", one.call.trace)))


def _fields(one: _Run) -> dict[str, str]:
    """What the platform adds to a request."""
    return {
        "host": one.call.host,
        "x-forwarded-host": one.call.host,
        "x-forwarded-proto": "https",
        "x-forwarded-for": one.request.client,
        "x-real-ip": one.request.client,
        "x-vercel-id": one.call.trace,
        "x-vercel-deployment-url": one.deployment.host,
        "x-vercel-oidc-token": one.deployment.oidc,
        "x-vercel-internal-invocation-id": one.call.id,
        "x-vercel-internal-deadline": stamp(time.time() + one.seconds),
        REQUEST: str(int(one.call.id, 16)),
    }


def _asked(one: _Run, instance: Instance, fields: Mapping[str, str]) -> Answer:
    until = time.monotonic() + one.seconds
    connection = instance.connection(one.seconds)
    try:
        _send(connection, one.request, fields)
        return _answered(one, connection, connection.getresponse(), until)
    except TimeoutError:
        connection.close()
        one.note("error", f"Vercel Runtime Timeout Error: Task timed out after {one.seconds:g} seconds")
        one.engine.pool.retire(one.deployment.id, one.call.function, instance)
        return failed(504, "FUNCTION_INVOCATION_TIMEOUT", "An error occurred with your deployment")
    except (OSError, HTTPException) as error:
        connection.close()
        instance.gone(GONE_SECONDS)  # so that the next call does not meet it
        one.note("error", f"the function ended before it answered ({type(error).__name__})")
        return failed(500, "FUNCTION_INVOCATION_FAILED", "A server error has occurred")


def _send(connection: HTTPConnection, request: Request, fields: Mapping[str, str]) -> None:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in (*fields.items(), *_joined(request.pairs, fields)):
        connection.putheader(name, value.encode("latin-1", "replace"))
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        connection.putheader("content-length", str(len(request.body)))
    connection.endheaders(request.body)


def _joined(pairs: Pairs, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Join repeated fields, as fronts may: to HTTP both are the same."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in fields or key in _HOPS or key == "content-length" or key.startswith("x-vercel-internal-"):
            continue
        joined[key] = f"{joined[key]}{'; ' if key == 'cookie' else ','}{value}" if key in joined else value
    return list(joined.items())


def _answered(one: _Run, connection: HTTPConnection, response: HTTPResponse, until: float) -> Answer:
    pairs = tuple((name.lower(), value) for name, value in response.getheaders() if name.lower() not in _HOPS)
    if one.streams and response.headers.get("content-length") is None:
        return Answer(response.status, _pieces(one, connection, response, until), pairs)
    body = response.read()
    connection.close()
    if len(body) > limits.BODY and not one.streams:
        return failed(413, "FUNCTION_PAYLOAD_TOO_LARGE", "the answer is larger than 4.5 MB and is not streamed")
    bare = one.request.method == "HEAD"  # its length is that of a GET
    return Answer(response.status, body, pairs if bare else tuple(pair for pair in pairs if pair[0] != "content-length"))


def _pieces(one: _Run, connection: HTTPConnection, response: HTTPResponse, until: float) -> Iterator[bytes]:
    """Hand on what comes, when it comes, for as long as the function may run."""
    with one.engine.pool.held(one.call):
        try:
            while piece := response.read1(PIECE):
                if time.monotonic() > until:
                    one.note("error", "Vercel Runtime Timeout Error: the answer was cut off")
                    raise TimeoutError
                yield piece
        finally:
            connection.close()


def failed(status: int, code: str, words: str) -> Answer:
    """The platform's own answer."""
    text = f"{words}\n\n{code}\n"
    return Answer(status, text.encode(), (("content-type", "text/plain; charset=utf-8"), ("x-vercel-error", code)))
