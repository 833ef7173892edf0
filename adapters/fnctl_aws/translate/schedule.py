"""`schedule` triggers: one Scheduler group and role for the service and stage, one schedule for each trigger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fnctl.graph import Address, Json, Node, Ref, Value
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_aws.names import fit, function_address, shared, tags, trigger_address
from fnctl_aws.translate.cron import scheduler_cron
from fnctl_aws.translate.policy import invoke_policy, same_account, trust

GROUP, ROLE = Address("schedules"), Address("schedules/role")
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def scheduled(service: Service) -> Sequence[tuple[Function, Trigger]]:
    """Return every schedule with its function."""
    return service.started.get("schedule", ())


def schedule_nodes(service: Service) -> Iterator[Node]:
    """Yield the group, the role and the schedules."""
    found = scheduled(service)
    if not found:
        return
    span = service.span(*found[0][1].at)
    yield Node(GROUP, "aws.scheduler.group", shared(service), {"tags": tags(service, GROUP)}, span=span)
    rights: dict[str, Value] = {
        # The group's ARN would do as a condition too; a single schedule's fails CreateSchedule's own check.
        "trust": trust("scheduler.amazonaws.com", same_account()),
        "policy": invoke_policy(service, {function.name for function, _ in found}),
        "tags": tags(service, ROLE),
    }
    yield Node(ROLE, "aws.iam.role", shared(service, "schedules"), rights, span=span)
    for function, trigger in found:
        yield _schedule(service, function, trigger)


def _schedule(service: Service, function: Function, trigger: Trigger) -> Node:
    props: dict[str, Value] = {
        "group": Ref(GROUP, "name"),
        "expression": expression(trigger),
        "timezone": str(trigger.options.get("timezone") or "UTC"),
        "target": Ref(function_address(function.name), "live"),
        "role": Ref(ROLE, "arn"),
        "input": payload(trigger),
        "enabled": trigger.options.get("enabled") is not False,
    }
    name = fit(f"{function.name}-{trigger.key}", 64)
    address = trigger_address(function, "schedule", trigger.key)
    return Node(address, "aws.scheduler.schedule", name, props, span=service.span(*trigger.at))


def payload(trigger: Trigger) -> str:
    """Return the event's text; Scheduler fills in what stands in angle brackets. The same id for every attempt of one occasion."""
    import json  # `validate` asks for an expression, and seldom for this

    facts: dict[str, Json] = {"schedule": trigger.key, "time": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"}
    if trigger.options.get("input") is not None:
        facts["input"] = trigger.options["input"]
    return json.dumps({"fnctl": facts})


def expression(trigger: Trigger) -> str:
    """Return Scheduler's own words for `cron` or `every`. Raises ValueError for what it cannot say."""
    cron = trigger.options.get("cron")
    return f"cron({scheduler_cron(str(cron))})" if cron is not None else rate(trigger.options.get("every"))


def rate(every: Json) -> str:
    """`rate(5 minutes)`; a single unit is written in the singular, or AWS refuses it."""
    seconds = int(str(every))
    for size, word in UNITS:
        count, rest = divmod(seconds, size)
        if count and not rest:
            return f"rate({count} {word}{'' if count == 1 else 's'})"
    msg = f"{seconds} s is not a whole number of minutes"
    raise ValueError(msg)
