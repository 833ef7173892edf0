"""From a front to the emulator's data plane: an HTTP API's routes or a function URL, without the emulator's own pages in between."""

# ruff: noqa: SLF001  # like seams.py, for the emulator's routing

from __future__ import annotations

import contextvars
from typing import Any

from fnctl_aws.standin.fronts import Request, Response, Route
from fnctl_aws.standin.seams import service

_through: contextvars.ContextVar[Request | None] = contextvars.ContextVar("front_request", default=None)


def router() -> Route:
    """Answers for `API.execute-api.HOST` and `URL.lambda-url.REGION.HOST`; None where nothing is deployed."""
    apis, lambdas = service("services.apigateway"), service("services.lambda_svc")
    _own_host(lambdas)

    async def route(host: str, request: Request) -> Response | None:
        label, _, rest = host.partition(".")
        service("core.responses").set_request_account_id("")
        if rest.startswith("lambda-url."):
            return await _function_url(lambdas, label, request)
        return await _api(apis, label, request)

    return route


async def _api(apis: Any, api: str, request: Request) -> Response | None:
    stages = apis.stages_for_api(api)
    if not stages:
        return None
    decoded = apis.decode_http_api_path(request.raw_path)
    first, _, rest = decoded.lstrip("/").partition("/")
    # Not through the emulator's own routing: that drops a final slash.
    stage, path = (first, f"/{rest}") if first in stages else ("$default", decoded)
    answer = await apis.handle_execute(
        api, stage, path, request.method, request.headers, request.body, request.parameters, raw_query_string=request.query
    )
    return _response(*answer)


async def _function_url(lambdas: Any, label: str, request: Request) -> Response | None:
    resolved = lambdas.resolve_function_url(label)
    if resolved is None:
        return None
    _through.set(request)
    answer = await lambdas.handle_function_url_request(
        label, request.method, request.path, request.headers, request.body, request.parameters, resolved=resolved, source_ip=request.client
    )
    return _response(*answer)


def _own_host(lambdas: Any) -> None:
    """A function URL's event names the address that the caller used, so that links made from it lead back there."""
    own = lambdas._build_function_url_event

    def build(*args: Any, **options: Any) -> dict[str, Any]:
        event: dict[str, Any] = own(*args, **options)
        request = _through.get()
        if request is not None:
            event["headers"] |= {n: request.headers[n] for n in ("host", "x-forwarded-proto", "x-forwarded-port") if n in request.headers}
        return event

    lambdas._build_function_url_event = build


def _response(status: int, headers: dict[str, Any], body: bytes | str) -> Response:
    return Response(int(status), headers, body if isinstance(body, bytes) else body.encode())
