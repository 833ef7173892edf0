"""What an order is, and the signature under which it travels from the API to the worker."""

import hashlib
import hmac
import os
from typing import Annotated

import msgspec


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What a client sends."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class Job(msgspec.Struct):
    """What the queue carries: an accepted order."""

    id: str
    order: Order
    signature: str


def sign(number: str, order: Order) -> str:
    """Sign with the key that only this service's functions can read."""
    text = f"{number}.".encode() + msgspec.json.encode(order, order="deterministic")
    return hmac.new(os.environ["SIGNING_KEY"].encode(), text, hashlib.sha256).hexdigest()
