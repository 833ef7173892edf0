"""CORS in our words and in AWS's: API Gateway and function URLs share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, str] = {
    "origins": "AllowOrigins",
    "methods": "AllowMethods",
    "headers": "AllowHeaders",
    "expose": "ExposeHeaders",
    "credentials": "AllowCredentials",
    "max_age": "MaxAge",
}


def to_aws(cors: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is said; nothing at all clears it."""
    return {aws: cors[own] for own, aws in WORDS.items() if cors.get(own) not in (None, [])} if cors else {}


def from_aws(cors: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Read it back, lists sorted and zero as unsaid, so that equal settings compare equal."""
    if not cors or not any(cors.values()):
        return None
    found = {own: cors.get(aws) for own, aws in WORDS.items()}
    lists = {
        own: sorted(value) if isinstance(value, list) and value else None for own, value in found.items() if own not in ("credentials", "max_age")
    }
    return {**lists, "credentials": bool(found["credentials"]), "max_age": found["max_age"] or None}
