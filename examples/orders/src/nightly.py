"""The schedule: counts the orders and logs the number."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from fnctl_runtime import Event

log = logging.getLogger("orders")
dynamodb = boto3.client("dynamodb")


def handler(event: Event) -> dict[str, int]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=os.environ["ORDERS_TABLE"], Select="COUNT")
    count = sum(page["Count"] for page in pages)
    log.info("counted", extra={"orders": count, "due": event.time})
    return {"orders": count}
