"""The way in that is not for everyone: crons, `fnctl invoke` and engines show the project's CRON_SECRET, as Vercel's crons do by themselves."""

from __future__ import annotations

import hmac
import logging
import os

from fnctl_runtime.http import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fnctl_runtime.http import Request

log = logging.getLogger("fnctl")


def refused_caller(request: Request) -> Response | None:
    """Answer a caller that does not know the secret; None for one that does. Where none is set nobody does."""
    secret = os.environ.get("CRON_SECRET", "")
    if not secret:
        log.error("CRON_SECRET is not set in the project: crons cannot be told from strangers, and are refused")
    given = request.headers.get("authorization", "")
    if secret and hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
        return None
    return Response({"error": "not a caller of this project"}, 401)
