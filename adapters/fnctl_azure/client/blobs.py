"""Blobs of one container through azure-storage-blob: read, conditional writes, listings. Failures come out as fnctl's own errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fnctl.errors import CloudError, CredentialsError, FnctlError
from fnctl.ledger.store import Conflict
from fnctl_azure import faults

TRIES = 3
"""azure-storage-blob's own tries of one call: a conditional write that was made and not answered is settled by whoever asked for it."""


class Blobs:
    """One container. Keys are names of blobs; versions are ETags."""

    def __init__(self, open_: Callable[[], Any], endpoint: str, name: str) -> None:  # azure-storage-blob is typed by itself, and imported late
        """Take what opens the SDK's client, and the container's name for messages; nothing is asked yet."""
        self._open, self._endpoint, self._name, self._client = open_, endpoint, name, None

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a blob's bytes and ETag."""
        with self._told(key):
            try:
                found = self._container.download_blob(key)
                return found.readall(), str(found.properties.etag)
            except _not_found():
                return None

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Write, under a condition where one is given. Raises Conflict."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        condition: dict[str, Any] = {"etag": expect, "match_condition": MatchConditions.IfNotModified} if expect is not None else {}
        with self._told(key):
            try:
                return str(self._container.upload_blob(key, body, overwrite=not absent, **condition).get_blob_properties().etag)
            except (ResourceExistsError, ResourceModifiedError):
                raise Conflict(key) from None
            except _not_found():
                if expect is not None:  # what was to be overwritten is gone: it has changed as well
                    raise Conflict(key) from None
                raise

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file from disk, unless one of that name and size is there."""
        blob = self._container.get_blob_client(key)
        with self._told(key):
            try:
                if blob.get_blob_properties().size == path.stat().st_size:
                    return
            except _not_found():
                pass
            with path.open("rb") as body:
                blob.upload_blob(body, overwrite=True)

    def get_file(self, key: str, path: Path) -> None:
        """Download into a temporary neighbour, then move it into place. Raises KeyError where there is none."""
        draft = path.with_name(f".{path.name}.part")
        try:
            with self._told(key), draft.open("wb") as out:
                try:
                    self._container.download_blob(key).readinto(out)
                except _not_found():
                    raise KeyError(key) from None
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove a blob; nothing there is success. Raises Conflict."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError

        condition: dict[str, Any] = {"etag": expect, "match_condition": MatchConditions.IfNotModified} if expect is not None else {}
        with self._told(key):
            try:
                self._container.delete_blob(key, **condition)
            except _not_found():
                return
            except ResourceModifiedError:
                raise Conflict(key) from None

    def names(self, prefix: str) -> list[str]:
        """Return the names that start with a prefix, sorted; none where there is no container."""
        with self._told(prefix):
            try:
                return sorted(self._container.list_blob_names(name_starts_with=prefix))
            except _not_found():
                return []

    def erase(self, prefix: str, *, keep: str | None = None) -> None:
        """Remove every blob below a prefix with its versions; of `keep` the current one stays."""
        with self._told(prefix):
            try:
                found = list(self._container.list_blobs(name_starts_with=prefix, include=["versions"]))
            except _not_found():
                return
            for item in found:
                if item.name == keep and item.is_current_version is not False:
                    continue
                old = {"version_id": item.version_id} if item.version_id and not item.is_current_version else {}
                try:
                    self._container.get_blob_client(item.name).delete_blob(**old)
                except _not_found():
                    continue

    def close(self) -> None:
        """Give back connections."""
        if self._client is not None:
            self._client.close()

    @property
    def _container(self) -> Any:
        if self._client is None:
            self._client = self._open()
        return self._client

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Put what the SDK raises into fnctl's errors."""
        from azure.core.exceptions import AzureError, HttpResponseError

        try:
            yield
        except HttpResponseError as error:
            raise _refused(error, self._name, key) from None
        except AzureError as error:
            names = frozenset(base.__name__ for base in type(error).__mro__)
            raise faults.broken(names, str(error), f"blob {key}", self._endpoint)[0] from None


def _not_found() -> type[Exception]:
    from azure.core.exceptions import ResourceNotFoundError

    return ResourceNotFoundError


def _refused(error: Any, container: str, key: str) -> FnctlError:
    code = str(getattr(error, "error_code", "") or "")
    status = int(error.status_code or 0)
    failure = faults.refused(container, f"blob {key}", status, code, faults.scrub(str(error.message or "").partition("\n")[0]))
    if isinstance(failure, CredentialsError) or not isinstance(failure, CloudError) or status != faults.FORBIDDEN:
        return failure
    help_ = f"give the identity that deploys the role Storage Blob Data Owner on the storage account of `{container}`; whoever deployed first can"
    return CloudError(str(failure), reason=failure.reason, help=help_)


def by_key(endpoint: str, container: str, key: str) -> Any:
    """Open a container of a stand-in with the key that it gave, and without a proxy on the way to this machine."""
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import ContainerClient, LinearRetry

    direct = RequestsTransport(use_env_settings=False)
    return ContainerClient(endpoint, container, credential=key, transport=direct, retry_policy=LinearRetry(backoff=1, retry_total=TRIES))


def by_login(endpoint: str, container: str, credential: Any) -> Any:
    """Open a container with a login: there are no keys."""
    from azure.storage.blob import ContainerClient, LinearRetry

    return ContainerClient(endpoint, container, credential=credential, retry_policy=LinearRetry(backoff=1, retry_total=TRIES))
