"""One file a cloud service: read, create, update and delete of that object, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.adapter import Kind
from fnctl_aws.kinds.api import HttpApi
from fnctl_aws.kinds.base import Client
from fnctl_aws.kinds.concurrency import Provisioned, Reserved
from fnctl_aws.kinds.dynamodb import Table
from fnctl_aws.kinds.function import Function
from fnctl_aws.kinds.iam import Role
from fnctl_aws.kinds.listing import Locks
from fnctl_aws.kinds.logs import LogGroup
from fnctl_aws.kinds.mapping import EventSource
from fnctl_aws.kinds.permission import Permission
from fnctl_aws.kinds.route import Integration, Route
from fnctl_aws.kinds.s3 import Bucket
from fnctl_aws.kinds.scheduler import Group, Schedule
from fnctl_aws.kinds.sqs import Queue
from fnctl_aws.kinds.url import Url


def all_kinds(client: Client) -> Mapping[str, Kind]:
    """Return every kind by its name, all of them speaking through one client."""
    policies = Locks()
    return {
        "aws.iam.role": Role(client),
        "aws.logs.group": LogGroup(client),
        "aws.lambda.function": Function(client),
        "aws.lambda.concurrency": Reserved(client),
        "aws.lambda.provisioned": Provisioned(client),
        "aws.lambda.permission": Permission(client, policies),
        "aws.lambda.url": Url(client, policies),
        "aws.lambda.mapping": EventSource(client),
        "aws.apigateway.api": HttpApi(client),
        "aws.apigateway.integration": Integration(client),
        "aws.apigateway.route": Route(client),
        "aws.scheduler.group": Group(client),
        "aws.scheduler.schedule": Schedule(client),
        "aws.sqs.queue": Queue(client),
        "aws.dynamodb.table": Table(client),
        "aws.s3.bucket": Bucket(client),
    }
