"""The HTTP API: takes an order, puts the work on the queue, and answers at once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import stores
from src.order import Job, Order, sign

if TYPE_CHECKING:
    from fnctl_runtime import Request

VERSION = "1.0.0"


def handler(request: Request) -> Any:
    match request.method, request.path_params:
        case "POST", _:
            return accept(request)
        case _, {"id": number}:
            return find(number)
        case _:
            return {"hello": "orders", "version": VERSION}


def accept(request: Request) -> Any:
    try:
        order = msgspec.json.decode(request.body, type=Order)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        return 400, {"error": str(error)}
    number = uuid.uuid4().hex
    job = Job(number, order, sign(number, order))
    stores.send(msgspec.json.encode(job).decode())
    return 202, {"id": number}, {"location": f"/orders/{number}"}


def find(number: str) -> Any:
    row = stores.find(number)
    if row is None:
        return 404, {"error": f"no order {number}; an accepted one appears within seconds"}
    return {"id": row["id"], "sku": row["sku"], "quantity": int(row["quantity"])}
