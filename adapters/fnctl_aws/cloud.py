"""AWS, opened: one account, region and stage as the engine's Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fnctl.adapter import Call, Kind, LogLine, LogQuery, Reply, Run, Where
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl.graph import Address, Json, Node, State
from fnctl.ledger.store import Store
from fnctl.manifest.model import Service
from fnctl_aws import operate
from fnctl_aws.client import Client
from fnctl_aws.client import connect as open_client
from fnctl_aws.kinds import all_kinds
from fnctl_aws.names import ADDRESS_TAG, SERVICE_TAG, STAGE_TAG
from fnctl_aws.secrets import open_vault
from fnctl_aws.store import S3Store

# ARN service and the start of the resource part -> kind. A name goes on after the start; what has a further `/` is a part of something else.
TAGGED: tuple[tuple[str, str, str], ...] = (
    ("lambda", "function:", "aws.lambda.function"),
    ("lambda", "event-source-mapping:", "aws.lambda.mapping"),
    ("iam", "role/fnctl/", "aws.iam.role"),
    ("logs", "log-group:", "aws.logs.group"),
    ("sqs", "", "aws.sqs.queue"),
    ("dynamodb", "table/", "aws.dynamodb.table"),
    ("s3", "", "aws.s3.bucket"),
    ("apigateway", "/apis/", "aws.apigateway.api"),
    ("scheduler", "schedule-group/", "aws.scheduler.group"),
)


class AwsCloud:
    """A `fnctl.adapter.Cloud`. Opening it asks AWS who we are, so that nothing is written into the wrong account."""

    def __init__(self, client: Client, where: Where) -> None:
        """Read the account, and name everything by it."""
        self._client, self._service, self._stage = client, where.service, where.stage
        self._vault = open_vault(client, where.service, where.stage, where.settings)
        self.identity = " ".join(filter(None, (f"aws {client.account} {client.region}", client.endpoint and f"at {client.endpoint}")))
        self.store: Store | None = S3Store(client, where.service, where.stage)
        self.kinds: Mapping[str, Kind] = all_kinds(client)

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        """`account`, `region`, `partition`, and the version of every secret that the service declares ("" where it is not set)."""
        facts: dict[str, Json] = {"account": self._client.account, "region": self._client.region, "partition": self._client.partition}
        if service is None or not service.secrets:
            return facts
        versions = self.secrets()
        return facts | {f"secret/{name}": versions.get(name, "") for name in service.secrets}

    def adrift(self, run: Run) -> Iterable[Node]:
        """Read the tag index. It lags by minutes and some stand-ins have none, so a failure is told and no more."""
        filters = [{"Key": SERVICE_TAG, "Values": [self._service]}, {"Key": STAGE_TAG, "Values": [self._stage]}]
        try:
            found = list(self._client.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters))
        except CloudError as error:
            run.emit(Event("log", {"message": f"strays were not looked for: {error}"}))
            return ()
        return list(self._nodes(found))

    def _nodes(self, found: Iterable[Mapping[str, Any]]) -> Iterator[Node]:
        for item in found:
            tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
            kind, name = kind_of(item["ResourceARN"])
            # An index entry may outlive its object, its address tag or our interest in its kind.
            if kind and ADDRESS_TAG in tags:
                yield Node(Address(tags[ADDRESS_TAG]), kind, name, {"tags": tags, **self._found_by(kind, name)})

    def _found_by(self, kind: str, name: str) -> dict[str, Json]:
        """Return the props that a kind needs to find an object whose name says nothing."""
        if kind != "aws.lambda.mapping":
            return {}
        mapping = self._client.find("lambda", "get_event_source_mapping", UUID=name) or {}
        return {"source": mapping.get("EventSourceArn"), "function": mapping.get("FunctionArn")}

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
        """Call one function through its live alias."""
        return operate.invoke(self._client, self._service, self._stage, function_name(state), call)

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        """Yield the lines of the named functions."""
        return operate.logs(self._client, {name: log_group(state) for name, state in nodes.items()}, query)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()


def connect(where: Where) -> AwsCloud:
    """Open AWS.

    Raises:
        FnctlError: boto3 is missing, no region is set, or the account is not the one that the manifest names.
        CredentialsError: none, expired, or not accepted.
        Unreachable: nothing answers at the endpoint.
    """
    return AwsCloud(open_client(where), where)


def kind_of(arn: str) -> tuple[str, str]:
    """Return the kind and name of an ARN, two empty strings for what no kind of ours has made."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "", ""
    for service, start, kind in TAGGED:
        rest = parts[5].removesuffix(":*") if service == "logs" else parts[5]
        name = rest.removeprefix(start)
        if parts[2] == service and rest.startswith(start) and name and (service == "logs" or not set(name) & {"/", ":"}):
            return kind, name
    return "", ""


def function_name(state: State) -> str:
    """Return a function's name: its id may be the name or an ARN."""
    return state.id.split(":function:")[-1].partition(":")[0]


def log_group(state: State) -> str:
    """Return where a function logs: what it is set to, or Lambda's own choice."""
    logging = state.props.get("logging")
    group = logging.get("group") if isinstance(logging, Mapping) else None
    return str(group or f"/aws/lambda/{function_name(state)}")
