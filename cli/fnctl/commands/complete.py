"""Words for the shell's completion, from the manifest at hand. On any trouble there are none: a shell is no place for errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from fnctl.commands.table import FORMS, GLOBALS


def functions(ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the manifest's functions."""
    return _keys(ctx, "functions")


def stages(ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the manifest's stages; a glob is no name."""
    return [name for name in _keys(ctx, "stages") if "*" not in name]


def targets(ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the manifest's targets."""
    return _keys(ctx, "targets")


def secrets(ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the manifest's secrets."""
    return _keys(ctx, "secrets")


def forms(_ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the machine forms."""
    return list(FORMS)


def outputs(_ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the forms of output."""
    return next(list(option.choices) for option in GLOBALS if option.name == "output")


def plans(_ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the plans of every platform."""
    from fnctl.rules.limits import TARGETS, document

    return [plan for target in TARGETS for plan in document(target)["plans"]]


def rules(_ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the codes of every rule."""
    from fnctl import catalogue

    return [rule.code for rule in catalogue.every()]


def codes(_ctx: typer.Context, _args: list[str], _incomplete: str) -> list[str]:
    """Name the codes of every rule, and of what a run meets."""
    from fnctl import catalogue

    return [*(rule.code for rule in catalogue.every()), *(met.code for met in catalogue.troubles())]


def _keys(ctx: typer.Context, part: str) -> list[str]:
    import yaml

    try:
        document = yaml.safe_load(_manifest(ctx).read_text("utf-8"))
        return [str(key) for key in document.get(part) or ()]
    except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError):
        return []


def _manifest(ctx: Any) -> Path:  # typer.Context, or its parent class
    while ctx is not None:
        if ctx.params.get("manifest"):
            return Path(ctx.params["manifest"])
        ctx = ctx.parent
    here = Path.cwd()
    return next((folder / "fnctl.yaml" for folder in (here, *here.parents) if (folder / "fnctl.yaml").is_file()), Path("fnctl.yaml"))
