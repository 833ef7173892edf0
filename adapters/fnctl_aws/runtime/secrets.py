"""Secrets at cold start: read from their vault by reference, once, and put in the environment under their own names."""

from __future__ import annotations

from functools import partial
from threading import Thread

from fnctl_aws.runtime.calls import CallError, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping
    from typing import Any, TypeAlias

    Read: TypeAlias = Callable[[], Mapping[str, str]]

SUFFIX = "__REF"
_BATCH = 10  # names in one GetParameters


class SecretError(Exception):
    """A secret that cannot be read; the message names it and never holds a value."""


def reveal(names: Iterable[str], environ: MutableMapping[str, str]) -> None:
    """Set `NAME` for each `NAME__REF`: `ssm:/PATH:VERSION` or `secretsmanager:NAME-OR-ARN:VERSION`."""
    parameters: dict[str, str] = {}
    asked = dict(environ)  # calls in parallel read this one
    reads: list[Read] = []
    for name in names:
        vault, _, reference = environ.get(name + SUFFIX, "").partition(":")
        if vault == "ssm":
            parameters[name] = reference
        elif vault == "secretsmanager":
            reads.append(partial(_secret, name, reference, asked))
        elif name not in environ:
            message = f"secret {name} has no reference: {name}{SUFFIX} is missing in the environment or is of no known form"
            raise SecretError(message)
    pending = list(parameters.items())
    reads += [partial(_parameters, dict(pending[start : start + _BATCH]), asked) for start in range(0, len(pending), _BATCH)]
    for found in _together(reads):
        environ.update(found)


def _together(reads: list[Read]) -> list[Mapping[str, str]]:
    """Run all at once: each is a round trip that the first caller waits for. The first failure, in their order, is raised."""
    if len(reads) < 2:
        return [read() for read in reads]
    found: dict[int, Mapping[str, str]] = {}
    failed: dict[int, Exception] = {}

    def run(index: int, read: Read) -> None:
        try:
            found[index] = read()
        except Exception as error:  # noqa: BLE001  # raised below, in the thread that waits
            failed[index] = error

    threads = [Thread(target=run, args=item) for item in enumerate(reads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[min(failed)]
    return [found[index] for index in sorted(found)]


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


def _secret(name: str, reference: str, environ: Mapping[str, str]) -> dict[str, str]:
    secret, version = _split(reference)
    asked = {"SecretId": secret}
    if version:
        asked["VersionId" if len(version) >= 32 else "VersionStage"] = version  # ids are 32-64 characters, labels are words
    answer = _ask("secretsmanager", "secretsmanager.GetSecretValue", asked, {name: reference}, environ)
    if "SecretString" not in answer:
        message = f"secret {name} (secretsmanager:{reference}) is binary; a secret in the environment is text"
        raise SecretError(message)
    return {name: str(answer["SecretString"])}


def _split(reference: str) -> tuple[str, str]:
    """Take a version off; an ARN has six colons of its own."""
    if reference.startswith("arn:") and reference.count(":") == 6:
        return reference, ""
    secret, colon, version = reference.rpartition(":")
    return (secret, version) if colon else (reference, "")


def _ask(service: str, target: str, asked: Mapping[str, Any], references: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        return ask(service, target, asked, environ)
    except CallError as error:
        message = f"cannot read secret {', '.join(references)} from {service}: {error}"
        raise SecretError(message) from None
