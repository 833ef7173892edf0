"""The publish endpoint of an app: takes a package, and tells how it went."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from fnctl_azure.standin import entra
from fnctl_azure.standin.deployments import Deployment
from fnctl_azure.standin.wire import Answer, Request
from fnctl_azure.standin.world import World

AUDIENCES = (*entra.MANAGEMENT, "https://appservice.azure.com", "https://api.azurewebsites.net")
RUNNING = "There is a deployment currently in progress. Please try again when it completes."
WORDS = {0: "Pending", 1: "Building and Deploying", 2: "Deploying", 3: "Failed", 4: "Success"}
Begin = Callable[[bytes, str, bool], Deployment]


def answer(world: World, request: Request, *, flex: bool, deployments: list[Deployment], begin: Begin) -> Answer:
    """Answer one request. Flex takes packages at /api/publish and nowhere else, the other plans at /api/zipdeploy too. Raises Refused."""
    entra.admit(world, request, AUDIENCES)
    words = [word for word in request.path.lower().split("/") if word]
    match [request.method, *words]:
        case ["POST", "api", "publish"]:
            return _publish(request, begin)
        case ["POST", "api", "zipdeploy"] if not flex:
            _publish(request, begin)
            return Answer(202, None, {"Location": f"{request.base}/api/deployments/latest"})
        case ["GET", "api", "deployments"]:
            return Answer(200, [_shown(request, one) for one in deployments])
        case ["GET", "api", "deployments", name, *rest]:
            found = next((one for one in deployments if name in ("latest", one.id)), None)
            if found is None:
                return Answer(404, {"Message": f"Deployment '{name}' not found."})
            if rest[:1] == ["log"]:
                return Answer(
                    200,
                    [
                        {"log_time": _time(found.received), "id": str(place), "message": line, "type": 0, "details_url": None}
                        for place, line in enumerate(found.lines)
                    ],
                )
            return Answer(200 if found.complete else 202, _shown(request, found))
        case ["GET", "api", "settings"]:
            return Answer(200, {})
        case _:
            return Answer(404, b"")


def _publish(request: Request, begin: Begin) -> Answer:
    if "zip" not in request.headers.get("content-type", "application/zip"):
        return Answer(415, {"Message": "The package must be sent as application/zip."})
    if not request.body:
        return Answer(400, {"Message": "The request has no package."})
    remote = request.query.get("RemoteBuild", "false").lower() == "true"
    started = begin(request.body, request.query.get("Deployer", ""), remote)
    return Answer(
        202, json.dumps(started.id).encode(), {"Content-Type": "application/json", "Location": f"{request.base}/api/deployments/{started.id}"}
    )


def _shown(request: Request, one: Deployment) -> dict[str, Any]:
    here = f"{request.base}/api/deployments/{one.id}"
    return {
        "id": one.id,
        "status": one.status,
        "status_text": WORDS[one.status],
        "author_email": "N/A",
        "author": "N/A",
        "deployer": one.deployer or "OneDeploy",
        "remoteBuild": one.remote,
        "message": "Created via a push deployment",
        "progress": "" if one.complete else (one.lines[-1] if one.lines else ""),
        "received_time": _time(one.received),
        "start_time": _time(one.received),
        "end_time": _time(one.ended) if one.complete else None,
        "last_success_end_time": _time(one.ended) if one.status == 4 else None,
        "complete": one.complete,
        "active": one.status == 4,
        "is_temp": False,
        "is_readonly": True,
        "url": here,
        "log_url": f"{here}/log",
        "site_name": "",
        "build_summary": {"errors": [], "warnings": []},
    }


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
