"""Vercel has no table of its own: whoever keeps the orders is asked how many there are, over HTTP."""

from __future__ import annotations

import json
import os
import urllib.request

PATIENCE = 10  # seconds


def count() -> int:
    """How many orders there are; 0 while ORDERS_URL names nobody."""
    url = os.environ.get("ORDERS_URL")
    if not url:
        return 0
    with urllib.request.urlopen(f"{url.rstrip('/')}/count", timeout=PATIENCE) as answer:  # noqa: S310  # the manifest says where
        return int(json.load(answer)["orders"])
