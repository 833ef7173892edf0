"""Vercel, opened: one scope, service and stage as the engine's Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fnctl.adapter import Call, Kind, LogLine, LogQuery, Reply, Run, Where
from fnctl.errors import CloudError, CredentialsError
from fnctl.graph import Json, Node, State
from fnctl.ledger.store import Store
from fnctl.manifest.model import Service
from fnctl_vercel import faults, operate
from fnctl_vercel.client import Client
from fnctl_vercel.client import connect as open_client
from fnctl_vercel.kinds import all_kinds
from fnctl_vercel.kinds.strays import strays
from fnctl_vercel.names import environment, project_of, shared
from fnctl_vercel.secrets import Vault
from fnctl_vercel.store import ProjectStore


class VercelCloud:
    """A `fnctl.adapter.Cloud`. Opening it asks Vercel who we are, so that nothing is written in the wrong team's name."""

    def __init__(self, client: Client, where: Where) -> None:
        """Read the scope, and name everything by it."""
        self._client, self._where = client, where
        self._scope = _scope(client)
        self._project = project_of(where.service, where.stage, where.settings)
        self._site = operate.Site(client, self._project, environment(where.settings), where.service, where.stage, where.environ)
        self._vault = Vault(client, where.service, where.stage, self._project, environment(where.settings), shared(where.settings))
        self.identity = " ".join(filter(None, (f"vercel {self._scope}", client.place.endpoint and f"at {client.place.endpoint}")))
        self.store: Store | None = ProjectStore(client, where.service, where.stage)
        self.kinds: Mapping[str, Kind] = all_kinds(client, where)

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        """`account` (the team), and the version of every secret that the service declares ("" where it is not set)."""
        facts: dict[str, Json] = {"account": self._scope}
        if service is None or not service.secrets:
            return facts
        versions = self._vault.known()
        return facts | {f"secret/{name}": versions.get(name, "") for name in service.secrets}

    def adrift(self, run: Run) -> Iterable[Node]:
        """Find what carries the marks of this service and stage, for a ledger that was lost: the project, its secret for crons, deployments."""
        found = self._client.find(f"/v9/projects/{self._project}", run)
        return list(strays(self._client, found, self._where, run)) if found else ()

    def secrets(self) -> Mapping[str, str]:
        """Name -> version of every secret of this service and stage."""
        return self._vault.versions()

    def secret_set(self, name: str, value: str) -> str:
        """Store a value and return its version."""
        return self._vault.set(name, value)

    def secret_remove(self, name: str) -> None:
        """Remove a value."""
        self._vault.remove(name)

    def invoke(self, node: Node, state: State, call: Call) -> Reply:
        """Call one function of the live deployment."""
        return operate.invoke(self._site, node, call)

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        """Yield the lines of the named functions."""
        return operate.logs(self._site, nodes, query)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()


def connect(where: Where) -> VercelCloud:
    """Open Vercel.

    Raises:
        CredentialsError: no token, one that is not accepted, or one that may not act for the team.
        Unreachable: nothing answers at the endpoint.
    """
    client = open_client(where)
    try:
        return VercelCloud(client, where)
    except BaseException:
        client.close()
        raise


def _scope(client: Client) -> str:
    """Return the team's slug, or the user's name. Raises CredentialsError for a token that Vercel does not know, or a team that it may not enter."""
    team = client.place.team
    if not team:
        user = client.get("/v2/user")
        said = user.get("user") or user
        return str(said.get("username") or said.get("id"))
    try:
        found = client.get(f"/v2/teams/{team}")
    except CloudError as error:
        if error.reason not in ("not_found", "forbidden"):
            raise
        message = f"there is no team {team} that this token may act for"
        raise CredentialsError(message, help=f"correct `targets.vercel.team`, or use a token of a member. {faults.DENIED}") from None
    return str(found.get("slug") or found.get("id") or team)
