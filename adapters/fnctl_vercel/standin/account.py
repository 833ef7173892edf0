"""What the stand-in keeps: a user, teams, projects, variables, uploaded files, deployments, aliases. In memory; file contents on disk."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

TOKEN = "test"  # noqa: S105  # opens nothing but this stand-in
HOME = "team_sandbox"
"""The user's default team."""
USER = {"id": "usr_sandbox", "uid": "usr_sandbox", "email": "dev@sandbox.invalid", "name": "Dev", "username": "dev"}
Target: TypeAlias = Literal["production", "preview"]
_LETTERS = string.ascii_letters + string.digits


@dataclass
class Team:
    """A scope with a plan; the user is a member of all of them but `stranger`."""

    id: str
    slug: str
    plan: str
    member: bool = True


@dataclass
class Variable:
    """An environment variable of a project. A deployment keeps a copy of the values that it was made with."""

    id: str
    key: str
    value: str
    type: str
    target: list[str]
    created: int
    updated: int
    branch: str | None = None
    comment: str | None = None
    environments: list[str] = field(default_factory=list)


@dataclass
class Build:
    """What a build made of the uploaded files: the tree, its config.json, and `.vc-config.json` of each function."""

    tree: Path
    config: dict[str, Any]
    functions: dict[str, dict[str, Any]]


@dataclass
class Deployment:
    """One deployment. `files` is what was asked for, `environ` what the project's variables were at that moment."""

    id: str
    project: str
    name: str
    host: str
    target: Target
    environment: str | None
    created: int
    meta: dict[str, str]
    files: list[dict[str, Any]]
    environ: dict[str, str]
    oidc: str
    regions: list[str] = field(default_factory=lambda: ["iad1"])
    state: str = "QUEUED"
    substate: str | None = None
    aliases: list[str] = field(default_factory=list)
    assigned: int | None = None
    ready: int | None = None
    error: dict[str, str] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    build: Build | None = None
    source: str = ""
    prebuilt: bool = False
    auto: bool = True
    promoted: int = 0

    @property
    def ended(self) -> bool:
        """Nothing more happens to it by itself."""
        return self.state in ("READY", "ERROR", "CANCELED")


@dataclass
class Rolling:
    """A rolling release under way: who has the traffic, who gets how much of it, and at which stage."""

    base: str
    canary: str
    stage: int
    started: int


@dataclass
class Project:
    """One project. `settings` are the fields that callers set; `production` is the deployment behind the production aliases."""

    id: str
    name: str
    team: str
    created: int
    updated: int
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)
    domains: list[dict[str, Any]] = field(default_factory=list)
    crons: dict[str, Any] = field(default_factory=dict)
    bypass: dict[str, dict[str, Any]] = field(default_factory=dict)
    production: str | None = None
    held: bool = False
    """After a rollback new production deployments get no alias until one is promoted."""
    job: dict[str, Any] | None = None
    rolled_back_from: str | None = None
    rolling_config: dict[str, Any] | None = None
    rolling: Rolling | None = None

    @property
    def auto(self) -> bool:
        """Whether a production deployment gets the production aliases by itself."""
        return bool(self.settings.get("autoAssignCustomDomains", True)) and not self.held


@dataclass
class Account:
    """All of it. `lock` is held while a call reads or writes; builds and jobs take it for each of their steps."""

    data: Path
    lock: threading.RLock = field(default_factory=threading.RLock)
    teams: dict[str, Team] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    uploads: dict[tuple[str, str], int] = field(default_factory=dict)
    """(team, SHA-1) -> size of what was uploaded."""
    aliases: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Host -> (alias id, deployment id)."""
    logs: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Deployment id -> runtime log records."""
    news: threading.Condition = field(default_factory=threading.Condition)
    """Told when a deployment or a log changed, for those who follow."""

    def __post_init__(self) -> None:
        """Begin with one team a plan, and one that the user may not enter."""
        for name, plan in (("sandbox", "pro"), ("hobby", "hobby"), ("enterprise", "enterprise"), ("stranger", "pro")):
            self.teams[f"team_{name}"] = Team(f"team_{name}", name, plan, name != "stranger")

    def clear(self) -> None:
        """Forget everything but the teams' plans."""
        for kept in (self.projects, self.deployments, self.uploads, self.aliases, self.logs):
            kept.clear()

    def team(self, name: str) -> Team | None:
        """By id or slug."""
        return next((team for team in self.teams.values() if name in (team.id, team.slug)), None)

    def project(self, team: str, name: str) -> Project | None:
        """By id or name, in one team."""
        return next((project for project in self.projects.values() if project.team == team and name in (project.id, project.name)), None)

    def deployment(self, team: str, name: str) -> Deployment | None:
        """By id or host, in one team."""
        known = self.deployments.get(name) or next((one for one in self.deployments.values() if one.host == name), None)
        behind = self.deployments.get(self.aliases[name][1]) if known is None and name in self.aliases else known
        return behind if behind is not None and self.projects[behind.project].team == team else None

    def of(self, project: Project) -> Iterator[Deployment]:
        """Its deployments, the newest first."""
        return (one for one in sorted(self.deployments.values(), key=lambda d: d.created, reverse=True) if one.project == project.id)

    def blob(self, team: str, sha: str) -> Path:
        """Where an uploaded file's content is."""
        return self.data / "files" / team / sha

    def tell(self) -> None:
        """Wake those who follow."""
        with self.news:
            self.news.notify_all()


_last = 0


def now() -> int:
    """Milliseconds since 1970, never the same twice: lists are in order of time."""
    global _last
    _last = max(int(time.time() * 1000), _last + 1)
    return _last


def name_of(prefix: str, length: int = 28) -> str:
    """A new id, such as dpl_..."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))
