"""One service in four languages: fnctl's, SAM's, CloudFormation's and the Serverless Framework's. Mixed as services are, and valid in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

QUEUE_OF = 20
"""Functions for each queue. Of ten functions six answer requests, one runs by the clock and three listen to a queue."""
HTTP, CLOCK = 6, 7


def write(project: Path, functions: int) -> None:
    """Write the service, a file for each handler, and the same for the peers."""
    (project / "src").mkdir()
    for name in _names(functions):
        (project / f"src/{name}.py").write_text(f"def handler(request):\n    return {{'name': {name!r}}}\n")
    for name, text in {"fnctl.yaml": fnctl, "template.yaml": sam, "plain.json": cloudformation, "serverless.yml": serverless}.items():
        (project / name).write_text(text(functions))


def fnctl(functions: int) -> str:
    """The manifest, for three platforms. What no account has from the start, or no platform at all for 5,000 functions, `limits` says is there."""
    lines = [
        "fnctl: 1",
        "service: shop",
        "targets: { aws: { region: eu-west-1 }, azure: { region: westeurope }, vercel: { region: fra1, plan: pro } }",
        "limits:",
        "  aws: { http_api.routes: 20000, http_api.integrations: 20000, iam.roles: 20000 }",
        "  vercel: { schedule.count: 1000, cron.count: 1000, project.routes: 20000 }",
        "rules: { FN071: off, FN106: off, FN111: off, VC303: off, AZ402: off, AZ407: off }",
        "defaults: { runtime: python3.13, memory: 2GB, timeout: 15s }",
        "stages: { prod: { protect: true } }",
        "secrets: [API_KEY]",
        "resources:",
        *(f"  jobs{number}: {{ type: queue, max_receives: 5 }}" for number in range(_queues(functions))),
        "functions:",
    ]
    for number, name in enumerate(_names(functions)):
        lines += [f"  {name}:", f"    description: Number {number} of the shop.", f"    handler: src/{name}.py:handler", *_started(number, name)]
        lines += [
            "    secrets: [API_KEY]",
            "    env:",
            "      LOG_LEVEL: info",
            "      CURRENCY: EUR",
            '      STAGE: "${stage}"',
            "    tags: { team: shop }",
        ]
    return "\n".join(lines) + "\n"


def sam(functions: int) -> str:
    """The same as a SAM template."""
    resources: dict[str, Any] = {}
    for number, name in enumerate(_names(functions)):
        queue = {"Fn::GetAtt": [f"Jobs{number // QUEUE_OF}", "Arn"]}
        events: dict[str, Any] = {
            HTTP: {"Get": _sam_route("GET", f"/{name}"), "Post": _sam_route("POST", f"/{name}/items/{{id}}")},
            CLOCK: {"Clock": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": f"cron({number % 60} 3 * * ? *)"}}},
        }.get(_kind(number), {"Jobs": {"Type": "SQS", "Properties": {"Queue": queue}}})
        resources[name.title()] = {
            "Type": "AWS::Serverless::Function",
            "Properties": {**_lambda(number, name), "CodeUri": "src/", "Events": events, "Tags": {"team": "shop"}},
        }
    return json.dumps(
        {"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31", "Resources": {**_sqs(functions), **resources}}
    )


def cloudformation(functions: int) -> str:
    """The same in plain CloudFormation, with function URLs for routes: a stack has at most 500 resources."""
    resources: dict[str, Any] = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _TRUST}}}
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    for number, name in enumerate(_names(functions)):
        me, arn = name.title(), {"Fn::GetAtt": [name.title(), "Arn"]}
        code = {"S3Bucket": "shop-artifacts", "S3Key": f"{name}.zip"}
        tags = [{"Key": "team", "Value": "shop"}]
        resources[me] = {"Type": "AWS::Lambda::Function", "Properties": {**_lambda(number, name), "Code": code, "Role": role, "Tags": tags}}
        queue = {"Fn::GetAtt": [f"Jobs{number // QUEUE_OF}", "Arn"]}
        target, window = {"Arn": arn, "RoleArn": role}, {"Mode": "OFF"}
        kind, properties = {
            HTTP: ("AWS::Lambda::Url", {"AuthType": "AWS_IAM", "TargetFunctionArn": arn}),
            CLOCK: (
                "AWS::Scheduler::Schedule",
                {"ScheduleExpression": f"cron({number % 60} 3 * * ? *)", "Target": target, "FlexibleTimeWindow": window},
            ),
        }.get(_kind(number), ("AWS::Lambda::EventSourceMapping", {"EventSourceArn": queue, "FunctionName": arn}))
        resources[f"{me}Start"] = {"Type": kind, "Properties": properties}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {**_sqs(functions), **resources}})


def serverless(functions: int) -> str:
    """The same for the Serverless Framework and its open successor."""
    provider = {"name": "aws", "region": "eu-west-1", "runtime": "python3.13", "memorySize": 2048, "timeout": 15}
    service: dict[str, Any] = {"service": "shop", "provider": provider, "functions": {}, "resources": {"Resources": _sqs(functions)}}
    for number, name in enumerate(_names(functions)):
        routes = [{"httpApi": f"GET /{name}"}, {"httpApi": f"POST /{name}/items/{{id}}"}]
        queue = {"sqs": {"arn": {"Fn::GetAtt": [f"Jobs{number // QUEUE_OF}", "Arn"]}}}
        events = {HTTP: routes, CLOCK: [{"schedule": f"cron({number % 60} 3 * * ? *)"}]}.get(_kind(number), [queue])
        service["functions"][name] = {
            "handler": f"src/{name}.handler",
            "description": f"Number {number} of the shop.",
            "environment": {"LOG_LEVEL": "info", "CURRENCY": "EUR", "STAGE": "${sls:stage}"},
            "tags": {"team": "shop"},
            "events": events,
        }
    return json.dumps(service)


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _names(functions: int) -> Iterator[str]:
    return (f"f{number:04}" for number in range(functions))


def _queues(functions: int) -> int:
    return -(-functions // QUEUE_OF)


def _kind(number: int) -> int:
    place = number % 10
    return HTTP if place < HTTP else CLOCK if place < CLOCK else 0


def _started(number: int, name: str) -> list[str]:
    """Say what starts a function, and what it uses."""
    queue = f"jobs{number // QUEUE_OF}"
    kinds: dict[int, Callable[[], list[str]]] = {
        HTTP: lambda: ["    triggers:", f"      - http: GET /{name}", f"      - http: POST /{name}/items/{{id}}", f"    uses: {{ {queue}: send }}"],
        CLOCK: lambda: ["    interface: event", f'    triggers: [{{ schedule: "{number % 60} 3 * * *" }}]'],
    }
    return kinds.get(_kind(number), lambda: ["    interface: event", f"    triggers: [{{ queue: {{ name: {queue} }} }}]"])()


def _lambda(number: int, name: str) -> dict[str, Any]:
    variables = {"LOG_LEVEL": "info", "CURRENCY": "EUR", "STAGE": "dev"}
    return {
        "Description": f"Number {number} of the shop.",
        "Handler": f"{name}.handler",
        "Runtime": "python3.13",
        "MemorySize": 2048,
        "Timeout": 15,
        "Environment": {"Variables": variables},
    }


def _sam_route(method: str, path: str) -> dict[str, Any]:
    return {"Type": "HttpApi", "Properties": {"Method": method, "Path": path}}


def _sqs(functions: int) -> dict[str, Any]:
    properties = {"VisibilityTimeout": 90}
    deletion = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    return {f"Jobs{number}": {"Type": "AWS::SQS::Queue", **deletion, "Properties": properties} for number in range(_queues(functions))}
