"""`aws.s3.bucket`: encrypted, and closed to the public."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, foreign, from_list, is_ours, plain_name, to_list
from fnctl_aws.names import digest

CLOSED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
BATCH = 1000


class Bucket(Base):
    """Props: `public` (always False), `encryption`, `versioned`, `tags`."""

    rank = 70

    def bucket_name(self, node: Node) -> str:
        """All the world shares one namespace: a hash of account and region keeps two users of one manifest apart."""
        return f"{node.name}-{digest(f'{self.client.account}/{self.client.region}')}" if node.owned else plain_name(node)

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its recorded name, else by its computed one."""
        name = hint or self.bucket_name(node)
        if self.client.find("s3", "head_bucket", Bucket=name) is None:
            return None
        outputs = {"arn": f"arn:{self.client.partition}:s3:::{name}", "name": name}
        if not node.owned:
            return State(name, {}, outputs)
        tags = self._tags(name)
        if name != hint and tags and not is_ours(props["tags"], tags):
            return None
        return State(name, {**self._live(name), "tags": tags}, outputs)

    def _tags(self, name: str) -> dict[str, str]:
        found = self.client.find("s3", "get_bucket_tagging", Bucket=name)
        return from_list(found["TagSet"]) if found else {}

    def _live(self, name: str) -> dict[str, Any]:
        block = self.client.find("s3", "get_public_access_block", Bucket=name)
        encryption = self.client.find("s3", "get_bucket_encryption", Bucket=name)
        rules = encryption["ServerSideEncryptionConfiguration"]["Rules"] if encryption else []
        versioning = self.client.find("s3", "get_bucket_versioning", Bucket=name) or {}
        return {
            "public": not block or block["PublicAccessBlockConfiguration"] != CLOSED,
            "encryption": rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] if rules else None,
            "versioned": versioning.get("Status") == "Enabled",
        }

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it and close it, or set what differs."""
        name = state.id if state else self._create(change.node, props)
        live: Mapping[str, Any] = state.props if state else {"public": True, "versioned": False}
        if live["public"]:
            self.client.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=CLOSED)
        if props["encryption"] != live.get("encryption"):
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": props["encryption"]}}
            self.client.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        if props["versioned"] != live["versioned"]:
            status = {"Status": "Enabled" if props["versioned"] else "Suspended"}
            self.client.call("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=status)
        if props["tags"] != live.get("tags"):
            self.client.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": to_list(props["tags"])})
        return State(name, props, {"arn": f"arn:{self.client.partition}:s3:::{name}", "name": name})

    def _create(self, node: Node, props: Mapping[str, Any]) -> str:
        name = self.bucket_name(node)
        # us-east-1 is the one region that must not be named.
        place = {} if self.client.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.client.region}}
        try:
            self.client.call("s3", "create_bucket", Bucket=name, **place)
        except CloudError as error:
            if error.reason == "BucketAlreadyExists":
                raise foreign(name, "bucket", {}) from error
            if error.reason != "BucketAlreadyOwnedByYou":
                raise
        tags = self._tags(name)
        if tags and not is_ours(props["tags"], tags):
            raise foreign(name, "bucket", tags)
        return name

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove every object and version, then the bucket."""
        name = state.id
        if self.client.find("s3", "head_bucket", Bucket=name) is None:
            return
        for batch in self._contents(name):
            self.client.call("s3", "delete_objects", Bucket=name, Delete={"Objects": batch, "Quiet": True})
        self.client.find("s3", "delete_bucket", Bucket=name)

    def _contents(self, name: str) -> Iterator[list[dict[str, str]]]:
        while True:
            found = self.client.find("s3", "list_object_versions", Bucket=name, MaxKeys=BATCH) or {}
            there = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
            if not there:
                return
            yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in there]

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Look for one object, old versions included."""
        found = self.client.find("s3", "list_object_versions", Bucket=state.id, MaxKeys=1) or {}
        return "1 or more objects" if found.get("Versions") or found.get("DeleteMarkers") else None
