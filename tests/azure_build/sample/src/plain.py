"""Handlers of each interface that the portable example leaves out."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from decimal import Decimal
from typing import Any

import azure.functions as func

from fnctl_runtime import Event, HandlerError, Request, TaskContext, current


def running() -> str:
    """Say which call this is."""
    found = current()
    assert found is not None
    return found.request_id


def raw(request: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.HttpResponse(f"{context.function_name} {request.params['q']}", status_code=203)


def step(given: Any, context: TaskContext) -> Any:
    if given == "broke":
        raise HandlerError("PaymentDeclined", "no funds")
    logging.info("stepped")
    return {"given": given, "key": context.key, "attempt": Decimal(context.attempt)}


async def inner(event: Event) -> Any:
    return {"type": event.type, "source": event.source, "data": event.data}


async def slow(request: Request) -> Any:
    before = running()
    await asyncio.sleep(0.3)
    logging.warning("woke")
    return [request.path_params["name"], before == running() == request.id]


def still(request: Request) -> Any:
    before = running()
    time.sleep(0.3)
    return [request.path_params["name"], before == running() == request.id]


def feed(event: Event) -> None:
    logging.info("fed", extra={"n": event.data, "attempt": event.attempt})
    if event.data == "bad":
        raise ValueError("not this one")


def ordered(event: Event) -> None:
    logging.info("ordered", extra={"subject": event.subject, "attempt": event.attempt, "trace": event.extensions.get("traceparent")})


def keyed(_request: Request) -> Any:
    return {"there": bool(os.environ["A_KEY"])}
