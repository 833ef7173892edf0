"""Long operations of ARM: where to look for their end, and how it reads. Azure-AsyncOperation comes before Location, as ARM's guide says."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from fnctl.errors import CloudError
from fnctl_azure import faults
from fnctl_azure.client.wire import Answer

UNDER_WAY = frozenset(
    "Accepted Creating InProgress Provisioning Running Updating Resolving ResolvingDNS RegisteringDns Deleting".split()  # noqa: SIM905  # one a line is no list
)
"""Provisioning states that pass."""
ACCEPTED = 202


def ended(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON, {} for an empty one."""
    try:
        told = json.loads(answer.body) if answer.body else {}
    except ValueError:
        raise CloudError("what the endpoint answers is not ARM's protocol", reason="NotAzure", unknown=True, help=faults.REACH) from None
    return told if isinstance(told, dict) else {"value": told}


def following(answer: Answer, endpoint: str) -> str | None:
    """Return where an operation tells how it goes; None for what was done at once. A link to anywhere else never gets our token."""
    link = answer.headers.get("azure-asyncoperation") or (answer.headers.get("location") if answer.status == ACCEPTED else None)
    return link if link and urlsplit(link).netloc == urlsplit(endpoint).netloc else None


def over(answer: Answer, method: str, what: str) -> bool:
    """Tell whether an operation has ended. Raises CloudError where it ended badly."""
    if answer.status == faults.NOT_FOUND:
        return True  # of a DELETE: the operation went with its object
    told = ended(answer)
    status = str(told.get("status") or "")
    if not status:
        return answer.status != ACCEPTED
    if status in ("Failed", "Canceled"):
        code, message = faults.fault_of(answer.body)
        raise faults.refused(method, what, 0, code or status, faults.scrub(message) or f"the operation is {status}")
    return status == "Succeeded"
