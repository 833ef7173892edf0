"""One file an object of Vercel: read, create, update and delete of it, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.adapter import Kind, Where
from fnctl_vercel.client import Client
from fnctl_vercel.kinds.deployment import Deployment
from fnctl_vercel.kinds.member import MEMBERS, Member
from fnctl_vercel.kinds.project import Project
from fnctl_vercel.kinds.variable import Secret


def all_kinds(client: Client, where: Where) -> Mapping[str, Kind]:
    """Return every kind by its name, all of them speaking through one client, for one service and stage."""
    return {
        "vercel.project": Project(client, where.service, where.stage),
        "vercel.variable": Secret(client, where.service, where.stage),
        "vercel.deployment": Deployment(client, where.service, where.stage),
        **{name: Member() for name in MEMBERS},
    }
