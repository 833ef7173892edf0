"""What queues, tables and workflows refuse, and what a queue must be for the functions that listen to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from fnctl.manifest import units
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import outside, whole


@rule("AWS107", "error", "aws", needs="resource.visibility")
def visibility_shorter_than_work(subject: Subject) -> Iterator[Found]:
    """Find queues that show a message again while a function may still work on it.

    Why: Lambda refuses the trigger: "Queue visibility timeout is less than Function timeout". Left out, fnctl computes it.

    Example:
      resources: { jobs: { type: queue, visibility: 30s } }
      functions:
        work: { handler: "work.py:run", timeout: 60s, triggers: [{ queue: jobs }] }

    Use instead:
      resources: { jobs: { type: queue, visibility: 6m } }
      functions:
        work: { handler: "work.py:run", timeout: 60s, triggers: [{ queue: jobs }] }

    Sources: `lambda.mapping.visibility`, `lambda.mapping.visibility.advised`
    """
    from fnctl_aws.translate.function import timeout_of
    from fnctl_aws.translate.queue import consumers, visibility_of

    service, limits = subject.service, subject.limits
    least, advised = limits["lambda.mapping.visibility"], limits["lambda.mapping.visibility.advised"]
    for resource in service.resources.values():
        if resource.type != "queue" or resource.existing or "visibility" not in resource.options:
            continue  # what fnctl computes is long enough
        hidden, span = visibility_of(service, resource), service.span("resources", resource.name, "visibility")
        for function, _ in consumers(service, resource.name):
            if hidden < least.value * timeout_of(function):
                label = f"{hidden:,} s, and `{function.name}` may take {timeout_of(function):,} s"
                wanted = min(advised.value * timeout_of(function), limits["sqs.visibility"].value)
                help = f"raise `visibility` to {wanted:g}s, {advised.value:g} times the timeout, or leave it out"
                message = f"`{resource.name}` shows a message again while it is worked on"
                yield Found(message, span, label, (f"AWS refuses the trigger ({least.source}, {least.date})",), help)


@rule("AWS113", "error", "aws", needs="resource:queue")
def queue_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find times of a queue that SQS does not keep: visibility, retention, delay.

    Why: CreateQueue refuses them.

    Example:
      resources: { jobs: { type: queue, retention: 15d } }

    Use instead:
      resources: { jobs: { type: queue, retention: 14d } }

    Sources: `sqs.visibility`, `sqs.retention`, `sqs.retention.min`, `sqs.delay`
    """
    helps = {
        "visibility": "work that takes longer is a workflow's, or extends it as it goes",
        "retention": "keep what lasts longer in a table or a bucket",
        "delay": "a schedule or a workflow's `wait` waits longer",
    }
    for resource in subject.service.resources.values():
        for word, help in helps.items() if resource.type == "queue" else ():
            span = partial(subject.service.span, "resources", resource.name, word)
            yield from outside(subject.limits, f"sqs.{word}", whole(resource.options.get(word)), f"`{word}` of `{resource.name}`", span, help)


@rule("AWS144", "error", "aws", needs="resource.dead_letter")
def dead_letters_of_another_type(subject: Subject) -> Iterator[Found]:
    """Find queues whose dead letters go to a queue of the other type: FIFO to standard, or standard to FIFO.

    Why: SetQueueAttributes refuses the redrive policy.

    Example:
      resources: { jobs: { type: queue, fifo: true, dead_letter: failed }, failed: { type: queue } }

    Use instead:
      resources: { jobs: { type: queue, fifo: true, dead_letter: failed }, failed: { type: queue, fifo: true } }

    Sources: Amazon SQS Developer Guide, Dead-letter queues, read 2026-11
    """
    resources = subject.service.resources
    for resource in resources.values():
        other = resources.get(str(resource.options.get("dead_letter"))) if resource.type == "queue" else None
        if other is not None and bool(other.options.get("fifo")) != bool(resource.options.get("fifo")):
            kind = "a FIFO queue" if resource.options.get("fifo") else "a standard queue"
            span = subject.service.span("resources", resource.name, "dead_letter")
            message, help = f"the dead letters of `{resource.name}` go to a queue of another type", f"make both the same: `{resource.name}` is {kind}"
            yield Found(message, span, "another type", help=help)


@rule("AWS145", "error", "aws", needs="dead_letter")
def fifo_dead_letters_of_a_function(subject: Subject) -> Iterator[Found]:
    """Find functions whose failed events go to a FIFO queue.

    Why: Lambda and Scheduler send failed events to standard queues only.

    Example:
      resources: { failed: { type: queue, fifo: true } }
      functions:
        tick: { handler: "tick.py:run", triggers: [{ schedule: every 5m }], dead_letter: failed }

    Use instead:
      resources: { failed: { type: queue } }
      functions:
        tick: { handler: "tick.py:run", triggers: [{ schedule: every 5m }], dead_letter: failed }

    Sources: Lambda API model 2015-03-31, DeadLetterConfig and OnFailure, 2026-11-17
    """
    service = subject.service
    for function in service.functions.values():
        queue = service.resources.get(function.dead_letter or "")
        if queue is not None and queue.options.get("fifo"):
            span, help = service.span("functions", function.name, "dead_letter"), "name a standard queue"
            yield Found("failed events cannot go to a FIFO queue", span, "a FIFO queue", help=help)


@rule("AWS172", "warning", "aws", needs="resource.indexes")
def too_many_indexes(subject: Subject) -> Iterator[Found]:
    """Find tables with more indexes than DynamoDB makes.

    Why: CreateTable refuses more until the quota is raised.

    Example: A table with 21 entries under `indexes`.

    Use instead: Fewer indexes that serve several questions (a shared key such as `kind#date`), or a raised quota.

    Sources: `dynamodb.indexes`
    """
    limit = subject.limits["dynamodb.indexes"]
    for resource in subject.service.resources.values():
        indexes = resource.options.get("indexes")
        if isinstance(indexes, Mapping) and len(indexes) > limit.value:
            span = subject.service.span("resources", resource.name, "indexes", key=True)
            yield breach(limit, f"`{resource.name}` has too many indexes", span, f"{len(indexes)} of {limit.amount()}", "let one index serve more")


@rule("AWS180", "error", "aws", needs="workflows")
def workflow_too_long(subject: Subject) -> Iterator[Found]:
    """Find workflows that may take longer than Step Functions lets one run.

    Why: A Standard execution is stopped after a year.

    Example:
      functions:
        pay: { handler: "pay.py:run", interface: task }
      workflows:
        lease: { timeout: 400d, steps: [{ id: pay, task: pay }] }

    Use instead:
      functions:
        pay: { handler: "pay.py:run", interface: task }
      workflows:
        lease: { timeout: 30d, steps: [{ id: pay, task: pay }] }

    Sources: `states.duration`
    """
    for name, workflow in subject.service.workflows.items():
        if workflow.get("timeout") is not None:
            span = partial(subject.service.span, "workflows", name, "timeout")
            seconds = units.seconds(workflow["timeout"])  # type: ignore[arg-type]  # a duration, by the schema
            yield from outside(
                subject.limits, "states.duration", seconds, f"the timeout of `{name}`", span, "start a new one for each period, by a schedule"
            )


@rule("AWS181", "warning", "aws", needs="workflows")
def map_too_wide(subject: Subject) -> Iterator[Found]:
    """Find `map` steps that ask for more at once than Step Functions runs inside one execution.

    Why: The others wait, whatever the manifest says.

    Example:
      functions:
        pack: { handler: "pack.py:run", interface: task }
      workflows:
        ship: { steps: [{ id: all, map: "= $input.items", as: item, concurrency: 100, steps: [{ id: one, task: pack }] }] }

    Use instead:
      functions:
        pack: { handler: "pack.py:run", interface: task }
      workflows:
        ship: { steps: [{ id: all, map: "= $input.items", as: item, concurrency: 40, steps: [{ id: one, task: pack }] }] }

    Sources: `states.map.inline`
    """
    limit = subject.limits["states.map.inline"]
    for name, workflow in subject.service.workflows.items():
        for step, path in _maps(workflow.get("steps"), ("workflows", name, "steps")):
            asked = whole(step.get("concurrency"))
            if asked is not None and asked > limit.value:
                span = subject.service.span(*path, "concurrency")
                yield breach(limit, "the step asks for more at once than runs", span, f"{asked} of {limit.amount()}", f"say {limit.value:g}")


def _maps(steps: Any, at: tuple[str | int, ...]) -> Iterator[tuple[Mapping[str, Any], tuple[str | int, ...]]]:
    given: list[Mapping[str, Any]] = steps or []
    for index, step in enumerate(given):
        if "map" in step:
            yield step, (*at, index)
        for word in ("steps", "saga"):
            yield from _maps(step.get(word), (*at, index, word))
        for branch, inner in (step.get("parallel") or {}).items():
            yield from _maps(inner, (*at, index, "parallel", branch))


RULES: tuple[Rule, ...] = (
    visibility_shorter_than_work,
    queue_outside_limits,
    dead_letters_of_another_type,
    fifo_dead_letters_of_a_function,
    too_many_indexes,
    workflow_too_long,
    map_too_wide,
)
