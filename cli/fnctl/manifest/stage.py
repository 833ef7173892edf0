"""The document of one stage: overlays laid over it, then `${...}` filled in."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import chain
from operator import is_
from typing import Any, TypeAlias

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic
from fnctl.manifest import shape
from fnctl.manifest.load import Document
from fnctl.manifest.model import Key
from fnctl.manifest.origins import Origins
from fnctl.manifest.suggest import did_you_mean
from fnctl.pattern import later

_Path: TypeAlias = "tuple[Key, ...]"
_PLACEHOLDER = later(r"\$(\$\{)|\$\{([^}]*)\}")
_ENV_NAME = later(rb"\$\{env\.([^}]*)\}")
_STAGE = later(r"[a-z][a-z0-9-]{0,19}")
_UNSET = object()
_FUNCTION = ("functions", "NAME")
"""Deeper than this, maps and lists are small enough to look through all of them at once."""
DEFAULT = "dev"
_GLOB = frozenset("*?[")


@dataclass
class Staged:
    """One stage's document. `touched` names what an overlay or a placeholder changed: its shape has to be checked again."""

    data: dict[str, Any]
    overlays: tuple[str, ...] = ()
    touched: set[_Path] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    memo: dict[Any, Any] = field(default_factory=dict)


def staged(document: Document, stage: str, environ: Mapping[str, str]) -> Staged:
    """Lay a stage over the document and fill in placeholders. Remembered: every target of one run has the same stage."""
    used = {name.decode() for raw in document.files.values() if b"${env." in raw for name in _ENV_NAME.findall(raw)}
    memo = (stage, frozenset((name, environ.get(name)) for name in used))
    if memo not in document.memo:
        document.memo[memo] = _stage(document, stage, environ)
    found: Staged = document.memo[memo]
    return found


def _matches(stage: str, name: str) -> bool:
    """Tell whether a name under `stages` means a stage: it is that, or a glob."""
    return stage == name or (not _GLOB.isdisjoint(name) and fnmatchcase(stage, name))


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one map over another: maps merge, lists and values replace, null removes."""
    out = dict(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif value.__class__ is dict:
            old = out.get(key)
            out[key] = merge(old if isinstance(old, dict) else {}, value)
        else:
            out[key] = value
    return out


def _stage(document: Document, stage: str, environ: Mapping[str, str]) -> Staged:
    data = {key: value for key, value in document.data.items() if key not in ("stages", "include")}
    stages: dict[str, Any] = document.data.get("stages") or {}
    out = Staged(data)
    if problem := _unknown(document, stage, stages):
        out.diagnostics.append(problem)
        return out
    globs = [name for name in stages if name != stage and _matches(stage, name)]
    out.overlays = (*globs, *([stage] if stage in stages else []))
    for name in out.overlays:
        overlay = stages[name] or {}
        out.data = merge(out.data, overlay)
        out.touched |= {(key,) for key in overlay if key not in _NAMED}
        out.touched |= {(key, item) for key in overlay if key in _NAMED for item in overlay[key] or ()}
    if any(b"${" in raw for raw in document.files.values()):
        _fill(document, out, stage, environ)
    if not out.diagnostics:
        out.diagnostics += _reshaped(document, out)
    return out


def _reshaped(document: Document, out: Staged) -> list[Diagnostic]:
    """Check again the shape of what an overlay or a placeholder made: a patch is partial, and a variable may hold anything."""
    root = shape.manifest().shape(shape.manifest().document)
    origins = Origins(document, "", out.overlays)
    found = []
    for path in sorted(out.touched, key=str):
        form, value = root.prop(str(path[0])), out.data.get(str(path[0]))
        if len(path) == 2 and form is not None:
            form, value = form.extra if isinstance(form.extra, shape.Shape) else None, (value or {}).get(path[1])
        problems = shape.check(form, value, path) if form is not None and value is not None else []
        found += [_diagnostic(p, origins) for p in problems]
    return found


_NAMED = ("functions", "resources", "workflows")
_THINGS = tuple((section,) for section in _NAMED)


def _diagnostic(p: shape.Problem, origins: Origins) -> Diagnostic:
    span = origins.patch(p.path) if p.code == "FN011" else origins(*p.path, key=p.key)
    return Diagnostic(p.code, "error", p.message, span, p.label, help=p.help)


def _unknown(document: Document, stage: str, stages: Mapping[str, Any]) -> Diagnostic | None:
    if stage != DEFAULT and not _STAGE.fullmatch(stage):
        return Diagnostic(
            "FN020", "error", f"`{stage}` is no name for a stage", help="a small letter, then small letters, digits and hyphens, at most 20"
        )
    if not stages or stage == DEFAULT or any(_matches(stage, name) for name in stages):
        return None
    return Diagnostic(
        "FN020", "error", f"there is no stage `{stage}`", document.span(("stages",), key=True), "not among these", help=did_you_mean(stage, stages)
    )


def _fill(document: Document, out: Staged, stage: str, environ: Mapping[str, str]) -> None:
    filler = _Filler(Origins(document, "", out.overlays), {"stage": stage}, environ, out)
    given = out.data.get("vars") or {}
    filler.known["vars"] = {}
    filler.known["vars"] = {name: filler.value(value, ("vars", name)) for name, value in given.items()}
    out.data = {key: value if key == "vars" else filler.value(value, (key,)) for key, value in out.data.items()}
    out.data["vars"] = filler.known["vars"]


class _Filler:
    """One pass over a document. `known` is what placeholders may name."""

    def __init__(self, origins: Origins, known: dict[str, Any], environ: Mapping[str, str], out: Staged) -> None:
        self.origins, self.known, self.environ, self.out = origins, known, environ, out
        self.met: dict[tuple[int, bool], Any] = {}

    def things(self, given: dict[str, Any], path: _Path) -> dict[str, Any]:
        """Fill in all functions, or all resources: only the words in which any of them has a placeholder are looked at one by one."""
        maps = [thing for thing in given.values() if thing.__class__ is dict]
        words = dict.fromkeys(chain.from_iterable(maps))
        speaking = [word for word in words if not _plain([thing[word] for thing in maps if word in thing])]
        out = dict(given)
        for word in speaking:
            for name, thing in out.items():
                value = thing.get(word) if thing.__class__ is dict else None
                filled = self.met.get((id(value), word == "env"), value)
                if filled is value:
                    filled = self.value(value, (*path, name, word))
                if filled is not value:
                    out[name] = {**thing, word: filled}
        return out

    def value(self, value: Any, path: _Path) -> Any:
        kind = value.__class__
        if kind is str:
            return self.text(value, path) if "${" in value else value
        return self.collection(value, path) if kind is dict or kind is list else value

    def collection(self, value: Any, path: _Path) -> Any:
        """Fill in a map or a list. One without placeholders stays the object that it is, and one that was met before has the same answer."""
        memo, findings = (id(value), path[2:3] == ("env",)), len(self.out.diagnostics)
        if memo in self.met:
            return self.met[memo]
        if path in _THINGS and value.__class__ is dict:
            return self.things(value, path)
        if len(path) > len(_FUNCTION) and _plain(value):
            self.met[memo] = value
            return value
        members = value.items() if value.__class__ is dict else enumerate(value)
        items = [item if item.__class__ is str and "${" not in item else self.value(item, (*path, key)) for key, item in members]
        if all(map(is_, items, value.values() if value.__class__ is dict else value)):
            return value
        made = dict(zip(value, items, strict=True)) if value.__class__ is dict else items
        if memo[1] and len(self.out.diagnostics) == findings:  # elsewhere each path with a placeholder has to be told of
            self.met[memo] = made
        return made

    def text(self, text: str, path: _Path) -> Any:
        """Fill in one text. A placeholder alone keeps the type of its value: `memory: ${vars.memory}` may be a number."""
        if path[2:3] != ("env",):
            self.out.touched.add(path[:2] if path[0] in _NAMED else path[:1])
        match = _PLACEHOLDER.fullmatch(text)
        if match and not match[1]:
            return self.look_up(match[2], path, text)
        return _PLACEHOLDER.sub(lambda m: "${" if m[1] else _spelt(self.look_up(m[2], path, m[0])), text)

    def look_up(self, name: str, path: _Path, text: str) -> Any:
        kind, _, rest = name.partition(".")
        value: Any = _UNSET
        if name == "stage":
            value = self.known["stage"]
        elif kind == "vars":
            value = self.known["vars"].get(rest, _UNSET)
        elif kind == "env":
            value = self.environ.get(rest, _UNSET)
        if value is _UNSET:
            self.out.diagnostics.append(self.unknown(name, path))
            return text
        if isinstance(value, str) and "${" in value and path[0] != "vars" and path[2:3] != ("env",):
            help = "placeholders are filled in once: write the value itself"
            self.out.diagnostics.append(Diagnostic("FN023", "error", f"`{name}` holds a placeholder itself", self.origins(*path), help=help))
        return value

    def unknown(self, name: str, path: _Path) -> Diagnostic:
        kind, _, rest = name.partition(".")
        span = self.origins(*path)
        shown = "${" + (name if len(name) <= 40 else name[:39] + "…") + "}"
        if kind == "vars" and rest:
            known = self.known["vars"]
            otherwise = f"declare it: vars: {{ {rest}: ... }}, for every stage or in one"
            near = did_you_mean(rest, known, otherwise) if known else otherwise
            return Diagnostic(
                "FN023", "error", f"`{shown}`: there is no variable `{rest}` in stage {self.known['stage']}", span, "not a variable", help=near
            )
        if kind == "env" and rest:
            return Diagnostic(
                "FN023", "error", f"`{shown}`: the environment has no {rest}", span, "not set", help=f"set it where fnctl runs: export {rest}=..."
            )
        help = "${vars.x}, ${stage} and ${env.X} are filled in, nothing else; names and URLs of what a function `uses` arrive in its environment"
        return Diagnostic("FN023", "error", f"`{shown}` has no meaning", span, "nothing of that name", help=help)


def _plain(value: Any) -> bool:
    """Tell that no text of a value holds a placeholder; what says False may be wrong."""
    return b"${" not in marshal.dumps(value)


def _spelt(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
