"""The life of everything that is not an app: made, left alone, changed, put back, looked into before it goes, and gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from azure_cloud.conftest import Project
from fnctl_azure.client.signing import key_of
from fnctl_azure.standin.hosts import Account, storage

BEFORE = """\
fnctl: 1
service: data
targets: { azure: { region: westeurope } }
defaults: { runtime: python3.13, interface: event }
resources:
  jobs: { type: queue, fifo: true, max_receives: 4, visibility: 2m, retention: 2d, dead_letter: lost }
  lost: { type: queue, targets: { azure: { engine: service_bus } } }
  plain: { type: queue }
  kept: { type: bucket, versioned: true, expire: 30d, cors: { origins: "https://shop.example" } }
  orders: { type: table, key: customer, sort: { name: at, type: number }, ttl: ttl }
  once: { type: table, key: id, targets: { azure: { engine: storage } } }
  news: { type: topic }
  grid: { type: topic, targets: { azure: { engine: event_grid } } }
  shop: { type: bus }
  clicks: { type: stream, retention: 2d }
functions:
  work:
    handler: work.py:handler
    triggers: [{ queue: jobs }, { queue: plain }]
    uses: { kept: write, orders: read, once: [read, write], news: publish, grid: publish }
    targets: { azure: { always_ready: 1 } }
  tell:
    handler: work.py:handler
    retry: { max: 2 }
    dead_letter: lost
    triggers:
      - topic: { name: news, filter: { kind: [order, { prefix: re }], size: [{ numeric: [">", 1, "<=", 5] }] } }
      - topic: { name: grid, filter: { kind: [order] } }
      - bus: { name: shop, type: [order.made] }
      - bucket: { name: kept, prefix: in/ }
      - table: orders
      - stream: clicks
"""
EDITS: Mapping[str, str] = {
    "max_receives: 4, visibility: 2m, retention: 2d": "max_receives: 6, visibility: 1m, retention: 3d",
    ', versioned: true, expire: 30d, cors: { origins: "https://shop.example" }': "",
    ", ttl: ttl": "",
    ', filter: { kind: [order, { prefix: re }], size: [{ numeric: [">", 1, "<=", 5] }] }': "",
    ", filter: { kind: [order] }": "",
    ", type: [order.made]": ', type: "order.*"',
    ", prefix: in/": ", suffix: .jpg",
    "stream, retention: 2d": "stream, retention: 3d",
    "    targets: { azure: { always_ready: 1 } }\n": "",
}
CHANGED = {
    "update": [
        "app/python",
        "queue/jobs",
        "stream/clicks",
        "table/orders",
        "trigger/tell/bucket/kept",
        "trigger/tell/bus/shop",
        "trigger/tell/topic/grid",
    ],
    "delete": ["storage/data/blobs", "storage/data/lifecycle", "trigger/tell/topic/news/filter"],
}


def changes(project: Project) -> dict[str, list[str]]:
    """Addresses by action, of what a deploy would do."""
    found: dict[str, list[str]] = {}
    for change in project.run("plan", "--output", "json").document()["changes"]:
        found.setdefault(change["action"], []).append(change["address"])
    return {action: sorted(addresses) for action, addresses in found.items()}


def account(project: Project) -> Account:
    """The account for data, as this machine has it."""
    id_ = next(one for one in project.cloud.resources() if one.endswith("/queues/data-dev-plain")).partition("/queueServices/")[0]
    ends: Any = project.arm("GET", id_, api="2024-01-01")["properties"]["primaryEndpoints"]
    key = key_of(project.cloud.environ["FNCTL_AZURE_STORAGE_CONNECTION"])
    assert urlsplit(ends["blob"]).hostname == "127.0.0.1"
    return Account(id_.rpartition("/")[2], key, *(ends[service].rstrip("/") for service in ("blob", "queue", "table")))


def test_data_and_messaging_live_as_the_manifest_says(project: Project) -> None:
    manifest = project.folder / "fnctl.yaml"
    manifest.write_text(BEFORE)
    project.deploy()
    project.cloud.written()
    assert project.deploy()["status"] == "unchanged"
    assert project.cloud.written() == []

    edited = BEFORE
    for old, new in EDITS.items():
        assert old in edited
        edited = edited.replace(old, new)
    manifest.write_text(edited)
    assert changes(project) == CHANGED
    project.deploy()
    assert project.deploy()["status"] == "unchanged"

    project.run("rollback", "1", "--yes")
    manifest.write_text(BEFORE)
    assert changes(project) == {}

    place = account(project)
    storage.upload(place, "data-dev-kept", "in/a.txt", b"somebody's")
    storage.put(place, "data-dev-plain-poison", "a message")
    emptied = BEFORE.replace("  grid:", "  spare: { type: queue }\n  grid:", 1)
    for old, new in (("queue: plain", "queue: spare"), ("  plain: { type: queue }\n", "")):
        emptied = emptied.replace(old, new)
    manifest.write_text(emptied)
    screen = " ".join(project.run("deploy", "--yes", code=1).err.split())
    assert "queue/plain/poison would lose its data (about 1 message)" in screen
    project.deploy("--allow-data-loss", "queue/plain/poison")
    project.run("destroy", "--yes")
    assert project.cloud.resources() == []
