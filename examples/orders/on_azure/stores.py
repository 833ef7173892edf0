"""Where the service keeps its things on Azure: jobs in a Storage queue, orders in a Storage table."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueClient


def credential() -> Any:
    """The app's own identity; in fnctl's sandbox, where there is none, the key of its storage account."""
    if key := os.environ.get("AZURE_STORAGE_KEY"):
        return AzureNamedKeyCredential(os.environ["AZURE_STORAGE_ACCOUNT"], key)
    return DefaultAzureCredential()


@cache
def table() -> TableClient:
    """The table's client, made when it is first needed: nobody is asked for a token before."""
    return TableClient.from_table_url(os.environ["ORDERS_TABLE"], credential=credential())


@cache
def queue() -> QueueClient:
    """The queue's client."""
    return QueueClient.from_queue_url(os.environ["JOBS_QUEUE"], credential=credential())


def send(text: str) -> None:
    """Put a job on the queue."""
    queue().send_message(text)


def save(row: dict[str, Any]) -> None:
    """Write an order. Queues deliver at least once: the same order written twice is still one row."""
    table().upsert_entity({**row, "PartitionKey": row["id"], "RowKey": ""})


def find(number: str) -> dict[str, Any] | None:
    """Return an order, or None."""
    try:
        return dict(table().get_entity(number, ""))
    except ResourceNotFoundError:
        return None


def count() -> int:
    """Count the orders."""
    return sum(1 for _ in table().list_entities(select="PartitionKey"))
