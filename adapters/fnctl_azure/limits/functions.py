"""Time, memory and instances of functions on Azure's plans."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fnctl.manifest.model import Function
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limits
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.apps import engine
from fnctl_azure.limits.plans import limits_of, plan_of, size_of


@rule("AZ101", "error", "azure", needs="timeout", alike=True)
def timeout_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find timeouts that are over the plan's maximum.

    Why: On Consumption the host stops a function at 10 minutes, whatever host.json says.

    Example:
        targets: { azure: { plan: consumption } }
        functions:
          work: { handler: "work.py:work", runtime: python3.12, timeout: 15m, triggers: [{ schedule: every 1d }] }

    Use instead: `plan: flex`, which has no maximum; or a workflow of shorter steps.

    Sources: Azure Functions hosting options, 2026-09-16; `functions.timeout`
    """
    for function in subject.service.functions.values():
        limit = limits_of(subject, function).get("functions.timeout")
        if limit and (function.timeout or 0) > limit.value:
            message = f"the timeout of `{function.name}` is over the maximum of the plan {plan_of(subject, function)}"
            label = f"{function.timeout:,} s, and the host stops it at {limit.amount()}"
            span = subject.service.span("functions", function.name, "timeout")
            yield breach(limit, message, span, label, "`plan: flex` has no maximum; or split the work with a workflow")


@rule("AZ102", "warning", "azure", needs="timeout", alike=True)
def http_answer_too_late(subject: Subject) -> Iterator[Found]:
    """Find http functions whose timeout is over the time in which they have to answer.

    Why: The load balancer in front cuts the connection at 230 s on every plan. The caller gets an error, and the function runs on.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", timeout: 5m, triggers: [{ http: GET / }] }

    Use instead: Answer 202 and start a workflow, or send to a queue; the caller asks again for the result.

    Sources: Azure Functions hosting options, 2026-09-16; `functions.timeout.http`
    """
    limit = subject.limits["functions.timeout.http"]
    for function in subject.service.functions.values():
        if (function.timeout or 0) > limit.value and any(trigger.kind == "http" for trigger in function.triggers):
            message = f"`{function.name}` may work for longer than its caller can wait"
            label = f"{function.timeout:,} s, and the connection is cut at {limit.amount()}"
            span = subject.service.span("functions", function.name, "timeout")
            yield breach(limit, message, span, label, "answer 202 and `start` a workflow, or `send` to a queue")


@rule("AZ103", "error", "azure", needs="memory", alike=True)
def memory_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find functions that need more memory than an instance of the plan has.

    Why: All functions of an app share its instances, and an instance has the plan's size: 4 GB at most on Flex, 1.5 GB on Consumption.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          fold: { handler: "fold.py:fold", memory: 8GB, triggers: [{ schedule: every 1d }] }

    Use instead: `plan: premium` (up to 14 GB), or a container app.

    Sources: Azure Functions hosting options, 2026-09-16; `functions.memory`
    """
    for function in subject.service.functions.values():
        limit = limits_of(subject, function)["functions.memory"]
        if (function.memory or 0) > limit.value:
            message = f"`{function.name}` asks for more memory than the plan {plan_of(subject, function)} has"
            span = subject.service.span("functions", function.name, "memory")
            help = "`plan: premium` has up to 14 GB; above that, use a container app"
            yield breach(limit, message, span, f"{function.memory:,} MB, and an instance has {limit.amount()}", help)


@rule("AZ104", "advice", "azure", needs="memory", alike=True)
def memory_is_rounded_up(subject: Subject) -> Iterator[Found]:
    """Find memory sizes that Flex does not have: the next larger one is used, and billed.

    Why: Instances on Flex have 512, 2048 or 4096 MB. 600 MB is billed as 2048 MB.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", memory: 600MB, triggers: [{ http: GET / }] }

    Use instead: One of the sizes, for this target alone: `targets: { azure: { memory: 2GB } }`.

    Sources: Azure Functions hosting options, 2026-09-16; `functions.memory`
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        sizes = table.words.get("functions.memory")
        if sizes and function.memory and function.memory <= table["functions.memory"].value and function.memory not in sizes.values:
            size = size_of(function, table)
            message = f"an instance of {function.memory:,} MB is made with {size:,} MB"
            span = subject.service.span("functions", function.name, "memory")
            yield breach(sizes, message, span, f"billed as {size:,} MB", f"say so for this target: targets: {{ azure: {{ memory: {size}MB }} }}")


@rule("AZ105", "warning", "azure", alike=True)
def smallest_memory_is_contested(subject: Subject) -> Iterator[Found]:
    """Find functions on the smallest instances, which not every version of the platform's API takes.

    Why: The documents name 512 MB; the API of 2024-04-01 refused it. fnctl uses the API of 2025-05-01.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", memory: 512MB, triggers: [{ http: GET / }] }

    Use instead: 2 GB, the platform's own default, where a refused deploy would hurt: `targets: { azure: { memory: 2GB } }`.

    Sources: Azure/azure-rest-api-specs#40898, 2026-03-01; `functions.memory.contested`
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        limit = table.get("functions.memory.contested")
        if limit and size_of(function, table) == limit.value:
            span = subject.service.span("functions", function.name, "memory")
            help = "where that must not happen, take the default: targets: { azure: { memory: 2GB } }"
            yield breach(limit, f"instances of {limit.amount()} have been refused by the platform's API", span, "may be refused", help)


@rule("AZ106", "error", "azure", needs="reserved")
def too_many_instances(subject: Subject) -> Iterator[Found]:
    """Find concurrency that needs more instances than the plan lets a function have.

    Why: `concurrency.reserved` becomes a maximum number of instances: calls divided by what one instance takes at a time.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], concurrency: { reserved: 2000 } }

    Use instead: More calls for each instance: `concurrency: { per_instance: 16 }`. A Python app takes one at a time unless it says more.

    Sources: Azure Functions hosting options, 2026-09-16; Concurrency in Azure Functions, 2025-09-02; `functions.instances`
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        limit, wanted = table.get("functions.instances"), _instances(function, table)
        if limit and wanted and wanted > limit.value:
            message = f"`{function.name}` needs more instances than the plan {plan_of(subject, function)} gives"
            span = subject.service.span("functions", function.name, "concurrency", "reserved")
            help = "let an instance take more calls: concurrency: { per_instance: ... }"
            yield breach(limit, message, span, f"{wanted:,}, and a function gets {limit.amount()}", help)


@rule("AZ107", "warning", "azure", needs="reserved")
def few_instances_are_contested(subject: Subject) -> Iterator[Found]:
    """Find concurrency so low that the platform may refuse the number of instances.

    Why: Its documents and its own list of stacks say 40 instances at least; others run with one. Nothing holds calls over http below it.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], concurrency: { reserved: 10 } }

    Use instead: A Service Bus queue with sessions, or a lock in the code, where a low number must hold.

    Sources: Azure/Azure-Functions#2650, azure-functions-host#11790, azure-docs#128255, 2026-05-25; `functions.instances.min`
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        limit, wanted = table.get("functions.instances.min"), _instances(function, table)
        if limit and wanted and wanted < limit.value:
            message = f"`{function.name}` is held to fewer instances than the platform may take"
            span = subject.service.span("functions", function.name, "concurrency", "reserved")
            label = f"{wanted}, and it may ask for {limit.amount()}"
            yield breach(limit, message, span, label, "where a low number must hold: a queue with Service Bus sessions, or a lock in the code")


@rule("AZ108", "warning", "azure", needs="workflows")
def workflow_on_smallest_memory(subject: Subject) -> Iterator[Found]:
    """Find workflows whose steps run on the smallest instances.

    Why: Durable Functions keep a run's history in memory while they replay it. On 512 MB they were seen to fail under load.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          charge: { handler: "pay.py:charge", interface: task, memory: 512MB }
        workflows:
          order: { steps: [{ id: charge, task: charge }] }

    Use instead: 2 GB for steps: `targets: { azure: { memory: 2GB } }`.

    Sources: Azure/azure-functions-durable-extension#2977; `functions.memory.contested`
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        limit = table.get("functions.memory.contested")
        if limit and subject.service.workflows and function.interface == "task" and size_of(function, table) == limit.value:
            span = subject.service.span("functions", function.name, "memory")
            help = "give the steps 2 GB: targets: { azure: { memory: 2GB } }"
            notes = ("seen: Azure/azure-functions-durable-extension#2977",)
            yield Found("steps of a workflow on the smallest instances fail under load", span, f"{limit.amount()}", notes, help)


@rule("AZ109", "error", "azure", alike=True)
def always_ready_not_on_plan(subject: Subject) -> Iterator[Found]:
    """Find always-ready instances on a plan that has none.

    Why: On Consumption every instance starts on demand. The number would be dropped, and the first caller waits.

    Example:
        targets: { azure: { plan: consumption } }
        functions:
          api: { handler: "api.py:api", runtime: python3.12, triggers: [{ http: GET / }], targets: { azure: { always_ready: 1 } } }

    Use instead: `plan: flex`, whose always-ready instances are billed while idle; or leave it out.

    Sources: Azure Functions hosting options, 2026-09-16; `storage.queue.batch.default`
    """
    service = subject.service
    for function in service.functions.values():
        said = function.own.get("always_ready", service.settings.get("always_ready"))
        if said and plan_of(subject, function) == "consumption":
            own = function.own.get("always_ready") is not None
            span = service.span("functions", function.name, "always_ready") if own else service.span("targets", "azure", "always_ready")
            notes = ("limit: Azure Functions hosting options (2026-09-16)",)
            yield Found(
                "the plan consumption has no always-ready instances", span, "not on this plan", notes, "`plan: flex` has them; or leave it out"
            )


@rule("AZ110", "error", "azure", needs="idempotent")
def claims_in_another_table(subject: Subject) -> Iterator[Found]:
    """Find `idempotent` with a table that is not a Storage table.

    Why: What was done is remembered by conditional writes to a Storage table. A table is a container of Cosmos DB unless the manifest says otherwise.

    Example:
        targets: { azure: {} }
        resources: { jobs: { type: queue }, done: { type: table, key: id } }
        functions:
          charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Use instead:
        targets: { azure: {} }
        resources: { jobs: { type: queue }, done: { type: table, key: id, targets: { azure: { engine: storage } } } }
        functions:
          charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Sources: docs/platforms/azure.md.
    """
    for function in subject.service.functions.values():
        table = subject.service.resources.get(str((function.idempotent or {}).get("table")))
        if table and engine(table) != "storage":
            span = subject.service.span("functions", function.name, "idempotent")
            help = f"resources: {{ {table.name}: {{ targets: {{ azure: {{ engine: storage }} }} }} }}"
            yield Found(f"`{function.name}` cannot keep what it has done in `{table.name}`", span, "a Storage table can", help=help)


RULES: tuple[Rule, ...] = (
    timeout_over_maximum,
    http_answer_too_late,
    memory_over_maximum,
    memory_is_rounded_up,
    smallest_memory_is_contested,
    too_many_instances,
    few_instances_are_contested,
    workflow_on_smallest_memory,
    always_ready_not_on_plan,
    claims_in_another_table,
)


def _instances(function: Function, table: Limits) -> int | None:
    """Return the instances that `concurrency.reserved` calls need; None where the manifest reserves nothing."""
    return math.ceil(function.reserved / _at_a_time(function, table)) if function.reserved else None


def _at_a_time(function: Function, table: Limits) -> int:
    """Return how many calls an instance takes: what it says, or the platform's default for its trigger."""
    kinds = {trigger.kind: trigger for trigger in function.triggers}
    if function.per_instance:
        return function.per_instance
    if "http" in kinds:
        named = "python" if function.runtime.startswith("python") else size_of(function, table)
        default = table.get(f"functions.concurrency.default.{named}")
        return int(default.value) if default else 1
    if "queue" in kinds:
        batch = kinds["queue"].options.get("batch")
        size = batch if isinstance(batch, int) else int(table["storage.queue.batch.default"].value)
        return size + size // 2  # the host fetches again once half of them are done
    return 1
