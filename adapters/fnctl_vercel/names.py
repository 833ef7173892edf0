"""How things are called on Vercel, as far as the manifest decides it."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import Address
from fnctl.manifest.model import Service

PROJECT, DEPLOYMENT, CRONS = Address("project"), Address("deployment"), Address("project/cron-secret")

PRODUCTION, PREVIEW = "production", "preview"
MARK = "FNCTL_PROJECT"
"""A variable of the environment `development`, which no deployment sees: it says which service and stage a project belongs to."""
SECRET_NOTE = "fnctl secret"  # noqa: S105  # how the comment of a secret's variable begins
OWN_NOTE = "fnctl: made for"
CRON_SECRET = "CRON_SECRET"  # noqa: S105  # a name
META = "fnctl"
"""What the keys of a deployment's metadata begin with that are ours."""


def project(service: Service) -> str:
    """Return the project's name: `targets.vercel.project`, or `<service>-<stage>`."""
    return project_of(service.name, service.stage, service.settings)


def project_of(service: str, stage: str, settings: Mapping[str, object]) -> str:
    """Do the same before there is a service."""
    return str(settings.get("project") or f"{service}-{stage}")


def environment(settings: Mapping[str, object]) -> str:
    """Return where a stage's deployments go: `production` of its project, `preview`, or a custom environment's slug."""
    return str(settings.get("environment") or PRODUCTION)


def shared(settings: Mapping[str, object]) -> bool:
    """Tell whether the project is somebody else's or another stage's: it is used, and neither set up nor deleted."""
    said = settings.get("shared")
    return bool(said) if said is not None else environment(settings) != PRODUCTION


def ledger_project(service: str) -> str:
    """Name the project whose variables are the ledger of a service; no service and stage can be called so."""
    return f"{service}.fnctl-ledger"
