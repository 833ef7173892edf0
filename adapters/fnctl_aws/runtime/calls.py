"""Asking AWS by hand, without its SDK: one signed `POST` of the JSON protocol, again where that helps."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from fnctl_aws.runtime.sigv4 import signed_headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SDK_NAMES = {"ssm": "SSM", "secretsmanager": "SECRETS_MANAGER", "dynamodb": "DYNAMODB"}
_ATTEMPTS = 4
_TIMEOUT = 2.0  # seconds for one attempt: Lambda's own init ends after ten
_LATER = frozenset(
    {
        *("ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "ServiceUnavailable"),
        *("ProvisionedThroughputExceededException", "RequestLimitExceeded"),
    }
)
_idle: dict[str, HTTPConnection] = {}


class CallError(Exception):
    """AWS did not do it; `kind` is its own name for the reason, `answer` all that it said."""

    def __init__(self, trouble: str, kind: str = "", answer: Mapping[str, Any] | None = None) -> None:
        super().__init__(trouble)
        self.kind = kind
        self.answer: Mapping[str, Any] = answer or {}


def ask(
    service: str, target: str, asked: Mapping[str, Any], environ: Mapping[str, str], *, version: str = "1.1", keep: bool = False
) -> dict[str, Any]:
    """Call `target` (`AmazonSSM.GetParameters`) with `asked`, up to four times.

    `version` is the JSON protocol's; `keep` leaves the connection open for the next call. Raises CallError.
    """
    if not environ.get("AWS_ACCESS_KEY_ID") or not environ.get("AWS_SECRET_ACCESS_KEY"):
        message = "no AWS credentials in the environment"
        raise CallError(message)
    body = json.dumps(asked).encode()
    error = CallError("")
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(0.1 * 3**attempt / 3)
        try:
            status, answer = _post(service, target, body, environ, version, keep=keep)
        except (OSError, HTTPException, ValueError) as failure:
            error = CallError(f"{type(failure).__name__}: {failure}")
            continue
        if status == 200:
            return answer
        kind = str(answer.get("__type", "")).rpartition("#")[2]
        error = CallError(f"{status} {kind}: {answer.get('message') or answer.get('Message') or ''}", kind, answer)
        if status < 500 and kind not in _LATER:
            break
    raise error


def _post(service: str, target: str, body: bytes, environ: Mapping[str, str], version: str, *, keep: bool) -> tuple[int, dict[str, Any]]:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    url = urlsplit(endpoint(service, region, environ))
    words = {"service": service, "region": region, "host": url.netloc, "target": target}
    headers = signed_headers(environ, **words, body=body, now=time.time(), version=version)
    connection = _idle.pop(url.netloc, None) if keep else None
    if connection is not None:
        try:
            return _sent(connection, body, headers, keep=keep)
        except (OSError, HTTPException):  # the other end closed it while nobody looked, say while the platform had frozen us
            connection.close()
    make = HTTPConnection if url.scheme == "http" else HTTPSConnection
    connection = make(url.hostname or "", url.port, timeout=_TIMEOUT)
    try:
        return _sent(connection, body, headers, keep=keep)
    except BaseException:
        connection.close()
        raise


def _sent(connection: HTTPConnection, body: bytes, headers: Mapping[str, str], *, keep: bool) -> tuple[int, dict[str, Any]]:
    connection.request("POST", "/", body, dict(headers))
    response = connection.getresponse()
    status, text = response.status, response.read()
    if keep:
        _idle[headers["host"]] = connection
    else:
        connection.close()
    return status, json.loads(text or b"{}")


def endpoint(service: str, region: str, environ: Mapping[str, str]) -> str:
    """Say where a service answers, by the variables that every AWS SDK honours."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    named = environ.get(f"AWS_ENDPOINT_URL_{_SDK_NAMES[service]}") or environ.get("AWS_ENDPOINT_URL")
    return (named or f"https://{service}.{region}.{suffix}").rstrip("/")
