"""Where the sandbox reaches into ministack 1.5.33: execution, logs, and the gaps that deploys would otherwise slip through.

Everything that knows a private name of the emulator is in this file; its version is pinned by hash.
"""

# ruff: noqa: SLF001  # the emulator is untyped, and its private names are what this file is for

from __future__ import annotations

import contextvars
import importlib
import json
import re
import secrets
import time
import zlib
from collections.abc import Callable
from typing import Any

from fnctl_aws.standin.execution import Put, Result, execute
from fnctl_aws.standin.layout import Function, Machine
from fnctl_aws.standin.pool import Pool
from fnctl_aws.standin.runtime_api import Invocation

TRANSITION_SECONDS = 0.1
"""How long a function stays Pending or InProgress: long enough that a caller who does not wait is refused."""


def service(name: str) -> Any:
    """A module of the emulator; untyped, as it is."""
    return importlib.import_module(f"ministack.{name}")


def install(pool: Pool, machine: Machine) -> None:
    """Give execution to AWS's runtime clients, whichever way an invocation comes in."""
    lambdas = service("services.lambda_svc")
    put = _put(lambdas)

    def dispatch(func: dict[str, Any], config: dict[str, Any], event: object, request_id: str, started: float) -> dict[str, Any]:  # noqa: ARG001
        function = _function(lambdas, func, config)
        return _reply(lambdas, function, execute(function, _invocation(lambdas, function, event, request_id), pool, machine, put))

    lambdas._execute_function_dispatch = dispatch  # every executor of the emulator is chosen in there
    lambdas._LAMBDA_STATE_TRANSITION_DELAY = TRANSITION_SECONDS
    _forget(lambdas, pool)
    _concurrency(lambdas)
    _retries(lambdas)
    _loops(lambdas)
    _conflicts(lambdas)
    _names(lambdas)
    _failures(lambdas)
    _roles()


def _function(lambdas: Any, func: dict[str, Any], config: dict[str, Any]) -> Function:
    account, region = lambdas._account_region_from_function_config(config)
    layers = tuple(z for z in map(lambdas._resolve_layer_zip, config.get("Layers") or []) if z)
    return Function(config, account, region, func.get("code_zip") or b"", layers)


def _invocation(lambdas: Any, function: Function, event: object, request_id: str) -> Invocation:
    arn = str(function.config.get("FunctionArn", ""))
    sampled = (function.config.get("TracingConfig") or {}).get("Mode") == "Active"
    lineage = f"1:{zlib.crc32(arn.encode()):08x}:{lambdas._invoke_depth.get()}"
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled={int(sampled)};Lineage={lineage}"
    return Invocation(request_id, json.dumps(event, ensure_ascii=False).encode(), arn, trace, function.timeout)


def _reply(lambdas: Any, function: Function, result: Result) -> dict[str, Any]:
    if result.throttled:
        words = f"Rate Exceeded: no execution environment for {function.name} became free"
        reply: dict[str, Any] = lambdas._throttle_response(reason_code="ConcurrentInvocationLimitExceeded", msg=words)
        return reply
    answer = {"body": result.body, "log": result.log}
    return answer | {"error": True, "function_error": "Unhandled"} if result.error else answer


def _put(lambdas: Any) -> Put:
    logs, responses = service("services.cloudwatch_logs"), service("core.responses")

    def store(function: Function, stream: str, milliseconds: int, message: str) -> None:
        group = function.log_group
        responses._request_account_id.set(function.account)
        responses._request_region.set(function.region)
        if group not in logs._log_groups:
            if function.name not in lambdas._functions:
                return  # its last words must not bring back a group that was just deleted with it
            logs._create_log_group({"logGroupName": group})
        if stream not in logs._log_groups[group]["streams"]:
            logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
        event = {"timestamp": milliseconds, "message": message}
        logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [event]})

    return lambda function: lambda *event: contextvars.copy_context().run(store, function, *event)


def _forget(lambdas: Any, pool: Pool) -> None:
    """End environments where the emulator would end its own: a function updated or deleted, everything reset."""

    def invalidate(name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None) -> None:
        wanted = (account, region, name, qualifier)
        pool.drop(lambda key: all(w in (None, k) for w, k in zip(wanted, key.split(":"), strict=False)))

    lambdas.invalidate_worker = invalidate
    runtime = service("core.lambda_runtime")
    runtime.reset = lambda: pool.drop(lambda _key: True)


def _concurrency(lambdas: Any) -> None:
    """Reserved concurrency is the function's, but a version's record does not carry it."""
    own = lambdas._reserved_concurrency

    def reserved(func: dict[str, Any], config: dict[str, Any]) -> int | None:
        return own(lambdas._functions.get(config.get("FunctionName")) or func, config)  # type: ignore[no-any-return]

    lambdas._reserved_concurrency = reserved


def _retries(lambdas: Any) -> None:
    """Asynchronous retries and destinations are kept by qualifier on the function, and looked for on the version."""
    own = lambdas.invoke_async_with_retry

    def invoke(func: dict[str, Any], event: object) -> None:
        config = func.get("config") or func
        base = lambdas._functions.get(config.get("FunctionName")) or {}
        parts = str(config.get("FunctionArn", "")).split(":")
        settings = lambdas._event_invoke_config(base, parts[7] if len(parts) > 7 else None)
        own({**func, "event_invoke_config": settings} if settings else func, event)

    lambdas.invoke_async_with_retry = invoke


def _loops(lambdas: Any) -> None:
    """A function that calls itself is stopped after 16 rounds: the SDKs pass the trace's lineage on."""

    def depth(headers: dict[str, str]) -> int:
        found = re.search(r"Lineage=[^;]*:(\d+)", headers.get("x-amzn-trace-id", ""))
        return int(found[1]) if found else 0

    lambdas._inbound_invoke_depth = depth


def _conflicts(lambdas: Any) -> None:
    """Writing to a function that is still being updated is refused, as Lambda does."""
    responses = service("core.responses")

    def guarded(own: Callable[..., Any]) -> Callable[..., Any]:
        def call(name: str, data: dict[str, Any]) -> Any:
            config = (lambdas._functions.get(name) or {}).get("config") or {}
            if config.get("State") == "Pending" or config.get("LastUpdateStatus") == "InProgress":
                words = f"The operation cannot be performed at this time. An update is in progress for resource: {config.get('FunctionArn')}"
                return responses.error_response_json("ResourceConflictException", words, 409)
            return own(name, data)

        return call

    for verb in ("_update_code", "_update_config", "_publish_version"):
        setattr(lambdas, verb, guarded(getattr(lambdas, verb)))


def _names(lambdas: Any) -> None:
    """A function whose name begins with `url` is taken for a function URL; under its ARN it is not."""
    own, responses = lambdas.handle_request, service("core.responses")

    async def handle(method: str, path: str, *rest: Any) -> Any:
        found = re.fullmatch(r"(/[\d-]+/functions/)(url[\w-]*)((?:(?::|%3A)[^/]+)?(?:/.*)?)", path)
        if found:
            arn = f"arn:aws:lambda:{responses.get_region()}:{responses.get_account_id()}:function:"
            path = f"{found[1]}{arn}{found[2]}{found[3]}"
        return await own(method, path, *rest)

    lambdas.handle_request = handle


def _failures(lambdas: Any) -> None:
    """A failed function is answered without its own words: 500 by an HTTP API (503 when throttled), 502 by a function URL (429)."""
    own, own_url = lambdas.lambda_execute_result_to_api_proxy_response, lambdas._function_url_proxy_response

    def response(result: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
        if not result.get("error"):
            return own(result)  # type: ignore[no-any-return]
        status, words = (503, "Service Unavailable") if result.get("throttle") else (500, "Internal Server Error")
        headers = {"Content-Type": "application/json"}
        return {"statusCode": status, "headers": headers, "body": json.dumps({"message": words}), "failed": True}, None

    def url_response(answer: dict[str, Any] | None, cors: dict[str, str]) -> Any:
        if answer and answer.get("failed") is True:
            status = 429 if answer["statusCode"] == 503 else 502
            return status, {"Content-Type": "application/json", **cors}, answer["body"].encode()
        return own_url(answer, cors)

    lambdas.lambda_execute_result_to_api_proxy_response = response
    lambdas._function_url_proxy_response = url_response


def _roles() -> None:
    """A function's role must be there; the emulator asks for that only when it checks every right."""
    iam, evaluator = service("services.iam"), service("core.iam_evaluator")

    def validate(arn: str) -> str | None:
        known = arn.startswith("arn:") and arn.rpartition("/")[2] in iam._roles
        return None if known else "The role defined for the function cannot be assumed by Lambda."

    evaluator.validate_role_arn = validate
