"""Where the service keeps its things on AWS: jobs in SQS, orders in DynamoDB. On Azure `on_azure/stores.py` takes its place."""

from __future__ import annotations

import os
from typing import Any

import boto3

queue = boto3.client("sqs")
table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])


def send(text: str) -> None:
    """Put a job on the queue."""
    queue.send_message(QueueUrl=os.environ["JOBS_QUEUE"], MessageBody=text)


def save(row: dict[str, Any]) -> None:
    """Write an order. Queues deliver at least once: the same order written twice is still one row."""
    table.put_item(Item=row)


def find(number: str) -> dict[str, Any] | None:
    """Return an order, or None."""
    found: dict[str, Any] | None = table.get_item(Key={"id": number}).get("Item")
    return found


def count() -> int:
    """Count the orders."""
    pages = table.meta.client.get_paginator("scan").paginate(TableName=table.name, Select="COUNT")
    return sum(page["Count"] for page in pages)
