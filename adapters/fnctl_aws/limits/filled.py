"""What only an account can complete, filled in for measuring: numbers of accounts, names of regions and ARNs have known lengths."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import CLOUD, Json, Ref, Text, Value
from fnctl.manifest.model import Service
from fnctl_aws.names import physical

_REGION = "us-east-1"  # as long as most of them
_ARNS = {"queue": "arn:aws:sqs:{}:123456789012:", "table": "arn:aws:dynamodb:{}:123456789012:table/", "bucket": "arn:aws:s3:::"}
_LOGS = "arn:aws:logs:{}:123456789012:log-group:/aws/lambda/"
_URL = "https://sqs.{}.amazonaws.com/123456789012/"


def filled(service: Service, value: Value) -> Json:
    """Put a text of the right length in the place of everything that is not known yet."""
    if isinstance(value, Text):
        return "".join(part if isinstance(part, str) else _known(service, part) for part in value.parts)
    if isinstance(value, Ref):
        return _known(service, value)
    if isinstance(value, Mapping):
        return {key: filled(service, item) for key, item in value.items()}
    return [filled(service, item) for item in value] if isinstance(value, list | tuple) else value  # type: ignore[return-value]  # a scalar is left


def compact(service: Service, value: Value) -> str:
    """Write a document as AWS counts it: without white space."""
    import json  # few functions are large enough to be asked

    return json.dumps(filled(service, value), separators=(",", ":"))


def _known(service: Service, ref: Ref) -> str:
    region = str(service.settings.get("region") or _REGION)
    if ref.address == CLOUD:
        return {"account": "123456789012", "region": region, "partition": "aws"}.get(ref.output, "1")
    kind, _, rest = ref.address.partition("/")
    name = physical(service, rest.partition("/")[0])
    before = {"arn": _ARNS.get(kind, _LOGS), "url": _URL}.get(ref.output, "")
    return before.format(region) + name
