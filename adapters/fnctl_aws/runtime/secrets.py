"""Secrets at cold start: read from their vault by reference, once, and put in the environment under their own names."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from fnctl_aws.runtime.sigv4 import signed_headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from typing import Any

SUFFIX = "__REF"
_SDK_NAMES = {"ssm": "SSM", "secretsmanager": "SECRETS_MANAGER"}
_BATCH = 10  # names in one GetParameters
_ATTEMPTS = 4
_TIMEOUT = 2.0  # seconds for one attempt: Lambda's own init ends after ten
_LATER = ("ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "ServiceUnavailable")


class SecretError(Exception):
    """A secret that cannot be read; the message names it and never holds a value."""


def reveal(names: Iterable[str], environ: MutableMapping[str, str]) -> None:
    """Set `NAME` for each `NAME__REF`: `ssm:/PATH:VERSION` or `secretsmanager:NAME-OR-ARN:VERSION`."""
    parameters: dict[str, str] = {}
    for name in names:
        vault, _, reference = environ.get(name + SUFFIX, "").partition(":")
        if vault == "ssm":
            parameters[name] = reference
        elif vault == "secretsmanager":
            environ[name] = _secret(name, reference, environ)
        elif name not in environ:
            message = f"secret {name} has no reference: {name}{SUFFIX} is missing in the environment or is of no known form"
            raise SecretError(message)
    pending = list(parameters.items())
    for start in range(0, len(pending), _BATCH):
        environ.update(_parameters(dict(pending[start : start + _BATCH]), environ))


def _parameters(references: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    wanted = sorted(set(references.values()))
    answer = _ask("ssm", "AmazonSSM.GetParameters", {"Names": wanted, "WithDecryption": True}, references, environ)
    found: dict[str, str] = {}
    for parameter in answer.get("Parameters", ()):
        path = parameter["Name"].removesuffix(parameter.get("Selector") or "")
        for selector in (parameter.get("Selector"), f":{parameter.get('Version')}", ""):
            found.setdefault(path + (selector or ""), parameter["Value"])
    missing = [f"{name} (ssm:{reference})" for name, reference in references.items() if reference not in found]
    if missing:
        message = f"secret {', '.join(missing)} does not exist in that version"
        raise SecretError(message)
    return {name: found[reference] for name, reference in references.items()}


def _secret(name: str, reference: str, environ: Mapping[str, str]) -> str:
    secret, version = _split(reference)
    asked = {"SecretId": secret}
    if version:
        asked["VersionId" if len(version) >= 32 else "VersionStage"] = version  # ids are 32-64 characters, labels are words
    answer = _ask("secretsmanager", "secretsmanager.GetSecretValue", asked, {name: reference}, environ)
    if "SecretString" not in answer:
        message = f"secret {name} (secretsmanager:{reference}) is binary; a secret in the environment is text"
        raise SecretError(message)
    return str(answer["SecretString"])


def _split(reference: str) -> tuple[str, str]:
    """Take a version off; an ARN has six colons of its own."""
    if reference.startswith("arn:") and reference.count(":") == 6:
        return reference, ""
    secret, colon, version = reference.rpartition(":")
    return (secret, version) if colon else (reference, "")


def _ask(service: str, target: str, asked: Mapping[str, Any], references: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Any]:
    if not environ.get("AWS_ACCESS_KEY_ID") or not environ.get("AWS_SECRET_ACCESS_KEY"):
        message = f"cannot read secret {', '.join(references)}: no AWS credentials in the environment"
        raise SecretError(message)
    body = json.dumps(asked).encode()
    trouble = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(0.1 * 3**attempt / 3)
        try:
            status, answer = _post(service, target, body, environ)
        except (OSError, HTTPException, ValueError) as error:
            trouble = f"{type(error).__name__}: {error}"
            continue
        if status == 200:
            return answer
        kind = str(answer.get("__type", "")).rpartition("#")[2]
        trouble = f"{status} {kind}: {answer.get('message') or answer.get('Message') or ''}"
        if status < 500 and kind not in _LATER:
            break
    message = f"cannot read secret {', '.join(references)} from {service}: {trouble}"
    raise SecretError(message)


def _post(service: str, target: str, body: bytes, environ: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    url = urlsplit(endpoint(service, region, environ))
    headers = signed_headers(environ, service=service, region=region, host=url.netloc, target=target, body=body, now=time.time())
    open_connection = HTTPConnection if url.scheme == "http" else HTTPSConnection
    connection = open_connection(url.hostname or "", url.port, timeout=_TIMEOUT)
    try:
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def endpoint(service: str, region: str, environ: Mapping[str, str]) -> str:
    """Say where a service answers, by the variables that every AWS SDK honours."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    named = environ.get(f"AWS_ENDPOINT_URL_{_SDK_NAMES[service]}") or environ.get("AWS_ENDPOINT_URL")
    return (named or f"https://{service}.{region}.{suffix}").rstrip("/")
