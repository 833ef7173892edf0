"""HTTP on Lambda: payload 2.0 (HTTP API, function URL), 1.0 and load balancers in; the answer in the shape that the front expects."""

from __future__ import annotations

import logging

from fnctl_aws.runtime.context import begin
from fnctl_aws.runtime.shapes import envelope
from fnctl_runtime.http import BadRequest, Request, Response, answer, failed, refused
from fnctl_runtime.invocation import call
from fnctl_runtime.routes import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Native: TypeAlias = Mapping[str, Any]
    Answer: TypeAlias = Callable[[Request, Any], Response]

log = logging.getLogger("fnctl")
_SAFE = "/:@!$&'()*+,;=-._~"


def bind(handler: Any, config: Mapping[str, Any], spans: Any = None) -> Callable[[Any, Any], dict[str, Any]]:
    """Make Lambda's function for a handler of interface `function`, `asgi` or `wsgi`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    respond = _RESPONDERS[config["interface"]](handler)
    respond = spans.requests(respond, _route_of) if spans else respond
    routes = [(method, path) for method, path in config["routes"]]

    def handle(native: Any, context: Any) -> dict[str, Any]:
        kind = envelope(native)
        if kind not in ("http", None):
            message = f"{config['function']} is of interface `{config['interface']}`, and was sent an event ({kind})"
            raise TypeError(message)
        request_id = getattr(context, "aws_request_id", "")
        if kind is None:
            begin(context)
            return write(_guarded(respond, plain(native, request_id), context), {"version": "2.0"})
        request = read(native, request_id)
        begin(context, request.headers, correlation_id=request.headers.get("x-correlation-id"))
        if config["interface"] == "function" and not _route(native, request, routes):
            return write(Response({"error": "not found"}, 404), native)
        return write(_guarded(respond, request, context), native)

    return handle


def _routed_here(native: Native) -> bool:
    """Tell whether it came through a function URL, which knows no routes."""
    return ".lambda-url." in native["requestContext"].get("domainName", "")


def _route_of(request: Request) -> str | None:
    """Give the path of the API's route, `/orders/{id}`, where an API routed it."""
    native: Native = request.native if isinstance(request.native, dict) else {}
    path = str(native.get("routeKey") or "").partition(" ")[2] or native.get("resource")
    return str(path) if path else None


def _route(native: Native, request: Request, routes: list[tuple[str, str]]) -> bool:
    """Find the manifest's route where the front has not: a function URL knows none, and an API's own for the path before `{rest*}` has no parameters.

    A function without routes takes everything.
    """
    if request.path_params:
        return True
    found = match(routes, request.method, request.path) if routes else {}
    if _routed_here(native):
        request.path_params.update(found or {})
        return found is not None
    if found and not any(found.values()):
        request.path_params.update(found)
    return True


def _guarded(respond: Answer, request: Request, context: Any) -> Response:
    try:
        return respond(request, context)
    except BadRequest as error:
        return refused(error)
    except Exception:
        log.exception("request failed", extra={"method": request.method, "path": request.path})
        return failed(request.id)


def _function(handler: Callable[[Request], Any]) -> Answer:
    return lambda request, _context: answer(call(handler, request))


def _asgi(app: Any) -> Answer:
    from fnctl_runtime import asgi

    lifespan = asgi.start(app)
    # The scope's own names are those that applications written for Mangum look for.
    return lambda request, context: asgi.run(app, request, lifespan.state, {"aws.event": request.native, "aws.context": context})


def _wsgi(app: Any) -> Answer:
    from fnctl_runtime import wsgi

    return lambda request, context: wsgi.run(app, request, {"aws.event": request.native, "aws.context": context})


_RESPONDERS: dict[str, Callable[[Any], Answer]] = {"function": _function, "asgi": _asgi, "wsgi": _wsgi}


def plain(native: Any, request_id: str) -> Request:
    """Treat a payload that no front made as `POST /` with that JSON."""
    import json

    body = json.dumps(native, ensure_ascii=False, separators=(",", ":")).encode()
    return Request("POST", "/", headers=[("content-type", "application/json"), ("host", "localhost")], body=body, id=request_id, native=native)


def read(native: Native, request_id: str) -> Request:
    """Read a request from any front."""
    context = native["requestContext"]
    v2 = "http" in context
    path, raw_path = _paths(native, context)
    return Request(
        context["http"]["method"] if v2 else native["httpMethod"],
        path,
        raw_path=raw_path,
        query_string=native.get("rawQueryString", "") if v2 else _query(native),
        path_params=_parameters(native),
        headers=_headers(native),
        body=_body(native),
        id=context.get("requestId") or request_id,
        client=_client(native, context),
        native=native,
    )


def _front_decodes(native: Native) -> bool:
    """Tell whether the path is decoded already: an HTTP API does that (all but `%25`), a function URL, a REST API and a load balancer do not."""
    if native.get("version") == "2.0":
        return not _routed_here(native)
    return native.get("version") == "1.0"


def _paths(native: Native, context: Native) -> tuple[str, str]:
    path: str = native["rawPath"] if "http" in context else native["path"]
    decoded = _front_decodes(native)
    stage = context.get("stage", "$default")
    if decoded and stage != "$default" and f"{path}/".startswith(f"/{stage}/"):
        path = path[len(stage) + 1 :] or "/"
    if decoded:
        return path.replace("%25", "%"), _quote(path.replace("%25", "%"))
    return _unquote(path), _quote(path, "%")


def _quote(text: str, also: str = "") -> str:
    if text.isascii() and text.replace("/", "").isalnum():
        return text
    from urllib.parse import quote

    return quote(text, safe=_SAFE + also)


def _unquote(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def _parameters(native: Native) -> dict[str, str]:
    """Give the values of the route's `{name}` parts; AWS's `{path+}` is called `path` in the event too, as our `{path*}` is."""
    found: Mapping[str, str] = native.get("pathParameters") or {}
    if _front_decodes(native):
        return {name: value.replace("%25", "%") for name, value in found.items()}
    return {name: _unquote(value) for name, value in found.items()}


def _headers(native: Native) -> list[tuple[str, str]]:
    many: Mapping[str, list[str]] | None = native.get("multiValueHeaders")
    if many:
        return [(name, value) for name, values in many.items() for value in values]
    found = list((native.get("headers") or {}).items())
    cookies = native.get("cookies")
    return [*found, ("cookie", "; ".join(cookies))] if cookies else found


def _query(native: Native) -> str:
    """Put a query together again. A load balancer hands it over as it was sent, API Gateway decodes it first."""
    single: Mapping[str, str] = native.get("queryStringParameters") or {}
    many: Mapping[str, list[str]] = native.get("multiValueQueryStringParameters") or {name: [value] for name, value in single.items()}
    pairs = [(name, value) for name, values in many.items() for value in values]
    if "elb" in native["requestContext"]:
        return "&".join(f"{name}={value}" for name, value in pairs)
    from urllib.parse import urlencode

    return urlencode(pairs)


def _body(native: Native) -> bytes:
    body: str = native.get("body") or ""
    if not native.get("isBase64Encoded"):
        return body.encode()
    from base64 import b64decode

    return b64decode(body)


def _client(native: Native, context: Native) -> str:
    if "http" in context:
        return str(context["http"].get("sourceIp", ""))
    identity: Mapping[str, Any] = context.get("identity") or {}
    forwarded: Mapping[str, Any] = native.get("headers") or {}
    return str(identity.get("sourceIp") or forwarded.get("x-forwarded-for", "").split(",")[0].strip())


def write(response: Response, native: Native) -> dict[str, Any]:
    """Write an answer in the shape that the front of this request reads."""
    body, encoded = _text(response.body)
    answer = {"statusCode": response.status, "body": body, "isBase64Encoded": encoded}
    if native.get("version") == "2.0":
        cookies = [value for name, value in response.headers if name == "set-cookie"]
        return {**answer, "headers": _joined(response.headers), **({"cookies": cookies} if cookies else {})}
    many: dict[str, list[str]] = {}
    for name, value in response.headers:
        many.setdefault(name, []).append(value)
    single = {name: values[-1] for name, values in many.items()}
    if "elb" not in native["requestContext"]:
        return {**answer, "headers": single, "multiValueHeaders": many}
    # A load balancer reads the one or the other, by how its target group is set.
    return {**answer, **({"multiValueHeaders": many} if "multiValueHeaders" in native else {"headers": single})}


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Give header fields as one value a name; cookies have a place of their own."""
    joined: dict[str, str] = {}
    for name, value in headers:
        if name != "set-cookie":
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _text(body: bytes) -> tuple[str, bool]:
    """Give the body as text where that loses nothing, else in base64: compressed and binary bodies never are UTF-8 by mistake and stay whole."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        from base64 import b64encode

        return b64encode(body).decode(), True
