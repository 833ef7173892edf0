"""`fnctl schema`."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any

import typer

from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.commands.table import FORMS
from fnctl.errors import UsageError


def schema(
    ctx: typer.Context,
    form: Annotated[
        str | None, typer.Option("--form", metavar="NAME", help=f"A machine form: {', '.join(FORMS)}.", autocompletion=complete.forms)
    ] = None,
    types: Annotated[bool, typer.Option("--types", help="The TypeScript types of what Node handlers meet.")] = False,
) -> None:
    """Print the JSON Schema of the manifest, with the words of every installed adapter, or of one of the machine forms.

    Examples:
        fnctl schema > manifest.schema.json
        fnctl schema --form plan
        fnctl schema --types > src/fnctl-runtime.d.ts
    """
    import fnctl_schemas

    run: Run = ctx.obj
    if types:
        run.show(files("fnctl_runtime").joinpath("node", "fnctl-runtime.d.ts").read_text("utf-8").rstrip())
        return
    if form is None:
        run.document(manifest())
        return
    if form not in FORMS:
        message = f"there is no machine form '{form}'"
        raise UsageError(message, help=f"there are {', '.join(FORMS)}")
    run.show(fnctl_schemas.text(f"{form}-1.schema.json").rstrip())


def manifest() -> dict[str, Any]:
    """Give the manifest's schema with the words of third-party adapters; those of the built-in ones are in it."""
    import fnctl_schemas
    from fnctl import plugins

    whole: dict[str, Any] = fnctl_schemas.read("manifest-1.schema.json")
    parts = whole["$defs"]
    for target, words in plugins.schemas().items():
        if target not in parts["targets"]["properties"]:
            any_target = parts["targets"]["additionalProperties"]["properties"]
            parts["targets"]["properties"][target] = _map({**any_target, **_properties(words, "target")})
            parts["functionTargets"]["properties"][target] = _map(_properties(words, "function"))
            parts["resourceTargets"]["properties"][target] = _map(_properties(words, "resource"))
    return whole


def _properties(words: Any, part: str) -> dict[str, Any]:  # a stranger's JSON
    found = words.get(part)
    return dict(found) if isinstance(found, dict) else {}


def _map(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": properties}
