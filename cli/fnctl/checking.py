"""From a manifest to services and findings, offline: all that `validate` needs, and nothing more, for it must be there at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from fnctl import plugins
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic, has_errors, ordered
from fnctl.errors import FnctlError, UsageError
from fnctl.manifest import check, load
from fnctl.manifest import resolve as resolving
from fnctl.manifest.load import Document
from fnctl.manifest.model import Service
from fnctl.results import Checked, Shown
from fnctl.rules import engine, ignores, portable
from fnctl.rules.limits import Limits
from fnctl.rules.limits import load as load_limits
from fnctl.rules.model import NOT_YET, Measured, Rule, Subject
from fnctl.rules.settings import EXTENDS, FAMILIES, Settings
from fnctl.session import Session

if TYPE_CHECKING:  # the contract is for those that deploy
    from fnctl.adapter import Adapter, Sandbox

STAGE = "dev"


def stage_of(session: Session) -> str:
    """`--stage` > FNCTL_STAGE > dev."""
    return session.options.stage or session.environ.get("FNCTL_STAGE") or STAGE


def target_of(session: Session, document: Document) -> str:
    """`--target` > FNCTL_TARGET > the only key of `targets:`. Raises UsageError when that leaves none or several."""
    asked = session.options.target or session.environ.get("FNCTL_TARGET")
    declared = resolving.targets(document)
    if asked:
        return asked
    if len(declared) == 1:
        return declared[0]
    message = "which target?" if declared else "the manifest names no target"
    known = ", ".join(declared or plugins.names())
    raise UsageError(message, code="FN963", help=f"choose one of {known}:\nfnctl ... --target {(declared or plugins.names() or ('aws',))[0]}")


def targets_of(session: Session) -> tuple[str, ...]:
    """Return the chosen target, or every target in the manifest. Raises UsageError when that leaves none."""
    document, _ = document_of(session)
    asked = session.options.target or session.environ.get("FNCTL_TARGET")
    return (asked,) if asked else resolving.targets(document) or (target_of(session, document),)


def document_of(session: Session) -> tuple[Document, list[Diagnostic]]:
    """Find and load the manifest. Raises FnctlError when it cannot be read as one."""
    path = load.find(session.cwd, session.options.manifest)
    document, findings = load.load(path, session.unsaved)
    if document is None:
        message = "the manifest cannot be read"
        raise FnctlError(message, diagnostics=tuple(ordered(findings)))
    return document, findings


def validate(session: Session, *, files: bool = True) -> Checked:
    """Check for the chosen target, or for every target in the manifest."""
    path = load.find(session.cwd, session.options.manifest)
    document, findings = load.load(path, session.unsaved)
    if document is None:
        return Checked((), tuple(ordered(findings)))
    asked = session.options.target or session.environ.get("FNCTL_TARGET")
    targets = (asked,) if asked else resolving.targets(document)
    services: list[Service] = []
    more = plugins.Plugins()
    checked: list[Diagnostic] = []
    for target in targets:
        service, found = one(session, document, target, more, files=files)
        checked += [_told(d) for d in found]
        if service is not None:
            services.append(service)
    findings = [*_heard(session, document, next(iter(services), None), findings), *more.findings, *checked]
    findings += _idle(session, document, services, more, alone=bool(asked))
    return Checked(tuple(services), tuple(ordered(findings)), document)


def _told(d: Diagnostic) -> Diagnostic:
    """Soften what the platform can do and fnctl does not do there yet: the manifest is right, and a deploy stops there by itself."""
    later = d.code in NOT_YET and d.severity == "error"
    return replace(d, severity="advice", help=f"a deploy stops there; {d.help}") if later else d


def one(session: Session, document: Document, target: str, more: plugins.Plugins, *, files: bool) -> tuple[Service | None, list[Diagnostic]]:
    """Resolve and check for one target. No service when the manifest cannot be resolved for it."""
    try:
        adapter = plugins.adapter(target)
    except FnctlError as error:
        span = document.span(("targets", target))
        return None, [Diagnostic(d.code, "error", d.message, span, notes=d.notes, help=d.help, target=target) for d in error.diagnostics]
    resolution = _resolve(session, document, adapter)
    service = resolution.service
    found, rules = list(resolution.diagnostics), (*portable.RULES, *adapter.rules(), *more.rules())
    if service is not None:
        looked = document.memo.setdefault(check.Looked, check.Looked())
        found += check.check(service, files=files, families=plugins.families(), looked=looked)
        subject = _subject(session, service, adapter)
        found += engine.run(rules, subject, _settings(session, service), document.memo)
        found += _unmeasured(subject, adapter) if session.options.built and not subject.built else ()
    return service, _heard(session, document, service, found, rules)


def _settings(session: Session, service: Service | None) -> Settings:
    return Settings(service.rules if service is not None else {}, session.options.select, session.options.ignore)


def _heard(session: Session, document: Document, service: Service | None, found: list[Diagnostic], rules: Iterable[Rule] = ()) -> list[Diagnostic]:
    """Leave out what comments, `rules` and the command line do not want to hear. Comments first: a warning made an error may be ignored."""
    stays = engine.fixed(rules)
    return _settings(session, service).graded(ignores.read(document).applied(found, stays), stays)


def _idle(session: Session, document: Document, services: list[Service], more: plugins.Plugins, *, alone: bool) -> list[Diagnostic]:
    """Find comments and settings that change nothing. Most manifests have neither, or name rules that were asked, and pay nothing."""
    if not services or not (ignores.read(document).comments or _names_others(services, more)):
        return []
    from fnctl import catalogue  # it loads every adapter

    settings = _settings(session, services[0])
    return settings.graded(catalogue.idle(document, services[0], settings, more, alone=alone), lambda _: False)


def _names_others(services: list[Service], more: plugins.Plugins) -> bool:
    """Tell whether `rules:` names more than families, and rules that may be set, of those that were asked."""
    asked = (*portable.RULES, *(rule for service in services for rule in plugins.adapter(service.target).rules()), *more.rules())
    known = {EXTENDS, *FAMILIES, *(rule.code for rule in asked if not rule.fixed)}
    return not known.issuperset(services[0].rules)


def limits_of(service: Service) -> Limits:
    """Return the limits that hold for a service's plan and region, with the manifest's own."""
    settings, target = service.settings, service.target
    plan, region, own = (settings.get("plan"), settings.get("region"), service.limits.get(target))
    return load_limits(
        target,
        plan=plan if isinstance(plan, str) else None,
        region=region if isinstance(region, str) else None,
        overrides=own if isinstance(own, Mapping) else None,
    )


def _subject(session: Session, service: Service, adapter: Adapter) -> Subject:
    """Bring the limits, the day, and what the platform lacks."""
    chosen = limits_of(service)
    return Subject(service, chosen, _built(service) if session.options.built else {}, date.fromtimestamp(session.now()), adapter.abilities())


def weighed(
    session: Session, document: Document, adapter: Adapter, more: plugins.Plugins, service: Service, sizes: Mapping[str, Measured]
) -> list[Diagnostic]:
    """Ask the rules that look at sizes, and no others, of artifacts that were built a moment ago."""
    rules = [rule for rule in (*portable.RULES, *adapter.rules(), *more.rules()) if "built" in rule.needs]
    found = engine.run(rules, replace(_subject(session, service, adapter), built=sizes), _settings(session, service))
    return _heard(session, document, service, found, rules)


def _unmeasured(subject: Subject, adapter: Adapter) -> Iterable[Diagnostic]:
    """Say that there was nothing to measure, where there could have been: an image has nothing that is built."""
    service = subject.service
    if any(function.image is None for function in service.functions.values()):
        message, span = f"nothing is built for {adapter.title}, so no size was checked", service.span("targets", service.target, key=True)
        yield Diagnostic("FN074", "warning", message, span, help=f"build first:\nfnctl build --target {service.target}", target=service.target)


def _built(service: Service) -> Mapping[str, Measured]:
    """Measure what the last build left. An archive that has no function's name holds all of them."""
    from fnctl.build import measure  # validate without --built never reads an archive

    every = tuple(service.functions)
    return {
        a.name: Measured((a.name,) if a.name in service.functions else every, a.size, a.unpacked_size, a.largest, a.members)
        for a in measure.archives(service.folder, service.target)
    }


def _resolve(session: Session, document: Document, adapter: Adapter) -> resolving.Resolution:
    name = adapter.name
    schemas = {} if name in resolving.BUILT_IN else {name: adapter.schema()}  # the manifest's own schema has the words of ours
    return resolving.resolve(document, target=name, stage=stage_of(session), environ=session.environ, schemas=schemas)


def show(session: Session, *, resolved: bool) -> tuple[Shown, ...]:
    """Return the manifest as written, under no target's name; or resolved, for the chosen target or each one."""
    document, findings = document_of(session)
    if not resolved:
        return (Shown("", document.data, {}),)
    asked = session.options.target or session.environ.get("FNCTL_TARGET")
    resolutions = [_resolve(session, document, plugins.adapter(name)) for name in ((asked,) if asked else resolving.targets(document))]
    findings = ordered([*findings, *(d for resolution in resolutions for d in resolution.diagnostics)])
    if has_errors(findings):
        message = "the manifest has errors"
        raise FnctlError(message, diagnostics=tuple(findings))
    return tuple(Shown(r.origins.target, resolving.describe(r), resolving.explain(r)) for r in resolutions)


def sandbox(session: Session) -> Sandbox:
    """Find the chosen target's stand-in for this manifest's folder. Raises UsageError where that target has none."""
    document, _ = document_of(session)
    target = target_of(session, document)
    found = plugins.adapter(target).sandbox(document.folder)
    if found is None:
        message = f"the target '{target}' has no sandbox"
        raise UsageError(message, help="choose one that has:\nfnctl sandbox start --target aws")
    return found
