"""Who asks Vercel, in which team's name, and where: the token, the scope and the endpoint of a run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl.adapter import Where
from fnctl.errors import CredentialsError, FnctlError
from fnctl.reaching import safe

API = "https://api.vercel.com"
SOURCE = "FNCTL_VERCEL_ENDPOINT"
LOGIN = "make a token at vercel.com/account/tokens and set VERCEL_TOKEN, or log in with Vercel's own command line: vercel login"
CLI_FOLDER = "com.vercel.cli"


@dataclass(frozen=True)
class Place:
    """One scope of one endpoint. `team` is an id or a slug, "" for the token's own scope; `endpoint` None is Vercel itself."""

    token: str = field(repr=False)
    team: str
    endpoint: str | None
    sandbox: bool
    front: str | None = None
    """In a sandbox, where a port of this machine is asked for that leads to a host."""

    @property
    def base(self) -> str:
        """Where the API is."""
        return self.endpoint or API

    @property
    def scope(self) -> dict[str, str]:
        """What stands in the query of every call."""
        if not self.team:
            return {}
        return {"teamId": self.team} if self.team.startswith("team_") else {"slug": self.team}


def place_of(where: Where) -> Place:
    """Read token, team and endpoint: the manifest, then the environment, then the login of Vercel's command line.

    Raises:
        CredentialsError: there is no token, or the login has run out.
        FnctlError: the endpoint is plain http elsewhere than on this machine.
    """
    endpoint = where.environ.get("FNCTL_VERCEL_ENDPOINT") or None
    if where.sandbox and endpoint is None:
        message = "the sandbox gave no endpoint"
        raise FnctlError(message, code="FN953", help="fnctl sandbox stop, then try again")
    front = where.environ.get("FNCTL_SANDBOX_FRONT") if where.sandbox else None
    for url in filter(None, (endpoint, front)):
        safe(url, local=where.sandbox, source=SOURCE)
    token, default = (where.environ.get("VERCEL_TOKEN", ""), "")
    if not token and not where.sandbox:
        token, default = _login(where.environ)
    if not token:
        message = "there is no token for Vercel"
        raise CredentialsError(message, help=LOGIN)
    return Place(token, _team(where) or default, endpoint.rstrip("/") if endpoint else None, where.sandbox, front)


def _team(where: Where) -> str:
    asked = where.environ.get("VERCEL_ORG_ID") or ""
    return asked if where.sandbox else str(where.settings.get("team") or asked)


def _login(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the token and the team that Vercel's command line uses; two empty strings where nobody has logged in."""
    folder = _cli_folder(environ)
    login, config = _read(folder / "auth.json"), _read(folder / "config.json")
    token = str(login.get("token") or "")
    ends = login.get("expiresAt")
    if token and isinstance(ends, (int, float)) and ends < time.time():
        message = "the login of Vercel's command line has run out"
        raise CredentialsError(message, help="renew it (any command of it does): vercel whoami; or set VERCEL_TOKEN")
    return token, str(config.get("currentTeam") or "")


def _cli_folder(environ: Mapping[str, str]) -> Path:
    """Return where it keeps its login (vercel.com/docs/project-configuration/global-configuration, 2025-12-19)."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    usual = {
        "darwin": home / "Library" / "Application Support",
        "win32": Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "xdg.data",
    }
    return Path(environ.get("XDG_DATA_HOME") or usual.get(sys.platform, home / ".local" / "share")) / CLI_FOLDER


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
