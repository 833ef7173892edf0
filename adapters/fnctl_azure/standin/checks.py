"""What a body must be before a provider sees it: required properties, closed lists, places, tags."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from fnctl_azure.standin.table import Spec
from fnctl_azure.standin.wire import Refused, refused, refused_by_web
from fnctl_azure.standin.world import Resource

REGIONS = [
    "Australia East",
    "Brazil South",
    "Canada Central",
    "Central India",
    "Central US",
    "East Asia",
    "East US",
    "East US 2",
    "France Central",
    "Germany West Central",
    "Italy North",
    "Japan East",
    "Korea Central",
    "North Central US",
    "North Europe",
    "Norway East",
    "Poland Central",
    "South Africa North",
    "South Central US",
    "Southeast Asia",
    "Spain Central",
    "Sweden Central",
    "Switzerland North",
    "UAE North",
    "UK South",
    "UK West",
    "West Central US",
    "West Europe",
    "West US",
    "West US 2",
    "West US 3",
]
DISPLAYED = {region.replace(" ", "").lower(): region for region in REGIONS}
TAGS = 50
TAG_NAME = 512
TAG_NAME_STORAGE = 128
TAG_VALUE = 256
TAG_FORBIDDEN = set("<>%&\\?/")
_ABSENT = object()


def name(spec: Spec, called: str) -> None:
    """Refuse a name that the type does not have."""
    if not spec.named(called):
        code, message = spec.message or ("InvalidResourceName", "Resource name '{name}' is invalid.")
        raise _refused(spec, 400, code, message.replace("{name}", called))


def body(spec: Spec, called: str, given: Mapping[str, Any], old: Resource | None) -> None:
    """Refuse a PUT that the type does not take."""
    if spec.located:
        _place(spec, called, given, old)
    tags(spec, given.get("tags"))
    for path in spec.required:
        if at(given, path) in (_ABSENT, None, ""):
            raise _refused(spec, 400, "BadRequest" if spec.displayed else "InvalidRequestContent", f"Required property '{path}' not found in JSON.")
    values(spec, given)


def values(spec: Spec, given: Mapping[str, Any]) -> None:
    """Refuse values outside closed lists and ranges, of a PUT or a PATCH."""
    for path, allowed in spec.enums.items():
        value = at(given, path)
        if value is not _ABSENT and value is not None and str(value).lower() not in {str(of).lower() for of in allowed}:
            options = ", ".join(str(of) for of in allowed)
            raise _refused(spec, 400, "InvalidValue", f"The value '{value}' of '{path}' is not valid. Allowed values are: {options}.")
    for path, (least, most) in spec.ranges.items():
        value = at(given, path)
        if value is not _ABSENT and value is not None and not (isinstance(value, int) and least <= value <= most):
            raise _refused(spec, 400, "InvalidValue", f"The value '{value}' of '{path}' must be between {least} and {most}.")


def tags(spec: Spec, given: Any) -> None:
    """Refuse tags that Azure does not keep."""
    if given is None:
        return
    if not isinstance(given, dict) or not all(isinstance(value, str | None) for value in given.values()):
        raise refused(400, "InvalidTags", "The tags must be an object of strings.")
    if len(given) > TAGS:
        raise refused(400, "TooManyTags", f"The number of tags '{len(given)}' exceeds the maximum of '{TAGS}'.")
    longest = TAG_NAME_STORAGE if spec.type.startswith("Microsoft.Storage/") else TAG_NAME
    for word, value in given.items():
        if not word or len(word) > longest or TAG_FORBIDDEN & set(word):
            raise refused(400, "InvalidTagNameCharacters" if len(word) <= longest else "InvalidTagName", f"The tag name '{word}' is not valid.")
        if len(value or "") > TAG_VALUE:
            raise refused(400, "InvalidTagValue", f"The value of tag '{word}' is longer than {TAG_VALUE} characters.")
    if len({word.lower() for word in given}) < len(given):
        raise refused(400, "DuplicateTagName", "Tag names must differ in more than case.")


def region(location: Any) -> str:
    """Put a location in the form of ids: westeurope."""
    return str(location or "").replace(" ", "").lower()


def _place(spec: Spec, called: str, given: Mapping[str, Any], old: Resource | None) -> None:
    where = region(given.get("location"))
    if not where:
        raise refused(400, "LocationRequired", "The location property is required for this definition.")
    if where not in DISPLAYED and where != "global":
        message = f"The provided location '{given['location']}' is not available for resource type '{spec.type}'."
        raise refused(400, "LocationNotAvailableForResourceType", message)
    if old is not None and region(old.body.get("location")) != where:
        message = (
            f"The resource '{called}' already exists in location '{region(old.body.get('location'))}'. A "
            f"resource with the same name cannot be created in location '{where}'. Please select a new resource name."
        )
        raise refused(409, "InvalidResourceLocation", message)


def at(given: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or a mark of absence that equals nothing else."""
    value: Any = given
    for word in path.split("."):
        value = value.get(word, _ABSENT) if isinstance(value, dict) else _ABSENT
        if value is _ABSENT:
            return _ABSENT
    return value


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Put one object over another, deeply; lists and plain values replace."""
    found = copy.deepcopy(dict(below))
    for key, value in above.items():
        here = found.get(key)
        found[key] = merged(here, value) if isinstance(value, dict) and isinstance(here, dict) else copy.deepcopy(value)
    return found


def _refused(spec: Spec, status: int, code: str, message: str) -> Refused:
    return (refused_by_web if spec.type.startswith("Microsoft.Web/") else refused)(status, "BadRequest" if code == "InvalidValue" else code, message)
