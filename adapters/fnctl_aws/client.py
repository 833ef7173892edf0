"""AWS's SDK and nothing above it: one session, one client a service, paced and patient calls, and every failure in fnctl's own errors."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from fnctl.adapter import Cancel, Run, Where
from fnctl.errors import CloudError, CredentialsError, FnctlError, Unreachable
from fnctl.graph import Address
from fnctl.reaching import loopback, only_here, tell, wait
from fnctl_aws import faults
from fnctl_aws.pace import Pace
from fnctl_aws.place import SOURCE, Place, ledger_bucket, place_of

T = TypeVar("T")

CONNECT_TIMEOUT, READ_TIMEOUT, INVOKE_TIMEOUT = 5.0, 60.0, 920.0
POOL = 64
"""Connections kept for each service: an upper bound, above any `--parallel` that helps under AWS's quotas."""


class Client:
    """One account and region, shared by all threads of a run. `call` is the only way to AWS."""

    def __init__(self, session: Any, place: Place, *, read_timeout: float = READ_TIMEOUT, pace: Pace | None = None) -> None:  # the SDK is untyped
        """Take what `connect` found; a sandbox has no quotas and is not paced."""
        self.region, self.partition, self.endpoint, self.sandbox = place.region, place.partition, place.endpoint, place.sandbox
        self._session, self._place, self._read_timeout = session, place, read_timeout
        self._pace = pace or Pace(() if place.sandbox else None)
        self._clients: dict[tuple[str, float], Any] = {}
        self._account: str | None = None
        self._lock, self._account_lock, self._closing = threading.RLock(), threading.Lock(), threading.Event()

    @property
    def account(self) -> str:
        """The twelve digits of the account behind the credentials, asked once.

        Raises:
            CredentialsError: there are none, or AWS does not accept them.
            FnctlError: `targets.aws.account` names another account.
        """
        with self._account_lock:
            if self._account is None:
                found = str(self.call("sts", "get_caller_identity")["Account"])
                self._place.expect(found)
                self._account = found
            return self._account

    def call(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any]:  # AWS's own shapes
        """Ask AWS: `call("lambda", "create_function", FunctionName=...)`. Refusals that pass (see faults) are waited out, throttles slow the pace.

        Streamed members (`Body`, `Payload`) come back as bytes, open files are sent from their start, `ResponseMetadata` is dropped. With a `run`
        the waiting can be cancelled, ends at its deadline and is told.

        Raises:
            CloudError: AWS said no. `unknown` when the answer was lost after the request had been sent.
            CredentialsError: none, expired, or not accepted.
            Unreachable: nothing answers at the endpoint.
        """
        client = self._client(service, operation)
        began, attempt, told, lost = time.monotonic(), 0, False, False
        while True:
            try:
                return _plain(_send(client, operation, params))
            except _sdk_failures() as error:
                failure, patience = self._failure(error, service, operation, params, client.meta.endpoint_url)
            if isinstance(failure, CloudError):
                lost = failure.unknown = lost or failure.unknown  # what one try may have done, a later refusal does not undo
            elapsed = time.monotonic() - began
            if patience is None or (pause := patience.pause(attempt, elapsed)) is None:
                raise failure from None
            if patience.throttled:
                pause = self._slower(service, operation, pause)
            told = told or tell(run, elapsed + pause, str(failure))
            if not self._sleep(pause, run):
                raise failure from None
            attempt += 1

    def find(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any] | None:
        """Ask like `call`, and return None when AWS says that there is no such thing."""
        try:
            return self.call(service, operation, run, **params)
        except CloudError as error:
            if error.reason in faults.NOT_FOUND:
                return None
            raise

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> Iterator[Any]:
        """Yield the items under `key` of every page."""
        from botocore.paginate import Paginator

        client = self._client(service, operation)
        if not client.can_paginate(operation):
            yield from self.call(service, operation, **params).get(key) or ()
            return
        name = client.meta.method_to_api_mapping[operation]
        config = self._session._session.get_paginator_model(service).get_paginator(name)  # noqa: SLF001  # boto3 has no door to its core
        asked: Any = partial(self.call, service, operation)
        pages: Any = Paginator(asked, config, client.meta.service_model.operation_model(name)).paginate(**params)
        for page in pages:
            yield from page.get(key) or ()

    def wait(
        self,
        what: str,
        done: Callable[[], T | None],
        run: Run,
        *,
        every: Sequence[float] = faults.DENSE,
        limit: float = 300.0,
        address: Address | None = None,
    ) -> T:
        """Poll `done` until it returns something, first densely, then at the last step of `every`, and return that.

        `what` follows the words "waiting for". `limit` is in seconds; the run's deadline counts too.

        Raises:
            CloudError: the time is up (reason `Timeout`), or the run was stopped (reason `Interrupted`).
        """
        return wait(what, done, run, every=every, limit=limit, address=address)

    def front(self, key: str, host: str) -> str | None:
        """In a sandbox open a loopback URL, one for each `key` of this service and stage, that forwards to `host`; None on AWS itself."""
        base = self._place.front
        if not self.sandbox or not base:
            return None
        body = json.dumps({"host": host}).encode()
        request = urllib.request.Request(  # noqa: S310  # loopback http, checked by place_of
            f"{base.rstrip('/')}/fronts/{quote(f'{self._place.folder}/{key}')}", data=body, method="PUT", headers={"content-type": "application/json"}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=CONNECT_TIMEOUT) as answer:
                return str(json.load(answer)["url"])
        except (OSError, ValueError, KeyError) as error:
            msg = f"the sandbox's HTTP front at {base} does not answer: {error}"
            raise Unreachable(msg, help="fnctl sandbox stop, then try again") from None

    def artifact_location(self, sha256: str) -> tuple[str, str]:
        """Return bucket and key of an artifact in the ledger, from where Lambda reads what is too big to send."""
        return ledger_bucket(self.account, self.region), f"{self._place.folder}/artifacts/{sha256}.zip"

    def close(self) -> None:
        """Wake whoever waits between tries, and give back connections."""
        self._closing.set()
        with self._lock:
            while self._clients:
                self._clients.popitem()[1].close()

    def _client(self, service: str, operation: str) -> Any:  # boto3 builds client classes at run time
        timeout = INVOKE_TIMEOUT if (service, operation) == ("lambda", "invoke") else self._read_timeout
        with self._lock:
            if (service, timeout) not in self._clients:
                self._clients[service, timeout] = self._open(service, timeout)
            return self._clients[service, timeout]

    def _open(self, service: str, timeout: float) -> Any:
        from botocore import xform_name
        from botocore.config import Config

        endpoint = self._place.endpoint_of(self._session._session.get_service_model(service).service_id)  # noqa: SLF001
        local = endpoint is not None and loopback(endpoint)
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=timeout,
            max_pool_connections=POOL,
            # `call` retries, knowing the budgets of faults.py and whether a repeat is safe; botocore's own would multiply with it.
            retries={"mode": "standard", "total_max_attempts": 1},
            inject_host_prefix=None if endpoint is None else False,
            proxies={} if local else None,
            s3={"addressing_style": "path"} if endpoint else None,
            user_agent_extra="fnctl",
        )
        client: Any = self._session.client(service, region_name=self.region, endpoint_url=endpoint, config=config)
        url = str(client.meta.endpoint_url)
        if not loopback(url) and (self.sandbox or not url.startswith("https://")):
            msg = f"the endpoint {url} of {service} is neither https nor on this machine"
            raise FnctlError(msg, code="FN966", help=only_here(SOURCE))

        def gate(event_name: str, **_: object) -> None:
            # Here, after signing and just before the bytes leave, the spacing that the bucket gives is the spacing that AWS sees.
            if bucket := self._pace.bucket(service, xform_name(event_name.rpartition(".")[2])):
                bucket.take()

        client.meta.events.register("before-send", gate)
        return client

    def _failure(
        self, error: Exception, service: str, operation: str, params: Mapping[str, Any], endpoint: str
    ) -> tuple[FnctlError, faults.Patience | None]:
        secrets = [str(params[name]) for name in faults.SENSITIVE if name in params]
        once = faults.once(service, operation, params)
        if refused := getattr(error, "operation_name", None):  # only a ClientError has one: AWS itself answered
            return faults.answered(getattr(error, "response", {}), service, operation, str(refused), secrets, once=once)
        names = frozenset(base.__name__ for base in type(error).__mro__)
        words = faults.scrub(str(error), secrets)
        return faults.broken(names, words, service, operation, endpoint, once=once)

    def _slower(self, service: str, operation: str, pause: float) -> float:
        """Slow the pace after a throttle, and spread the threads that met it."""
        if bucket := self._pace.bucket(service, operation):
            bucket.slow()
        return pause * random.uniform(0.5, 1)  # noqa: S311  # not a secret

    def _sleep(self, seconds: float, run: Run | None) -> bool:
        if run is None:
            return not self._closing.wait(seconds)
        return run.cancel() is not Cancel.NOW and time.monotonic() + seconds < run.deadline and run.sleep(seconds)


def connect(where: Where, *, read_timeout: float = READ_TIMEOUT, pace: Pace | None = None) -> Client:
    """Open AWS as `where` says. Asks AWS nothing, unless `targets.aws.account` names the account that it must be.

    Raises:
        FnctlError: boto3 is missing, no region is set, or the account is another one.
        CredentialsError: the profile is not there, or AWS does not accept the credentials.
    """
    try:
        import boto3
        import botocore.session
        from botocore.configprovider import ConstantProvider
    except ModuleNotFoundError as error:
        msg = "the aws target needs boto3"
        raise FnctlError(msg, code="FN967", help="pip install 'fnctl-cli[aws]'", notes=(str(error),)) from None
    core = botocore.session.Session(profile=_profile(where))
    settings = core.get_component("config_store")
    for name, value in _files(where).items():
        settings.set_config_provider(name, ConstantProvider(value))
    try:
        # The environment that counts is the run's, not the process's: its keys are handed over below.
        core.get_component("credential_provider").remove("env")
        place = place_of(where, lambda: core.get_scoped_config().get("region"), core.get_partition_for_region)
        session = boto3.Session(botocore_session=core, region_name=place.region, **_keys(where))
    except _sdk_failures() as error:
        msg = f"AWS's configuration on this machine cannot be used: {error}"
        raise CredentialsError(msg, help=faults.LOGIN) from None
    client = Client(session, place, read_timeout=read_timeout, pace=pace)
    if place.account:
        place.expect(client.account)
    return client


def _profile(where: Where) -> str | None:
    """The profile to use. Only one that the manifest names switches keys in the environment off."""
    if where.sandbox:
        return None
    named = where.settings.get("profile")
    return str(named) if named else None


def _files(where: Where) -> dict[str, Any]:
    """Which files and profile botocore reads. In a sandbox none: only the stand-in's own credentials may ever be seen."""
    if where.sandbox:
        return {"config_file": os.devnull, "credentials_file": os.devnull, "profile": None}
    home = Path(where.environ.get("HOME") or where.environ.get("USERPROFILE") or Path.home())
    files: dict[str, Any] = {
        "config_file": where.environ.get("AWS_CONFIG_FILE") or str(home / ".aws" / "config"),
        "credentials_file": where.environ.get("AWS_SHARED_CREDENTIALS_FILE") or str(home / ".aws" / "credentials"),
    }
    if not _profile(where):
        files["profile"] = where.environ.get("AWS_PROFILE") or where.environ.get("AWS_DEFAULT_PROFILE")
    return files


def _keys(where: Where) -> dict[str, str]:
    """Keys of the run's own environment, as boto3's arguments."""
    names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY", "aws_session_token": "AWS_SESSION_TOKEN"}
    found = {name: value for name, variable in names.items() if (value := where.environ.get(variable))}
    if len(found) < 2:
        if where.sandbox:
            msg = "the sandbox gave no test credentials"
            raise CredentialsError(msg, code="FN953", help="fnctl sandbox stop, then try again")
        return {}
    return {} if _profile(where) else found


def _send(client: Any, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    for value in params.values():
        if hasattr(value, "seek"):
            value.seek(0)
    answer: dict[str, Any] = getattr(client, operation)(**params)
    for name in ("Body", "Payload"):
        if hasattr(answer.get(name), "read"):
            answer[name] = answer[name].read()
    return answer


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    answer.pop("ResponseMetadata", None)
    return answer


def _sdk_failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return (BotoCoreError, ClientError, ResponseParserError)
