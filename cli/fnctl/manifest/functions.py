"""One function and one resource: layers merged, units into numbers, short forms into long ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic
from fnctl.manifest import shape, units
from fnctl.manifest.image import fitting
from fnctl.manifest.image import image as image_of
from fnctl.manifest.model import Function, Interface, Logs, Resource, ResourceType, Trigger
from fnctl.manifest.origins import Origins
from fnctl.manifest.stage import merge
from fnctl.manifest.triggers import http, trigger, with_units

_NOT_OPTIONS = frozenset({"type", "existing", "retain", "renamed_from", "targets", "description", "tags"})


@lru_cache(maxsize=1)
def portable() -> frozenset[str]:
    """Return the words that every target shares in a function."""
    return frozenset(shape.manifest().definition("function").words) - {"targets"}


def layered(name: str, data: Mapping[str, Any], target: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Merge the four layers of a function -> (all words, the words of this target's layers)."""
    own = data["functions"][name]
    defaults = fitting(data.get("defaults") or {}, own, target)
    shared = ((defaults.get("targets") or {}).get(target) or {}, (own.get("targets") or {}).get(target) or {})
    theirs = merge(merge({}, shared[0]), shared[1]) if shared[0] or shared[1] else {}
    merged = merge(merge({}, defaults), {key: value for key, value in own.items() if key != "targets"}) if defaults else merge({}, own)
    for layer in shared:
        merged = merge(merged, layer) if layer else merged
    merged.pop("targets", None)
    return merged, theirs


EACH = ("handler", "triggers", "uses", "description")
"""Words that functions say each for itself. What they say besides is often the same in many of them, and is then made once."""


def function(
    name: str, data: Mapping[str, Any], target: str, own_form: shape.Shape | None, origins: Origins, memo: dict[Any, Any]
) -> tuple[Function | None, list[Diagnostic]]:
    """Make the Function of one stage's words; `own_form` is the shape of the target's own ones. `memo` is one for each stage's document."""
    words, common = _layers(name, data, target, own_form, memo)
    image, handler = common.image, words.get("handler")
    if image is not None and not image.uri:
        span, help = origins("functions", name, "image"), "image: { uri: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4 }"
        return None, [Diagnostic("FN011", "error", f"`uri` is missing in the image of `{name}`", span, "which image?", help=help)]
    if image is None and not handler:
        span = origins("functions", name, "handler")
        return None, [Diagnostic("FN011", "error", f"`handler` is missing in `{name}`", span, "null removes it", help="handler: src/api.py:app")]
    found: list[Diagnostic] = []
    triggers = _triggers(name, words.get("triggers") or (), origins, found)
    file, _, called = (handler or "").rpartition(":")
    interface = common.interface or _interface(name, triggers, origins, found)
    if not common.runtime and image is None:
        found.append(_no_runtime(name, origins))
    made = replace(
        common,
        name=name,
        handler_file=file.removeprefix("./"),
        handler_name=called,
        interface=interface,
        uses=_uses(words.get("uses") or {}, common.idempotent, memo),
        triggers=triggers,
        description=words.get("description") or "",
    )
    return made, found


def _layers(
    name: str, data: Mapping[str, Any], target: str, own_form: shape.Shape | None, memo: dict[Any, Any]
) -> tuple[Mapping[str, Any], Function]:
    """Return the words that a function says for itself, and what comes of all the others: the same object wherever the same was read."""
    own = data["functions"][name]
    special, each = memo.get((_shared, target)) or memo.setdefault((_shared, target), _shared(data, target))
    theirs = (own["targets"] or {}).get(target) if "targets" in own else None
    if each or (theirs and not theirs.keys().isdisjoint(EACH)):
        words, for_target = layered(name, data, target)
        return words, _common(words, for_target, own_form)
    rest = dict(own)
    for word in EACH:
        rest.pop(word, None)
    key = (target if special or theirs else "", *rest, *map(id, rest.values()))
    common = memo.get(key)
    if common is None:
        common = memo[key] = _common(*layered(name, data, target), own_form)
    return own, common


def _shared(data: Mapping[str, Any], target: str) -> tuple[bool, bool]:
    """Tell whether the defaults say something of this target, and whether they say what else each function says for itself."""
    defaults = data.get("defaults") or {}
    theirs = (defaults.get("targets") or {}).get(target) or {}
    return bool(theirs), not {*defaults, *theirs}.isdisjoint(EACH)


def _common(words: Mapping[str, Any], theirs: Mapping[str, Any], own_form: shape.Shape | None) -> Function:
    """Read all words but those that each function says for itself: a function without a name, and without an interface where none is said."""
    image = image_of(words)
    concurrency = words.get("concurrency") or {}
    own = {key: value for key, value in theirs.items() if key not in portable()}
    return Function(
        name="",
        handler_file="",
        handler_name="",
        interface=words.get("interface") or cast("Interface", "native" if image or words.get("artifact") else ""),
        runtime=words.get("runtime") or "",
        memory=units.megabytes(words["memory"]) if "memory" in words else None,
        timeout=units.seconds(words["timeout"]) if "timeout" in words else None,
        env={key: _spelt(value) for key, value in (words.get("env") or {}).items()},
        secrets=tuple(words.get("secrets") or ()),
        reserved=_whole(concurrency.get("reserved")),
        provisioned=_whole(concurrency.get("provisioned", concurrency.get("always_ready"))),
        per_instance=_whole(concurrency.get("per_instance")),
        architecture=words.get("architecture", "x86_64"),
        layers=tuple(words.get("layers") or ()),
        include=tuple(words.get("include") or ()),
        exclude=tuple(words.get("exclude") or ()),
        budget=with_units(shape.manifest().definition("artifactBudget"), words.get("budget") or {}),
        bundle=words.get("bundle") or {},
        artifact=words.get("artifact"),
        image=image,
        tracing=words.get("tracing"),
        logs=_logs(words.get("logs") or {}),
        retry=with_units(shape.manifest().definition("retry"), words.get("retry") or {}),
        dead_letter=words.get("dead_letter"),
        tags={key: _spelt(value) for key, value in (words.get("tags") or {}).items()},
        idempotent=_idempotent(words.get("idempotent")),
        renamed_from=words.get("renamed_from"),
        own=with_units(own_form, own) if own_form is not None and own else own,
    )


def resource(name: str, given: Mapping[str, Any], origins: Origins, own_form: shape.Shape | None) -> tuple[Resource, list[Diagnostic]]:
    """Make the Resource of its words and the target's; a bare one when the target's do not fit its type."""
    theirs = (given.get("targets") or {}).get(origins.target) or {}
    words = merge(given, theirs) if theirs else given
    form = shape.manifest().definition(words["type"])
    if theirs and (found := _unfit(name, words, form, origins)):
        return Resource(name, words["type"]), found
    options = {key: value for key, value in words.items() if key in form.words and key not in _NOT_OPTIONS}
    own = {key: value for key, value in theirs.items() if key not in form.words and value is not None}
    made = Resource(
        name=name,
        type=cast("ResourceType", words["type"]),
        options=with_units(form, options),
        existing=words.get("existing"),
        retain=bool(words.get("retain")),
        renamed_from=words.get("renamed_from"),
        own=with_units(own_form, own) if own_form is not None and own else own,
    )
    return made, []


def _unfit(name: str, words: Mapping[str, Any], form: shape.Shape, origins: Origins) -> list[Diagnostic]:
    """Check a target's portable words against the resource's type: the schema alone cannot see it from in there."""
    known = shape.manifest().definition("resourcePatch").words
    portable_words = {key: value for key, value in words.items() if key in known and key != "targets"}
    problems = shape.check(form, portable_words, ("resources", name))
    return [Diagnostic(p.code, "error", p.message, origins(*p.path, key=p.key), p.label, help=p.help, target=origins.target) for p in problems]


def _triggers(name: str, items: Any, origins: Origins, found: list[Diagnostic]) -> tuple[Trigger, ...]:
    out: list[Trigger] = []
    for index, item in enumerate(items):
        at = ("functions", name, "triggers", index)
        route = item.get("http")
        if route.__class__ is str:
            out.append(http(route, at))
            continue
        made, problems = trigger(item, at, origins)
        found += problems
        if made is not None:
            out.append(made)
    return tuple(out)


def _interface(name: str, triggers: tuple[Trigger, ...], origins: Origins, found: list[Diagnostic]) -> Interface:
    http = [t for t in triggers if t.kind == "http"]
    if http and len(http) < len(triggers):
        span = origins("functions", name, "triggers", key=True)
        help = "say how the handler is called: `interface: function` takes both; an app and a consumer are better as two functions"
        found.append(Diagnostic("FN025", "error", f"`{name}` has http and other triggers, and no `interface`", span, "mixed", help=help))
    return "function" if http else "event"


def _no_runtime(name: str, origins: Origins) -> Diagnostic:
    help = "say it once for all: defaults: { runtime: python3.13 }"
    return Diagnostic("FN024", "error", f"`{name}` has no runtime", origins("functions", name, key=True), "needs `runtime`", help=help)


def _logs(words: Mapping[str, Any]) -> Logs:
    kept = words.get("retention", Logs.retention)
    if isinstance(kept, str):
        kept = None if kept == "forever" else units.seconds(kept) // 86400
    return Logs(words.get("format", Logs.format), words.get("level", Logs.level), _whole(kept))


def _uses(given: Mapping[str, Any], idempotent: Mapping[str, Any] | None, memo: dict[Any, Any]) -> Mapping[str, tuple[str, ...]]:
    """Return what it uses; the table that `idempotent` names is used by the runtime in the function's name."""
    table = idempotent.get("table") if idempotent else None
    key = (_uses, id(given), table)
    if key not in memo:
        memo[key] = given, _granted(given, table)  # the map is kept with it: another one may not come to have its id
    found: tuple[Any, Mapping[str, tuple[str, ...]]] = memo[key]
    return found[1]


def _granted(given: Mapping[str, Any], table: str | None) -> dict[str, tuple[str, ...]]:
    said = ((key, verbs) for key, verbs in given.items() if verbs is not None)
    uses = {key: (verbs,) if isinstance(verbs, str) else tuple(dict.fromkeys(verbs)) for key, verbs in said}
    return {**uses, table: tuple(dict.fromkeys((*uses.get(table, ()), "read", "write")))} if table else uses


def _idempotent(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, dict):
        return {key: units.seconds(item) if key == "ttl" else item for key, item in value.items()}
    return {} if value else None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
