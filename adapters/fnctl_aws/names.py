"""How things are called on AWS: physical names within their limits, ARNs, tags, and the addresses of derived objects."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import CLOUD, Address, Ref, Text
from fnctl.manifest.model import Function, Resource, Service

ACCOUNT = Ref(CLOUD, "account")
REGION = Ref(CLOUD, "region")
PARTITION = Ref(CLOUD, "partition")
LIVE = "live"
"""The alias that traffic reaches; nothing ever points at $LATEST."""

SERVICE_TAG, STAGE_TAG, ADDRESS_TAG = "fnctl:service", "fnctl:stage", "fnctl:address"


def digest(text: str, length: int = 8) -> str:
    """Return a short stable hash of a text."""
    import hashlib  # most names fit, and OpenSSL takes its time

    return hashlib.sha256(text.encode()).hexdigest()[:length]


def fit(name: str, limit: int) -> str:
    """Shorten a name to `limit` characters; what is cut is kept as a hash, so that two long names stay two."""
    return name if len(name) <= limit else f"{name[: limit - 9].rstrip('-_')}-{digest(name)}"


def physical(service: Service, name: str, limit: int = 64) -> str:
    """`<service>-<stage>-<name>`. 64 is what Lambda, IAM and Scheduler allow, SQS 80, S3 63."""
    return fit(f"{service.name}-{service.stage}-{name}", limit)


def shared(service: Service, what: str = "") -> str:
    """Name what belongs to the whole service. `_` never occurs in a manifest's names, so it cannot meet a function called `what`."""
    return fit(f"{service.name}-{service.stage}{'_' + what if what else ''}", 64)


def tags(service: Service, address: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return who it belongs to, under the user's tags. The release is not among them: that would make every deploy write everything."""
    identity = {SERVICE_TAG: service.name, STAGE_TAG: service.stage, ADDRESS_TAG: address}
    return {**service.tags, **(own or {}), **identity}


def arn(service: str, *resource: str | Ref) -> Text:
    """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, known as soon as the account is."""
    return Text(("arn:", PARTITION, f":{service}:", REGION, ":", ACCOUNT, ":", *resource))


def function_arn(service: Service, function: str, qualifier: str | None = LIVE) -> Text:
    """Return the ARN by name, without an edge: functions that call one another would be a cycle."""
    suffix = f":{qualifier}" if qualifier else ""
    return arn("lambda", f"function:{physical(service, function)}{suffix}")


def function_address(function: str, *below: str) -> Address:
    """`function/api`, or an object below it: `function/api/role`."""
    return Address("/".join(("function", function, *below)))


def resource_address(resource: Resource, *below: str) -> Address:
    """`queue/jobs`."""
    return Address("/".join((resource.type, resource.name, *below)))


def trigger_address(function: Function, kind: str, key: str) -> Address:
    """`trigger/worker/queue/jobs`."""
    return Address(f"trigger/{function.name}/{kind}/{key}")


def resource_tags(resource: Resource) -> dict[str, str]:
    """Return the tags that the manifest gives one resource."""
    said = resource.options.get("tags")
    return {key: str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}


def environment_name(name: str, kind: str) -> str:
    """`jobs` of type `queue` arrives as JOBS_QUEUE, on every platform."""
    return f"{name}_{kind}".replace("-", "_").upper()
