"""The hook implementation of AWS Lambda: what fnctl sees of this distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fnctl_schemas
from fnctl.hookspecs import hookimpl

if TYPE_CHECKING:  # nothing of the contract is needed to check a manifest
    from fnctl.adapter import Adapter, Cloud, Sandbox, Where
    from fnctl.build.model import BuildTarget, Bundle, Recipe
    from fnctl.graph import Artifact, Graph, Json
    from fnctl.manifest.model import Service
    from fnctl.rules.model import Rule

GLIBC = {"python3.11": 26, "python3.10": 26}
"""Minor version of glibc: Amazon Linux 2 has 2.26, every later runtime stands on Amazon Linux 2023 with 2.34."""
PROVIDED = ("boto3", "botocore", "s3transfer")


class Aws:
    """AWS Lambda. Everything but the schema is imported when it is asked for: `fnctl validate` pays for nothing else."""

    name = "aws"
    title = "AWS Lambda"
    ready = True
    extra = "aws"
    endpoint = "AWS_ENDPOINT_URL"

    def schema(self) -> Mapping[str, Json]:
        """Return the words of `targets.aws`."""
        found: dict[str, Any] = fnctl_schemas.parse(Path(__file__).with_name("schema.json").read_text("utf-8"))
        return found

    def abilities(self) -> Mapping[str, Any]:
        """Return nothing that a manifest can say and AWS never does; what fnctl does not do there yet is a rule."""
        return {}

    def rules(self) -> Iterable[Rule]:
        """Return AWS's checks."""
        from fnctl_aws.limits import RULES

        return RULES

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """Return Amazon Linux of the runtime's generation."""
        from fnctl.build.model import BuildTarget

        wanted = service.functions[function]
        python = wanted.runtime.removeprefix("python") if wanted.runtime.startswith("python") else None
        return BuildTarget(
            wanted.runtime,
            wanted.architecture,
            platform_tags=_tags(wanted.runtime, wanted.architecture),
            python=python,
            externals=() if python else ("@aws-sdk/*",),
            provided=PROVIDED if python else (),
        )

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Return one artifact a function: its own files, its wheels, and the shim that Lambda calls."""
        from fnctl.build.model import Recipe
        from fnctl_aws.runtime.recipe import shim

        for name, bundle in bundles.items():
            between = shim(service, service.functions[name], bundle)
            facts: dict[str, Json] = {"handler": between.handler, "shim": between.digest, "environment": dict(_environment(service, name))}
            yield Recipe(name, (*bundle.files, *between.files), {"": bundle.wheels}, (name,), facts, prebuilt=bundle.prebuilt)

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """Return the AWS objects of a service."""
        from fnctl_aws.translate import translate

        return translate(service, artifacts)

    def connect(self, where: Where) -> Cloud:
        """Open one account and region."""
        from fnctl_aws.cloud import connect

        return connect(where)

    def sandbox(self, folder: Path) -> Sandbox | None:
        """Return the stand-in on this machine."""
        from fnctl_aws.sandbox import sandbox

        return sandbox(folder)


def _environment(service: Service, function: str) -> Mapping[str, str]:
    """Return what Lambda itself sets and code reads while it is imported; its credentials are not among it."""
    region = str(service.settings.get("region") or "us-east-1")
    named = {"AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
    # Nothing at import time may look for credentials on this machine, or in its network.
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_EXECUTION_ENV": "AWS_Lambda", "TZ": ":UTC", **named, **nobody}


def _tags(runtime: str, architecture: str) -> tuple[str, ...]:
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    newest = GLIBC.get(runtime, 34)
    modern = tuple(f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1))
    legacy = ("manylinux2014", "manylinux2010", "manylinux1") if machine == "x86_64" else ("manylinux2014",)
    return (*modern, *(f"{tag}_{machine}" for tag in legacy))


@hookimpl
def fnctl_adapter() -> Adapter:
    """Speak for AWS."""
    return Aws()
