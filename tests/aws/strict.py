"""Checks parameters against AWS's own service models, with the ranges, enums and patterns that botocore itself lets pass."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

# Lambda's shapes are shared with managed instances: an ordinary function has less.
ORDINARY = {("lambda", "Timeout"): 900, ("lambda", "MemorySize"): 10_240, ("lambda", "EphemeralStorageSize"): 10_240}


@cache
def operations(service: str) -> dict[str, OperationModel]:
    """Every operation of a service under boto3's name for it."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def faults(service: str, operation: str, params: dict[str, Any]) -> list[str]:
    """Everything that AWS would refuse about the parameters of one call."""
    model = operations(service)[operation]
    if model.input_shape is None:
        return [f"{operation} takes nothing"] if params else []
    report = ParamValidator().validate(params, model.input_shape)
    return [*([report.generate_report()] if report.has_errors() else []), *_walk(service, model.input_shape, params, operation)]


def _walk(service: str, shape: Any, value: Any, path: str) -> list[str]:
    kind, found = shape.type_name, _bounds(service, shape, value, path)
    if kind == "structure":
        for name, item in value.items():
            found += _walk(service, shape.members[name], item, f"{path}.{name}") if name in shape.members else [f"{path}.{name} is unknown"]
    elif kind == "list":
        for index, item in enumerate(value):
            found += _walk(service, shape.member, item, f"{path}[{index}]")
    elif kind == "map":
        for name, item in value.items():
            found += _walk(service, shape.key, name, f"{path} key") + _walk(service, shape.value, item, f"{path}.{name}")
    return found


def _bounds(service: str, shape: Any, value: Any, path: str) -> list[str]:
    said, found = shape.metadata, []
    size = value if isinstance(value, (int, float)) else len(value)
    most = ORDINARY.get((service, shape.name), said.get("max"))
    if (most is not None and size > most) or ("min" in said and size < said["min"]):
        found.append(f"{path} = {value!r} is not in {said.get('min')}..{most}")
    if getattr(shape, "enum", None) and value not in shape.enum:
        found.append(f"{path} = {value!r} is none of {shape.enum[:8]}")
    if isinstance(value, str) and "pattern" in said and not _matches(said["pattern"], value):
        found.append(f"{path} = {value!r} does not match {said['pattern']}")
    return found


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:  # Java's own classes, in tags and names of keys
        return True
