"""Uploads: raw bytes under their own SHA-1, once for all deployments of a team."""

from __future__ import annotations

import hashlib
import os

from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said


def _upload(ask: Ask) -> Answer:
    request, team = ask.request, ask.team
    pairs = ask.engine.buckets.take(team, "upload")
    wanted = request.header("x-vercel-digest") or request.header("x-now-digest")
    if not wanted:
        raise Refused(400, "bad_request", "Invalid request: a digest is needed in x-vercel-digest or x-now-digest.")
    size = request.header("x-now-size")
    if size and (not size.isdigit() or int(size) != len(request.body)):
        raise Refused(400, "invalid_size", f"The size {size} is not that of the body, {len(request.body)}.")
    if "octet-stream" not in request.header("content-type"):
        raise Refused(400, "bad_request", "Invalid request: the content type of a file is application/octet-stream.")
    found = hashlib.sha1(request.body, usedforsecurity=False).hexdigest()
    if wanted != found:
        raise Refused(400, "invalid_digest", "The digest is not that of the body.")
    _keep(ask, found)
    return said({"urls": []}, 200, pairs)


def _keep(ask: Ask, sha: str) -> None:
    place = ask.account.blob(ask.team.id, sha)
    if (ask.team.id, sha) not in ask.account.uploads:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = place.with_name(f".{sha}-{os.urandom(4).hex()}")
        made.write_bytes(ask.request.body)
        made.replace(place)
        ask.account.uploads[ask.team.id, sha] = len(ask.request.body)


ROUTES = (Route("POST /v2/files", _upload, raw=True),)
