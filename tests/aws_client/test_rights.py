"""The policy in the docs allows every call that the adapter makes."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

CALL = re.compile(r'\.(?:call|find|pages)\(\s*"(\w+)",\s*"(\w+)"')
NAMED = re.compile(r'(?:operation = |yield )"((?:put|get|create|update|delete)_\w+)"(?: if there else "(\w+)")?')
# IAM's words where they differ from the API's.
ACTIONS: dict[str, tuple[str, ...]] = {
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "resourcegroupstaggingapi:GetResources": ("tag:GetResources",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "ssm:PutParameter": ("ssm:PutParameter", "ssm:AddTagsToResource"),
    "secretsmanager:CreateSecret": ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
}


@cache
def names(service: str) -> dict[str, str]:
    """boto3's names of a service's operations -> AWS's."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    return {xform_name(name): name for name in model.operation_names}


def calls(root: Path) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for path in sorted((root / "adapters" / "fnctl_aws").rglob("*.py")):
        if "standin" in path.parts:
            continue
        text = path.read_text()
        found |= set(CALL.findall(text))
        services = {service for service, _ in CALL.findall(text)}
        named = {name for pair in NAMED.findall(text) for name in pair if name}
        found |= {(service, name) for service in services for name in named if name in names(service)}
    return found


def policy(root: Path) -> dict[str, Any]:
    block = re.search(r"```json\n(.*?)```", (root / "docs" / "aws-credentials.md").read_text(), re.DOTALL)
    assert block
    document: dict[str, Any] = json.loads(block[1])
    return document


def allowed(root: Path) -> list[str]:
    said = [statement["Action"] for statement in policy(root)["Statement"]]
    return [action for actions in said for action in ([actions] if isinstance(actions, str) else actions)]


def test_every_call_is_allowed(root: Path) -> None:
    patterns, missing = allowed(root), set[str]()
    made = calls(root)
    assert len(made) > 80
    for service, operation in made:
        if service == "apigatewayv2":  # its rights are HTTP verbs, and all of them are there
            continue
        action = f"{service}:{names(service)[operation]}"
        missing |= {need for need in ACTIONS.get(action, (action,)) if not any(fnmatchcase(need, pattern) for pattern in patterns)}
    assert missing == set()


def test_it_fits_into_one_managed_policy(root: Path) -> None:
    assert len(re.sub(r"\s", "", json.dumps(policy(root)))) <= 6144


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_api_gateways_rights_are_verbs(root: Path, verb: str) -> None:
    assert f"apigateway:{verb}" in allowed(root)
