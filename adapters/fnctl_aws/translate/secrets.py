"""How a secret reaches a function: the environment holds where it is and which version, never the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import CLOUD, Ref, Text, Value
from fnctl.manifest.model import Function, Service
from fnctl_aws.names import arn


def vault(service: Service) -> str:
    """`ssm` (parameters, free) or `secretsmanager`: `targets.aws.secrets`."""
    return str(service.settings.get("secrets") or "ssm")


def secret_path(service: Service, name: str) -> str:
    """Where a secret is kept, in either vault."""
    return f"/fnctl/{service.name}/{service.stage}/{name}"


def secret_environment(service: Service, function: Function) -> dict[str, Value]:
    """`NAME__REF` = `ssm:/fnctl/SERVICE/STAGE/NAME:VERSION`: a new version is a change of what reads it."""
    return {f"{name}__REF": Text((f"{vault(service)}:{secret_path(service, name)}:", Ref(CLOUD, f"secret/{name}"))) for name in function.secrets}


def secret_statements(service: Service, function: Function) -> Iterator[Mapping[str, Value]]:
    """Let the function read its own secrets and no other."""
    if not function.secrets:
        return
    names = sorted(function.secrets)
    if vault(service) == "secretsmanager":
        # Secrets Manager adds `-` and six characters of its own.
        actions, found = ["secretsmanager:GetSecretValue"], [arn("secretsmanager", f"secret:{secret_path(service, name)}-??????") for name in names]
    else:
        actions, found = ["ssm:GetParameter", "ssm:GetParameters"], [arn("ssm", f"parameter{secret_path(service, name)}") for name in names]
    yield {"Sid": "Secrets", "Effect": "Allow", "Action": actions, "Resource": list(found)}
