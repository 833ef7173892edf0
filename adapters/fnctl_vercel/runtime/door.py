"""The way in that is not for everyone: crons, `fnctl invoke` and engines show the project's CRON_SECRET, as Vercel's crons do by themselves."""

from __future__ import annotations

import hmac
import logging
import os

from fnctl_vercel.runtime.exchange import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fnctl_vercel.runtime.exchange import Answer, Asked

log = logging.getLogger("fnctl")


def refused_caller(asked: Asked) -> Answer | None:
    """Answer a caller that does not know the secret; None for one that does. Where none is set nobody does."""
    secret = os.environ.get("CRON_SECRET", "")
    if not secret:
        log.error("CRON_SECRET is not set in the project: crons cannot be told from strangers, and are refused")
    given = asked.headers.get("authorization", "")
    if secret and hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
        return None
    return said(401, {"error": "not a caller of this project"})
