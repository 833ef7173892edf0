"""Host names: which deployment answers under which, and a loopback port for those that somebody wants to open."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from fnctl.standins.serving import bind, write_json
from fnctl_vercel.standin.account import Account, Deployment, Project, name_of, now
from fnctl_vercel.standin.web import Answer, Request, listen

Route: TypeAlias = Callable[[str, Request], Answer]
"""Answers a request to a host name."""
SUFFIX = "vercel.app"


@dataclass
class Front:
    """A name's port, and the host that it stands for now."""

    server: ThreadingHTTPServer
    host: str

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@dataclass
class Hosts:
    """All of them. `route` answers requests; `notes` keeps which port was whose, so that a bookmark outlives a restart."""

    account: Account
    notes: Path
    route: Route = lambda _host, _request: Answer(503)
    fronts: dict[str, Front] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def production(self, project: Project) -> list[str]:
        """The names that a project's production has."""
        team = self.account.teams[project.team].slug
        own = [str(one["name"]) for one in project.domains if not one.get("redirect") and not one.get("gitBranch")]
        return [f"{project.name}.{SUFFIX}", f"{project.name}-{team}.{SUFFIX}", *own]

    def point(self, project: Project) -> list[str]:
        """Point them at the production deployment, and return them."""
        names = self.production(project)
        for name in names if project.production else ():
            known = self.account.aliases.get(name)
            self.account.aliases[name] = (known[0] if known else name_of("als_", 20), str(project.production))
        return names

    def forget(self, project: Project) -> None:
        """They lead nowhere any more."""
        for name in self.production(project):
            self.account.aliases.pop(name, None)

    def behind(self, host: str) -> Deployment | None:
        """Which deployment answers; in a rolling release the new one has its share."""
        found = self.account.aliases.get(host)
        deployment = self.account.deployments.get(found[1]) if found else None
        if deployment is None:
            return None
        project = self.account.projects[deployment.project]
        rolling = project.rolling
        if rolling is None or deployment.id != rolling.base or host == deployment.host or random.random() * 100 >= share(project):  # noqa: S311  # no secret
            return deployment
        return self.account.deployments.get(rolling.canary, deployment)

    def front(self, name: str, host: str) -> str:
        """Open a port under a name, or point the one of this name at another host; return its address."""
        with self._lock:
            known = self.fronts.get(name)
            if known is None:
                ports = self._ports()
                sock = bind(ports.get(name, 0))
                self._keep(ports | {name: sock.getsockname()[1]})
                known = self.fronts[name] = Front(listen(sock, lambda request: self.route(self.fronts[name].host, request)), host)
            known.host = host
            return known.url

    def shut(self, name: str) -> bool:
        """Give a port back; False when there is none of this name."""
        with self._lock:
            known = self.fronts.pop(name, None)
        if known is not None:
            threading.Thread(target=_closed, args=(known.server,), daemon=True, name=f"shut-{name}").start()
        return known is not None

    def close(self) -> None:
        """Give back all ports."""
        for name in list(self.fronts):
            self.shut(name)

    def _ports(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads(self.notes.read_text())
        except (OSError, ValueError):
            return {}
        return known

    def _keep(self, ports: dict[str, int]) -> None:
        write_json(self.notes, ports)


def _closed(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


def share(project: Project) -> float:
    """How much of the traffic the new deployment of a rolling release has, in percent; stages with a duration advance by themselves."""
    rolling, stages = project.rolling, (project.rolling_config or {}).get("stages", [])
    if rolling is None or not stages:
        return 0.0
    while (minutes := stages[rolling.stage].get("duration")) and rolling.stage < len(stages) - 1 and now() >= rolling.started + minutes * 60_000:
        rolling.started += int(minutes * 60_000)
        rolling.stage += 1
    return float(stages[rolling.stage]["targetPercentage"])
