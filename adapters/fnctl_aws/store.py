"""The ledger's bucket: one a region and account, versioned, encrypted and private, with S3's own conditional writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fnctl.errors import CloudError, FnctlError
from fnctl.ledger.store import Conflict
from fnctl_aws.client import Client
from fnctl_aws.place import ledger_bucket

REFUSED = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
"""Somebody else was there first, before us or at the same moment."""
GONE = frozenset({"NoSuchKey", "NoSuchBucket", "NotFound", "404"})
PIECE = 16 * 1024 * 1024
"""Bytes of one ranged read: memory stays flat, and a lost connection costs one piece."""
BATCH = 1000
"""DeleteObjects takes this many keys."""
HISTORY = 90
"""Days that overwritten and deleted objects can still be brought back by hand."""


class S3Store:
    """A `fnctl.ledger.store.Store` below `SERVICE/STAGE/` of the ledger's bucket. Versions are ETags."""

    def __init__(self, client: Client, service: str, stage: str, bucket: str | None = None) -> None:
        """Name the place; nothing is read yet but the account."""
        self._client, self._prefix = client, f"{service}/{stage}/"
        self.bucket = bucket or ledger_bucket(client.account, client.region)
        self.place = f"s3://{self.bucket}/{service}/{stage}"

    def exists(self) -> bool:
        """Tell whether the bucket is there and finished: versioning is what `bootstrap` sets last."""
        found = self._client.find("s3", "get_bucket_versioning", **self._owned())
        return found is not None and found.get("Status") == "Enabled"

    def bootstrap(self) -> None:
        """Create the bucket, then set it up. Every step can be repeated, by this run or by another one at the same time."""
        _create(self._client, self.bucket)
        for operation, settings in _settings(self._client, self.bucket):
            self._client.call("s3", operation, **self._owned(), **settings)

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and ETag."""
        found = self._client.find("s3", "get_object", **self._at(key))
        return (found["Body"], found["ETag"]) if found else None

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Write under S3's own condition. An answer that was lost is settled by reading back."""
        condition = {"IfNoneMatch": "*"} if absent else {"IfMatch": expect} if expect is not None else {}
        try:
            return str(self._client.call("s3", "put_object", **self._at(key), Body=body, **condition)["ETag"])
        except CloudError as error:
            if error.unknown and (found := self.get(key)) and found[0] == body:
                return found[1]
            if error.reason in REFUSED or (expect is not None and error.reason == "NoSuchKey"):
                raise Conflict(key) from None
            raise

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove an object. What was conditional (a lock) goes with its history, so that nothing of a destroyed stage stays."""
        condition = {} if expect is None else {"IfMatch": expect}
        try:
            self._client.call("s3", "delete_object", **self._at(key), **condition)
        except CloudError as error:
            if error.reason not in GONE and not ((error.unknown or error.reason in REFUSED) and self.get(key) is None):
                raise (Conflict(key) if error.reason in REFUSED else error) from None
        if expect is not None:
            with suppress(CloudError):  # housekeeping, which the lifecycle rule does later for whoever may not
                self._erase(self._versions(self._prefix + key, current=False))

    def list(self, prefix: str = "") -> Iterable[str]:
        """Return the keys below a prefix, sorted; none where there is no bucket."""
        return [key.removeprefix(self._prefix) for key in self._keys(self._prefix + prefix)]

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file from disk, unless one of that key and size is there."""
        there = self._client.find("s3", "head_object", **self._at(key))
        if there is None or there["ContentLength"] != path.stat().st_size:
            with path.open("rb") as body:
                self._client.call("s3", "put_object", **self._at(key), Body=body)

    def get_file(self, key: str, path: Path) -> None:
        """Download piece by piece into a temporary neighbour, then move it into place."""
        there = self._client.find("s3", "head_object", **self._at(key))
        if there is None:
            raise KeyError(key)
        draft = path.with_name(f".{path.name}.part")
        try:
            with draft.open("wb") as out:
                for start in range(0, there["ContentLength"], PIECE):
                    piece = {"Range": f"bytes={start}-{start + PIECE - 1}", "IfMatch": there["ETag"]}
                    out.write(self._client.call("s3", "get_object", **self._at(key), **piece)["Body"])
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def purge(self, *, keep: str | None = None) -> None:
        """Remove every version of every object below the prefix; of `keep` the current one stays."""
        spared = self._prefix + (keep or "")
        self._erase(item for item in self._versions(self._prefix, current=True) if item["Key"] != spared)
        if keep:
            self._erase(self._versions(spared, current=False))

    def remove_bucket(self) -> bool:
        """Remove the ledger of the whole account and region; False when there is none.

        Raises:
            FnctlError: some service still has its ledger there.
        """
        if self._client.find("s3", "head_bucket", **self._owned()) is None:
            return False
        if left := sorted({"/".join(key.split("/")[:2]) for key in self._keys("")}):
            message = f"the ledger {self.bucket} still holds {', '.join(left)}"
            raise FnctlError(message, code="FN917", help="destroy these services and stages first")
        self._erase(self._versions("", current=False))  # never a current one: a run may have just begun
        self._client.find("s3", "delete_bucket", **self._owned())
        return True

    def _owned(self) -> dict[str, Any]:
        # A bucket of this name in somebody else's account is refused by S3 itself.
        return {"Bucket": self.bucket, "ExpectedBucketOwner": self._client.account}

    def _at(self, key: str) -> dict[str, Any]:
        return {**self._owned(), "Key": self._prefix + key}

    def _keys(self, prefix: str) -> Sequence[str]:
        try:
            return sorted(item["Key"] for item in self._client.pages("s3", "list_objects_v2", "Contents", **self._owned(), Prefix=prefix))
        except CloudError as error:
            if error.reason == "NoSuchBucket":
                return []
            raise

    def _versions(self, prefix: str, *, current: bool) -> Iterator[dict[str, str]]:
        """Yield what to name in DeleteObjects: delete markers only after all versions, or a marker's removal would bring one back."""
        asked = {**self._owned(), "Prefix": prefix}
        try:
            for kind in ("Versions", "DeleteMarkers"):
                for item in self._client.pages("s3", "list_object_versions", kind, **asked):
                    below = not prefix or prefix.endswith("/") or item["Key"] == prefix
                    if below and (current or kind == "DeleteMarkers" or not item["IsLatest"]):
                        yield {"Key": item["Key"], "VersionId": item["VersionId"]}
        except CloudError as error:
            if error.reason != "NoSuchBucket":
                raise

    def _erase(self, versions: Iterable[dict[str, str]]) -> None:
        todo = list(versions)
        for start in range(0, len(todo), BATCH):
            batch = {"Objects": todo[start : start + BATCH], "Quiet": True}
            errors = self._client.call("s3", "delete_objects", **self._owned(), Delete=batch).get("Errors") or ()
            for error in errors:
                message = f"{error.get('Key')} in {self.bucket} could not be removed: {error.get('Message')}"
                raise CloudError(message, reason=str(error.get("Code", "")), help="allow s3:DeleteObject and s3:DeleteObjectVersion on the ledger")


def _create(client: Client, bucket: str) -> None:
    request: dict[str, Any] = {"Bucket": bucket}
    if client.region != "us-east-1":
        request["CreateBucketConfiguration"] = {"LocationConstraint": client.region}
    if client.endpoint is None and client.partition == "aws":
        # A name in the account's own namespace cannot be taken by anybody else. Emulators do not know the header.
        request["BucketNamespace"] = "account-regional"
    try:
        client.call("s3", "create_bucket", **request)
    except CloudError as error:
        if error.reason == "BucketAlreadyExists":
            message = f"the bucket {bucket}, which would be the ledger, belongs to another AWS account"
            raise FnctlError(message, code="FN918", help="set another `targets.aws.region`") from None
        if error.reason != "BucketAlreadyOwnedByYou":
            raise


def _settings(client: Client, bucket: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what makes a bucket the ledger's. Versioning comes last: a half-made bucket does not count as there."""
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    yield "put_public_access_block", {"PublicAccessBlockConfiguration": closed}
    encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    yield "put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [encryption]}}
    if client.endpoint is None or client.endpoint.startswith("https:"):
        yield "put_bucket_policy", {"Policy": json.dumps(_tls_only(client.partition, bucket))}
    rule = {
        "ID": "fnctl",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": HISTORY},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    yield "put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [rule]}}
    yield "put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "fnctl:ledger", "Value": "true"}]}}
    yield "put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}


def _tls_only(partition: str, bucket: str) -> dict[str, Any]:
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
