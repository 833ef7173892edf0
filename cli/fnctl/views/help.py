"""Help pages: examples first, then usage, then the options under their headings. Plain text, so that nothing heavy is imported for it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from fnctl.views.theme import Paint, painter

EXAMPLES = "Examples:"


def verb(command: Any, ctx: Any, *, color: bool, width: int) -> str:  # typer's command and context
    """Write the page of one verb, or of a group of verbs."""
    paint = painter(color=color)
    verbs = [(name, command.get_command(ctx, name).get_short_help_str(100)) for name in _names(command, ctx)]
    sections = {"Commands": verbs} if verbs else {}
    return _page(command, ctx, {**sections, **_options(command, ctx)}, paint, width)


def root(command: Any, ctx: Any, table: Mapping[str, tuple[str, str]], *, color: bool, width: int) -> str:
    """Write the first page, from the table of verbs: no verb is imported for it."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for name, (heading, text) in table.items():
        sections.setdefault(heading, []).append((name, text))
    return _page(command, ctx, {**sections, **_options(command, ctx)}, painter(color=color), width)


def _names(command: Any, ctx: Any) -> list[str]:
    return list(command.list_commands(ctx)) if hasattr(command, "list_commands") else []


def _page(command: Any, ctx: Any, sections: Mapping[str, list[tuple[str, str]]], paint: Paint, width: int) -> str:
    about, _, examples = cleandoc(command.help or "").partition(EXAMPLES)
    parts = [_paragraphs(about, width)]
    if examples:
        parts.append(paint("Examples", "bold") + "\n" + textwrap.indent(cleandoc(examples), "  "))
    parts.append(paint("Usage", "bold") + f"\n  {ctx.command_path} {_usage(command, ctx)}")
    column = min(26, max((len(term) for rows in sections.values() for term, _ in rows), default=0))
    parts += [paint(heading, "bold") + "\n" + "\n".join(_rows(rows, column, width)) for heading, rows in sections.items()]
    return "\n\n".join(parts) + "\n"


def _usage(command: Any, ctx: Any) -> str:
    # Typer writes a required argument as {NAME}, which reads like a placeholder of our own manifests.
    return " ".join(piece.strip("{}") for piece in command.collect_usage_pieces(ctx))


def _paragraphs(text: str, width: int) -> str:
    return "\n\n".join(textwrap.fill(" ".join(part.split()), width) for part in text.strip().split("\n\n"))


def _options(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = None if getattr(param, "hidden", False) else _record(param, ctx)
        if record:
            heading = "Arguments" if param.param_type_name == "argument" else param.rich_help_panel or "Options"
            sections.setdefault(heading, []).append(record)
    return dict(sorted(sections.items(), key=lambda item: _ORDER.get(item[0], 1)))


_ORDER = {"Arguments": 0, "Options": 1, "Where": 2, "What you see": 3, "Questions": 4}


def _record(param: Any, ctx: Any) -> tuple[str, str]:
    if param.param_type_name == "argument":
        return param.make_metavar(ctx), param.help or ""
    flags = ", ".join(sorted(param.opts, key=lambda flag: flag.startswith("--")))
    return (flags if param.is_flag else f"{flags} {param.metavar or 'VALUE'}"), param.help or ""


def _rows(rows: Iterable[tuple[str, str]], column: int, width: int) -> Iterable[str]:
    for term, text in rows:
        lines = textwrap.wrap(text, max(20, width - column - 4)) or [""]
        if len(term) > column:
            yield f"  {term}"
        else:
            yield f"  {term.ljust(column)}  {lines.pop(0)}".rstrip()
        yield from (f"  {' ' * column}  {line}" for line in lines)
