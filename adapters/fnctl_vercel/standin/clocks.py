"""What starts functions by the hour: crons of the newest production build, and Schedules of the deployment in production."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fnctl.manifest.schedule import Cron, cron
from fnctl_vercel.standin.account import Deployment, Project, name_of
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.serving import run, visit
from fnctl_vercel.standin.web import Request

LOOK_SECONDS = 0.5


def start(engine: Engine) -> None:
    """Look at each minute that begins, from now on."""
    threading.Thread(target=_watch, args=(engine,), daemon=True, name="clock").start()


def _watch(engine: Engine) -> None:
    seen = int(time.time()) // 60
    while True:
        time.sleep(LOOK_SECONDS)
        minute = int(time.time()) // 60
        if minute != seen:
            seen = minute
            for call in due(engine, datetime.fromtimestamp(minute * 60, UTC)):
                threading.Thread(target=call.run, daemon=True, name="cron").start()


class Due:
    """One call that is due."""

    def __init__(self, engine: Engine, project: Project, definition: Mapping[str, Any], at: datetime) -> None:
        self._engine, self._project, self._definition, self._at = engine, project, definition, at
        self.name = str(definition.get("path") or definition.get("function") or definition.get("name"))

    def run(self) -> int:
        """Make it; return the status that was answered, 0 where nothing is in production."""
        deployment = self._engine.account.deployments.get(self._project.production or "")
        if deployment is None:
            return 0
        schedule = "name" in self._definition
        return _scheduled(self._engine, deployment, self._definition, self._at) if schedule else fire(self._engine, self._project, self.name)


def fire(engine: Engine, project: Project, path: str) -> int:
    """Ask for a cron's path as Vercel does: with the project's CRON_SECRET as the deployment in production knows it."""
    deployment = engine.account.deployments.get(project.production or "")
    if deployment is None:
        return 0
    secret = deployment.environ.get("CRON_SECRET")
    pairs = (("user-agent", "vercel-cron/1.0"), *((("authorization", f"Bearer {secret}"),) if secret else ()))
    answer = visit(engine, engine.hosts.production(project)[0], Request("GET", path, pairs, b""), inside=True)
    _drain(answer.body)
    return answer.status


def _scheduled(engine: Engine, deployment: Deployment, definition: Mapping[str, Any], at: datetime) -> int:
    due = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    name = str(definition["name"])
    pairs = {
        "ce-specversion": "1.0",
        "ce-type": "com.vercel.schedule.v1beta",
        "ce-source": f"/schedule/default/{name}",
        "ce-id": name_of("schx_", 20),
        "ce-vssschedulename": name,
        "ce-vssscheduleid": f"sch_{name}",
        "ce-vssscheduledat": due,
        "ce-vssnamespace": "default",
        "ce-vssschedulesource": "build",
    }
    function = str(definition.get("function") or "").removesuffix(".ts").removesuffix(".py").removesuffix(".js")
    if function:
        answer = run(engine, deployment, function, Request("POST", f"/{function}", tuple(pairs.items()), b""), deployment.host)
    else:
        method = str(definition.get("requestMethod", "POST"))
        answer = visit(engine, deployment.host, Request(method, str(definition["path"]), tuple(pairs.items()), b""), inside=True)
    _drain(answer.body)
    return answer.status


def _drain(body: Any) -> None:
    """Read an answer to its end, as its caller does."""
    for _ in () if isinstance(body, bytes) else body:
        pass


def due(engine: Engine, at: datetime) -> Iterator[Due]:
    """What is due in the minute that begins at `at`."""
    with engine.account.lock:
        projects = list(engine.account.projects.values())
    for project in projects:
        for definition in project.crons.get("definitions", ()) if project.crons.get("disabledAt") is None else ():
            if fits(cron(str(definition["schedule"])), at.astimezone(UTC)):
                yield Due(engine, project, definition, at)
        deployment = engine.account.deployments.get(project.production or "")
        for definition in (deployment.build.config.get("schedules") or ()) if deployment and deployment.build else ():
            if fits(cron(str(definition["schedule"])), at.astimezone(ZoneInfo(str(definition.get("timezone") or "UTC")))):
                yield Due(engine, project, definition, at)


def fits(fields: Cron, at: datetime) -> bool:
    """Tell whether five fields name this minute. Where both day and weekday are restricted, either of them will do."""
    day, weekday = at.day in fields.day.values, (at.isoweekday() % 7) in fields.weekday.values
    either = day or weekday if not fields.day.any and not fields.weekday.any else day and weekday
    return at.minute in fields.minute.values and at.hour in fields.hour.values and at.month in fields.month.values and either
