"""What is there, asked of each AWS service's own listing."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3


@cache
def client(service: str, endpoint: str, region: str = "eu-west-1") -> Any:
    """A plain boto3 client with test credentials for a loopback endpoint; one costs a tenth of a second to make."""
    keys: dict[str, str] = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": region, "endpoint_url": endpoint}
    return boto3.Session().client(service, **keys)  # type: ignore[call-overload]


def inventory(endpoint: str, region: str = "eu-west-1") -> set[tuple[str, str]]:
    """Every object that a deploy can make, as (kind, name); the ledger's bucket and the account's defaults are left out."""

    def of(service: str) -> Any:
        return client(service, endpoint, region)

    gateway = of("apigatewayv2")
    apis = gateway.get_apis()["Items"]
    found: set[tuple[str, str]] = {("function", f["FunctionName"]) for f in of("lambda").list_functions()["Functions"]}
    found |= {("mapping", f"{m['EventSourceArn']} {m['FunctionArn']}") for m in of("lambda").list_event_source_mappings()["EventSourceMappings"]}
    found |= {("role", r["RoleName"]) for r in of("iam").list_roles()["Roles"] if r["Path"] == "/fnctl/"}
    found |= {("logs", g["logGroupName"]) for g in of("logs").describe_log_groups()["logGroups"]}
    found |= {("queue", url.rpartition("/")[2]) for url in of("sqs").list_queues().get("QueueUrls", [])}
    found |= {("table", name) for name in of("dynamodb").list_tables()["TableNames"]}
    found |= {("bucket", b["Name"]) for b in of("s3").list_buckets()["Buckets"] if not b["Name"].startswith("fnctl-")}
    found |= {("api", a["Name"]) for a in apis}
    found |= {("route", r["RouteKey"]) for a in apis for r in gateway.get_routes(ApiId=a["ApiId"])["Items"]}
    found |= {("schedule", s["Name"]) for s in of("scheduler").list_schedules()["Schedules"]}
    found |= {("group", g["Name"]) for g in of("scheduler").list_schedule_groups()["ScheduleGroups"] if g["Name"] != "default"}
    found |= {("parameter", p["Name"]) for p in of("ssm").describe_parameters()["Parameters"]}
    return found


def tagged(endpoint: str, service: str, region: str = "eu-west-1") -> list[str]:
    """What the tag index finds of one fnctl service."""
    pages = client("resourcegroupstaggingapi", endpoint, region).get_resources(TagFilters=[{"Key": "fnctl:service", "Values": [service]}])
    return [item["ResourceARN"] for item in pages["ResourceTagMappingList"]]
