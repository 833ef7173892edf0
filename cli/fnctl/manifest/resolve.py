"""What a manifest means for one stage and one target: Document -> Service, with the line that every value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic, has_errors
from fnctl.graph import Json
from fnctl.manifest import functions, shape, units
from fnctl.manifest.load import Document
from fnctl.manifest.model import Function, Functions, Key, Resource, Service
from fnctl.manifest.origins import Origins
from fnctl.manifest.stage import Staged, merge, staged
from fnctl.manifest.suggest import did_you_mean

BUILT_IN = ("aws", "azure", "vercel")


@dataclass(frozen=True)
class Resolution:
    """What came out. `service` is None when the stage or target cannot be; its own errors then say why. `data` is the stage's document."""

    service: Service | None
    diagnostics: list[Diagnostic]
    origins: Origins
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class _Forms:
    """The shapes of one target's own words; None for a third party that gave no schema."""

    target: shape.Shape | None
    function: shape.Shape | None
    resource: shape.Shape | None


def targets(document: Document) -> tuple[str, ...]:
    """Return the targets that a manifest names, in its order."""
    given = document.data.get("targets")
    return tuple(given) if isinstance(given, dict) else ()


def resolve(
    document: Document,
    *,
    target: str,
    stage: str,
    environ: Mapping[str, str],
    schemas: Mapping[str, Mapping[str, Json]] | None = None,
) -> Resolution:
    """Resolve a valid Document; an invalid one gives no service and no further findings.

    `schemas` is `Adapter.schema()` by target, for targets that the manifest's own schema does not know.
    """
    if not document.valid:
        return Resolution(None, [], Origins(document, target, ()))
    stage_data = staged(document, stage, environ)
    origins = Origins(document, target, stage_data.overlays)
    found = [*stage_data.diagnostics, *_target(stage_data.data, target, origins)]
    if has_errors(found):
        return Resolution(None, found, origins)
    forms = _forms(target, schemas)
    found += _third_party(stage_data.data, target, forms, schemas, origins)
    if has_errors(found):
        return Resolution(None, found, origins)
    return Resolution(_service(document, stage_data, target, stage, forms, origins, found), found, origins, stage_data.data)


def describe(resolution: Resolution) -> Mapping[str, Json]:
    """Return the resolved manifest as plain values, what is unset left out; for `fnctl show --resolved`."""
    service = resolution.service
    if service is None:
        return {}
    plain = _plain(service)
    assert isinstance(plain, dict)  # noqa: S101
    return {key: value for key, value in plain.items() if key not in ("folder", "elsewhere", "lent")}


def explain(resolution: Resolution) -> dict[str, str]:
    """Say of every resolved value, by its dotted path, where it came from: file, line and layer; for `fnctl show --resolved --explain`."""
    return {".".join(map(str, path)): resolution.origins.text(path) for path in _written(resolution)}


def _written(resolution: Resolution) -> Iterator[tuple[Key, ...]]:
    service, data, target = resolution.service, resolution.data, resolution.origins.target
    if service is None:
        return
    for name in service.functions:
        yield from _leaves(functions.layered(name, data, target)[0], ("functions", name))
    for name in service.resources:
        given = data["resources"][name]
        words = merge(given, (given.get("targets") or {}).get(target) or {})
        yield from _leaves({key: value for key, value in words.items() if key != "targets"}, ("resources", name))
    for name, workflow in service.workflows.items():
        yield from (("workflows", name, word) for word in sorted(workflow))
    yield from _leaves(service.settings, ("targets", target))


def _leaves(value: Any, path: tuple[Key, ...]) -> Iterator[tuple[Key, ...]]:
    """Yield the paths of a map's values; a list is one value, because lists replace."""
    if not isinstance(value, dict) or not value:
        yield path
        return
    for key in sorted(value):
        yield from _leaves(value[key], (*path, key))


def _target(data: Mapping[str, Any], target: str, origins: Origins) -> list[Diagnostic]:
    known = data.get("targets") or {}
    if target not in known:
        help = did_you_mean(target, known, f"add it: targets: {{ {target}: {{}} }}")
        return [Diagnostic("FN021", "error", f"the manifest has no target `{target}`", origins("targets", key=True), "not among these", help=help)]
    names = data.get("functions") or {}
    return [
        Diagnostic(
            "FN022",
            "error",
            f"`only` names `{name}`, and there is no such function",
            origins("targets", target, "only", i),
            help=did_you_mean(name, names),
        )
        for i, name in enumerate((known[target] or {}).get("only") or ())
        if name not in names
    ]


def _forms(target: str, schemas: Mapping[str, Mapping[str, Any]] | None) -> _Forms:
    if target in BUILT_IN:
        made = shape.manifest().definition
        return _Forms(made(target), made(target + "Function"), made(target + "Resource"))
    words = (schemas or {}).get(target)
    if words is None:
        return _Forms(None, None, None)
    every = shape.manifest().document["$defs"]["targets"]["additionalProperties"]["properties"]
    return _Forms(
        shape.with_words(None, {**every, **words.get("target", {})}),
        shape.with_words("function", words.get("function", {})),
        shape.with_words("resourcePatch", words.get("resource", {})),
    )


def _third_party(data: Mapping[str, Any], target: str, forms: _Forms, schemas: object, origins: Origins) -> list[Diagnostic]:
    if target in BUILT_IN or schemas is None:
        return []
    if forms.target is None:
        help = f"install the adapter that brings it: pip install fnctl-{target}"
        return [
            Diagnostic(
                "FN021", "error", f"no adapter speaks for the target `{target}`", origins("targets", target, key=True), "not installed", help=help
            )
        ]
    problems = shape.check(forms.target, data["targets"][target], ("targets", target))
    for section, form in (("functions", forms.function), ("resources", forms.resource)):
        for name, item in (data.get(section) or {}).items():
            theirs = ((item or {}).get("targets") or {}).get(target)
            problems += shape.check(form, theirs, (section, name, "targets", target)) if theirs and form else []
    theirs = ((data.get("defaults") or {}).get("targets") or {}).get(target)
    problems += shape.check(forms.function, theirs, ("defaults", "targets", target)) if theirs and forms.function else []
    return [Diagnostic(p.code, "error", p.message, origins(*p.path, key=p.key), p.label, help=p.help, target=target) for p in problems]


def _service(document: Document, out: Staged, target: str, stage: str, forms: _Forms, origins: Origins, found: list[Diagnostic]) -> Service:
    data = out.data
    settings = dict(data["targets"][target] or {})
    only = settings.pop("only", None)
    made = _functions(out, target, forms, origins)
    hosted, elsewhere = made.functions, Functions()
    if only is not None:
        elsewhere = Functions((name, function) for name, function in hosted.items() if name not in only)
        hosted = Functions((name, function) for name, function in hosted.items() if name in only)
    found += [problem for name, problems in made.problems.items() if only is None or name in only for problem in problems]
    ttl, rollout = data.get("ttl"), _rolled(data.get("rollout") or {}, settings)
    return Service(
        name=data["service"],
        stage=stage,
        target=target,
        settings=merge({}, settings),
        functions=hosted,
        resources=_resources(data, forms, origins, found),
        workflows={name: workflow for name, workflow in (data.get("workflows") or {}).items() if workflow is not None},
        secrets=tuple(dict.fromkeys(data.get("secrets") or ())),
        folder=document.folder,
        protect=bool(data.get("protect")),
        ttl=None if ttl is None else units.seconds(ttl),
        rollout={key: _ROLLOUT.get(key, lambda v: v)(value) for key, value in rollout.items() if value is not None},
        tags={key: str(value) for key, value in (data.get("tags") or {}).items() if value is not None},
        rules={key: value for key, value in (data.get("rules") or {}).items() if value is not None},
        limits=data.get("limits") or {},
        budget=data.get("budget") or {},
        elsewhere=elsewhere,
        lent=_lent(data),
        span=origins,
    )


def _lent(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the secrets that are said for one target alone, of a function or a resource: the others know nothing of it."""
    secrets = data.get("secrets")
    if not secrets:
        return ()
    parts = (data.get("defaults"), *(data.get("functions") or {}).values(), *(data.get("resources") or {}).values())
    own = [words for part in parts if part for words in (part.get("targets") or {}).values() if words]
    said = {word for words in own for value in words.values() for word in (value if isinstance(value, list) else (value,)) if isinstance(word, str)}
    return tuple(name for name in secrets if name in said)


def _resources(data: Mapping[str, Any], forms: _Forms, origins: Origins, found: list[Diagnostic]) -> dict[str, Resource]:
    out: dict[str, Resource] = {}
    for name, given in (data.get("resources") or {}).items():
        out[name], problems = functions.resource(name, given, origins, forms.resource)
        found += problems
    return out


def _rolled(common: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Lay a target's own `rollout` over the service's, and take it out of the target's words. Null there leaves nothing of it."""
    own = settings.pop("rollout", {})
    return {} if own is None else merge(common, own)


_ROLLOUT: Mapping[str, Any] = {"canary": units.percent, "bake": units.seconds}


@dataclass(frozen=True)
class _Made:
    """All functions of a document that are not removed, and what is wrong with some of them; one with an error may be missing."""

    functions: Functions = field(default_factory=Functions)
    problems: dict[str, list[Diagnostic]] = field(default_factory=dict)


def _functions(out: Staged, target: str, forms: _Forms, origins: Origins) -> _Made:
    """Make all functions: once for all targets of which nothing is said, and each that says nothing of a target once for all of them."""
    given = {name: words for name, words in (out.data.get("functions") or {}).items() if words is not None}
    special = target in ((out.data.get("defaults") or {}).get("targets") or {})
    own = given if special else {name for name, words in given.items() if "targets" in words and target in (words["targets"] or ())}
    if not own and _functions in out.memo:
        same: _Made = out.memo[_functions]
        return same
    made = _Made()
    for name in given:
        known: tuple[Function | None, list[Diagnostic]] | None = None if name in own else out.memo.get(name)
        if known is None:
            known = functions.function(name, out.data, target, forms.function, origins, out.memo)
            if name not in own:
                out.memo[name] = known
        function, problems = known
        if function is not None:
            made.functions[name] = function
        if problems:
            made.problems[name] = problems
    if not own:
        out.memo[_functions] = made
    return made


def _plain(value: Any) -> Json:
    from dataclasses import fields, is_dataclass  # what is checked is never written out

    if is_dataclass(value):
        pairs = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in ("span", "at", "folder")}
        return {key: _plain(item) for key, item in pairs.items() if item is not None and item != () and item != {} and item != ""}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
